package rules

import (
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
// it (DAPO, arXiv 2503.14476, equation 13), which takes any two integers: with
// a cache above the maximum a short completion is already in the punished
// stretch, and with a negative one nothing is.
// TRL's has no defaults; open-r1's are those of its script.
func newPeerOverlong(name string, p OverlongParams) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		p := p
		if err := rule.Decode(name, params, &p); err != nil {
			return nil, err
		}
		spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{-1, 0}, Deterministic: true}
		return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
			return overlong(LengthParams{MaxCompletionLength: p.MaxCompletionLen, SoftPunishCache: p.SoftPunishCache}, s)
		}), nil
	}
}
