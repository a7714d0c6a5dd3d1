package model

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
)

// With Recompute the gradients are, bit for bit, those of kept activations: with
// prompts that sequences share, several micro-batches, one layer and more, and a
// second pass over the same memory.
func TestRecompute(t *testing.T) {
	seqs := []Sequence{
		{Tokens: []int32{1, 2, 3, 4, 5, 6}, Prompt: 3}, {Tokens: []int32{1, 2, 3, 7, 8}, Prompt: 3},
		{Tokens: []int32{9, 10, 11, 12}, Prompt: 1}, {Tokens: []int32{5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5}, Prompt: 6},
		{Tokens: []int32{1, 1, 1, 1, 1, 1, 1, 1}, Prompt: 2},
	}
	coef := func(idx []int, s []Scores) (logp, ent [][]float32, err error) {
		for k := range s {
			l, e := make([]float32, len(s[k].LogProbs)), make([]float32, len(s[k].LogProbs))
			for i := range l {
				l[i], e[i] = float32(idx[k]-1)/7, s[k].LogProbs[i]/50
			}
			logp, ent = append(logp, l), append(ent, e)
		}
		return logp, ent, nil
	}
	for _, layers := range []int{1, 2, 5} {
		for _, lim := range []Limits{{TrainRows: 60, TrainSeqs: 5}, {TrainRows: 11, TrainSeqs: 2}} {
			cfg := tiny()
			cfg.NumHiddenLayers = layers
			var want map[string][]float32
			var kept int64
			for _, again := range []bool{false, true} {
				dev, err := cpu.Open(cpu.Options{Threads: 2})
				if err != nil {
					t.Fatal(err)
				}
				lim.Recompute = again
				m := build(t, dev, cfg, lim)
				for range 2 {
					if err := m.ZeroGrad(); err != nil {
						t.Fatal(err)
					}
					if err := m.Backward(context.Background(), seqs, 1, coef); err != nil {
						t.Fatal(err)
					}
				}
				got := values(t, m, m.grads)
				if !again {
					want, kept = got, lim.MemoryBytes(cfg)
					continue
				}
				for name, x := range got {
					for i := range x {
						if math.Float32bits(x[i]) != math.Float32bits(want[name][i]) {
							t.Fatalf("%d layers, %+v: gradient of %s, element %d: %g, with kept activations %g", layers, lim, name, i, x[i], want[name][i])
						}
					}
				}
				if now := lim.MemoryBytes(cfg); layers > 1 && now >= kept || layers == 1 && now != kept {
					t.Errorf("%d layers, %+v: %d bytes, %d with kept activations", layers, lim, now, kept)
				}
			}
		}
	}
}

// counting adds up what a device is asked to reserve.
type counting struct {
	kernels.Device
	elements map[kernels.DType]int64
}

func (c counting) Alloc(dt kernels.DType, n int64) (kernels.Buffer, error) {
	c.elements[dt] += n
	return c.Device.Alloc(dt, n)
}

// Recompute saves the activations of all layers but one, and what is planned is
// what a device is asked for.
func TestRecomputeSaves(t *testing.T) {
	cfg := Config{VocabSize: 64, HiddenSize: 64, IntermediateSize: 176, NumHiddenLayers: 12, NumAttentionHeads: 4, MaxPositionEmbeddings: 128, TieWordEmbeddings: true}.WithDefaults()
	activations := map[bool]int64{}
	for _, again := range []bool{false, true} {
		lim := Limits{TrainRows: 2048, TrainSeqs: 16, Recompute: again}
		inner, err := cpu.Open(cpu.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		dev := counting{inner, map[kernels.DType]int64{}}
		m, err := New(dev, cfg, lim)
		if err != nil {
			t.Fatal(err)
		}
		asked := 4*(dev.elements[kernels.F32]+dev.elements[kernels.I32]) + 2*dev.elements[kernels.BF16]
		if planned := lim.MemoryBytes(cfg); planned != asked {
			t.Errorf("recompute %t: %d bytes planned, %d asked for", again, planned, asked)
		}
		list, err := lim.Memory(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range list {
			if it.Name == "activations" {
				activations[again] = it.Bytes
			}
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	}
	// A layer keeps (N,C) of some 17 such arrays: with 12 layers a fifth is left.
	if share := float64(activations[true]) / float64(activations[false]); share > 0.25 {
		t.Errorf("recompute keeps %.2f of the activations: %s", share, fmt.Sprint(activations))
	}
}
