package rewards

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// fake is a reward function that does what it is told.
type fake struct {
	name  string
	score func(ctx context.Context, g Group) ([]Result, error)
}

func (f fake) Spec() Spec {
	return Spec{Name: f.name, Version: "1.2.3", Range: [2]float64{-1, 1}, Deterministic: true}
}
func (f fake) Score(ctx context.Context, g Group) ([]Result, error) { return f.score(ctx, g) }

// constant answers the same for every sample.
func constant(name string, r Result) fake {
	return fake{name, func(_ context.Context, g Group) ([]Result, error) { return all(g, r), nil }}
}

func group(n int) Group { return Group{ID: "g", Samples: make([]Sample, n)} }

func TestCompositeAddsWeightedParts(t *testing.T) {
	c := Composite{Parts: []Part{
		{Name: "acc", Weight: 1, Reward: constant("a", Result{Score: 1})},
		{Name: "fmt", Weight: 0.2, Reward: constant("b", Result{Score: 0.5})},
		{Name: "len", Weight: 1, Reward: constant("c", Result{Status: Skipped})},
	}}
	out, err := c.Score(context.Background(), group(3))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range out {
		if math.Abs(b.Total-1.1) > 1e-12 || b.Unscorable || b.Failures != 0 {
			t.Errorf("%+v", b)
		}
		if b.Parts[1].Value != 0.1 || b.Parts[1].Reward != "b" || b.Parts[1].Version != "1.2.3" || b.Parts[1].Name != "fmt" {
			t.Errorf("part %+v", b.Parts[1])
		}
		if b.Parts[2].Counts() || b.Parts[2].Value != 0 {
			t.Errorf("a skipped part counts: %+v", b.Parts[2])
		}
	}
}

func TestCompositeKeepsFailuresApart(t *testing.T) {
	good := Part{Name: "good", Weight: 1, Reward: constant("good", Result{Score: 0.5})}
	cases := []struct {
		name   string
		f      func(ctx context.Context, g Group) ([]Result, error)
		status Status
		reason string
	}{
		{"error", func(context.Context, Group) ([]Result, error) { return nil, errors.New("boom") }, Error, "reward.error"},
		{"panic", func(context.Context, Group) ([]Result, error) { panic("boom") }, Error, "reward.error"},
		{"too few", func(_ context.Context, g Group) ([]Result, error) { return make([]Result, len(g.Samples)-1), nil }, Invalid, "reward.wrong_length"},
		{"too many", func(_ context.Context, g Group) ([]Result, error) { return make([]Result, len(g.Samples)+1), nil }, Invalid, "reward.wrong_length"},
		{"NaN", constant("", Result{Score: math.NaN()}).score, Invalid, "reward.out_of_range"},
		{"infinite", constant("", Result{Score: math.Inf(1)}).score, Invalid, "reward.out_of_range"},
		{"above the range", constant("", Result{Score: 1.5}).score, Invalid, "reward.out_of_range"},
		{"own error", constant("", Result{Status: Error, Reason: "mine", Score: 1}).score, Error, "mine"},
		{"own timeout", constant("", Result{Status: Timeout, Reason: "mine"}).score, Timeout, "mine"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			comp := Composite{Parts: []Part{{Weight: 1, Reward: fake{"bad", c.f}}, good}}
			out, err := comp.Score(context.Background(), group(4))
			if err != nil {
				t.Fatal(err)
			}
			if len(out) != 4 {
				t.Fatalf("%d breakdowns", len(out))
			}
			for _, b := range out {
				r := b.Parts[0].Result
				if r.Status != c.status || r.Reason != c.reason || r.Score != 0 || b.Parts[0].Value != 0 {
					t.Errorf("part %+v", b.Parts[0])
				}
				if b.Total != 0.5 || b.Failures != 1 || b.Unscorable {
					t.Errorf("breakdown %+v", b)
				}
			}
			if _, err := json.Marshal(out); err != nil {
				t.Errorf("the breakdown is no JSON: %v", err)
			}
			alone := Composite{Parts: comp.Parts[:1]}
			out, err = alone.Score(context.Background(), group(1))
			if err != nil {
				t.Fatal(err)
			}
			if !out[0].Unscorable || out[0].Total != 0 {
				t.Errorf("without a number a sample is unscorable: %+v", out[0])
			}
		})
	}
}

