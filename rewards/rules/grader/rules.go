package grader

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// Rules are the entries of the catalogue: PRM800K's own grader.
func Rules() []rule.Rule {
	return []rule.Rule{{Name: "prm800k.grade_answer", Aliases: []string{"prm800k.grader"}, About: "PRM800K's grade_answer: the whole completion is the answer, equal as a text once normalised or by sympy", Fixed: "gradus.accuracy",
		Wants: []string{"solution"}, Make: rule.Built("prm800k.grade_answer", newGradeAnswer)}}
}

// newGradeAnswer takes the whole completion for the answer.
func newGradeAnswer() rule.Judge {
	g := New()
	return func(s rewards.Sample) rewards.Result {
		return Result(s.Completion, s.Problem.Gold, g.Same(s.Completion, s.Problem.Gold))
	}
}

// Result says that a claim is the same as a gold answer, with score 1, or
// another one, with 0.
func Result(claim, gold string, same bool) rewards.Result {
	if same {
		return rewards.Result{Score: 1, Reason: "math.same", Claim: claim, Why: fmt.Sprintf("claimed %.200q, which the published grader takes for %.200q", claim, gold)}
	}
	return rewards.Result{Reason: "math.other", Claim: claim, Why: fmt.Sprintf("claimed %.200q; the published grader finds it other than %.200q", claim, gold)}
}
