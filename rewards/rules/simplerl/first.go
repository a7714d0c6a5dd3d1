package simplerl

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/qwen"
	"gradus/rewards/rules/rule"
)

// judged is the verdict of Qwen's math_equal on what its extraction finds.
func judged(parser *qwen.Parser, equal *qwen.Equal, output, gold string) (rewards.Result, bool) {
	claim := parser.Extract(output)
	r := rewards.Result{Score: -0.5, Claim: claim, Reason: "accuracy.different", Why: fmt.Sprintf("claimed %.80q, not the gold answer by math_equal", claim)}
	same := equal.Same(claim, gold)
	if same {
		r.Score, r.Reason, r.Why = 1, "accuracy.equal", fmt.Sprintf("claimed %.80q, the gold answer by math_equal", claim)
	}
	return r, same
}

// newFirst is preprocess_box_response_for_qwen_prompt of branch v0: a text
// without the word "boxed" pays -1 whatever it answers.
func newFirst(params map[string]any) (rewards.Reward, error) {
	const name = "simplerl.math"
	if err := rule.Decode(name, params, &struct{}{}); err != nil {
		return nil, err
	}
	parser, equal := qwen.NewParser(), qwen.NewEqual()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Range: [2]float64{-1, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		output := modelOutput(s)
		r, _ := judged(parser, equal, output, s.Problem.Gold)
		if !strings.Contains(output, "boxed") {
			r.Score, r.Reason = -1, "simplerl.no_box"
			r.Why += "; no box"
		}
		return r
	}), nil
}

// newSecond is simplelr_math.compute_score of branch v1.
func newSecond(params map[string]any) (rewards.Reward, error) {
	const name = "simplerl.simplelr_math"
	p := ZooParams{RewardFunctionType: mix, FormatPenaltyValue: -1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if err := p.check(name); err != nil {
		return nil, err
	}
	parser, equal, boxed := qwen.NewParser(), qwen.NewEqual(), closedBox()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{min(-0.5, p.FormatPenaltyValue), max(1, p.FormatPenaltyValue)}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		output := modelOutput(s)
		r, same := judged(parser, equal, output, s.Problem.Gold)
		inBox := boxed.MatchString(output)
		switch {
		case p.RewardFunctionType == independent:
			p.apart(&r, same, inBox)
		case !inBox:
			r.Score, r.Reason = p.FormatPenaltyValue, "simplerl.no_box"
			r.Why += "; no box that the published expression matches"
		}
		return r
	}), nil
}
