// Package qwen holds the answer extraction and the grader of Qwen2.5-Math's
// evaluation (QwenLM/Qwen2.5-Math at a45202b), which SimpleRL and others train
// with, as published.
package qwen

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{{Name: "qwen.math_equal", Aliases: []string{"qwen.math"}, About: "Qwen2.5-Math's evaluation: its extraction and math_equal, which takes 0.5, 50 and 50 % for the same",
		Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newMathEqual}}
}

// newMathEqual is the evaluation of one answer: extract_answer and
// strip_string of the completion, strip_string of the gold answer, math_equal.
func newMathEqual(params map[string]any) (rewards.Reward, error) {
	p, e := NewParser(), NewEqual()
	return rule.Plain("qwen.math_equal", func(s rewards.Sample) rewards.Result {
		claim, gold := p.Strip(p.Extract(s.Completion)), p.Strip(s.Problem.Gold)
		if e.Same(claim, gold) {
			return rewards.Result{Score: 1, Reason: "accuracy.equal", Claim: claim, Why: fmt.Sprintf("claimed %.80q, the gold answer %.80q by math_equal", claim, gold)}
		}
		return rewards.Result{Reason: "accuracy.different", Claim: claim, Why: fmt.Sprintf("claimed %.80q, not the gold answer %.80q by math_equal", claim, gold)}
	})(params)
}
