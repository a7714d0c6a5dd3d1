package bench

import (
	"context"
	"fmt"
	"time"

	"gradus/kernels"
	"gradus/kernels/philox"
	"gradus/model"
)

// grpoShape is the step of the budgets: 16 prompts with 8 completions each,
// 32 prompt tokens and 96 new ones, so 128 sequences of 128 tokens.
const (
	grpoPrompts = 16
	grpoGroup   = 8
	grpoPrompt  = 32
	grpoNew     = 96
)

// GRPOStep times one GRPO step of shape s on dev: sampling, forward, backward
// and AdamW, without the reward function. The ceiling is the time that its
// floating-point operations take at fma GFLOP/s.
func GRPOStep(ctx context.Context, dev kernels.Device, s Shape, repeats int, fma float64, now func() time.Time) (Figure, error) {
	name := s.GRPOFigure()
	m, err := newModel(dev, s, grpoLimits)
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	defer m.Close()
	step := uint64(0)
	seconds, err := measure(now, repeats, func() error {
		step++
		return grpoStep(ctx, m, step)
	})
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	const sequences = grpoPrompts * grpoGroup
	decoded := int64(sequences*grpoNew + grpoPrompts*grpoPrompt)
	// A completion's first row is the prompt's last; the rest of the prompt is
	// computed once for its group.
	const trained = int64(grpoPrompts*(grpoPrompt-1) + sequences*grpoNew)
	flops := float64(matmulParams(s.Config)) * float64(2*decoded+6*trained)
	return NewFigure(name, "s", "lower", seconds, flops/(fma*1e9)), nil
}

func grpoStep(ctx context.Context, m *model.Model, step uint64) error {
	vocab := m.Config().VocabSize
	reqs := make([]model.Request, grpoPrompts)
	for i := range reqs {
		reqs[i].Prompt = randomTokens(step*1000+uint64(i), grpoPrompt, vocab)
		for j := range grpoGroup {
			reqs[i].Streams = append(reqs[i].Streams, step<<32|uint64(i*grpoGroup+j))
		}
	}
	groups, err := m.Generate(ctx, reqs, model.SampleOptions{Temperature: 1, MaxNew: grpoNew, Seed: 1}, model.Watch{})
	if err != nil {
		return err
	}
	var seqs []model.Sequence
	for i, group := range groups {
		for _, c := range group {
			tokens := append(append([]int32{}, reqs[i].Prompt...), c.Tokens...)
			seqs = append(seqs, model.Sequence{Tokens: tokens, Prompt: grpoPrompt})
		}
	}
	return trainStep(ctx, m, seqs)
}

// trainStep is one update. The sign of a sequence's coefficient alternates, as
// advantages do, so gradients neither vanish nor blow up.
func trainStep(ctx context.Context, m *model.Model, seqs []model.Sequence) error {
	if err := m.ZeroGrad(); err != nil {
		return err
	}
	err := m.Backward(ctx, seqs, 1, func(idx []int, s []model.Scores) ([][]float32, [][]float32, error) {
		coef := make([][]float32, len(s))
		for k := range s {
			coef[k] = make([]float32, len(s[k].LogProbs))
			for t := range coef[k] {
				coef[k][t] = (float32(idx[k]%2)*2 - 1) / float32(len(seqs)*len(coef[k]))
			}
		}
		return coef, nil, nil
	})
	if err != nil {
		return err
	}
	_, err = m.Step(model.OptimizerOptions{LR: 1e-5, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MaxGradNorm: 1})
	return err
}

// The supervised step of TrainStep.
const trainSequences, trainLength = 16, 128

// TrainStep times one supervised step of 16 sequences of 128 tokens.
func TrainStep(ctx context.Context, dev kernels.Device, s Shape, repeats int, fma float64, now func() time.Time) (Figure, error) {
	name := s.TrainFigure()
	w, err := newTraining(ctx, dev, s)
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	defer w.m.Close()
	seconds, err := measure(now, repeats, w.run)
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	flops := 6 * float64(matmulParams(s.Config)) * trainSequences * trainLength
	return NewFigure(name, "s", "lower", seconds, flops/(fma*1e9)), nil
}

