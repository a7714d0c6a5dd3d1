package model

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/ref"
)

// openTiles opens the device that has the code and the bits of AMX on any CPU
// with AVX2.
func openTiles(t *testing.T, threads int) kernels.Device {
	t.Helper()
	dev, err := cpu.Open(cpu.Options{Path: "amxref", Threads: threads})
	if err != nil {
		t.Skip("no model of tile registers here: ", err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return dev
}

func halved(lim Limits) Limits {
	lim.Compute = kernels.BF16
	return lim
}

// The ratio of the first update is exactly 1 in bf16 too, whatever the
// capacities and the number of threads, which differ here from run to run.
func TestRolloutEqualsTrainingBF16(t *testing.T) {
	cfg := tiny()
	reqs := someRequests(cfg.VocabSize)
	o := SampleOptions{Temperature: 0.9, MaxNew: 12, Stop: []int32{0, 5}, Seed: 3}
	var want []Completion
	for i, lim := range []Limits{
		{PromptSlots: 9, PromptLen: 8, Slots: 32, NewLen: 12, TrainRows: 60, TrainSeqs: 5},
		{PromptSlots: 1, PromptLen: 8, Slots: 1, NewLen: 12, TrainRows: 19, TrainSeqs: 1},
		{PromptSlots: 2, PromptLen: 9, Slots: 7, NewLen: 20, TrainRows: 300, TrainSeqs: 30},
	} {
		m := build(t, openTiles(t, i+1), cfg, halved(lim))
		want = trainedAsSampled(t, m, reqs, o, want)
	}
}

// trainedAsSampled samples and scores what was sampled: both must have the same
// bits, and the completions those of want, unless it is nil. It returns them.
func trainedAsSampled(t *testing.T, m *Model, reqs []Request, o SampleOptions, want []Completion) []Completion {
	t.Helper()
	seqs, got := sequences(reqs, generate(t, m, reqs, o))
	scores, err := m.Score(context.Background(), seqs, o.Temperature)
	if err != nil {
		t.Fatal(err)
	}
	if want == nil {
		want = got
	}
	for k, c := range got {
		if !sameBits(c.LogProbs, scores[k].LogProbs) || !sameBits(c.Entropies, scores[k].Entropies) {
			t.Errorf("%+v: completion %d: generation %v, training %v", m.lim, k, c.LogProbs, scores[k].LogProbs)
		}
		if !slices.Equal(c.Tokens, want[k].Tokens) || !sameBits(c.LogProbs, want[k].LogProbs) {
			t.Errorf("%+v: completion %d is %v %v, was %v %v", m.lim, k, c.Tokens, c.LogProbs, want[k].Tokens, want[k].LogProbs)
		}
	}
	return want
}

// Scores and gradients against the oracle, which rounds the same factors. An
// activation that lies between two bf16 may be rounded the other way, which
// the tolerance of bf16 allows for.
func TestBF16AgreesWithRef(t *testing.T) {
	oracle := ref.New()
	cfg := tiny()
	lim := halved(tinyLimits())
	got, want := build(t, openTiles(t, 2), cfg, lim), build(t, oracle, cfg, lim)
	full := build(t, oracle, cfg, tinyLimits())
	agreeInBF16(t, got, want, full, 1e-4, 4e-3)
}

// agreeInBF16 compares scores and gradients of got with those of want, which rounds
// the same factors, and scores of want with those of full, which rounds none (or
// fewer): they must differ by `least`.
func agreeInBF16(t *testing.T, got, want, full *Model, least, ofGradients float64) {
	t.Helper()
	seqs := groups()
	gs, gg := trained(t, got, seqs)
	ws, wg := trained(t, want, seqs)
	fs, _ := trained(t, full, seqs)
	rounded := 0.0
	for i := range ws {
		for j, x := range ws[i].LogProbs {
			near(t, fmt.Sprintf("log-prob %d of sequence %d", j, i), float64(gs[i].LogProbs[j]), float64(x), math.Abs(float64(x))+1, 4e-3)
			rounded = max(rounded, math.Abs(float64(x-fs[i].LogProbs[j])))
		}
	}
	if rounded < least {
		t.Errorf("log-probs in bf16 and f32 differ by at most %g: bf16 is not used", rounded)
	}
	for name, w := range wg {
		diff, norm := 0.0, 0.0
		for k, x := range w {
			d := float64(gg[name][k]) - float64(x)
			diff += d * d
			norm += float64(x) * float64(x)
		}
		if e := math.Sqrt(diff / norm); !(e < ofGradients) {
			t.Errorf("gradient of %s: relative error %.1e", name, e)
		}
	}
}

// Trained on one batch, the loss falls as it does in f32: the masters are f32,
// so updates far below a bf16's precision are not lost.
func TestOverfitBF16(t *testing.T) {
	curve := func(lim Limits) []float64 {
		m, err := New(openTiles(t, 1), tiny(), lim)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.Init(1); err != nil {
			t.Fatal(err)
		}
		return fit(t, m, cycle(), 120)
	}
	half, full := curve(halved(tinyLimits())), curve(tinyLimits())
	for i := range full {
		near(t, fmt.Sprintf("mean log-prob after %d updates in bf16, against f32,", i), half[i], full[i], 1, 0.1)
	}
	if last := half[len(half)-1]; last < -0.05 {
		t.Errorf("mean log-prob after 120 updates %v, want above -0.05: %v", last, half)
	}
}

// A device without bf16 refuses a model that asks for it.
func TestBF16Refused(t *testing.T) {
	dev, err := cpu.Open(cpu.Options{Path: "generic", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	if m, err := New(dev, tiny(), halved(tinyLimits())); err == nil {
		m.Close()
		t.Error("the generic path makes a model in bf16")
	} else if !strings.Contains(err.Error(), "cpu-generic has no matrix products in bf16") {
		t.Error(err)
	}
	lim := tinyLimits()
	lim.Compute = kernels.I32
	if err := lim.Validate(); err == nil {
		t.Error("limits allow products in i32")
	}
}

// Packed weights take half the memory, all else the same.
func TestBF16Memory(t *testing.T) {
	cfg := Config{VocabSize: 64, HiddenSize: 64, IntermediateSize: 128, NumHiddenLayers: 1, NumAttentionHeads: 2,
		MaxPositionEmbeddings: 32, TieWordEmbeddings: true, BOSTokenID: -1, PadTokenID: -1}
	full, err := tinyLimits().Memory(cfg)
	if err != nil {
		t.Fatal(err)
	}
	half, err := halved(tinyLimits()).Memory(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range full {
		want := f.Bytes
		if f.Name == "packed weights" {
			want /= 2
		}
		if half[i].Name != f.Name || half[i].Bytes != want {
			t.Errorf("%s take %d bytes in bf16, want %d (%d in f32)", f.Name, half[i].Bytes, want, f.Bytes)
		}
	}
}
