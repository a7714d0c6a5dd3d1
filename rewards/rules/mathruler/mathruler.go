// Package mathruler holds what rewards take from the Python package mathruler
// (0.1.0): its box and its copy of PRM800K's grader.
package mathruler

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/text"
)

// Accuracy is grade_answer of an answer: 1 or 0.
func Accuracy(g *grader.Grader, answer, gold string) float64 {
	form := mathtext.Hendrycks{OnePercent: true, BarePercent: true}
	if grader.MathdBy(form, answer) == grader.MathdBy(form, gold) || g.SameSympy(answer, gold) {
		return 1
	}
	return 0
}

// Boxed is extract_boxed_content: what stands in the last \boxed{…}, braces
// counted whether escaped or not, without white space around it. Without one,
// or when it is never closed, the answer is the word "None".
func Boxed(s string) (answer string, at text.Span) {
	const open = `\boxed{`
	from := strings.LastIndex(s, open)
	if from < 0 {
		return "None", text.Span{}
	}
	from += len(open)
	depth := 0
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				return pytext.Strip(s[from:i]), text.Span{From: from, To: i}
			}
		}
	}
	return "None", text.Span{}
}

// ThinkAndBox says whether re.fullmatch(r"<think>.*</think>.*\\boxed\{.*\}.*",
// s, re.DOTALL) matches.
func ThinkAndBox(s string) bool {
	rest, ok := strings.CutPrefix(s, text.ThinkOpen)
	for _, mark := range [...]string{text.ThinkClose, `\boxed{`, "}"} {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, mark)
	}
	return ok
}

// Result is the result of a claim with its two parts.
func Result(claim string, accuracy, format, score float64) rewards.Result {
	r := rewards.Result{Score: score, Claim: claim, Reason: "accuracy.different", Facts: map[string]any{"accuracy": accuracy, "format": format}}
	said := "not the gold answer"
	if accuracy == 1 {
		r.Reason, said = "accuracy.equal", "the gold answer"
	}
	form := "the published form is missed"
	if format == 1 {
		form = "the published form is kept"
	}
	r.Why = fmt.Sprintf("claimed %.80q, %s by mathruler's rules; %s", claim, said, form)
	return r
}
