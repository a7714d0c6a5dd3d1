package mathans

import (
	"fmt"

	"gradus/rewards/text"
)

// Caller says whose reward function calls Math-Verify, and so how.
type Caller uint8

// The functions that call it: the gold answer in any form or only as LaTeX, its
// first claim or the first that can be read; the completion only as LaTeX, in a
// box or after words such as "the answer is".
const (
	TRLAccuracy    Caller = iota // accuracy_reward and reasoning_accuracy_reward
	OpenR1Accuracy               // accuracy_reward, which takes a = b = 3 for 3 alone
	// OpenR1Length is len_reward and cosine_scaled_reward, with LaTeX gold
	// answers only. They ask for boxes with True, which is no mode, so that
	// what stands beside a box in $2+2=\boxed{4}$ belongs to the claim, and hand
	// the two to verify in the wrong order.
	OpenR1Length
)

// Published judges as the reward functions of open-r1 and TRL do.
func (l *Literal) Published(gold, completion string, by Caller) Verdict {
	if len(gold) > maxCompletion {
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("the gold answer has %d bytes; at most %d are read", len(gold), maxCompletion)}
	}
	cut := max(0, len(completion)-maxCompletion)
	how := Adjust{Targets: []string{"latex"}, GoldTargets: []string{"latex", "expr"}, Anchored: true, FirstMatch: true, GoldAny: by == TRLAccuracy, Literal: l, BoxesFirst: true, NoMending: true, Chains: by != TRLAccuracy, KeepBoxes: by == OpenR1Length}
	if by == OpenR1Length {
		how.GoldTargets = nil
	}
	g := readMathVerify(gold, how.goldSearch())
	if by == OpenR1Length && !g.found() {
		return Verdict{Status: GoldUnparsed, Why: "the gold answer is not written as LaTeX"}
	}
	c := readMathVerify(completion[cut:], how.predSearch())
	var v Verdict
	switch p := PolicyMathVerify; {
	case by != OpenR1Length, !g.found(), !c.found():
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
