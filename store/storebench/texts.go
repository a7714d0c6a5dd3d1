package storebench

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"gradus/store"
)

const rareWord = "xylophone"

// maker makes up texts that read like sums being worked out: words by a Zipf
// law, of which few are frequent, and numbers that are nearly all different.
type maker struct {
	rng  *rand.Rand
	zipf *rand.Zipf
}

func newMaker(seed uint64) *maker {
	rng := rand.New(rand.NewPCG(seed, 2))
	return &maker{rng, rand.NewZipf(rng, 1.2, 4, 5000)}
}

func (m *maker) text(n int) string {
	var b strings.Builder
	for b.Len() < n {
		if m.rng.IntN(5) == 0 {
			fmt.Fprintf(&b, "%d + %d = %d. ", m.rng.IntN(100), m.rng.IntN(100), m.rng.IntN(200))
			continue
		}
		b.WriteString(word(m.zipf.Uint64()))
		b.WriteByte(' ')
	}
	return b.String()[:n]
}

// word is a made-up word; frequent ones are short.
func word(rank uint64) string {
	const consonants, vowels = "bdklmnrst", "aeiou"
	var b []byte
	for {
		b = append(b, consonants[rank%9], vowels[rank/9%5])
		if rank /= 45; rank == 0 {
			return string(b)
		}
	}
}

// write writes the log of a run that has ended: n traces of size bytes in
// records of batch, with two reward parts each, and a step of 40 series for
// each record. It returns the bytes of plain text, prompts and completions.
func (m *maker) write(dir string, n, batch, size int) (plain int64, err error) {
	log, err := store.OpenLog(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	add := func(kind store.Kind, step int, body any) error {
		rec, err := store.NewRecord(kind, 1, int64(step), body)
		if err != nil {
			return err
		}
		return log.Append(rec)
	}
	if err := add(store.KindRun, 0, store.RunHeader{ID: "01STOREBENCH", Name: "bench"}); err != nil {
		return 0, err
	}
	for step := 1; step*batch <= n; step++ {
		s := store.Samples{Stage: "grpo", Step: step, Phase: "train"}
		for i := range batch {
			if i%8 == 0 {
				p := store.Prompt{Hash: fmt.Sprintf("%032x", step*batch+i), Task: "bench", Text: m.text(min(size, 300)), Gold: "42"}
				plain += int64(len(p.Text))
				s.Prompts = append(s.Prompts, p)
			}
			text := m.text(size)
			if step == 1 && i == 3 {
				text = rareWord + text[len(rareWord):size-1] + "."
			}
			plain += int64(len(text))
			right := i%3 == 0
			s.Rows = append(s.Rows, store.Sample{Prompt: len(s.Prompts) - 1, Group: i / 8, Index: i % 8, Text: text, Tokens: size / 4, Finish: "stop",
				Stream: m.rng.Uint64(), Reward: float64(i % 2), Advantage: m.rng.NormFloat64(), Correct: &right, Rewards: []store.RewardPart{
					{Name: "accuracy", Version: "1", Status: "ok", Score: 1, Weight: 1, Value: 1, Reason: "accuracy.right", Why: "The equation gives the target.", Micros: 14, Spans: []store.Span{{From: 10, To: 20, Label: "claim"}}},
					{Name: "format", Version: "1", Status: "ok", Score: 1, Weight: 0.1, Value: 0.1, Reason: "format.ok", Why: "One block each.", Micros: 2, Spans: []store.Span{{From: 0, To: 5, Label: "think"}, {From: 5, To: 10, Label: "answer"}}},
				}})
		}
		values := map[string]float64{}
		for k := range 40 {
			values[fmt.Sprint("series/", k)] = m.rng.NormFloat64()
		}
		if err := errors.Join(add(store.KindSamples, step, s), add(store.KindMetrics, step, store.Metrics{Stage: "grpo", Step: step, Values: values})); err != nil {
			return plain, err
		}
	}
	return plain, add(store.KindState, n, store.StateChange{State: store.StateDone})
}

func writeHeader(dir string, i int) error {
	return appendOne(dir, store.KindRun, i, store.RunHeader{ID: fmt.Sprintf("01STOREBENCH%06d", i), Name: fmt.Sprint("run ", i), CreatedUS: int64(i)})
}

func writeHeartbeat(dir string, i int) error {
	return appendOne(dir, store.KindHeartbeat, i, store.Heartbeat{Step: i})
}

func appendOne(dir string, kind store.Kind, us int, body any) error {
	log, err := store.OpenLog(dir)
	if err != nil {
		return err
	}
	rec, err := store.NewRecord(kind, 1, int64(us), body)
	if err == nil {
		err = log.Append(rec)
	}
	return errors.Join(err, log.Close())
}
