package model

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
)

// farDevice is a device whose programs can be run several times before the host
// looks, as a GPU's can.
type farDevice struct {
	kernels.Device
	waits *int
}

func (d farDevice) Compile(p *kernels.Program) (kernels.Exec, error) {
	e, err := d.Device.Compile(p)
	return farExec{e, d.waits}, err
}

type farExec struct {
	kernels.Exec
	waits *int
}

func (e farExec) Repeat(a *kernels.Args, times int) error {
	*e.waits++
	for range times {
		if err := e.Run(a); err != nil {
			return err
		}
	}
	return nil
}

// Completions drawn several steps at a time are, bit for bit, those of looking
// after each: with stop tokens in every place of the steps, completions that end
// for want of room, slots that are filled again, and more stop tokens than the
// device looks for.
func TestStepsAhead(t *testing.T) {
	reqs := []Request{
		{Prompt: []int32{1, 2, 3}, Streams: []uint64{1, 2, 3, 4, 5}},
		{Prompt: []int32{4}, Streams: []uint64{6, 7}},
		{Prompt: []int32{5, 6, 7, 8, 9, 10, 11, 12}, Streams: []uint64{8, 9, 10, 11, 12, 13}},
	}
	many := make([]int32, decodeStops+1)
	for i := range many {
		many[i] = 3
	}
	many[decodeStops] = 5
	for _, o := range []SampleOptions{
		{Temperature: 1, MaxNew: 12, Seed: 1},
		{Temperature: 1, MaxNew: 12, Seed: 2, Stop: []int32{0, 5}},
		{Temperature: 0.8, TopK: 5, MaxNew: 11, Seed: 3, Stop: []int32{1, 2, 3, 4}},
		{Temperature: 1.2, TopP: 0.9, MaxNew: 9, Seed: 4, Stop: []int32{7}},
		{MaxNew: 8, Seed: 5, Stop: []int32{2}},
		{Temperature: 1, MaxNew: 1, Seed: 6},
		{Temperature: 1, MaxNew: 12, Seed: 7, Stop: many},
	} {
		var want [][]Completion
		for _, far := range []bool{false, true} {
			dev, err := cpu.Open(cpu.Options{Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			waits, tokens := 0, 0
			if far {
				dev = farDevice{dev, &waits}
			}
			m := build(t, dev, tiny(), tinyLimits())
			got, err := m.Generate(context.Background(), reqs, o, Watch{})
			if err != nil {
				t.Fatal(err)
			}
			for _, group := range got {
				for _, c := range group {
					tokens += len(c.Tokens)
					if i := slices.IndexFunc(c.Tokens, func(x int32) bool { return slices.Contains(o.Stop, x) }); i >= 0 && i != len(c.Tokens)-1 {
						t.Errorf("%+v: tokens %v go on behind a stop token", o, c.Tokens)
					}
				}
			}
			if !far {
				want = got
				continue
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%+v: several steps at a time give\n%v, one at a time\n%v", o, got, want)
			}
			if o.MaxNew > 1 && len(o.Stop) == 0 && waits*3*4 > tokens {
				t.Errorf("%+v: %d waits for %d tokens of 3 slots", o, waits, tokens)
			}
		}
	}
}

// Log-probs that stop being finite in the middle of several steps are traced to
// the op that made them, as they are step by step.
func TestStepsAheadNotFinite(t *testing.T) {
	dev, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	waits, cfg := 0, tiny()
	cfg.TieWordEmbeddings = false
	m := build(t, farDevice{dev, &waits}, cfg, tinyLimits())
	o := SampleOptions{Temperature: 1, MaxNew: 12, Seed: 1}
	reqs := []Request{{Prompt: []int32{1, 2}, Streams: []uint64{1}}}
	good, err := m.Generate(context.Background(), reqs, o, Watch{})
	if err != nil {
		t.Fatal(err)
	}
	// The embedding of a drawn token is damaged, so the step that feeds it is the
	// first that goes wrong.
	tokens, bad := good[0][0].Tokens, int32(-1)
	for i := 1; i < decodeAhead-1 && bad < 0; i++ {
		if x := tokens[i]; x > 2 && !slices.Contains(tokens[:i], x) {
			bad = x
		}
	}
	if bad < 0 {
		t.Fatalf("the tokens %v do not suit the test; choose another seed", tokens)
	}
	c := m.cfg.HiddenSize
	if err := m.dev.WriteF32(m.weights, m.layout.embed.off+int64(int(bad)*c), []float32{float32(math.Inf(1))}); err != nil {
		t.Fatal(err)
	}
	m.stale = true
	_, err = m.Generate(context.Background(), reqs, o, Watch{})
	var n *NonFiniteError
	if !errors.As(err, &n) || n.Program != "decode" || n.Op != "rmsnorm" && n.Op != "embed" {
		t.Fatalf("got %v", err)
	}
}
