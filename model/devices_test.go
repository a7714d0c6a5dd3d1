package model

import (
	"os"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/ref"
)

// device is a device under test and how near its numbers must come to exact
// ones, relative to the size of what is compared.
type device struct {
	name      string
	open      func() (kernels.Device, error)
	tolerance float64
}

func devices() []device {
	return []device{
		// What the oracle loses is the float32 in which weights, rotary
		// tables and arguments reach it.
		{"ref", func() (kernels.Device, error) { return ref.New(), nil }, 1e-6},
		{"cpu", func() (kernels.Device, error) { return cpu.Open(cpu.Options{Path: cpu.FromEnv(os.Getenv), Threads: 2}) }, 1e-5},
		{"cpu-generic", func() (kernels.Device, error) { return cpu.Open(cpu.Options{Path: "generic", Threads: 1}) }, 1e-5},
	}
}

// onDevices runs f once for each device.
func onDevices(t *testing.T, f func(t *testing.T, dev kernels.Device, tolerance float64)) {
	for _, d := range devices() {
		t.Run(d.name, func(t *testing.T) {
			dev, err := d.open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := dev.Close(); err != nil {
					t.Error(err)
				}
			})
			f(t, dev, d.tolerance)
		})
	}
}

// tiny is a model small enough for the reference device. Its sizes are not
// multiples of anything.
func tiny() Config {
	return Config{
		VocabSize: 13, HiddenSize: 12, IntermediateSize: 18, NumHiddenLayers: 2,
		NumAttentionHeads: 4, NumKeyValueHeads: 2, HeadDim: 6, MaxPositionEmbeddings: 48,
		TieWordEmbeddings: true, BOSTokenID: -1, PadTokenID: -1,
	}.WithDefaults()
}

func tinyLimits() Limits {
	return Limits{TrainRows: 60, TrainSeqs: 5, PromptSlots: 2, PromptLen: 8, Slots: 3, NewLen: 12}
}

// build makes a model whose weights are larger than Init's, so that its
// distributions are far from uniform.
func build(t testing.TB, dev kernels.Device, cfg Config, lim Limits) *Model {
	t.Helper()
	m, err := New(dev, cfg, lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := m.Init(7); err != nil {
		t.Fatal(err)
	}
	scaleWeights(t, m, 12)
	return m
}

// scaleWeights multiplies all matrices by s.
func scaleWeights(t testing.TB, m *Model, s float32) {
	t.Helper()
	w := make([]float32, m.layout.matrices)
	if err := m.dev.ReadF32(w, m.weights, 0); err != nil {
		t.Fatal(err)
	}
	for i := range w {
		w[i] *= s
	}
	if err := m.dev.WriteF32(m.weights, 0, w); err != nil {
		t.Fatal(err)
	}
	m.stale = true
}

// values returns the tensors of a flat buffer by their Hugging Face names.
func values(t testing.TB, m *Model, buf kernels.Buffer) map[string][]float32 {
	t.Helper()
	out := map[string][]float32{}
	for _, d := range m.layout.onDisk() {
		v := make([]float32, d.len)
		if err := m.dev.ReadF32(v, buf, d.off); err != nil {
			t.Fatal(err)
		}
		out[d.name] = v
	}
	return out
}
