// Package orz holds the reward function of Open-Reasoner-Zero
// (Open-Reasoner-Zero/Open-Reasoner-Zero at 3fdd9a0), as published.
package orz

import (
	"fmt"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/rule"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{{Name: "orz.math", Aliases: []string{"orz.is_equal"}, About: "Open-Reasoner-Zero's reward: 1 for a right box in an <answer> of a completion that came to its end",
		Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newMath, Defaults: Params{MathMode: legacy}}}
}

const (
	legacy     = "legacy"
	mathVerify = "math_verify"
)

// Params are the parameters of orz.math.
type Params struct {
	MathMode string `json:"math_mode"` // what judges answers whose texts differ: legacy (sympy's parse_latex) or math_verify
}

// newMath is the reward of the playground's experiments: what
// <answer>.*?(\\boxed{.*}).*?</answer> finds, from its last box, is compared
// with the gold answer by is_equal. A completion that was cut off at the
// length limit pays 0. Generation itself must stop at "</answer>" with that
// text kept, as the publisher's does.
func newMath(params map[string]any) (rewards.Reward, error) {
	const name = "orz.math"
	p := Params{MathMode: legacy}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.MathMode != legacy && p.MathMode != mathVerify {
		return nil, fmt.Errorf("reward %s: math_mode is %q; use legacy or math_verify", name, p.MathMode)
	}
	boxed, texts := regexp.MustCompile(`(?s)<answer>.*?(\\boxed\{.*\}).*?</answer>`), newTexts()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		if s.Truncated {
			return rewards.Result{Reason: "accuracy.truncated", Why: "the completion was cut off at the length limit"}
		}
		answer := ""
		if all := boxed.FindAllStringSubmatch(s.Completion, -1); len(all) > 0 {
			answer = answerText(all[len(all)-1][1])
		}
		gold := answerText(s.Problem.Gold)
		equal := texts.equivalent(gold, answer)
		switch {
		case equal:
		case p.MathMode == mathVerify:
			v := mathans.PolicyMathVerify.Verify(gold, answer, mathans.Adjust{Literal: rule.Literal()})
			equal = v.Equal
		default:
			equal = texts.latexEqual(gold, answer)
		}
		r := rewards.Result{Claim: answer, Reason: "accuracy.different", Why: fmt.Sprintf("claimed %.80q, not the gold answer by the published rules", answer)}
		switch {
		case equal:
			r.Score, r.Reason, r.Why = 1, "accuracy.equal", fmt.Sprintf("claimed %.80q, the gold answer by the published rules", answer)
		case answer == "":
			r.Reason, r.Why = "accuracy.no_answer", "no box stands in an <answer>"
		}
		return r
	}), nil
}

// answerText is get_answer_str: what stands in the last box, else the text.
func answerText(s string) string {
	if strings.Contains(s, `\boxed`) {
		if answer, ok := grader.LastBox(s); ok {
			return answer
		}
	}
	return s
}
