// Package lightr1 holds the reward function that Light-R1 trains and
// evaluates with (Qihoo360/Light-R1 at 48c9083, deepscaler-release), as
// published.
package lightr1

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{{Name: "lightr1.math", Aliases: []string{"lightr1.deepscaler_reward_fn"}, About: "Light-R1's copy of DeepScaleR's reward: 1 for a right box behind the first </think>, by PRM800K's grader",
		Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newMath, Defaults: Params{}}}
}

// Params are the parameters of lightr1.math.
type Params struct {
	SkipFormatReward bool `json:"skip_format_reward"` // the whole text is searched, thinking or not
}

// newMath is deepscaler_reward_fn without a model as the judge. As published
// it sees the prompt, too, so that <think> may stand there, and it reads what
// stands between the first and the second </think>.
func newMath(params map[string]any) (rewards.Reward, error) {
	const name = "lightr1.math"
	var p Params
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	g := grader.New()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		solution := s.Prompt + s.Completion
		if !p.SkipFormatReward {
			parts := strings.SplitN(solution, text.ThinkClose, 3)
			if !strings.Contains(solution, text.ThinkOpen) || len(parts) < 2 {
				return rewards.Result{Reason: "accuracy.no_thinking", Why: "<think> or </think> is nowhere"}
			}
			solution = parts[1]
		}
		answer, ok := grader.LastBox(solution)
		if !ok {
			return rewards.Result{Reason: "accuracy.no_answer", Why: "no box that the published code can read"}
		}
		gold := s.Problem.Gold
		if strings.Contains(gold, `\boxed`) {
			if gold, ok = grader.LastBox(gold); !ok {
				return rewards.Result{Reason: "accuracy.gold_unparsed", Why: "the gold answer's box cannot be read, which is published as wrong"}
			}
		}
		if g.Same(answer, gold) {
			return rewards.Result{Score: 1, Reason: "accuracy.equal", Claim: answer, Why: fmt.Sprintf("claimed %.80q, the gold answer by PRM800K's rules", answer)}
		}
		return rewards.Result{Reason: "accuracy.different", Claim: answer, Why: fmt.Sprintf("claimed %.80q, not the gold answer by PRM800K's rules", answer)}
	}), nil
}
