package mathans

import (
	"fmt"
	"strings"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/text"
)

// maxCompletion bounds the bytes of a completion that is searched. Of a longer
// one the end is read, where answers stand.
const maxCompletion = 1 << 18

// Verify judges a completion, or an answer, against a gold answer.
func (p Policy) Verify(gold, completion string, a Adjust) Verdict {
	cut := 0
	if len(completion) > maxCompletion {
		cut = len(completion) - maxCompletion
	}
	v := p.verify(gold, completion[cut:], a)
	if v.Claim != nil {
		v.Claim = &text.Span{From: v.Claim.From + cut, To: v.Claim.To + cut}
	}
	return v
}

func (p Policy) verify(gold, completion string, a Adjust) Verdict {
	if strings.TrimSpace(gold) == "" {
		return Verdict{Status: GoldUnparsed, Why: "the gold answer is empty"}
	}
	if len(gold) > maxCompletion {
		return Verdict{Status: GoldUnparsed, Why: fmt.Sprintf("the gold answer has %d bytes; at most %d are read", len(gold), maxCompletion)}
	}
	if strings.TrimSpace(completion) == "" {
		return Verdict{Status: NoAnswer, Why: "the completion is empty"}
	}
	if p == PolicyMathVerify {
		g, c := readMathVerify(gold, a.goldSearch()), readMathVerify(completion, a.predSearch())
		if a.Literal != nil {
			return p.judgeLiteral(g, c, a)
		}
		return p.judge(g, c, a)
	}
	c := p.Extract(completion)
	if c.Status != "" {
		v := Verdict{Status: c.Status, Why: c.Why, Pred: shorten(c.Text)}
		if c.Span.Len() > 0 {
			v.Claim = &c.Span
		}
		return v
	}
	v := p.Compare(gold, c.Text, a)
	v.Claim = &c.Span
	return v
}

// VerifyAnswer judges an answer that was already taken out of its completion.
// Policy mathverify reads it as Math-Verify does, which looks for the answer
// in any text; the others look for it only when it carries their own marks,
// lenient also when it is a sentence and the gold answer is none.
func (p Policy) VerifyAnswer(gold, pred string, a Adjust) Verdict {
	if p == PolicyMathVerify || p.marked(pred) {
		return p.Verify(gold, pred, a)
	}
	v := p.Compare(gold, pred, a)
	if p == PolicyLenient && !v.Equal && sentence(pred) && !sentence(gold) {
		if found := p.Verify(gold, pred, a); found.Status != NoAnswer {
			return found
		}
	}
	return v
}

// sentence says whether a text is words, with or without a formula among them,
// and not an answer alone.
func sentence(s string) bool {
	if len(s) > maxAnswer {
		return true
	}
	r := readAnswer(s)
	if r.expr == nil {
		return r.text != ""
	}
	return r.expr.Has(func(n *ast.Node) bool {
		return n.Kind == ast.Text && strings.ContainsRune(strings.TrimSpace(n.Name), ' ')
	})
}

// marked says whether a text carries what p looks for in a completion.
func (p Policy) marked(s string) bool {
	for _, m := range []string{text.AnswerOpen, text.ThinkClose, `\boxed`, `\fbox`} {
		if strings.Contains(s, m) {
			return true
		}
	}
	return p == PolicyGSM8K && strings.Contains(s, "####")
}
