// Package deepscaler holds the reward functions of DeepScaleR
// (agentica-project/deepscaler at 95ef74f), of rllm, which it became (874daa4),
// and of Skywork-OR1 (64e96af), which has a copy, as published. The judge by a
// language model that some of them may ask is not here: in their training runs
// it was off.
package deepscaler

import (
	"encoding/json"
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/rule"
)

// Params are RewardConfig's numbers.
type Params struct {
	CorrectReward     float64 `json:"correct_reward"`
	IncorrectReward   float64 `json:"incorrect_reward"`
	FormatErrorReward float64 `json:"format_error_reward"` // no thinking that ends, or no box behind it
	UnkErrorReward    float64 `json:"unk_error_reward"`    // no gold answer that can be read
}

// RLLMParams are those of rllm, with a bonus for a right answer whose row
// says has_toolcall, itself or in extra_info.
type RLLMParams struct {
	Params
	ToolcallBonus float64 `json:"toolcall_bonus"`
}

// version is a form of RewardMathFn.
type version struct {
	name  string
	opens bool // <think> must be there too
	Params
	bonus float64
}

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	paid := Params{CorrectReward: 1, IncorrectReward: -1, FormatErrorReward: -1, UnkErrorReward: -1}
	skywork := version{"skywork.deepscaler", true, Params{CorrectReward: 1}, 0}
	const about = "the last box behind the first </think>, by PRM800K's grader"
	return []rule.Rule{
		{Name: "deepscaler.math", Aliases: []string{"deepscaler.RewardMathFn", "deepscaler.deepscaler_reward_fn"}, About: "DeepScaleR's RewardMathFn: " + about + "; 1 or -1", Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: newDeepScaleR(paid), Defaults: Params{}},
		{Name: "rllm.math", Aliases: []string{"rllm.RewardMathFn", "rllm.rllm_reward_fn_math"}, About: "rllm's RewardMathFn: " + about + "; no <think> is asked for", Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: newRLLM, Defaults: RLLMParams{}},
		{Name: "skywork.deepscaler", Aliases: []string{"skywork.deepscaler_reward_fn"}, About: "Skywork-OR1's deepscaler_reward_fn: " + about, Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: rule.Built("skywork.deepscaler", skywork.judge)},
		{Name: "skywork.math", Aliases: []string{"skywork.math_verify_reward_function"}, About: "Skywork-OR1's math_verify_reward_function: what follows the first </think>, by Math-Verify's rules", Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: rule.Plain("skywork.math", skyworkMath)},
	}
}

func newDeepScaleR(p Params) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		v := version{"deepscaler.math", true, p, 0}
		if err := rule.Decode(v.name, params, &v.Params); err != nil {
			return nil, err
		}
		return v.reward(rule.Canonical(v.Params))
	}
}

func newRLLM(params map[string]any) (rewards.Reward, error) {
	p := RLLMParams{Params: Params{CorrectReward: 1}, ToolcallBonus: 0.5}
	v := version{name: "rllm.math"}
	if err := rule.Decode(v.name, params, &p); err != nil {
		return nil, err
	}
	v.Params, v.bonus = p.Params, p.ToolcallBonus
	return v.reward(rule.Canonical(p))
}

func (v version) reward(params json.RawMessage) (rewards.Reward, error) {
	lo := min(v.CorrectReward, v.CorrectReward+v.bonus, v.IncorrectReward, v.FormatErrorReward, v.UnkErrorReward)
	hi := max(v.CorrectReward, v.CorrectReward+v.bonus, v.IncorrectReward, v.FormatErrorReward, v.UnkErrorReward)
	if !(lo > -1e9 && hi < 1e9 && lo < hi) {
		return nil, fmt.Errorf("reward %s: it pays %v to %v; give finite numbers, not all the same", v.name, lo, hi)
	}
	spec := rewards.Spec{Name: v.name, Version: "1.0.0", Params: params, Range: [2]float64{lo, hi}, Deterministic: true}
	return rule.PerSample(spec, v.judge()), nil
}

// judge is RewardMathFn. A second </think> ends the part that is looked at.
func (v version) judge() rule.Judge {
	g := grader.New()
	return func(s rewards.Sample) rewards.Result {
		parts := strings.SplitN(s.Completion, "</think>", 3)
		if len(parts) == 1 || v.opens && !strings.Contains(s.Completion, "<think>") {
			return rewards.Result{Score: v.FormatErrorReward, Reason: "math.no_thinking", Why: "no thinking that begins and ends, as the published code wants it"}
		}
		claim, ok := grader.LastBox(parts[1])
		if !ok {
			return rewards.Result{Score: v.FormatErrorReward, Reason: "math.no_box", Why: "no box behind </think> that the published code can read"}
		}
		golds := []string{}
		for _, gold := range rule.Golds(s) {
			if !strings.Contains(gold, `\boxed`) {
				golds = append(golds, gold)
			} else if inside, ok := grader.LastBox(gold); ok {
				golds = append(golds, inside)
			}
		}
		if len(golds) == 0 {
			return rewards.Result{Score: v.UnkErrorReward, Reason: "math.no_gold", Claim: claim, Why: "no gold answer that the published code can read"}
		}
		for _, gold := range golds {
			if g.Same(claim, gold) {
				r := grader.Result(claim, gold, true)
				if r.Score = v.CorrectReward; v.bonus != 0 && toolCall(s) {
					r.Score += v.bonus
					r.Why += "; with the bonus for a tool call"
				}
				return r
			}
		}
		r := grader.Result(claim, golds[0], false)
		r.Score = v.IncorrectReward
		return r
	}
}

// toolCall says whether the row has has_toolcall, itself or in extra_info.
func toolCall(s rewards.Sample) bool {
	var extra map[string]json.RawMessage
	if json.Unmarshal(s.Columns["extra_info"], &extra) == nil && truthy(extra["has_toolcall"]) {
		return true
	}
	return truthy(s.Columns["has_toolcall"])
}

// truthy is Python's truth of a JSON value.
func truthy(raw json.RawMessage) bool {
	switch strings.Join(strings.Fields(string(raw)), "") {
	case "", "null", "false", "0", "0.0", `""`, "[]", "{}":
		return false
	}
	return true
}

// skyworkMath is what Skywork-OR1's trainer pays for mathematics: the claim as
// a text among the gold answers, or equal to one of them in a box.
func skyworkMath(s rewards.Sample) rewards.Result {
	answer := s.Completion
	if _, behind, ok := strings.Cut(answer, "</think>"); ok {
		answer, _, _ = strings.Cut(behind, "</think>")
	}
	golds := rule.Golds(s)
	if len(golds) == 0 {
		return rewards.Result{Reason: "math.no_gold", Why: "the row has no gold answer"}
	}
	// A claim that Math-Verify reads as no formula pays nothing, whatever it says.
	normal, readable := rule.Literal().Claimed(answer)
	var first rewards.Result
	for i, gold := range golds {
		v := mathans.PolicyMathVerify.Verify(`\boxed{`+gold+`}`, answer, mathans.Adjust{Literal: rule.Literal()})
		same := readable && (v.Equal || normal == gold)
		r := grader.Result(normal, gold, same)
		if r.Facts = map[string]any{"rung": v.Rung}; same {
			return r
		}
		if i == 0 {
			first = r
		}
	}
	return first
}
