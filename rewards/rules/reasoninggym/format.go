package reasoninggym

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// FormatParams are the parameters of reasoninggym.format under their published
// names and with their published defaults.
type FormatParams struct {
	ScalingFactor float64 `json:"scaling_factor"` // 0.2; what the form is worth
	// PreappendThinkingToken puts "<think>" before the completion.
	PreappendThinkingToken bool `json:"preappend_thinking_token"`
}

// newFormat is compute_format_reward (training/rewards/reward.py): the
// completion begins, after white space, with <think>…</think>, white space and
// <answer>…</answer>; there is one pair of each, and no opening tag within.
// Text after them is fine, and so is </answer> within the thinking.
func newFormat(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.format"
	p := FormatParams{ScalingFactor: 0.2}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if err := checkFactor(name, p.ScalingFactor); err != nil {
		return nil, err
	}
	of := formatPart(p)
	spec := rule.Binary(name)
	spec.Params, spec.Range = rule.Canonical(p), [2]float64{min(0, p.ScalingFactor), max(0, p.ScalingFactor)}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		score := of(s.Completion, 0)
		if score == 0 {
			return rewards.Result{Reason: "reasoninggym.no_form", Why: "the completion is not one <think> part and then one <answer> part"}
		}
		return rewards.Result{Score: score, Reason: "reasoninggym.form", Why: "one <think> part and then one <answer> part"}
	}), nil
}

// inForm is the check of compute_format_reward.
func inForm(s string) bool {
	if !strings.HasPrefix(strings.TrimLeftFunc(s, pytext.Space), "<think>") {
		return false
	}
	think, thinks := parts(s, "<think>", "</think>")
	answer, answers := parts(s, "<answer>", "</answer>")
	if thinks != 1 || answers != 1 || !followed(s) {
		return false
	}
	for _, part := range []string{think, answer} {
		if strings.Contains(part, "<think>") || strings.Contains(part, "<answer>") {
			return false
		}
	}
	return true
}

// followed says whether some </think> has white space and <answer>…</answer>
// after it. The first <think> stands at the start.
func followed(s string) bool {
	for {
		_, rest, found := strings.Cut(s, "</think>")
		if !found {
			return false
		}
		if inside, opens := strings.CutPrefix(strings.TrimLeftFunc(rest, pytext.Space), "<answer>"); opens {
			return strings.Contains(inside, "</answer>") // later ones have no </answer> after them either
		}
		s = rest
	}
}

// parts are the first group of re.finditer(open + "(.*?)" + end) with re.DOTALL
// and how many there are.
func parts(s, open, end string) (first string, n int) {
	for {
		_, rest, found := strings.Cut(s, open)
		if !found {
			return first, n
		}
		inside, rest, found := strings.Cut(rest, end)
		if !found {
			return first, n
		}
		if n++; n == 1 {
			first = inside
		}
		s = rest
	}
}

// countTags is _format_reward of examples/trl/grpo.py: a quarter for each tag
// that stands anywhere.
func countTags(s rewards.Sample) rewards.Result {
	r := rewards.Result{Reason: "reasoninggym.tags"}
	var there []string
	for _, tag := range []string{"<think>", "</think>", "<answer>", "</answer>"} {
		if strings.Contains(s.Completion, tag) {
			r.Score += 0.25
			there = append(there, tag)
		}
	}
	r.Why = fmt.Sprintf("of the four tags there are %d: %s", len(there), strings.Join(there, " "))
	return r
}
