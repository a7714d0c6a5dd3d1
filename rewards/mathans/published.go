package mathans

import (
	"fmt"
	"strings"

	"gradus/rewards/text"
)

// Published judges as the reward functions of open-r1 and TRL call
// Math-Verify: the gold answer in any form, or only as LaTeX; the completion
// only as LaTeX in a box or after words such as "the answer is". swapped
// hands the two to verify in the wrong order, as open-r1's length rewards do.
func Published(gold, completion string, latexGold, swapped bool) Verdict {
	if len(gold) > maxCompletion {
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("the gold answer has %d bytes; at most %d are read", len(gold), maxCompletion)}
	}
	if latexGold && !latexMarked(gold) {
		return Verdict{Status: GoldUnparsed, Why: "the gold answer is not written as LaTeX"}
	}
	cut := max(0, len(completion)-maxCompletion)
	how := Adjust{Targets: []string{"latex"}, GoldTargets: []string{"latex", "expr"}, Anchored: true, FirstMatch: true, NoBare: true}
	if latexGold {
		how.GoldTargets = nil
	}
	g, c := readMathVerify(gold, how.goldSearch()), readMathVerify(completion[cut:], how.predSearch())
	readable := g.text != "" || g.expr != nil
	if readable && c.expr != nil && (malformed(c.text) || openBox(completion[cut:], c.span)) {
		return Verdict{Status: PredUnparsed, Gold: g.show(), Pred: shorten(c.text), Claim: &text.Span{From: c.span.From + cut, To: c.span.To + cut},
			Why: fmt.Sprintf("claimed %q, whose LaTeX is malformed: arguments must stand in braces", shorten(c.text))}
	}
	var v Verdict
	switch p := PolicyMathVerify; {
	case !swapped, !readable, c.text == "" && c.expr == nil:
		v = p.judge(g, c, Adjust{})
	default:
		v = p.judge(c, g, Adjust{})
		v.Claim = nil
		if c.span.Len() > 0 {
			v.Claim = &c.span
		}
	}
	if v.Claim != nil {
		v.Claim = &text.Span{From: v.Claim.From + cut, To: v.Claim.To + cut}
	}
	return v
}

// openBox says whether a claim stands in a box that is never closed.
func openBox(completion string, claim text.Span) bool {
	at := strings.LastIndex(completion, `\boxed`)
	return at >= 0 && at < claim.From && len(text.Boxes(completion[at:])) == 0
}

// malformed says whether LaTeX has a fraction or root whose arguments stand
// in no braces, or braces that do not match. Those functions read completions
// without mending such (malformed_operators=False).
func malformed(s string) bool {
	for _, command := range []string{`\frac`, `\dfrac`, `\tfrac`, `\cfrac`, `\sqrt`} {
		for rest := s; ; {
			at := strings.Index(rest, command)
			if at < 0 {
				break
			}
			rest = rest[at+len(command):]
			next := strings.TrimLeft(rest, " ")
			if next == "" || next[0] != '{' && !(next[0] == '[' && command == `\sqrt`) {
				return true
			}
		}
	}
	return strings.Count(s, "{")-strings.Count(s, `\{`) != strings.Count(s, "}")-strings.Count(s, `\}`)
}

// latexMarked says whether a text has what Math-Verify's LaTeX extraction
// looks for: an environment, a box, or a bare fraction.
func latexMarked(s string) bool {
	for _, mark := range []string{"$", `\(`, `\[`, `\boxed`, `\fbox`, `\frac`, `\dfrac`, `\tfrac`, `\cfrac`} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return false
}
