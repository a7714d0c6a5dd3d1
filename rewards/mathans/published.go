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
func (l *Literal) Published(gold, completion string, latexGold, swapped bool) Verdict {
	if len(gold) > maxCompletion {
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("the gold answer has %d bytes; at most %d are read", len(gold), maxCompletion)}
	}
	if latexGold && !latexMarked(gold) {
		return Verdict{Status: GoldUnparsed, Why: "the gold answer is not written as LaTeX"}
	}
	cut := max(0, len(completion)-maxCompletion)
	how := Adjust{Targets: []string{"latex"}, GoldTargets: []string{"latex", "expr"}, Anchored: true, FirstMatch: true, Literal: l, BoxesFirst: true, NoMending: true}
	if latexGold {
		how.GoldTargets = nil
	}
	g, c := readMathVerify(gold, how.goldSearch()), readMathVerify(completion[cut:], how.predSearch())
	var v Verdict
	switch p := PolicyMathVerify; {
	case !swapped, !g.found(), !c.found():
		v = p.judgeLiteral(g, c, how)
	default:
		v = p.judgeLiteral(c, g, how)
		if v.Claim = nil; c.expr == nil && !v.Equal {
			v.Status = PredUnparsed
		}
		if c.span.Len() > 0 {
			v.Claim = &c.span
		}
	}
	if v.Claim != nil {
		v.Claim = &text.Span{From: v.Claim.From + cut, To: v.Claim.To + cut}
	}
	return v
}

// Claimed is what Math-Verify's parse keeps of a completion: the text of the
// first claim that it finds, in its normal form, and whether it reads any.
func (l *Literal) Claimed(completion string) (normal string, readable bool) {
	r := readMathVerify(completion[max(0, len(completion)-maxCompletion):], Adjust{Literal: l}.predSearch())
	return r.text, r.text != "" && (r.expr != nil || r.opaque)
}

// found says whether anything was found, readable or not.
func (r reading) found() bool { return r.text != "" || r.expr != nil }

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
