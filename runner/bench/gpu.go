package bench

import (
	"context"
	"fmt"
	"time"

	"gradus/kernels"
	"gradus/model"
)

// GPUShape is a model that a GPU is measured with, of real size, and how much
// of it is done at once.
type GPUShape struct {
	Shape
	TrainRows int // tokens of a training step and of its micro-batch
	TrainLen  int // tokens of a sequence
	Decode    int // completions at once
	Prompt    int // tokens of a prompt
	New       int // tokens of a completion
	Groups    int // prompts of a GRPO step; 0 measures none
	Group     int // completions of each
	StepNew   int // tokens of a completion of it
}

// GPUShapes are those of Qwen2.5-0.5B and Qwen2.5-1.5B (their config.json),
// without the bias of their projections.
func GPUShapes() []GPUShape {
	qwen := func(hidden, inner, layers, heads, headDim int) model.Config {
		return model.Config{
			VocabSize: 151936, HiddenSize: hidden, IntermediateSize: inner, NumHiddenLayers: layers, NumAttentionHeads: heads, NumKeyValueHeads: 2,
			HeadDim: headDim, MaxPositionEmbeddings: 2048, RopeTheta: 1e6, RMSNormEps: 1e-6, TieWordEmbeddings: true,
		}.WithDefaults()
	}
	return []GPUShape{
		{Shape: Shape{Name: "qwen0.5b", Config: qwen(896, 4864, 24, 14, 64)}, TrainRows: 8192, TrainLen: 1024, Decode: 256, Prompt: 256, New: 256},
		{Shape: Shape{Name: "qwen1.5b", Config: qwen(1536, 8960, 28, 12, 128)}, TrainRows: 4096, TrainLen: 1024, Decode: 256, Prompt: 256, New: 256, Groups: 16, Group: 8, StepNew: 300},
	}
}

// Figures names what GPU measures of s.
func (s GPUShape) Figures() []string {
	names := []string{"gpu.train." + s.Name, fmt.Sprintf("gpu.decode.%s.b%d", s.Name, s.Decode)}
	if s.Groups > 0 {
		names = append(names, fmt.Sprintf("gpu.grpo.%s.%dx%d", s.Name, s.Groups*s.Group, s.StepNew))
	}
	return append(names, s.attentionFigures()...)
}

// Peaks are what a GPU can do by its clocks.
type Peaks struct {
	Matrix float64 // GFLOP/s of matrix products in the dtype of the run
	Read   float64 // GB/s
}

// DecodeFloor is the least time of a decoding step, in seconds, with completions
// that see context tokens on average: reading the weights of all products and
// the keys and values of the context, each in two bytes, and writing the logits in
// four; or the arithmetic, where that takes longer.
func (s GPUShape) DecodeFloor(p Peaks, context float64) float64 {
	c, rows := s.Config, float64(s.Decode)
	weights := float64(matmulParams(c))
	cache := 2 * 2 * float64(c.NumHiddenLayers*c.NumKeyValueHeads*c.HeadDim) * context
	bytes := 2*weights + rows*(cache+4*float64(c.VocabSize))
	return max(bytes/(p.Read*1e9), 2*weights*rows/(p.Matrix*1e9))
}

// trainFlops are those of a trained token: products, and attention over half of
// the sequence on average, forward and twice that backward.
func (s GPUShape) trainFlops() float64 {
	c := s.Config
	return 6*float64(matmulParams(c)) + 12*float64(c.NumHiddenLayers*c.NumAttentionHeads*c.HeadDim)*float64(s.TrainLen)/2
}

// GPU measures training and decoding of s in tokens a second, and a GRPO step in
// seconds, with factors of products in compute. The ceiling of training is p's
// matrix rate, that of decoding the DecodeFloor. The figures of GPUAttention follow.
func GPU(ctx context.Context, dev kernels.Device, s GPUShape, compute kernels.DType, p Peaks, repeats int, now func() time.Time) ([]Figure, error) {
	figures, err := gpuModel(ctx, dev, s, compute, p, repeats, now)
	if err != nil {
		return figures, err
	}
	attention, err := GPUAttention(dev, s, compute, p, repeats, now)
	return append(figures, attention...), err
}

