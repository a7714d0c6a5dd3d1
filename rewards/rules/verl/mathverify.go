package verl

import (
	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// mathVerify is verl's math_verify (utils/reward_score of 0.9.1): the gold
// answer in a box, the completion in any form. A gold answer that Math-Verify
// cannot read pays 0.
func mathVerify(s rewards.Sample) rewards.Result {
	v := mathans.PolicyMathVerify.Verify(`\boxed{`+s.Problem.Gold+`}`, s.Completion, mathans.Adjust{GoldTargets: []string{"latex"}, Literal: rule.Literal()})
	r := rule.Verdict(v, s.Completion, text.Span{To: len(s.Completion)})
	r.Status = rewards.OK
	return r
}
