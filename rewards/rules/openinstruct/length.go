package openinstruct

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// LengthParams are the parameters of the verifiers of length.
type LengthParams struct {
	MaxLength int `json:"max_length_verifier_max_length"` // tokens that cost the whole point; 32768
}

// lowest bounds scores that have no bound below.
const lowest = -1e9

func newLength(name string, judge func(LengthParams) rule.Judge) func(map[string]any) (rewards.Reward, error) {
	return func(params map[string]any) (rewards.Reward, error) {
		p := LengthParams{MaxLength: 32768}
		if err := rule.Decode(name, params, &p); err != nil {
			return nil, err
		}
		if p.MaxLength < 1 {
			return nil, fmt.Errorf("reward %s: max_length_verifier_max_length is %d; give at least 1", name, p.MaxLength)
		}
		return rule.PerSample(rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{lowest, 1}, Deterministic: true}, judge(p)), nil
	}
}

// maxLength is MaxLenVerifier, whose name says less than it does: the gold
// answer is the length wanted, and shorter costs as longer does. Its score is
// negative where the distance is above the parameter.
func maxLength(p LengthParams) rule.Judge {
	return func(s rewards.Sample) rewards.Result { return length(p, s, false) }
}

// upToMaxLength is UpToMaxLenVerifier.
func upToMaxLength(p LengthParams) rule.Judge {
	return func(s rewards.Sample) rewards.Result { return length(p, s, true) }
}

func length(p LengthParams, s rewards.Sample, shorterIsFine bool) rewards.Result {
	wanted, ok := pytext.Float(s.Problem.Gold)
	if !ok {
		return unread(fmt.Sprintf("the gold answer %q is no number of tokens", short(s.Problem.Gold)))
	}
	if s.TokenIDs == nil && s.Completion != "" {
		return rewards.Result{Status: rewards.Skipped, Reason: "length.no_tokens", Why: "the sample carries no token ids, so its length in tokens is not known"}
	}
	off := float64(len(s.TokenIDs)) - wanted
	r := rewards.Result{Score: 1, Reason: "length.distance", Facts: map[string]any{"tokens": len(s.TokenIDs)}}
	switch {
	case off < 0 && shorterIsFine:
	case off < 0:
		r.Score = 1 - -off/float64(p.MaxLength)
	default:
		r.Score = 1 - off/float64(p.MaxLength)
	}
	r.Why = fmt.Sprintf("%d tokens; %v were wanted", len(s.TokenIDs), wanted)
	return r
}
