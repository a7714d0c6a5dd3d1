package openinstruct

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// SoftFormatParams are the parameters of openinstruct.soft_format.
type SoftFormatParams struct {
	RewardScale float64 `json:"reward_scale"` // 1
}

func newSoftFormat(params map[string]any) (rewards.Reward, error) {
	const name = "openinstruct.soft_format"
	p := SoftFormatParams{RewardScale: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if !bounded(p.RewardScale) || p.RewardScale == 0 {
		return nil, fmt.Errorf("reward %s: reward_scale is %v; give a finite number, not 0", name, p.RewardScale)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{min(0, p.RewardScale), max(0, p.RewardScale)}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		from, to, ok := softFormat(s.Completion)
		if !ok {
			return rewards.Result{Reason: "format.no_match", Why: "no </think> with an <answer> right behind it that is closed"}
		}
		return rewards.Result{Score: p.RewardScale, Reason: "format.ok", Why: "</think>, then an answer between its tags", Spans: []rewards.Span{{From: from, To: to, Label: "match"}}}
	}), nil
}

// softFormat is where soft_format_reward_func's expression matches, from its
// </think> on.
func softFormat(s string) (from, to int, ok bool) {
	const end, open, closing = "</think>", "<answer>", "</answer>"
	for at := 0; ; {
		n := strings.Index(s[at:], end)
		if n < 0 {
			return 0, 0, false
		}
		from = at + n
		at = from + len(end)
		rest := strings.TrimLeftFunc(s[at:], pytext.Space)
		if !strings.HasPrefix(rest, open) {
			continue
		}
		inside := len(s) - len(rest) + len(open)
		if n := strings.Index(s[inside:], closing); n >= 0 {
			return from, inside + n + len(closing), true
		}
		return 0, 0, false // none of the later ones is closed either
	}
}

func bounded(v float64) bool { return v > -1e9 && v < 1e9 }
