package grader

import "gradus/rewards/rules/sympy"

// MostBytes bounds the answers that are brought into a normal form.
const MostBytes = 8192

// EqualUnderSympy is are_equal_under_sympy: sympy finds the difference of the
// normalised texts to be 0. What it refuses, or would not come to an end
// with, is different.
func (g *Grader) EqualUnderSympy(gold, given string) bool {
	difference := "(" + gold + ")-(" + given + ")"
	if !g.AllowsEval(difference) {
		return false
	}
	zero, err := sympy.IsZero(difference)
	return err == nil && zero
}

// SameSympy is grade_answer_sympy: the normalised texts are the same, or tuples
// of as many elements in the same brackets, each the same fraction, or both no
// integer and equal under sympy.
// Of texts above MostBytes only the same are the same.
func (g *Grader) SameSympy(given, gold string) bool {
	if max(len(given), len(gold)) > MostBytes {
		return given == gold
	}
	gold, given = g.Normalize(gold), g.Normalize(given)
	if gold == given {
		return true
	}
	if given == "" {
		return false
	}
	want, have := g.SplitTuple(gold), g.SplitTuple(given)
	if len(want) > 1 && (first(gold) != first(given) || last(gold) != last(given)) || len(want) != len(have) {
		return false
	}
	for i := range want {
		switch {
		case g.IsFraction(want[i]) && g.IsFraction(have[i]):
			if want[i] != have[i] {
				return false
			}
		case g.IsInt(want[i]) != g.IsInt(have[i]):
			return false
		case !g.EqualUnderSympy(want[i], have[i]):
			return false
		}
	}
	return true
}

// The brackets of a tuple are single bytes, so bytes will do here.
func first(s string) byte { return s[0] }
func last(s string) byte  { return s[len(s)-1] }

// Same is grade_answer of PRM800K: one of SameMathd and SameSympy.
func (g *Grader) Same(given, gold string) bool {
	return SameMathd(given, gold) || g.SameSympy(given, gold)
}
