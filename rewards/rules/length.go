package rules

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// LengthParams are the parameters of gradus.soft_overlong, in tokens, under TRL's
// names. Both are needed.
type LengthParams struct {
	MaxCompletionLength int `json:"max_completion_length"` // at least 1
	SoftPunishCache     int `json:"soft_punish_cache"`     // 1 … MaxCompletionLength
}

// newLength is the soft overlong punishment of DAPO (arXiv 2503.14476,
// equation 13). For a completion of L tokens, with M the maximum and C the
// cache: 0 for L ≤ M−C, (M−C−L)/C up to L = M, and −1 beyond. A sample
// without token ids is skipped.
func newLength(params map[string]any) (rewards.Reward, error) {
	const name = "gradus.soft_overlong"
	var p LengthParams
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.MaxCompletionLength < 1 {
		return nil, fmt.Errorf("reward %s: max_completion_length is %d; give the run's limit in tokens, at least 1", name, p.MaxCompletionLength)
	}
	if p.SoftPunishCache < 1 || p.SoftPunishCache > p.MaxCompletionLength {
		return nil, fmt.Errorf("reward %s: soft_punish_cache is %d; give 1 to %d (max_completion_length)", name, p.SoftPunishCache, p.MaxCompletionLength)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{-1, 0}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result { return overlong(p, s) }), nil
}

func overlong(p LengthParams, s rewards.Sample) rewards.Result {
	length := len(s.TokenIDs)
	if s.TokenIDs == nil && s.Completion != "" {
		return rewards.Result{Status: rewards.Skipped, Reason: "length.no_tokens", Why: "the sample carries no token ids, so its length is not known"}
	}
	free := p.MaxCompletionLength - p.SoftPunishCache
	r := rewards.Result{Facts: map[string]any{"tokens": length, "free": free, "max": p.MaxCompletionLength}}
	switch {
	case length <= free:
		r.Reason, r.Why = "length.ok", fmt.Sprintf("%d tokens, at most %d are free", length, free)
	case length <= p.MaxCompletionLength:
		r.Score = float64(free-length) / float64(p.SoftPunishCache)
		r.Reason, r.Why = "length.long", fmt.Sprintf("%d tokens, %d over the %d free ones", length, length-free, free)
	default:
		r.Score = -1
		r.Reason, r.Why = "length.over", fmt.Sprintf("%d tokens, over the maximum of %d", length, p.MaxCompletionLength)
	}
	return r
}
