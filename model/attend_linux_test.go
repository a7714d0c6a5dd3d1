//go:build cuda

package model

import (
	"errors"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda/emu"
	"gradus/kernels/ref"
)

// openEmulated opens the emulated kernels of a GPU.
func openEmulated(t *testing.T) kernels.Device {
	t.Helper()
	so, err := emu.Build("../kernels/cuda")
	if errors.Is(err, emu.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := emu.Open(so)
	if err != nil {
		t.Fatal(err)
	}
	e.Watch(false) // the tests of the kernels do
	dev := emu.NewDevice(e)
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return dev
}

// wideHeads is tiny with heads that attention in bf16 is defined for.
func wideHeads() Config {
	cfg := tiny()
	cfg.NumAttentionHeads, cfg.NumKeyValueHeads, cfg.HeadDim, cfg.MaxPositionEmbeddings = 2, 1, 64, 96
	return cfg.WithDefaults()
}

// With attention and caches in bf16 the ratio of the first update is exactly 1,
// past the end of a tile of keys and whatever the capacities.
func TestRolloutEqualsTrainingAttendBF16(t *testing.T) {
	cfg, dev := wideHeads(), openEmulated(t)
	prompt := make([]int32, 61)
	for i := range prompt {
		prompt[i] = int32(i*i%cfg.VocabSize) & 7
	}
	reqs := []Request{{Prompt: prompt, Streams: []uint64{1, 2}}, {Prompt: prompt[:3], Streams: []uint64{3}}}
	o := SampleOptions{Temperature: 0.9, MaxNew: 6, Seed: 3}
	var want []Completion
	for _, lim := range []Limits{
		{PromptSlots: 2, PromptLen: 61, Slots: 3, NewLen: 6, TrainRows: 160, TrainSeqs: 3},
		{PromptSlots: 1, PromptLen: 70, Slots: 1, NewLen: 9, TrainRows: 66, TrainSeqs: 1},
	} {
		lim = lim.In(kernels.BF16, cfg, kernels.Attends(dev, kernels.BF16))
		if lim.Attend != kernels.BF16 {
			t.Fatal("attention is not in bf16")
		}
		m := build(t, dev, cfg, lim)
		want = trainedAsSampled(t, m, reqs, o, want)
	}
}

// Scores and gradients against the oracle, which rounds the same factors.
func TestAttendBF16AgreesWithRef(t *testing.T) {
	oracle, cfg := ref.New(), wideHeads()
	lim := tinyLimits().In(kernels.BF16, cfg, true)
	apart := lim
	apart.Attend = kernels.F32
	got, want, full := build(t, openEmulated(t), cfg, lim), build(t, oracle, cfg, lim), build(t, oracle, cfg, apart)
	// Where a row sees few keys that are all alike, the gradient of its scores is
	// a small difference of products that were rounded.
	agreeInBF16(t, got, want, full, 1e-5, 3e-2)
}

// Every op of attention in every program is in the dtype that the limits say.
func TestAttendIsInEveryProgram(t *testing.T) {
	cfg := wideHeads()
	for _, attends := range []bool{false, true} {
		m := build(t, ref.New(), cfg, tinyLimits().In(kernels.BF16, cfg, attends))
		seen := map[kernels.Kind]bool{}
		for name, p := range m.programs {
			for _, op := range p.Ops {
				switch op.(type) {
				case kernels.Attn, kernels.AttnBwd, kernels.AttnDecode, kernels.KVWrite:
					seen[op.Kind()] = true
					if half := kernels.ComputeOf(op) == kernels.BF16; half != attends {
						t.Errorf("%s: %s in bf16: %t", name, op.Kind(), half)
					}
				}
			}
		}
		if len(seen) != 4 {
			t.Errorf("the programs have %v", seen)
		}
	}
}

// Caches of bf16 take half of the memory, and a device without attention in bf16
// is refused.
func TestAttendLimits(t *testing.T) {
	cfg := wideHeads()
	lim := tinyLimits().In(kernels.BF16, cfg, true)
	bytes := func(l Limits) (n int64) {
		list, err := l.Memory(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range list {
			if strings.HasSuffix(it.Name, "KV cache") {
				n += it.Bytes
			}
		}
		return n
	}
	if half, full := bytes(lim), bytes(lim.In(kernels.BF16, cfg, false)); 2*half != full || half == 0 {
		t.Errorf("caches of %d bytes in bf16, %d in f32", half, full)
	}
	if lim := tinyLimits().In(kernels.BF16, tiny(), true); lim.Attend != kernels.F32 || lim.Compute != kernels.BF16 {
		t.Errorf("heads of 6: %+v", lim)
	}
	_, err := New(openTiles(t, 1), cfg, lim)
	if err == nil || !strings.Contains(err.Error(), "has no attention in bf16") {
		t.Errorf("a CPU with attention in bf16: %v", err)
	}
}
