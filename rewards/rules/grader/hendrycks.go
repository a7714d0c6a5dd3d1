package grader

import (
	"strings"

	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/pytext"
)

// Mathd is mathd_normalize_answer, normalize_answer in PRM800K: the text in a
// \text{…} around all of it, in the normal form of Hendrycks' MATH where that
// does not fail.
func Mathd(answer string) string {
	return MathdBy(mathtext.Hendrycks{OnePercent: true}, answer)
}

// MathdBy is Mathd of a package with another copy of Hendrycks' normal form.
func MathdBy(copy mathtext.Hendrycks, answer string) string {
	return MathdWith(answer, copy.Normal)
}

// MathdWith is Mathd of a package with another normal form, whose ok is false
// where the published code raises.
func MathdWith(answer string, normal func(string) (string, bool)) string {
	answer = pytext.Strip(answer)
	if inside, ok := inText(answer); ok {
		answer = pytext.Strip(inside)
	}
	if s, ok := normal(answer); ok {
		return s
	}
	return answer
}

// SameMathd is grade_answer_mathd: both are the same once normalised.
func SameMathd(given, gold string) bool { return Mathd(given) == Mathd(gold) }

// inText is what re.search(r"^\\text\{(?P<text>.+?)\}$", s) finds inside: its
// $ also stands before a line end at the end.
func inText(s string) (string, bool) {
	inside, ok := strings.CutPrefix(s, `\text{`)
	if !ok {
		return "", false
	}
	if inside, ok = strings.CutSuffix(strings.TrimSuffix(inside, "\n"), "}"); !ok || inside == "" || strings.Contains(inside, "\n") {
		return "", false
	}
	return inside, true
}
