package verl

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/mathtext"
)

// hendrycks is verl's math_reward, the string comparison of Hendrycks' MATH:
// the last box against the gold answer, both normalised.
func hendrycks(s rewards.Sample) rewards.Result {
	answer, ok := mathtext.LastBox(s.Completion)
	if !ok {
		return rewards.Result{Reason: "math.no_box", Why: "no box that the published code can read"}
	}
	same, a, g := mathtext.Hendrycks{}.Same(answer, s.Problem.Gold)
	if same {
		return rewards.Result{Score: 1, Reason: "math.same", Claim: answer, Why: fmt.Sprintf("the box and the gold answer are both %q once normalised", a)}
	}
	return rewards.Result{Reason: "math.other", Claim: answer, Why: fmt.Sprintf("the box is %q and the gold answer %q once normalised", a, g)}
}
