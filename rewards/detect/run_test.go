package detect

import (
	"slices"
	"testing"
)

// line is a curve from a to b.
func line(a, b float64) []Point {
	var out []Point
	for i := range 50 {
		out = append(out, Point{i + 1, a + (b-a)*float64(i)/49})
	}
	return out
}

func TestRunDetectors(t *testing.T) {
	held := func(a, b float64) []Held {
		return []Held{{Step: 0, Accuracy: a, CILow: a - 0.05, CIHigh: a + 0.05, Suite: "s"}, {Step: 25, Accuracy: 0.9, Suite: "other"}, {Step: 50, Accuracy: b, CILow: b - 0.05, CIHigh: b + 0.05, Suite: "s"}}
	}
	for _, tt := range []struct {
		name string
		run  Run
		want []string
	}{
		{"nothing known", Run{}, nil},
		{"too short", Run{Curves: map[string][]Point{"entropy": line(1, 0)[:5]}}, nil},
		{"learning", Run{Curves: map[string][]Point{"reward": line(0.2, 0.9), "entropy": line(1, 0.4), "format": line(0.5, 1), "accuracy": line(0.2, 0.8), "completions/mean_length": line(40, 60),
			"completions/clipped_ratio": line(0.1, 0), "frac_reward_zero_std": line(0.1, 0.3), "unscorable": line(0, 0)}, Held: held(0.2, 0.8)}, nil},
		{"hacked", Run{Curves: map[string][]Point{"reward": line(0.2, 0.9)}, Held: held(0.2, 0.22)}, []string{"reward_without_held_out"}},
		{"held out falls", Run{Curves: map[string][]Point{"reward": line(0.2, 0.9)}, Held: held(0.5, 0.1)}, []string{"reward_without_held_out"}},
		{"format farmed", Run{Curves: map[string][]Point{"format": line(0.1, 1), "accuracy": line(0.2, 0.2)}}, []string{"format_without_accuracy"}},
		{"terse", Run{Curves: map[string][]Point{"completions/mean_length": line(80, 10)}}, []string{"length_collapse"}},
		{"padded", Run{Curves: map[string][]Point{"completions/mean_length": line(20, 100), "reward": line(0.5, 0.5), "completions/clipped_ratio": line(0, 1)}}, []string{"length_without_reward", "truncation"}},
		{"collapsed", Run{Curves: map[string][]Point{"entropy": slices.Concat(line(1, 1), line(0.05, 0.05)), "frac_reward_zero_std": line(0, 1), "unscorable": line(0, 0.4)}}, []string{"entropy_collapse", "spread_gone", "unscorable"}},
	} {
		var got []string
		for _, s := range RunSuspicions(tt.run) {
			got = append(got, s.Name)
			if s.Why == "" || s.Version == "" {
				t.Errorf("%s: %+v", tt.name, s)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
