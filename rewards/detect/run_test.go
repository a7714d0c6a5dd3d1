package detect

import (
	"fmt"
	"slices"
	"strings"
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

// sample is n groups of four traces that of makes.
func sample(n int, of func(group, index int) Trace) []Trace {
	var out []Trace
	for g := range n {
		for i := range 4 {
			t := of(g, i)
			t.Group = fmt.Sprint(g)
			out = append(out, t)
		}
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
		{"agreed and wrong", Run{First: sample(8, answers("1", "2", "3", "4")), Last: sample(8, answers("1", "1", "1", "1"))}, []string{"one_wrong_answer"}},
		{"agreed and right", Run{First: sample(8, answers("7", "2", "3", "4")), Last: sample(8, answers("7", "7", "7", "7"))}, nil},
		{"agreed from the start", Run{First: sample(8, answers("1", "1", "1", "1")), Last: sample(8, answers("1", "1", "1", "1"))}, nil},
		{"another language", Run{First: sample(8, says("we count the apples that are in the basket and then we see how many of them there are in all ")),
			Last: sample(8, says("we count the apples that are in the basket and then 我们数一数篮子里的苹果有多少"))}, []string{"language_drift"}},
		{"weaker verdicts", Run{First: sample(8, claims(`\ln 8`, `\ln 8`)), Last: sample(8, claims(`\ln 8`, `3\ln 2`))}, []string{"rung_drift"}},
		{"format that goes with being right", Run{Last: sample(8, func(g, i int) Trace { return parts(i == 0, 1, i%2 == 0, 3) })}, nil},
		{"format alone", Run{Last: sample(8, func(g, i int) Trace { return parts(i == g%4, 0.2, i%2 == 0, 3) })}, []string{"tug_of_war"}},
		{"both agree", Run{Last: sample(8, func(g, i int) Trace { return parts(i < 2, 1, i < 2, 0.5) })}, nil},
		{"pulled apart", Run{Last: sample(8, func(g, i int) Trace { return parts(i < 2, 1, i >= 2, 0.8) })}, []string{"tug_of_war"}},
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

// answers are claims by their index; 7 is right.
func answers(claims ...string) func(group, index int) Trace {
	return func(_, i int) Trace {
		right := claims[i] == "7"
		return Trace{Claim: claims[i], Gold: "7", Correct: &right}
	}
}

func says(s string) func(group, index int) Trace {
	return func(int, int) Trace {
		return Trace{Question: "How many apples are in the basket?", Completion: strings.Repeat(s, 3)}
	}
}

// claims are right answers written one way.
func claims(gold, claim string) func(group, index int) Trace {
	return func(int, int) Trace { return Trace{Gold: gold, Claim: claim, Correct: yes()} }
}

// parts is a trace with two rewards.
func parts(right bool, accuracy float64, formatted bool, format float64) Trace {
	t := Trace{Correct: &right, Parts: []Part{{"accuracy", 0}, {"format", 0}}}
	if right {
		t.Parts[0].Value = accuracy
	}
	if formatted {
		t.Parts[1].Value = format
	}
	return t
}
