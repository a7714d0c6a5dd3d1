package openinstruct

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// RewardParams are the parameters of openinstruct.reward, as in open-instruct's
// RewardConfig.
type RewardParams struct {
	Verifier                   string  `json:"verifier"`                     // for rows without a column "dataset"
	ApplyR1StyleFormatReward   bool    `json:"apply_r1_style_format_reward"` // false
	R1StyleFormatReward        float64 `json:"r1_style_format_reward"`       // 1
	ApplyVerifiableReward      bool    `json:"apply_verifiable_reward"`      // true
	VerificationReward         float64 `json:"verification_reward"`          // 10
	AdditiveFormatReward       bool    `json:"additive_format_reward"`       // false: the form gates the verifiers
	NonStopPenalty             bool    `json:"non_stop_penalty"`             // false
	NonStopPenaltyValue        float64 `json:"non_stop_penalty_value"`       // -10
	MaxLengthVerifierMaxLength int     `json:"max_length_verifier_max_length"`
}

// newReward is the reward function that RewardConfig builds, for completions
// without tools and environments: the sum over the row's verifiers (column
// "dataset", a name or a list; the gold answers beside it, one or as many)
// times verification_reward. With the format reward but without
// additive_format_reward, that sum is paid only where the format reward is
// exactly 1, and the format reward itself is not. A completion that was cut
// gets the penalty alone.
func newReward(params map[string]any) (rewards.Reward, error) {
	const name = "openinstruct.reward"
	p := RewardParams{R1StyleFormatReward: 1, ApplyVerifiableReward: true, VerificationReward: 10, NonStopPenaltyValue: -10, MaxLengthVerifierMaxLength: 32768}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if !bounded(p.R1StyleFormatReward) || !bounded(p.VerificationReward) || !bounded(p.NonStopPenaltyValue) || p.MaxLengthVerifierMaxLength < 1 {
		return nil, fmt.Errorf("reward %s: give finite numbers, and a max_length_verifier_max_length of at least 1", name)
	}
	judges := map[string]rule.Judge{"passthrough": func(rewards.Sample) rewards.Result { return rewards.Result{} }}
	for _, v := range verifiers() {
		judges[v.name] = v.judge(LengthParams{MaxLength: p.MaxLengthVerifierMaxLength})
	}
	if p.Verifier != "" {
		if _, ok := judges[strings.ToLower(p.Verifier)]; !ok {
			known := slices.Sorted(maps.Keys(judges))
			return nil, fmt.Errorf("reward %s: verifier %q is unknown; did you mean %q? Here are %s", name, p.Verifier, text.Nearest(p.Verifier, known), strings.Join(known, ", "))
		}
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{lowest, -lowest}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result { return p.score(judges, s) }), nil
}

func (p RewardParams) score(judges map[string]rule.Judge, s rewards.Sample) rewards.Result {
	facts := map[string]any{}
	r := rewards.Result{Reason: "openinstruct.sum", Facts: facts}
	var format float64
	if p.ApplyR1StyleFormatReward {
		if _, _, ok := softFormat(s.Completion); ok {
			format = p.R1StyleFormatReward
		}
		facts["format"], r.Score = format, format
	}
	if p.ApplyVerifiableReward {
		verified, parts, bad := p.verified(judges, s)
		if bad.Status != rewards.OK {
			return bad
		}
		facts["verifiers"] = parts
		switch {
		case p.ApplyR1StyleFormatReward && p.AdditiveFormatReward:
			r.Score = verified + format
		case p.ApplyR1StyleFormatReward && format != 1:
			r.Score = 0
		default:
			r.Score = verified
		}
	}
	if p.NonStopPenalty && cut(s) {
		r.Score, r.Reason, r.Why = p.NonStopPenaltyValue, "openinstruct.cut", "the completion did not end by itself: the penalty alone"
		return r
	}
	r.Why = fmt.Sprintf("verifiers %v, format %v: paid %v", facts["verifiers"], format, r.Score)
	return r
}

// verified is apply_verifiable_reward of one completion; names that
// open-instruct does not know pay nothing, those of verifiers that ask a
// model, a server or another library are errors.
func (p RewardParams) verified(judges map[string]rule.Judge, s rewards.Sample) (sum float64, parts map[string]float64, bad rewards.Result) {
	names := []string{p.Verifier}
	if raw, ok := s.Columns["dataset"]; ok {
		var one string
		if json.Unmarshal(raw, &one) == nil {
			names = []string{one}
		} else if json.Unmarshal(raw, &names) != nil {
			return 0, nil, failed(fmt.Sprintf("the column dataset holds %.60s; give the name of a verifier, or a list", raw))
		}
	} else if p.Verifier == "" {
		return 0, nil, failed("the row has no column dataset, which names its verifier; add it, or give the parameter verifier")
	}
	golds, err := goldTexts(s, len(names))
	if err != nil {
		return 0, nil, failed(err.Error())
	}
	parts = map[string]float64{}
	for i, name := range names {
		name = strings.ToLower(name)
		judge, known := judges[name]
		if !known {
			if elsewhere(name) {
				return 0, nil, failed(fmt.Sprintf("open-instruct's verifier %q is not built in: it asks a model or a server", name))
			}
			continue
		}
		// What ifeval reads is itself a list, of an object or the text of one.
		if name != "ifeval" || len(names) > 1 || !strings.HasPrefix(golds[i], "{") {
			s.Problem.Gold = golds[i]
		}
		r := judge(s)
		if r.Status != rewards.OK {
			return 0, nil, r
		}
		sum += p.VerificationReward * r.Score
		parts[name] += p.VerificationReward * r.Score
	}
	return sum, parts, rewards.Result{}
}

// goldTexts are as many gold answers as there are verifiers: one text, or the
// elements of a list.
func goldTexts(s rewards.Sample, n int) ([]string, error) {
	golds := []string{s.Problem.Gold}
	var list []json.RawMessage
	if strings.HasPrefix(s.Problem.Gold, "[") && json.Unmarshal([]byte(s.Problem.Gold), &list) == nil && (n > 1 || len(list) == 1) {
		golds = make([]string, len(list))
		for i, raw := range list {
			if json.Unmarshal(raw, &golds[i]) != nil {
				golds[i] = string(raw)
			}
		}
	}
	if len(golds) != n {
		return nil, fmt.Errorf("the row has %d gold answers for %d verifiers", len(golds), n)
	}
	return golds, nil
}

// elsewhere says whether a verifier of open-instruct is none of those here.
func elsewhere(name string) bool {
	return name == "code" || name == "code_stdio" || name == "rubric" || strings.HasPrefix(name, "general-")
}

// cut says whether generation ended otherwise than by itself.
func cut(s rewards.Sample) bool {
	var why string
	if raw, ok := s.Columns["finish_reasons"]; ok && json.Unmarshal(raw, &why) == nil {
		return why != "stop"
	}
	return s.Truncated
}
