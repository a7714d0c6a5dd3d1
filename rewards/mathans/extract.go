package mathans

import (
	"fmt"

	"gradus/rewards/text"
)

// ExtractR1 finds the claim of a completion of the R1 template: the body of
// the last well-formed answer part after the thinking. Inside it, the body of
// a \boxed{} when there is one.
//
// Answer tags inside the think part, or after a <think> that is never closed,
// claim nothing. An answer part that holds another tag is not well formed.
// Parts or boxes with different texts are competing claims: Ambiguous.
func ExtractR1(completion string) Claim {
	return ExtractFrom(completion, text.Segment(completion, text.R1()))
}

// ExtractFrom is ExtractR1 for a completion that is taken apart already, after
// a prompt that may have opened the thinking.
func ExtractFrom(completion string, g text.Segments) Claim {
	start := 0
	for _, t := range g.Tags { // also the closing tag of a prefilled <think>
		if t.Kind == text.KindThinkClose {
			start = t.To
		}
	}
	var claims []text.Span
	malformed := false
	stray := g.Stray
	for _, b := range g.Answer {
		if b.Open.From < start {
			continue
		}
		for len(stray) > 0 && stray[0].To <= b.Body.From {
			stray = stray[1:]
		}
		if len(stray) > 0 && stray[0].From < b.Body.To {
			malformed = true
			continue
		}
		body := text.TrimSpace(completion, b.Body)
		boxes := text.Boxes(body.In(completion))
		if len(boxes) == 0 {
			claims = append(claims, body)
			continue
		}
		for _, x := range boxes {
			inner := text.Span{From: body.From + x.Body.From, To: body.From + x.Body.To}
			claims = append(claims, text.TrimSpace(completion, inner))
		}
	}
	if len(claims) == 0 {
		c := Claim{Status: NoAnswer, Why: "no answer part: the completion has no closed <answer> after its thinking"}
		switch {
		case malformed:
			c.Why = "no answer part: every <answer> holds another tag"
		case g.OpenThink >= 0:
			c.Why = "no answer part: <think> is never closed"
		case g.OpenAnswer >= 0:
			c.Why = "no answer part: <answer> is never closed"
		case len(g.Answer) > 0:
			c.Why = "no answer part: <answer> stands before the end of the thinking"
		}
		return c
	}
	last := claims[len(claims)-1]
	c := Claim{Text: last.In(completion), Span: last, Others: claims[:len(claims)-1]}
	for _, other := range c.Others {
		if other.In(completion) != c.Text {
			c.Status = Ambiguous
			c.Why = fmt.Sprintf("%d competing answers, among them %q and %q", len(claims), shorten(other.In(completion)), shorten(c.Text))
			return c
		}
	}
	if c.Text == "" {
		c.Status = NoAnswer
		c.Why = "the answer part is empty"
	}
	return c
}
