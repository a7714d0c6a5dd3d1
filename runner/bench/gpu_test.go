package bench

import (
	"context"
	"math"
	"testing"
	"time"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/model"
)

// The sizes are those of the published models: 494M and 1.54G parameters less
// the biases (Qwen2.5 technical report, model cards), and the floors follow by
// hand from bytes and flops.
func TestGPUShapes(t *testing.T) {
	all := GPUShapes()
	for i, want := range []struct {
		params    float64
		step      float64 // of decoding at 3 TB/s and 700 TFLOP/s with 512 tokens of context, in ms
		trainable float64 // GFLOP of a token in sequences of 1,024
	}{{494.0e6, 0.92, 3.10}, {1543.6e6, 2.33, 9.53}} {
		s := all[i]
		if n := float64(s.Config.NumParams()); math.Abs(n/want.params-1) > 0.002 {
			t.Errorf("%s has %.0f parameters, want %.0f", s.Name, n, want.params)
		}
		p := Peaks{Matrix: 700e3, Read: 3000}
		if got := 1e3 * s.DecodeFloor(p, 512); math.Abs(got/want.step-1) > 0.03 {
			t.Errorf("%s: a decoding step takes %.3f ms at least, want %.2f", s.Name, got, want.step)
		}
		if got := s.trainFlops() / 1e9; math.Abs(got/want.trainable-1) > 0.04 {
			t.Errorf("%s: %.2f GFLOP a token, want %.2f", s.Name, got, want.trainable)
		}
	}
}

// The measurements run on any device, here with a model of no size.
func TestGPUFigures(t *testing.T) {
	dev, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	s := GPUShape{Shape: Shape{Name: "tiny", Config: model.Config{VocabSize: 32, HiddenSize: 16, IntermediateSize: 32, NumHiddenLayers: 1, NumAttentionHeads: 4, NumKeyValueHeads: 2, MaxPositionEmbeddings: 64, TieWordEmbeddings: true}.WithDefaults()},
		TrainRows: 64, TrainLen: 16, Decode: 8, Prompt: 4, New: 6, Groups: 2, Group: 3, StepNew: 5}
	got, err := GPU(context.Background(), dev, s, kernels.F32, Peaks{Matrix: 10, Read: 10}, 2, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	want := s.Figures()
	if len(got) != 6 || len(want) != 6 || want[2] != "gpu.grpo.tiny.6x5" || want[5] != "gpu.attn_decode.tiny.b8" {
		t.Fatalf("%+v, names %v", got, want)
	}
	for i, f := range got {
		if f.Name != want[i] || f.Value <= 0 || f.N != 2 || i != 2 && (f.Ceiling <= 0 || f.Share <= 0) {
			t.Errorf("%+v", f)
		}
	}
}