func gpuModel(ctx context.Context, dev kernels.Device, s GPUShape, compute kernels.DType, p Peaks, repeats int, now func() time.Time) ([]Figure, error) {
	lim := model.Limits{
		TrainRows: s.TrainRows, TrainSeqs: max(s.TrainRows/s.TrainLen, 1), PromptSlots: s.Decode, PromptLen: s.Prompt, Slots: s.Decode,
		NewLen: max(s.New, s.StepNew),
	}.In(compute, s.Config, kernels.Attends(dev, compute))
	if s.Groups > 0 { // a group and its prompt
		lim.TrainSeqs = max(lim.TrainSeqs, s.TrainRows/s.StepNew)
	}
	m, err := newModel(dev, s.Shape, lim)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	defer m.Close()
	names := s.Figures()
	var seqs []model.Sequence
	for i := range s.TrainRows / s.TrainLen {
		seqs = append(seqs, model.Sequence{Tokens: randomTokens(uint64(i), s.TrainLen+1, s.Config.VocabSize), Prompt: 1})
	}
	seconds, err := measure(now, repeats, func() error { return trainStep(ctx, m, seqs) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names[0], err)
	}
	tokens := float64(len(seqs) * s.TrainLen)
	figures := []Figure{NewFigure(names[0], "tok/s", "higher", per(tokens, seconds), p.Matrix*1e9/s.trainFlops())}

	var reqs []model.Request
	for i := range s.Decode {
		reqs = append(reqs, model.Request{Prompt: randomTokens(uint64(1000+i), s.Prompt, s.Config.VocabSize), Streams: []uint64{uint64(i)}})
	}
	generate := func(n int) func() error {
		return func() error {
			_, err := m.Generate(ctx, reqs, model.SampleOptions{Temperature: 1, MaxNew: n, Seed: 1}, model.Watch{})
			return err
		}
	}
	// The prompts are not decoding: what one token takes is taken off.
	first, err := measure(now, 1, generate(1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names[1], err)
	}
	if seconds, err = measure(now, repeats, generate(s.New)); err != nil {
		return nil, fmt.Errorf("%s: %w", names[1], err)
	}
	for i := range seconds {
		seconds[i] = max(seconds[i]-first[0], 1e-9)
	}
	floor := s.DecodeFloor(p, float64(s.Prompt)+float64(s.New)/2)
	figures = append(figures, NewFigure(names[1], "tok/s", "higher", per(float64(s.Decode*(s.New-1)), seconds), float64(s.Decode)/floor))
	if s.Groups == 0 {
		return figures, nil
	}

	step := uint64(0)
	seconds, err = measure(now, repeats, func() error {
		step++
		return s.grpoStep(ctx, m, step)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names[2], err)
	}
	return append(figures, NewFigure(names[2], "s", "lower", seconds, 0)), nil
}

// grpoStep samples the completions of a step and trains on them.
func (s GPUShape) grpoStep(ctx context.Context, m *model.Model, step uint64) error {
	reqs := make([]model.Request, s.Groups)
	for i := range reqs {
		reqs[i].Prompt = randomTokens(step*1000+uint64(i), s.Prompt, s.Config.VocabSize)
		for j := range s.Group {
			reqs[i].Streams = append(reqs[i].Streams, step<<32|uint64(i*s.Group+j))
		}
	}
	groups, err := m.Generate(ctx, reqs, model.SampleOptions{Temperature: 1, MaxNew: s.StepNew, Seed: 1}, model.Watch{})
	if err != nil {
		return err
	}
	var seqs []model.Sequence
	for i, group := range groups {
		for _, c := range group {
			seqs = append(seqs, model.Sequence{Tokens: append(append([]int32{}, reqs[i].Prompt...), c.Tokens...), Prompt: s.Prompt})
		}
	}
	return trainStep(ctx, m, seqs)
}

// per are tokens over each of the times.
func per(tokens float64, seconds []float64) []float64 {
	rates := make([]float64, len(seconds))
	for i, t := range seconds {
		rates[i] = tokens / t
	}
	return rates
}