func TestCompositeAllSkippedIsUnscorable(t *testing.T) {
	c := Composite{Parts: []Part{{Name: "a", Weight: 1, Reward: constant("a", Result{Status: Skipped})}}}
	out, err := c.Score(context.Background(), group(2))
	if err != nil {
		t.Fatal(err)
	}
	if !out[0].Unscorable || out[0].Failures != 0 {
		t.Errorf("%+v", out[0])
	}
}

func TestCompositeTimesOutASleeper(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c := Composite{Parts: []Part{
		{Weight: 1, Reward: fake{"sleeper", func(context.Context, Group) ([]Result, error) { <-release; return nil, nil }}},
		{Weight: 1, Reward: constant("late", Result{Score: 1})},
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	out, err := c.Score(ctx, group(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range out {
		if b.Parts[0].Result.Status != Timeout || b.Parts[1].Result.Status != Timeout || !b.Unscorable || b.Failures != 2 {
			t.Errorf("%+v", b)
		}
	}
}

// TestCompositeGivesUpAPartThatReads: what a part that was given up reads stays
// as it was, while the results of the others come in. It means most under the
// race detector.
func TestCompositeGivesUpAPartThatReads(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	release, saw := make(chan struct{}), make(chan int)
	c := Composite{Parts: []Part{
		{Weight: 1, Reward: constant("first", Result{Score: 1})},
		{Weight: 1, Reward: fake{"reader", func(_ context.Context, g Group) ([]Result, error) {
			cancel()
			for {
				n := len(g.Samples[0].Earlier)
				select {
				case <-release:
					saw <- n
					return nil, nil
				default:
				}
			}
		}}},
		{Weight: 1, Reward: constant("last", Result{Score: 1})},
	}}
	out, err := c.Score(ctx, group(2))
	close(release)
	if n := <-saw; n != 1 {
		t.Errorf("it saw %d results at the end, want that of the part before it", n)
	}
	if err != nil || out[0].Parts[0].Result.Status != OK || out[0].Parts[1].Result.Status != Timeout || out[0].Parts[2].Result.Status != Timeout {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestCompositeSharesMicros(t *testing.T) {
	var at time.Time
	c := Composite{
		Parts: []Part{{Weight: 1, Reward: constant("a", Result{})}, {Weight: 1, Name: "own", Reward: constant("a", Result{Micros: 7})}},
		Now:   func() time.Time { at = at.Add(40 * time.Microsecond); return at },
	}
	out, err := c.Score(context.Background(), group(4))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range out {
		if b.Parts[0].Result.Micros != 10 || b.Parts[1].Result.Micros != 7 {
			t.Errorf("micros %d and %d, want 10 and 7", b.Parts[0].Result.Micros, b.Parts[1].Result.Micros)
		}
	}
}

func TestCompositeCheck(t *testing.T) {
	ok := constant("a", Result{})
	for _, c := range []struct {
		parts []Part
		want  string
	}{
		{nil, "at least one part"},
		{[]Part{{Name: "x"}}, "no reward function"},
		{[]Part{{Weight: math.NaN(), Reward: ok}}, "finite"},
		{[]Part{{Weight: 1, Reward: ok}, {Weight: 2, Reward: ok}}, "own name"},
		{[]Part{{Weight: 1, Reward: ok, Gate: reads{"b"}}}, "the gate of a reads b, which is not among the rewards"},
		{[]Part{{Weight: 1, Reward: expression{ok, reads{"b"}}}, {Name: "b", Weight: 1, Reward: ok}}, "a reads b, which is not among the rewards before it"},
	} {
		_, err := Composite{Parts: c.parts}.Score(context.Background(), group(1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q in it", err, c.want)
		}
	}
}

// reads is a gate, or a part of a reward, that reads parts of these names.
type reads []string

func (r reads) Parts() []string                     { return r }
func (reads) Value(Sample) (float64, string, error) { return 1, "", nil }

type expression struct {
	Reward
	reads
}

func TestCompositeOfAnEmptyGroup(t *testing.T) {
	c := Composite{Parts: []Part{{Weight: 1, Reward: constant("a", Result{})}}}
	out, err := c.Score(context.Background(), group(0))
	if err != nil || len(out) != 0 {
		t.Errorf("%v, %v", out, err)
	}
}
