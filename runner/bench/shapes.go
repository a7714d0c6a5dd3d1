package bench

import (
	"fmt"

	"gradus/kernels"
	"gradus/model"
	"gradus/runner/plan"
)

// Shape is a model of the benchmarks. The 5M one is the shape whose step the
// literature's small trainers were measured with: 6 layers of 256.
type Shape struct {
	Name    string
	Config  model.Config
	Compute kernels.DType // of the factors of matrix products: F32 (or 0) or BF16
}

// InBF16 is s with products of bf16 factors; its figures end in ".bf16".
func (s Shape) InBF16() Shape {
	s.Compute = kernels.BF16
	return s
}

// dtypeSuffix is what the name of a figure says of its dtype.
func dtypeSuffix(compute kernels.DType) string {
	if compute == kernels.BF16 {
		return ".bf16"
	}
	return ""
}

// TrainFigure, GRPOFigure and DecodeFigure name what TrainStep, GRPOStep and
// Decode measure of a shape.
func (s Shape) TrainFigure() string {
	return "train." + s.Name + ".2048tok" + dtypeSuffix(s.Compute)
}
func (s Shape) GRPOFigure() string   { return "grpo." + s.Name + ".128x128" + dtypeSuffix(s.Compute) }
func (s Shape) DecodeFigure() string { return "decode." + s.Name + ".b64" + dtypeSuffix(s.Compute) }

// LengthFigure names what TrainLength measures of a shape.
func (s Shape) LengthFigure(length int) string {
	return fmt.Sprintf("train.%s.4096tok.len%d", s.Name, length)
}

// Lengths are the sequence lengths that show how the cost of a token grows.
func Lengths() []int { return []int{64, 256, 1024} }

// Shapes are the models that figures are named after: 1m, 5m, 10m.
func Shapes() []Shape {
	return []Shape{
		{Name: "1m", Config: llama(128, 352, 5, 4)},
		{Name: "5m", Config: llama(256, 688, 6, 8)},
		{Name: "10m", Config: llama(320, 864, 8, 10)},
	}
}

func llama(hidden, inner, layers, heads int) model.Config {
	return model.Config{
		VocabSize: 512, HiddenSize: hidden, IntermediateSize: inner, NumHiddenLayers: layers, NumAttentionHeads: heads, NumKeyValueHeads: heads,
		MaxPositionEmbeddings: 1024, RopeTheta: 10000, RMSNormEps: 1e-5, TieWordEmbeddings: true,
	}
}

// matmulParams is the number of weights that every token is multiplied with:
// all matrices, the tied head once, the embedding lookup not at all.
func matmulParams(c model.Config) int64 { return plan.MatmulParams(c) }
