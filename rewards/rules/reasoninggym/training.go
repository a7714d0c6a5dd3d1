package reasoninggym

import (
	"fmt"
	"math"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// The secondary rewards of reasoning-gym's training with verl
// (training/rewards/reward.py), and their sum with the score of the answer
// (training/trainers/ray_grpo_trainer.py). Lengths are in characters.

// CosineParams are the parameters of reasoninggym.cosine.
type CosineParams struct {
	ScalingFactor float64 `json:"scaling_factor"` // 1; what the reward is multiplied by
}

// LengthParams are the parameters of reasoninggym.length under their published
// names and with their published defaults.
type LengthParams struct {
	ScalingFactor   float64 `json:"scaling_factor"`    // 1
	MaxScore        float64 `json:"max_score"`         // 1; of an answer, what is left of it is paid for length
	MaxOutputLength float64 `json:"max_output_length"` // 1024; above it length pays no more
}

// RewardParams are the parameters of reasoninggym.reward, the reward part of
// the published configurations.
type RewardParams struct {
	UseAccuracy      bool        `json:"use_accuracy"` // true: the answer's score is a part of the sum
	SecondaryRewards []Secondary `json:"secondary_rewards"`
}

// Secondary is one of the rewards beside the answer's score.
type Secondary struct {
	Name          string         `json:"name"`           // format, length or cosine
	ScalingFactor *float64       `json:"scaling_factor"` // 1
	Kwargs        map[string]any `json:"kwargs"`         // of format preappend_thinking_token; of length max_score and max_output_length
}

// part is a reward of a completion and the score of its answer.
type part func(completion string, correctness float64) float64

// cosinePart is cosine_scaled_reward: right answers pay 1 to 0.95, others 0 to
// 0.7, both more the nearer the length is to an odd multiple of 1000 characters
// for others and to an even one for right answers.
func cosinePart(p CosineParams) part {
	return func(completion string, correctness float64) float64 {
		least, most := 0.7, 0.0
		if correctness == 1 {
			least, most = 0.95, 1.0
		}
		cosine := math.Cos(float64(characters(completion)) / 1000 * math.Pi)
		return (least + float64(0.5*(most-least)*(1+cosine))) * p.ScalingFactor
	}
}

// lengthPart is length_reward: what the answer's score leaves of the best one,
// by the length.
func lengthPart(p LengthParams) part {
	return func(completion string, correctness float64) float64 {
		progress := min(float64(characters(completion))/p.MaxOutputLength, 1)
		return (p.MaxScore - correctness) * progress * p.ScalingFactor
	}
}

func formatPart(p FormatParams) part {
	return func(completion string, _ float64) float64 {
		if p.PreappendThinkingToken {
			completion = "<think>" + completion
		}
		if inForm(completion) {
			return p.ScalingFactor
		}
		return 0
	}
}

func newCosine(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.cosine"
	p := CosineParams{ScalingFactor: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	return withCorrectness(name, p, cosinePart(p), checkFactor(name, p.ScalingFactor))
}

func newLengthReward(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.length"
	p := LengthParams{ScalingFactor: 1, MaxScore: 1, MaxOutputLength: 1024}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	return withCorrectness(name, p, lengthPart(p), p.check(name))
}

func (p LengthParams) check(name string) error {
	if !(p.MaxOutputLength > 0 && p.MaxOutputLength < 1e12) {
		return fmt.Errorf("reward %s: max_output_length is %v; give a number above 0", name, p.MaxOutputLength)
	}
	if !(math.Abs(p.MaxScore) < 1e9) {
		return fmt.Errorf("reward %s: max_score is %v; give a finite number", name, p.MaxScore)
	}
	return checkFactor(name, p.ScalingFactor)
}

func checkFactor(name string, factor float64) error {
	if !(factor > -1e9 && factor < 1e9) {
		return fmt.Errorf("reward %s: scaling_factor is %v; give a finite number", name, factor)
	}
	return nil
}

// newReward is what the trainer pays: the sum of the parts.
func newReward(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.reward"
	p := RewardParams{UseAccuracy: true}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	var parts []part
	if p.UseAccuracy {
		parts = append(parts, func(_ string, correctness float64) float64 { return correctness })
	}
	for _, s := range p.SecondaryRewards {
		of, err := s.part(name)
		if err != nil {
			return nil, err
		}
		parts = append(parts, of)
	}
	return withCorrectness(name, p, func(completion string, correctness float64) float64 {
		sum := 0.0
		for _, of := range parts {
			sum += of(completion, correctness)
		}
		return sum
	}, nil)
}

// part makes a secondary reward. The trainer leaves out names that it does not
// know; here they are errors.
func (s Secondary) part(name string) (part, error) {
	factor := 1.0
	if s.ScalingFactor != nil {
		factor = *s.ScalingFactor
	}
	if err := checkFactor(name, factor); err != nil {
		return nil, err
	}
	where := name + ", secondary reward " + s.Name
	switch s.Name {
	case "format":
		p := FormatParams{ScalingFactor: factor}
		err := rule.Decode(where, s.Kwargs, &p)
		return formatPart(p), err
	case "length":
		p := LengthParams{ScalingFactor: factor, MaxScore: 1, MaxOutputLength: 1024}
		if err := rule.Decode(where, s.Kwargs, &p); err != nil {
			return nil, err
		}
		return lengthPart(p), p.check(where)
	case "cosine":
		p := CosineParams{ScalingFactor: factor}
		err := rule.Decode(where, s.Kwargs, &p)
		return cosinePart(p), err
	}
	return nil, fmt.Errorf("reward %s: there is no secondary reward %q; there are format, length and cosine", name, s.Name)
}

// withCorrectness is a reward function of the completion and the score of its
// answer by the data set that the row's metadata names. Where that has no score
// there is none.
func withCorrectness(name string, params any, of part, err error) (rewards.Reward, error) {
	if err != nil {
		return nil, err
	}
	correctness := byDataset()
	spec := rule.Binary(name)
	spec.Params, spec.Range = rule.Canonical(params), [2]float64{-math.MaxFloat64, math.MaxFloat64} // calendar_arithmetic's scores have no bound
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		r := correctness(s)
		if r.Status != rewards.OK {
			return r
		}
		score := of(s.Completion, r.Score)
		r.Reason, r.Why = "reasoninggym.sum", fmt.Sprintf("%.4g with an answer worth %.3g and %d characters", score, r.Score, characters(s.Completion))
		r.Score = score
		return r
	}), nil
}

// unslothForm is _format_reward of examples/unsloth: a think part without
// either think tag in it, a line end, and an answer part to the end.
func unslothForm(s rewards.Sample) rewards.Result {
	no := rewards.Result{Reason: "reasoninggym.no_form", Why: "the completion is not one <think> part, a line end and one <answer> part"}
	rest, ok := strings.CutPrefix(s.Completion, "<think>")
	think, rest, closed := strings.Cut(rest, "</think>")
	if !ok || !closed || strings.Contains(think, "<think>") {
		return no
	}
	rest, ok = strings.CutPrefix(rest, "\n<answer>")
	if !ok || !strings.HasSuffix(strings.TrimSuffix(rest, "\n"), "</answer>") {
		return no
	}
	return rewards.Result{Score: 1, Reason: "reasoninggym.form", Why: "one <think> part, a line end and one <answer> part"}
}
