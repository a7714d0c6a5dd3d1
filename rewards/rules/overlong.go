package rules

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// OverlongParams are the parameters of the published soft overlong
// punishments, in tokens.
type OverlongParams struct {
	MaxCompletionLen int `json:"max_completion_len"`
	SoftPunishCache  int `json:"soft_punish_cache"` // 0 = nothing below the maximum is punished
}

// newPeerOverlong is the soft overlong punishment as open-r1 and TRL publish
// it (DAPO, arXiv 2503.14476, equation 13), which takes any two integers.
// TRL's has no defaults; open-r1's are those of its script.
func newPeerOverlong(name string, p OverlongParams) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		p := p
		if err := rule.Decode(name, params, &p); err != nil {
			return nil, err
		}
		if p.MaxCompletionLen < 1 || p.SoftPunishCache < 0 {
			return nil, fmt.Errorf("reward %s: max_completion_len is %d and soft_punish_cache %d; give at least 1 and at least 0", name, p.MaxCompletionLen, p.SoftPunishCache)
		}
		spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{-1, 0}, Deterministic: true}
		if p.SoftPunishCache > p.MaxCompletionLen {
			// Then a short completion is already in the punished stretch.
			spec.Range[0] = min(-1, -float64(p.MaxCompletionLen)/float64(p.SoftPunishCache))
		}
		return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
			return overlong(LengthParams{MaxCompletionLength: p.MaxCompletionLen, SoftPunishCache: p.SoftPunishCache}, s)
		}), nil
	}
}
