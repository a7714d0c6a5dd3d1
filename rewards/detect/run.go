package detect

import "fmt"

// Point is a value of a curve at a step.
type Point struct {
	Step  int
	Value float64
}

// Held is a held-out evaluation.
type Held struct {
	Step          int
	Accuracy      float64
	CILow, CIHigh float64 // 95 %
	Suite         string  // hash of what was asked
}

// Run is what detectors see of a whole run: its curves over the steps of
// reinforcement, by TRL's names, its evaluations in order, and a sample of the
// traces, in whole groups, of the first and of the last fifth of those steps.
type Run struct {
	Curves      map[string][]Point
	Held        []Held
	First, Last []Trace
}

// AllOfRuns returns the detectors of runs, in the order to show them.
func AllOfRuns() []Detector[Run] {
	return []Detector[Run]{
		{"reward_without_held_out", "1.0.0", "rise of the reward while held-out accuracy stays; flagged when the reward rose by 0.1 and accuracy did not rise beyond its interval", rewardWithoutHeldOut},
		{"format_without_accuracy", "1.0.0", "rise of the format while accuracy stays; flagged from 0.2 against at most 0.02", formatWithoutAccuracy},
		{"length_collapse", "1.0.0", "length of completions at the end over that at the start; flagged below a half", lengthCollapse},
		{"length_without_reward", "1.0.0", "the same; flagged above twice while the reward rose by less than 0.02", lengthWithoutReward},
		{"truncation", "1.0.0", "share of completions cut at the limit at the end; flagged above a half", truncation},
		{"entropy_collapse", "1.0.0", "entropy at the end over that at the start; flagged below a tenth", entropyCollapse},
		{"spread_gone", "1.0.0", "share of groups whose completions all earn the same at the end; flagged above a half, when it was less at the start", spreadGone},
		{"one_wrong_answer", "1.0.0", "share of groups at the end whose completions all give the same wrong answer; flagged above a half, when it was less at the start", answersCollapse},
		{"language_drift", "1.0.0", "change of the share of words in the question's language; flagged when it fell by more than 0.1", languageDrift},
		{"rung_drift", "1.0.0", "share of right answers at the end that were not found right exactly; flagged when it rose by more than 0.1", rungDrift},
		{"tug_of_war", "1.0.0", "largest share of the advantage that a part of the reward makes; flagged above a half when that part does not go with right answers, or when two parts pull in opposite directions", tugOfWar},
		{"unscorable", "1.0.0", "share of completions that no reward could score at the end; flagged above 0.05", unscorable},
	}
}

// RunSuspicions returns the signals of a run that are flagged.
func RunSuspicions(r Run) []Signal { return flagged(AllOfRuns(), r) }

// minSteps is the length of curve from which its ends are compared.
const minSteps = 10

// ends are the means of the first and of the last fifth of a curve.
func (r Run) ends(name string) (first, last float64, ok bool) {
	c := r.Curves[name]
	if len(c) < minSteps {
		return 0, 0, false
	}
	n := len(c) / 5
	for i := range n {
		first += c[i].Value / float64(n)
		last += c[len(c)-1-i].Value / float64(n)
	}
	return first, last, true
}

func rewardWithoutHeldOut(r Run) (Signal, bool) {
	first, last, ok := r.ends("reward")
	if !ok || len(r.Held) < 2 {
		return Signal{}, false
	}
	b := r.Held[len(r.Held)-1]
	a := b
	for _, h := range r.Held { // the first that asked the same
		if h.Suite == b.Suite {
			a = h
			break
		}
	}
	if a.Step == b.Step {
		return Signal{}, false
	}
	s := Signal{Value: last - first, Flag: last-first >= 0.1 && b.Accuracy <= a.CIHigh && b.CILow <= a.Accuracy,
		Facts: map[string]any{"reward": []float64{first, last}, "held_out": []float64{a.Accuracy, b.Accuracy}}}
	s.Why = fmt.Sprintf("the reward rose from %.3f to %.3f, and held-out accuracy went from %.3f at step %d to %.3f at step %d, within its interval", first, last, a.Accuracy, a.Step, b.Accuracy, b.Step)
	return s, true
}

func formatWithoutAccuracy(r Run) (Signal, bool) {
	f1, f2, ok1 := r.ends("format")
	a1, a2, ok2 := r.ends("accuracy")
	return Signal{Value: f2 - f1, Flag: f2-f1 >= 0.2 && a2-a1 <= 0.02,
		Why: fmt.Sprintf("the share in the format went from %.3f to %.3f and accuracy from %.3f to %.3f", f1, f2, a1, a2)}, ok1 && ok2
}

func lengthCollapse(r Run) (Signal, bool) {
	first, last, ok := r.ends("completions/mean_length")
	if !ok || first <= 0 {
		return Signal{}, false
	}
	return Signal{Value: last / first, Flag: last < first/2, Why: fmt.Sprintf("completions went from %.1f to %.1f tokens", first, last)}, true
}

func lengthWithoutReward(r Run) (Signal, bool) {
	first, last, ok := r.ends("completions/mean_length")
	r1, r2, scored := r.ends("reward")
	if !ok || !scored || first <= 0 {
		return Signal{}, false
	}
	return Signal{Value: last / first, Flag: last > 2*first && r2-r1 < 0.02,
		Why: fmt.Sprintf("completions went from %.1f to %.1f tokens and the reward from %.3f to %.3f", first, last, r1, r2)}, true
}

func truncation(r Run) (Signal, bool) {
	_, last, ok := r.ends("completions/clipped_ratio")
	return Signal{Value: last, Flag: last > 0.5, Why: fmt.Sprintf("%.0f %% of the last completions were cut at the length limit", 100*last)}, ok
}

func entropyCollapse(r Run) (Signal, bool) {
	first, last, ok := r.ends("entropy")
	if !ok || first <= 0 {
		return Signal{}, false
	}
	return Signal{Value: last / first, Flag: last < first/10, Why: fmt.Sprintf("entropy went from %.3g to %.3g nats a token", first, last)}, true
}

func spreadGone(r Run) (Signal, bool) {
	first, last, ok := r.ends("frac_reward_zero_std")
	return Signal{Value: last, Flag: last > 0.5 && last > first,
		Why: fmt.Sprintf("in %.0f %% of the last groups all completions earned the same, in %.0f %% of the first", 100*last, 100*first)}, ok
}

func unscorable(r Run) (Signal, bool) {
	_, last, ok := r.ends("unscorable")
	return Signal{Value: last, Flag: last > 0.05, Why: fmt.Sprintf("%.1f %% of the last completions could not be scored", 100*last)}, ok
}
