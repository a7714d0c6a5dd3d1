package rules

import (
	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/rule"
	"gradus/rewards/tasks"
	"gradus/rewards/text"
)

// accuracy is R1's accuracy reward (DeepSeek-R1, section 2.2.2): 1 when the
// claim in the last well-formed <answer> part is right by the task's own
// checker, else 0. Competing claims score 0. A problem whose gold answer
// cannot be read is skipped.
func accuracy(s rewards.Sample) rewards.Result {
	return rewards.Once(s, "gradus.accuracy", func() rewards.Result { return judgeClaim(s) })
}

// judgeClaim is accuracy for one who asks for the first time.
func judgeClaim(s rewards.Sample) rewards.Result {
	c := mathans.ExtractFrom(s.Completion, s.Segments())
	var spans []rewards.Span
	for _, o := range c.Others {
		spans = append(spans, rule.Span(o, "other claim"))
	}
	if c.Span != (text.Span{}) {
		spans = append(spans, rule.Span(c.Span, "claim"))
	}
	if c.Status != "" {
		why := c.Why
		if s.Truncated && c.Status == mathans.NoAnswer {
			why += "; it was cut at the length limit"
		}
		return rewards.Result{Reason: "accuracy." + string(c.Status), Why: why, Spans: spans, Claim: c.Text}
	}
	v, err := tasks.Check(s.Problem, c.Text)
	if err != nil {
		return rewards.Result{Status: rewards.Error, Reason: "accuracy.no_checker", Why: err.Error(), Spans: spans, Claim: c.Text}
	}
	r := rewards.Result{Reason: "accuracy." + v.Reason, Why: v.Why, Spans: spans, Facts: v.Facts, Claim: c.Text}
	switch {
	case v.Skip:
		r.Status = rewards.Skipped
	case v.Correct:
		r.Score = 1
	}
	return r
}
