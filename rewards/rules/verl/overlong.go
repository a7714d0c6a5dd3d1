package verl

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// OverlongParams are the parameters of verl.dapo_overlong, in tokens.
type OverlongParams struct {
	OverlongBufferLen int     `json:"overlong_buffer_len"` // the punished stretch before the maximum
	PenaltyFactor     float64 `json:"penalty_factor"`      // what the whole stretch costs; 1
	MaxRespLen        int     `json:"max_resp_len"`        // longest completion
}

// newOverlong is the overlong buffer of verl's DAPO reward manager
// (workers/reward_manager/dapo.py), which adds it to the score: nothing up to
// max_resp_len less the buffer, then falling by penalty_factor over the buffer,
// and on without end, where the paper (arXiv 2503.14476, equation 13) stops.
func newOverlong(params map[string]any) (rewards.Reward, error) {
	const name = "verl.dapo_overlong"
	p := OverlongParams{PenaltyFactor: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.OverlongBufferLen < 1 || p.MaxRespLen < p.OverlongBufferLen || !(p.PenaltyFactor >= 0 && p.PenaltyFactor < 1e6) {
		return nil, fmt.Errorf("reward %s: overlong_buffer_len is %d, max_resp_len %d and penalty_factor %v; give a buffer of at least 1, a maximum of at least the buffer, a factor from 0 to a million",
			name, p.OverlongBufferLen, p.MaxRespLen, p.PenaltyFactor)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{-1e15, 0}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		if s.TokenIDs == nil && s.Completion != "" {
			return rewards.Result{Status: rewards.Skipped, Reason: "length.no_tokens", Why: "the sample carries no token ids, so its length is not known"}
		}
		free := p.MaxRespLen - p.OverlongBufferLen
		over := len(s.TokenIDs) - free
		r := rewards.Result{Reason: "length.ok", Why: fmt.Sprintf("%d tokens, at most %d are free", len(s.TokenIDs), free), Facts: map[string]any{"tokens": len(s.TokenIDs), "free": free, "max": p.MaxRespLen}}
		if score := -float64(over) / float64(p.OverlongBufferLen) * p.PenaltyFactor; score < 0 {
			r.Score, r.Reason, r.Why = score, "length.long", fmt.Sprintf("%d tokens, %d over the %d free ones", len(s.TokenIDs), over, free)
		}
		return r
	}), nil
}
