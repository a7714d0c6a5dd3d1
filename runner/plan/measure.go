package plan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gradus/kernels"
	"gradus/kernels/philox"
	"gradus/model"
	"gradus/runner/train/shape"
)

// Measure times this machine on a model of the recipe's own shape with random
// weights: sequences and batches are those of the recipe, only fewer. It takes
// a few seconds, or one repeat of each part if that is longer. Rates of parts
// that the recipe has no use for are 0.
func Measure(ctx context.Context, dev kernels.Device, s *shape.Shape, now func() time.Time) (Rates, error) {
	m, err := model.New(dev, s.Config, trialLimits(s))
	if err != nil {
		return Rates{}, fmt.Errorf("measure this machine: %w", err)
	}
	t := trial{ctx: ctx, m: m, now: now, r: Rates{How: "measured just now on a model of this shape"}}
	err = errors.Join(m.Init(1), t.training(), t.sampling(), m.Close())
	if err != nil {
		return Rates{}, fmt.Errorf("measure this machine: %w", err)
	}
	return t.r, nil
}

// trialTokens is about how many tokens a repeat trains.
const trialTokens = 1024

// trialLimits are the recipe's, cut to what a trial needs.
func trialLimits(s *shape.Shape) model.Limits {
	lim := s.Limits
	if lim.TrainRows > 0 {
		lim.TrainRows = min(lim.TrainRows, max(trialTokens, s.Longest-1))
	}
	if lim.Slots > 0 {
		// Decoding in the middle of a completion costs what it costs on average.
		grown := lim.NewLen / 2
		lim.PromptLen, lim.NewLen = min(lim.PromptLen+grown, s.Config.MaxPositionEmbeddings-trialSteps), trialSteps
		lim.PromptSlots = min(lim.PromptSlots, trialPrompts)
		if lim.PromptLen < 1 {
			lim.PromptLen, lim.NewLen = 1, 1
		}
	}
	return lim
}

const (
	trialSteps   = 8 // decoding steps timed
	trialPrompts = 4
	trialTime    = 400 * time.Millisecond // of each part
)

type trial struct {
	ctx context.Context
	m   *model.Model
	now func() time.Time
	r   Rates
}

// seconds is the fastest of the repeats of f that fit trialTime, after one
// that does not count if it was short.
func (t *trial) seconds(f func() error) (float64, error) {
	best, begin := 0.0, t.now()
	for i := 0; i < 20; i++ {
		if err := t.ctx.Err(); err != nil {
			return 0, err
		}
		start := t.now()
		if err := f(); err != nil {
			return 0, err
		}
		took := t.now().Sub(start)
		if s := took.Seconds(); i < 2 || s < best { // the first run warms up
			best = s
		}
		if i > 0 && t.now().Sub(begin) > trialTime || took > 10*trialTime {
			break
		}
	}
	return best, nil
}

func (t *trial) training() error {
	lim := t.m.Limits()
	if lim.TrainRows == 0 {
		return nil
	}
	length := min(lim.TrainRows, t.m.Config().MaxPositionEmbeddings, max(lim.TrainRows/max(lim.TrainSeqs, 1), 16))
	var seqs []model.Sequence
	rows := 0
	for rows+length <= lim.TrainRows && len(seqs) < lim.TrainSeqs {
		seqs = append(seqs, model.Sequence{Tokens: t.tokens(uint64(len(seqs)), length+1), Prompt: 1})
		rows += length
	}
	score, err := t.seconds(func() error { _, err := t.m.Score(t.ctx, seqs, 1); return err })
	if err != nil {
		return err
	}
	t.r.Score = score / float64(rows)
	if lim.Frozen {
		return nil
	}
	if err := t.m.ZeroGrad(); err != nil {
		return err
	}
	train, err := t.seconds(func() error {
		return t.m.Backward(t.ctx, seqs, 1, func(_ []int, s []model.Scores) (logp, ent [][]float32, err error) {
			for k := range s {
				c := make([]float32, len(s[k].LogProbs))
				for i := range c {
					c[i] = float32(k%2*2-1) / float32(rows)
				}
				logp = append(logp, c)
			}
			return logp, nil, nil
		})
	})
	if err != nil {
		return err
	}
	t.r.Train = train / float64(rows)
	short := []model.Sequence{{Tokens: seqs[0].Tokens[:2], Prompt: 1}}
	forward, err := t.seconds(func() error { _, err := t.m.Score(t.ctx, short, 1); return err })
	if err != nil {
		return err
	}
	update, err := t.seconds(func() error {
		if err := t.m.ZeroGrad(); err != nil {
			return err
		}
		if _, err := t.m.Step(model.OptimizerOptions{LR: 0, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}); err != nil {
			return err
		}
		_, err := t.m.Score(t.ctx, short, 1) // packs the new weights
		return err
	})
	t.r.Update = max(update-forward, 0)
	return err
}

func (t *trial) sampling() error {
	lim := t.m.Limits()
	if lim.Slots == 0 {
		return nil
	}
	reqs := make([]model.Request, lim.PromptSlots)
	prompt := 0
	for i := range reqs {
		reqs[i].Prompt = t.tokens(1000+uint64(i), lim.PromptLen)
		prompt += lim.PromptLen - 1
	}
	for i := range lim.Slots {
		r := &reqs[i%len(reqs)]
		r.Streams = append(r.Streams, uint64(i))
	}
	run := func(steps int) (float64, error) {
		return t.seconds(func() error {
			_, err := t.m.Generate(t.ctx, reqs, model.SampleOptions{Temperature: 1, MaxNew: steps, Seed: 1}, model.Watch{})
			return err
		})
	}
	few, err := run(1)
	if err != nil {
		return err
	}
	steps := lim.NewLen
	all, err := run(steps)
	if err != nil {
		return err
	}
	perStep := all / float64(steps)
	if steps > 1 {
		perStep = max(all-few, 0) / float64(steps-1)
	}
	t.r.Decode = perStep / float64(lim.Slots)
	t.r.Prefill = max(few-perStep, 0) / float64(max(prompt, 1))
	return nil
}

func (t *trial) tokens(stream uint64, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(philox.Words(7, stream, uint64(i))[0] % uint32(t.m.Config().VocabSize))
	}
	return out
}
