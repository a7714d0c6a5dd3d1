package rewards

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// lone is a reward function that judges completions one by one.
type lone struct {
	name  string
	judge func(Sample) Result
}

func (l lone) Spec() Spec { return Spec{Name: l.name, Range: [2]float64{-1e6, 1e6}} }

func (l lone) One(s Sample) Result { return l.judge(s) }

func (lone) Score(context.Context, Group) ([]Result, error) {
	return nil, errors.New("a composite asks for one at a time")
}

func numbered(n, bytes int) (g Group) {
	for i := range n {
		g.Samples = append(g.Samples, Sample{Completion: fmt.Sprint(i, " ") + strings.Repeat("x", bytes)})
	}
	return g
}

func number(s Sample) (i float64) {
	fmt.Sscan(s.Completion, &i)
	return i
}

// TestSingles: parts that judge one by one see what those before them said,
// whether groups are short or long; a panic is one completion's alone, and parts
// that judge whole groups stand between others.
func TestSingles(t *testing.T) {
	for _, bytes := range []int{0, 100, 2 * bytesEach} {
		for _, n := range []int{0, 1, 2, 17} {
			c := Composite{Parts: []Part{
				{Name: "number", Weight: 1, Reward: lone{"number", func(s Sample) Result {
					if number(s) == 1 {
						panic("one")
					}
					return Result{Score: number(s)}
				}}},
				{Name: "twice", Weight: 2, Reward: lone{"twice", func(s Sample) Result { return Result{Score: 2 * s.Earlier["number"].Score} }}},
				{Name: "whole", Weight: 1, Reward: fake{"whole", func(_ context.Context, g Group) ([]Result, error) {
					out := make([]Result, len(g.Samples))
					for i, s := range g.Samples {
						out[i].Score = s.Earlier["twice"].Score / 100
					}
					return out, nil
				}}},
				{Name: "last", Weight: 1, Reward: lone{"last", func(s Sample) Result { return Result{Score: float64(len(s.Earlier))} }}},
			}}
			for _, ctx := range []context.Context{context.Background(), t.Context()} {
				out, err := c.Score(ctx, numbered(n, bytes))
				if err != nil || len(out) != n {
					t.Fatalf("%d completions of %d bytes: %d judged, %v", n, bytes, len(out), err)
				}
				for i, b := range out {
					x := float64(i)
					want := []float64{x, 2 * x, 2 * x / 100, 3}
					if i == 1 {
						want = []float64{0, 0, 0, 3}
						if r := b.Parts[0].Result; r.Status != Error || !strings.Contains(r.Why, "panic: one") {
							t.Errorf("a panic gives %+v", r)
						}
					}
					var got []float64
					for _, p := range b.Parts {
						got = append(got, p.Result.Score)
					}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%d bytes, completion %d: %v, want %v", bytes, i, got, want)
					}
				}
			}
		}
	}
}

// TestSinglesInTime: one completion that takes for ever is given up; what was
// said of it and of others before stays said.
func TestSinglesInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	stuck := make(chan struct{})
	defer close(stuck)
	c := Composite{Parts: []Part{
		{Name: "quick", Weight: 1, Reward: lone{"quick", func(s Sample) Result { return Result{Score: 1} }}},
		{Name: "slow", Weight: 1, Reward: lone{"slow", func(s Sample) Result {
			if number(s) == 2 {
				cancel()
				<-stuck
			}
			return Result{Score: 1}
		}}},
	}}
	out, err := c.Score(ctx, numbered(3, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range out {
		want := []Status{OK, OK}
		if i == 2 {
			want = []Status{OK, Timeout}
		}
		if got := []Status{b.Parts[0].Result.Status, b.Parts[1].Result.Status}; !reflect.DeepEqual(got, want) {
			t.Errorf("completion %d: %v, want %v", i, got, want)
		}
	}
	if out[2].Failures != 1 || out[2].Total != 1 {
		t.Errorf("the one that was given up: %+v", out[2])
	}
}
