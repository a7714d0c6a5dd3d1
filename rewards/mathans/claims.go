package mathans

import (
	"fmt"
	"strings"

	"gradus/rewards/mathans/extract"
	"gradus/rewards/text"
)

// Extract finds the claim of a completion. For mathverify, which needs to read
// formulas to choose among them, use Verify.
func (p Policy) Extract(completion string) Claim {
	switch p {
	case PolicyR1:
		return extractR1(completion)
	case PolicyGSM8K:
		return firstClaim(completion, hashMarker, lastBoxes, answerIs, lastNumber)
	case PolicyMathVerify:
		r := readMathVerify(completion, Adjust{}.predSearch())
		if r.text == "" {
			return Claim{Status: NoAnswer, Why: "no answer: " + reason(r.err)}
		}
		return Claim{Text: r.text, Span: r.span}
	}
	if strings.Contains(completion, text.AnswerOpen) {
		if c := ExtractR1(completion); c.Status == "" {
			return c
		}
	}
	return firstClaim(completion, lastBoxes, hashMarker, answerIs, boldFinal, lastMath, lastNumber)
}

// extractR1 is ExtractR1, and where there is no answer part at all, the box
// after the thinking.
func extractR1(s string) Claim {
	c := ExtractR1(s)
	if c.Status != NoAnswer || strings.Contains(s, text.AnswerOpen) {
		return c
	}
	start := 0
	if k := strings.LastIndex(s, text.ThinkClose); k >= 0 {
		start = k + len(text.ThinkClose)
	} else if strings.Contains(s, text.ThinkOpen) {
		return c
	}
	boxes := text.Boxes(s[start:])
	if len(boxes) == 0 {
		c.Why = "no answer: neither an <answer> part nor a \\boxed{} after the thinking"
		return c
	}
	var claims []text.Span
	for _, b := range boxes {
		claims = append(claims, text.TrimSpace(s, text.Span{From: start + b.Body.From, To: start + b.Body.To}))
	}
	return oneOf(s, claims)
}

// oneOf takes claims that agree for one, and others for competing ones.
func oneOf(s string, claims []text.Span) Claim {
	last := claims[len(claims)-1]
	c := Claim{Text: last.In(s), Span: last, Others: claims[:len(claims)-1]}
	for _, other := range c.Others {
		if other.In(s) != c.Text {
			c.Status = Ambiguous
			c.Why = fmt.Sprintf("%d competing answers, among them %q and %q", len(claims), shorten(other.In(s)), shorten(c.Text))
			return c
		}
	}
	if c.Text == "" {
		c.Status, c.Why = NoAnswer, "the answer is empty"
	}
	return c
}

// firstClaim tries extractors in order.
func firstClaim(s string, extractors ...func(string) (text.Span, bool)) Claim {
	for _, f := range extractors {
		if span, ok := f(s); ok {
			span = text.TrimSpace(s, span)
			if span.Len() > 0 {
				return Claim{Text: span.In(s), Span: span}
			}
		}
	}
	return Claim{Status: NoAnswer, Why: "no answer: neither a marker nor a box, a formula or a number"}
}

// hashMarker finds the rest of the last line with ####.
func hashMarker(s string) (text.Span, bool) {
	k := strings.LastIndex(s, "####")
	if k < 0 {
		return text.Span{}, false
	}
	return restOfLine(s, k+len("####")), true
}

func restOfLine(s string, from int) text.Span {
	to := len(s)
	if k := strings.IndexByte(s[from:], '\n'); k >= 0 {
		to = from + k
	}
	return text.Span{From: from, To: to}
}

// lastBoxes finds the last box, with the boxes that stand close to it.
func lastBoxes(s string) (text.Span, bool) {
	boxes := extract.Boxes(s, text.Span{To: len(s)}, true)
	if len(boxes) == 0 {
		return text.Span{}, false
	}
	if len(boxes) == 1 {
		return boxes[0], true
	}
	// Several boxes: the stretch from the first to the last, which is read as
	// a list of their contents.
	from := strings.LastIndexByte(s[:boxes[0].From], '\\')
	return text.Span{From: max(from, 0), To: min(boxes[len(boxes)-1].To+1, len(s))}, true
}

// answerIs finds what follows the last "answer is" or "answer:", up to the end
// of the sentence.
func answerIs(s string) (text.Span, bool) {
	best := -1
	for _, mark := range []string{"answer is", "answer:"} {
		for i := 0; ; {
			k := extract.IndexFold(s, mark, i)
			if k < 0 {
				break
			}
			best = max(best, k+len(mark))
			i = k + len(mark)
		}
	}
	if best < 0 {
		return text.Span{}, false
	}
	span := restOfLine(s, best)
	span = text.TrimSpace(s, span)
	if span.Len() > 0 && s[span.From] == ':' {
		span.From++
	}
	b := span.In(s)
	if k := strings.Index(b, ". "); k >= 0 {
		span.To = span.From + k
	}
	return span, span.Len() > 0
}

// boldFinal finds the last **…** on one line.
func boldFinal(s string) (text.Span, bool) {
	close := strings.LastIndex(s, "**")
	if close < 0 {
		return text.Span{}, false
	}
	open := strings.LastIndex(s[:close], "**")
	if open < 0 || strings.Contains(s[open:close], "\n") {
		return text.Span{}, false
	}
	span := text.Span{From: open + 2, To: close}
	return span, strings.ContainsAny(span.In(s), "0123456789")
}

// lastMath finds the last formula in delimiters.
func lastMath(s string) (text.Span, bool) {
	return extract.LastFormula(s)
}

// lastNumber finds the last number.
func lastNumber(s string) (text.Span, bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		to := i + 1
		from := i
		for from > 0 {
			c := s[from-1]
			digitBefore := from > 1 && s[from-2] >= '0' && s[from-2] <= '9'
			if c >= '0' && c <= '9' || (c == '.' || c == ',') && digitBefore {
				from--
				continue
			}
			if c == '.' && !digitBefore {
				from--
			}
			break
		}
		if from > 0 && s[from-1] == '/' && from > 1 && s[from-2] >= '0' && s[from-2] <= '9' {
			k := from - 1
			for k > 0 && s[k-1] >= '0' && s[k-1] <= '9' {
				k--
			}
			from = k
		}
		if from > 0 && s[from-1] == '-' && (from == 1 || strings.IndexByte(" \t\n=($:", s[from-2]) >= 0) {
			from--
		} else if from > 1 && s[from-1] == '$' && s[from-2] == '-' {
			from -= 2
		}
		return text.Span{From: from, To: to}, true
	}
	return text.Span{}, false
}
