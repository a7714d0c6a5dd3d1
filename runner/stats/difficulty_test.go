package stats

import (
	"math"
	"strings"
	"testing"
)

func TestPassAtK(t *testing.T) {
	// 1 - C(n-c, k)/C(n, k), by hand.
	for _, tt := range []struct {
		right, n, k int
		want        float64
	}{{0, 8, 8, 0}, {1, 8, 8, 1}, {1, 8, 1, 0.125}, {1, 4, 2, 0.5}, {2, 4, 2, 1 - 1.0/6}, {3, 10, 5, 1 - 21.0/252}, {8, 8, 3, 1}} {
		if got, err := PassAtK(tt.right, tt.n, tt.k); err != nil || math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
	for _, bad := range [][3]int{{0, 0, 1}, {0, 4, 0}, {0, 4, 5}, {5, 4, 1}, {-1, 4, 1}} {
		if _, err := PassAtK(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

func TestDifficulty(t *testing.T) {
	repeat := func(n int, right ...int) []int {
		var out []int
		for range n {
			out = append(out, right...)
		}
		return out
	}
	b := Bounds{MinPass1: 0.1, MaxPass1: 0.7, MinHeadroom: 0.15}
	for _, tt := range []struct {
		name  string
		right []int
		guess float64
		says  []string
	}{
		{"good", repeat(20, 0, 2, 4, 6), 0.1, nil},
		{"hard", repeat(40, 0), 0, []string{"too hard", "no headroom"}},
		{"easy", repeat(40, 8), 0, []string{"too easy", "no headroom"}},
		{"flat", repeat(20, 0, 8), 0, []string{"no headroom"}},
		{"below a guess", repeat(30, 0, 1, 2, 1), 0.5, nil},
		{"too few to tell", []int{0, 0, 1}, 0, nil},
	} {
		d, err := NewDifficulty(tt.right, 8, tt.guess, Bootstrap{Seed: 1, Resamples: 500})
		if err != nil {
			t.Fatal(err)
		}
		faults := d.Faults(b)
		if strings.Contains(d.String(), "not better than a guess") != (tt.name == "below a guess") {
			t.Errorf("%s: %s", tt.name, d)
		}
		if len(faults) != len(tt.says) {
			t.Errorf("%s: %s: %q", tt.name, d, faults)
			continue
		}
		for i, s := range tt.says {
			if !strings.HasPrefix(faults[i], s) {
				t.Errorf("%s: %q", tt.name, faults)
			}
		}
	}
	d, err := NewDifficulty([]int{0, 2, 8}, 8, 0, Bootstrap{Seed: 1, Resamples: 100})
	if err != nil || math.Abs(d.Pass1-10.0/24) > 1e-12 || math.Abs(d.PassK-2.0/3) > 1e-12 || math.Abs(d.Headroom-0.25) > 1e-12 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := NewDifficulty(nil, 8, 0, Bootstrap{}); err == nil {
		t.Error("no prompts have a difficulty")
	}
}
