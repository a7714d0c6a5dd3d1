package rule

import (
	"sync"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/text"
)

// Literal is the reader of the published rewards that call Math-Verify.
var Literal = sync.OnceValue(mathans.NewLiteral)

// Verdict is the result of a verdict on a part of a completion.
func Verdict(v mathans.Verdict, completion string, part text.Span) rewards.Result {
	r := rewards.Result{Reason: "accuracy." + string(v.Status), Why: v.Why, Facts: map[string]any{"rung": v.Rung}}
	if v.Claim != nil {
		at := text.Span{From: part.From + v.Claim.From, To: part.From + v.Claim.To}
		r.Claim, r.Spans = at.In(completion), []rewards.Span{Span(at, "claim")}
	}
	switch v.Status {
	case mathans.Equal:
		r.Score = 1
	case mathans.GoldUnparsed:
		r.Status = rewards.Skipped
	}
	return r
}

// Span is a part of a completion with what it is.
func Span(s text.Span, label string) rewards.Span {
	return rewards.Span{From: s.From, To: s.To, Label: label}
}
