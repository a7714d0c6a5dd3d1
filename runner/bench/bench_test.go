package bench

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/model"
)

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		better  string
		repeats []float64
		ceiling float64
		want    Figure
	}{
		{"lower", []float64{3, 1, 2}, 1, Figure{Value: 2, N: 3, Min: 1, Max: 3, Ceiling: 1, Share: 0.5}},
		{"higher", []float64{10, 20, 30, 40}, 50, Figure{Value: 25, N: 4, Min: 10, Max: 40, Ceiling: 50, Share: 0.5}},
		{"lower", nil, 1, Figure{Ceiling: 1}},
	} {
		got := NewFigure("x", "s", c.better, c.repeats, c.ceiling)
		c.want.Name, c.want.Unit, c.want.Better = "x", "s", c.better
		if got != c.want {
			t.Errorf("%v: got %+v, want %+v", c.repeats, got, c.want)
		}
	}
}

// The names of the shapes promise parameter counts.
func TestShapes(t *testing.T) {
	want := map[string]float64{"1m": 1e6, "5m": 5e6, "10m": 10e6}
	for _, s := range Shapes() {
		n := float64(s.Config.WithDefaults().NumParams())
		if math.Abs(n/want[s.Name]-1) > 0.1 {
			t.Errorf("%s has %.0f parameters", s.Name, n)
		}
	}
}

func TestFiguresRun(t *testing.T) {
	dev, err := cpu.Open(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	tiny := Shape{Name: "tiny", Config: model.Config{VocabSize: 32, HiddenSize: 16, IntermediateSize: 32, NumHiddenLayers: 1, NumAttentionHeads: 2, NumKeyValueHeads: 2, MaxPositionEmbeddings: 256, RopeTheta: 1e4, RMSNormEps: 1e-5, TieWordEmbeddings: true}}
	figures, err := Ragged(context.Background(), dev, tiny, 8, 2, 10, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if len(figures) != 2 || figures[0].Name != "decode.tiny.ragged.b8" || figures[1].Name != "decode.tiny.ragged.b8.batches" || figures[0].Value <= 0 || figures[1].Value <= 0 {
		t.Errorf("%+v", figures)
	}
	for name, f := range map[string]func() (Figure, error){
		tiny.TrainFigure(): func() (Figure, error) { return TrainStep(context.Background(), dev, tiny, 2, 10, time.Now) },
		tiny.LengthFigure(64): func() (Figure, error) {
			return TrainLength(context.Background(), dev, tiny, 64, 2, 10, time.Now)
		},
		tiny.GRPOFigure():   func() (Figure, error) { return GRPOStep(context.Background(), dev, tiny, 2, 10, time.Now) },
		tiny.DecodeFigure(): func() (Figure, error) { return Decode(context.Background(), dev, tiny, 2, 10, time.Now) },
	} {
		got, err := f()
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != name || got.N != 2 || got.Value <= 0 || got.Ceiling <= 0 || got.Share <= 0 {
			t.Errorf("%+v", got)
		}
	}
}

// A device beside itself is as fast as itself, and two that run at once are no
// faster than one that runs alone.
func TestScaling(t *testing.T) {
	devices := make([]kernels.Device, 2)
	for i := range devices {
		dev, err := cpu.Open(cpu.Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer dev.Close()
		devices[i] = dev
	}
	tiny := Shape{Name: "tiny", Config: model.Config{VocabSize: 32, HiddenSize: 16, IntermediateSize: 32, NumHiddenLayers: 1, NumAttentionHeads: 2, NumKeyValueHeads: 2, MaxPositionEmbeddings: 256, RopeTheta: 1e4, RMSNormEps: 1e-5, TieWordEmbeddings: true}}
	// A clock that ticks once a reading makes every measurement one tick long.
	var mu sync.Mutex
	ticks := time.Unix(0, 0)
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		ticks = ticks.Add(time.Second)
		return ticks
	}
	figures, err := Threads(context.Background(), devices[0], devices[1], tiny, 3, cpu.Ceiling{FMA: 4, FMA1: 2}, clock)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range figures {
		if f.Name != tiny.ThreadsFigures()[i] || f.N != 3 || f.Value != 1 || f.Ceiling != 2 || f.Share != 0.5 {
			t.Errorf("%+v", f)
		}
	}
	// Of two at once, the first to start is seen to end after 2 or 3 ticks.
	f, err := Pair(context.Background(), devices[0], devices[1], tiny, 3, clock)
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "scaling.train.tiny.pair" || f.N != 3 || f.Max > 1 || f.Min < 1./3 || f.Ceiling != 0.5 {
		t.Errorf("%+v", f)
	}
}

// Where products take bf16 factors there are figures of them beside those in
// f32. GRADUS_CPU=amxref is such a path on any CPU with AVX2.
func TestFiguresInBF16(t *testing.T) {
	dev, err := cpu.Open(cpu.Options{Path: "amxref", Threads: 1})
	if err != nil {
		t.Skip(err)
	}
	defer dev.Close()
	tiny := Shape{Name: "tiny", Config: model.Config{VocabSize: 32, HiddenSize: 16, IntermediateSize: 32, NumHiddenLayers: 1, NumAttentionHeads: 2, NumKeyValueHeads: 2, MaxPositionEmbeddings: 256, RopeTheta: 1e4, RMSNormEps: 1e-5, TieWordEmbeddings: true}}.InBF16()
	f, err := TrainStep(context.Background(), dev, tiny, 1, 10, time.Now)
	if err != nil || f.Name != "train.tiny.2048tok.bf16" || f.Value <= 0 {
		t.Errorf("%+v, %v", f, err)
	}
	figures, err := Linear(dev, LinearShape{Name: "tiny", N: 64, K: 32, O: 64}.InBF16(), 1, 10, time.Now)
	if err != nil || len(figures) != 3 || figures[2].Name != "linear_dw.tiny.n64.bf16" || figures[2].Value <= 0 {
		t.Errorf("%+v, %v", figures, err)
	}
}
