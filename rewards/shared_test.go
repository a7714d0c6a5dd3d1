package rewards

import (
	"context"
	"sync"
	"testing"
)

// asks is a reward function that finds something out with Once.
type asks struct {
	name  string
	found *[]string // what was found out, in order
	mu    *sync.Mutex
	alter func(*Sample)
}

func (a asks) Spec() Spec { return Spec{Name: a.name, Range: [2]float64{0, 100}} }

func (a asks) Score(_ context.Context, g Group) ([]Result, error) {
	out := make([]Result, len(g.Samples))
	for i, s := range g.Samples {
		if a.alter != nil {
			a.alter(&s)
		}
		out[i].Score = float64(Once(s, "length", func() int {
			a.mu.Lock()
			defer a.mu.Unlock()
			*a.found = append(*a.found, a.name+" "+s.Completion)
			return len(s.Completion)
		}))
	}
	return out, nil
}

func TestOnce(t *testing.T) {
	var found []string
	var mu sync.Mutex
	part := func(name string, alter func(*Sample)) Part {
		return Part{Name: name, Weight: 1, Reward: asks{name, &found, &mu, alter}}
	}
	c := Composite{Parts: []Part{part("first", nil), part("second", nil),
		part("cuts", func(s *Sample) { s.Completion = s.Completion[1:] }),
		part("other gold", func(s *Sample) { s.Problem.Gold = "7" }),
		part("other data", func(s *Sample) { s.Problem.Data = []byte("{}") }),
		part("last", nil)}}
	out, err := c.Score(context.Background(), Group{Samples: []Sample{{Completion: "abc"}, {Completion: "de"}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{3, 3, 2, 3, 3, 3}, {2, 2, 1, 2, 2, 2}} {
		for k, p := range out[i].Parts {
			if p.Result.Score != want[k] {
				t.Errorf("sample %d, %s: %v, want %v", i, p.Name, p.Result.Score, want[k])
			}
		}
	}
	want := []string{"first abc", "first de", "cuts bc", "cuts e", "other gold abc", "other gold de", "other data abc", "other data de"}
	if len(found) != len(want) {
		t.Fatalf("found out: %q, want %q", found, want)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("found out %d: %q, want %q", i, found[i], want[i])
		}
	}
}

// TestOnceTogether: parts that were given up ask beside others. It means most
// under the race detector.
func TestOnceTogether(t *testing.T) {
	s := Sample{Completion: "abc"}
	s.shared = &shared{of: s, found: map[string]any{}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if n := Once(s, "length", func() int { return len(s.Completion) }); n != 3 {
					t.Errorf("%d, want 3", n)
				}
				if g := s.Segments(); len(g.Tags) != 0 || len(g.Outside) != 1 {
					t.Errorf("segments %+v", g)
				}
			}
		})
	}
	all.Wait()
}
