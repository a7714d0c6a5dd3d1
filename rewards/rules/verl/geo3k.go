package verl

import (
	"fmt"

	"gradus/rewards"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/mathruler"
	"gradus/rewards/rules/rule"
)

// Geo3KParams are the parameters of verl.geo3k.
type Geo3KParams struct {
	UseBoxed    bool    `json:"use_boxed"`    // the answer is the last box, else the whole completion
	FormatScore float64 `json:"format_score"` // the format's share of the score
}

// newGeo3K is verl's geo3k: accuracy by the package mathruler and the format
// of thinking and box, by default 0.9 and 0.1 of the score.
func newGeo3K(params map[string]any) (rewards.Reward, error) {
	const name = "verl.geo3k"
	p := Geo3KParams{UseBoxed: true, FormatScore: 0.1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if !(p.FormatScore >= 0 && p.FormatScore <= 1) {
		return nil, fmt.Errorf("reward %s: format_score is %v; give a share from 0 to 1", name, p.FormatScore)
	}
	g := grader.New()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		answer := s.Completion
		if p.UseBoxed {
			answer, _ = mathruler.Boxed(s.Completion)
		}
		accuracy, format := mathruler.Accuracy(g, answer, s.Problem.Gold), 0.
		if mathruler.ThinkAndBox(s.Completion) {
			format = 1
		}
		return mathruler.Result(answer, accuracy, format, (1-p.FormatScore)*accuracy+p.FormatScore*format)
	}), nil
}
