package bench

import (
	"context"
	"fmt"
	"time"

	"gradus/kernels"
	"gradus/model"
)

// raggedStops of a vocabulary of 512 end a completion, so that lengths of
// random weights are spread geometrically about 46 tokens, up to raggedNew.
const (
	raggedStops = 11
	raggedNew   = 96
	raggedTurns = 4 // sequences for each slot
)

// RaggedFigures are the names of what Ragged measures with n slots.
func (s Shape) RaggedFigures(n int) []string {
	name := fmt.Sprintf("decode.%s.ragged.b%d", s.Name, n)
	return []string{name, name + ".batches"}
}

// Ragged times sampling of completions that end at random lengths through n
// slots, 4n sequences in groups of 8: once with refill, where the next
// completion takes the place of one that has ended, once in batches of n that
// each wait for their longest. Both draw the same tokens. The repeats
// alternate. The ceiling is that of Decode.
func Ragged(ctx context.Context, dev kernels.Device, s Shape, n, repeats int, fma float64, now func() time.Time) ([]Figure, error) {
	names := s.RaggedFigures(n)
	name := names[0]
	group := min(grpoGroup, n)
	m, err := newModel(dev, s, model.Limits{PromptSlots: n, PromptLen: grpoPrompt, Slots: n, NewLen: raggedNew, Frozen: true})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer m.Close()
	reqs := make([]model.Request, raggedTurns*n/group)
	for i := range reqs {
		reqs[i].Prompt = randomTokens(uint64(i), grpoPrompt, s.Config.VocabSize)
		for j := range group {
			reqs[i].Streams = append(reqs[i].Streams, uint64(i*group+j))
		}
	}
	o := model.SampleOptions{Temperature: 1, MaxNew: raggedNew, Seed: 1}
	for i := range min(raggedStops, s.Config.VocabSize) {
		o.Stop = append(o.Stop, int32(i))
	}
	// rate is tokens a second over reqs, given to the model batch requests at a
	// time.
	rate := func(batch int) (float64, error) {
		start, tokens := now(), 0
		for lo := 0; lo < len(reqs); lo += batch {
			out, err := m.Generate(ctx, reqs[lo:min(lo+batch, len(reqs))], o, model.Watch{})
			if err != nil {
				return 0, err
			}
			for _, g := range out {
				for _, c := range g {
					tokens += len(c.Tokens)
				}
			}
		}
		return float64(tokens) / now().Sub(start).Seconds(), nil
	}
	var refill, batches []float64
	for i := range repeats + 1 {
		a, err := rate(len(reqs))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		b, err := rate(n / group)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if i > 0 { // the first of each does not count
			refill, batches = append(refill, a), append(batches, b)
		}
	}
	ceiling := fma * 1e9 / (2 * float64(matmulParams(s.Config)))
	return []Figure{
		NewFigure(name, "tok/s", "higher", refill, ceiling),
		NewFigure(names[1], "tok/s", "higher", batches, ceiling),
	}, nil
}
