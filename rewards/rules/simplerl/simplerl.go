// Package simplerl holds the reward functions of SimpleRL and SimpleRL-Zoo
// (hkust-nlp/simpleRL-reason, branches v0 and v1 at cf1c785), as published.
package simplerl

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/qwen"
	"gradus/rewards/rules/rule"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{
		{Name: "simplerl.math", Aliases: []string{"simplerl.v0", "simplerl.preprocess_box_response_for_qwen_prompt"}, About: "SimpleRL's first reward: 1 or -0.5 for an answer that Qwen's extraction finds and its math_equal accepts or not, -1 without a box",
			Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newFirst},
		{Name: "simplerl.simplelr_math", About: "SimpleRL's reward on the way to the Zoo: as simplerl.math, with a box that is closed",
			Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newSecond, Defaults: ZooParams{RewardFunctionType: mix, FormatPenaltyValue: -1}},
		{Name: "simplerl.zoo", Aliases: []string{"simplerl.hf_math_verify", "simplerl.v1"}, About: "SimpleRL-Zoo's reward: 1 for an answer that Qwen's extraction finds and Math-Verify accepts, else 0",
			Fixed: "gradus.accuracy", Wants: []string{"solution"}, Make: newZoo, Defaults: ZooParams{RewardFunctionType: mix, FormatPenaltyValue: -1}},
	}
}

const (
	mix         = "mix"
	independent = "independent"
)

// ZooParams are the parameters of simplerl.zoo, which its publisher takes from
// the environment (REWORD_FUNCTION_TYPE, FORMAT_PENALTY_VALUE).
type ZooParams struct {
	RewardFunctionType string  `json:"reward_function_type"` // mix: 1 or 0; independent: 1 or 0.5 for a right answer in a box or not, -0.5 or the penalty for a wrong one
	FormatPenaltyValue float64 `json:"format_penalty_value"` // of a wrong answer in no box, with independent
}

func (p ZooParams) check(name string) error {
	if p.RewardFunctionType != mix && p.RewardFunctionType != independent {
		return fmt.Errorf("reward %s: reward_function_type is %q; use mix or independent", name, p.RewardFunctionType)
	}
	if math.Abs(p.FormatPenaltyValue) > 1e9 {
		return fmt.Errorf("reward %s: format_penalty_value is %v; give a finite number", name, p.FormatPenaltyValue)
	}
	return nil
}

// newZoo is hf_math_verify.compute_score. As published it sees the prompt,
// too, unless the prompt ends in the template's "<|im_start|>assistant".
func newZoo(params map[string]any) (rewards.Reward, error) {
	const name = "simplerl.zoo"
	p := ZooParams{RewardFunctionType: mix, FormatPenaltyValue: -1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if err := p.check(name); err != nil {
		return nil, err
	}
	parser, boxed := qwen.NewParser(), closedBox()
	lo := 0.
	if p.RewardFunctionType == independent {
		lo = min(-0.5, p.FormatPenaltyValue)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{lo, max(1, p.FormatPenaltyValue)}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		output := modelOutput(s)
		claim := parser.Extract(output)
		v := mathans.PolicyMathVerify.Verify(inBox(s.Problem.Gold), inBox(claim), mathans.Adjust{Literal: rule.Literal()})
		r := rewards.Result{Claim: claim, Reason: "accuracy." + string(v.Status), Why: v.Why, Facts: map[string]any{"rung": v.Rung}}
		if p.RewardFunctionType == mix {
			if v.Equal {
				r.Score = 1
			}
			return r
		}
		p.apart(&r, v.Equal, boxed.MatchString(output))
		return r
	}), nil
}

// closedBox matches a box that is closed, braces inside it at most two deep.
func closedBox() *regexp.Regexp {
	return regexp.MustCompile(`\\boxed\{([^{}]|\{([^{}]|\{[^{}]*\})*\})*\}`)
}

// apart is the score of "independent".
func (p ZooParams) apart(r *rewards.Result, equal, inBox bool) {
	switch {
	case equal && inBox:
		r.Score = 1
	case equal:
		r.Score = 0.5
	case inBox:
		r.Score = -0.5
	default:
		r.Score = p.FormatPenaltyValue
	}
	if !inBox {
		r.Why += "; no box that the published expression matches"
	}
}

// inBox puts a text into a box unless there is one in it.
func inBox(s string) string {
	if strings.Contains(s, `\boxed`) {
		return s
	}
	return `\boxed{` + s + `}`
}

// modelOutput is the sequence from the first "<|im_start|>assistant", up to
// the first of the tokens that end a text.
func modelOutput(s rewards.Sample) string {
	output := s.Prompt + s.Completion
	if at := strings.Index(output, "<|im_start|>assistant"); at > 0 {
		output = output[at:]
	}
	for _, stop := range [...]string{"</s>", "<|im_end|>", "<|endoftext|>"} {
		if before, _, found := strings.Cut(output, stop); found {
			output = pytext.Strip(before)
		}
	}
	return output
}