// TrainLength times one supervised step of 4,096 tokens in sequences of the
// given length. The ceiling counts the matrix products, which cost the same at
// every length, and attention's, which grow with it.
func TrainLength(ctx context.Context, dev kernels.Device, s Shape, length, repeats int, fma float64, now func() time.Time) (Figure, error) {
	const tokens = 4096
	name := s.LengthFigure(length)
	m, err := newModel(dev, s, model.Limits{TrainRows: 1024, TrainSeqs: 1024 / length})
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	defer m.Close()
	var seqs []model.Sequence
	for i := range tokens / length {
		seqs = append(seqs, model.Sequence{Tokens: randomTokens(uint64(i), length+1, s.Config.VocabSize), Prompt: 1})
	}
	seconds, err := measure(now, repeats, func() error { return trainStep(ctx, m, seqs) })
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	c := s.Config
	pairs := float64(length+1) / 2 // visible rows of a row, on average
	attention := 14 * pairs * float64(c.HiddenSize) * float64(c.NumHiddenLayers)
	return NewFigure(name, "s", "lower", seconds, (6*float64(matmulParams(c))+attention)*tokens/(fma*1e9)), nil
}

// Decode times batched sampling of 64 sequences, 96 tokens each, in tokens a
// second.
func Decode(ctx context.Context, dev kernels.Device, s Shape, repeats int, fma float64, now func() time.Time) (Figure, error) {
	name := s.DecodeFigure()
	w, err := newDecoding(ctx, dev, s)
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	defer w.m.Close()
	seconds, err := measure(now, repeats, w.run)
	if err != nil {
		return Figure{}, fmt.Errorf("%s: %w", name, err)
	}
	rates := make([]float64, len(seconds))
	for i, t := range seconds {
		rates[i] = decodeSequences * decodeLength / t
	}
	return NewFigure(name, "tok/s", "higher", rates, fma*1e9/(2*float64(matmulParams(s.Config)))), nil
}

// work is something to time, and the model that it runs on.
type work struct {
	m   *model.Model
	run func() error
}

// newTraining is the step that TrainStep times.
func newTraining(ctx context.Context, dev kernels.Device, s Shape) (work, error) {
	m, err := newModel(dev, s, model.Limits{TrainRows: trainSequences * trainLength, TrainSeqs: trainSequences})
	if err != nil {
		return work{}, err
	}
	var seqs []model.Sequence
	for i := range trainSequences {
		seqs = append(seqs, model.Sequence{Tokens: randomTokens(uint64(i), trainLength+1, s.Config.VocabSize), Prompt: 1})
	}
	return work{m, func() error { return trainStep(ctx, m, seqs) }}, nil
}

// The sampling of Decode.
const decodeSequences, decodeLength, decodeGroup = 64, 96, 8

// newDecoding is the sampling that Decode times.
func newDecoding(ctx context.Context, dev kernels.Device, s Shape) (work, error) {
	const prompts = decodeSequences / decodeGroup
	m, err := newModel(dev, s, model.Limits{PromptSlots: prompts, PromptLen: grpoPrompt, Slots: decodeSequences, NewLen: decodeLength, Frozen: true})
	if err != nil {
		return work{}, err
	}
	reqs := make([]model.Request, prompts)
	for i := range reqs {
		reqs[i].Prompt = randomTokens(uint64(i), grpoPrompt, s.Config.VocabSize)
		for j := range decodeGroup {
			reqs[i].Streams = append(reqs[i].Streams, uint64(i*decodeGroup+j))
		}
	}
	return work{m, func() error {
		_, err := m.Generate(ctx, reqs, model.SampleOptions{Temperature: 1, MaxNew: decodeLength, Seed: 1}, model.Watch{})
		return err
	}}, nil
}

// newModel is a model with random weights, the same each time.
func newModel(dev kernels.Device, s Shape, lim model.Limits) (*model.Model, error) {
	if s.Compute != 0 {
		lim.Compute = s.Compute
	}
	m, err := model.New(dev, s.Config, lim)
	if err != nil {
		return nil, err
	}
	if err := m.Init(1); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func randomTokens(stream uint64, n, vocab int) []int32 {
	tokens := make([]int32, n)
	for i := range tokens {
		tokens[i] = int32(philox.Words(7, stream, uint64(i))[0] % uint32(vocab))
	}
	return tokens
}
