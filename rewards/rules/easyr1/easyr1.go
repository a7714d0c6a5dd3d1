// Package easyr1 holds the reward functions that EasyR1 ships as examples
// (hiyouga/EasyR1 at b44b311, examples/reward_function), as published.
package easyr1

import (
	"fmt"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/mathruler"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{
		{Name: "easyr1.math", About: "EasyR1's math: accuracy of the last box by mathruler, and the format of thinking and box, weighted", Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: newMath, Defaults: Params{FormatWeight: 0.1}},
		{Name: "easyr1.r1v", About: "EasyR1's r1v: accuracy of the first <answer> by mathruler, and the format of thinking and answer, weighted", Fixed: "gradus.accuracy", Wants: []string{"solution"},
			Make: newR1V, Defaults: Params{FormatWeight: 0.5}},
	}
}

// Params are the parameters of EasyR1's functions.
type Params struct {
	FormatWeight float64 `json:"format_weight"` // the format's share of the score
}

// parts returns the answer of a completion, the gold answer as compared, and
// whether the format is kept.
type parts func(s rewards.Sample) (answer, gold string, format bool)

func weighted(name string, weight float64, params map[string]any, take parts) (rewards.Reward, error) {
	p := Params{FormatWeight: weight}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if !(p.FormatWeight >= 0 && p.FormatWeight <= 1) {
		return nil, fmt.Errorf("reward %s: format_weight is %v; give a share from 0 to 1", name, p.FormatWeight)
	}
	g := grader.New()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		answer, gold, kept := take(s)
		accuracy, format := mathruler.Accuracy(g, answer, gold), 0.
		if kept {
			format = 1
		}
		return mathruler.Result(answer, accuracy, format, (1-p.FormatWeight)*accuracy+p.FormatWeight*format)
	}), nil
}

// newMath is examples/reward_function/math.py. White space around <, > and /
// is taken out of the completion first.
func newMath(params map[string]any) (rewards.Reward, error) {
	return weighted("easyr1.math", 0.1, params, func(s rewards.Sample) (string, string, bool) {
		response := tight(s.Completion)
		answer, _ := mathruler.Boxed(response)
		return answer, s.Problem.Gold, mathruler.ThinkAndBox(response)
	})
}

// newR1V is examples/reward_function/r1v.py. An answer of several lines is not
// found; then the whole completion is the answer.
func newR1V(params map[string]any) (rewards.Reward, error) {
	return weighted("easyr1.r1v", 0.5, params, func(s rewards.Sample) (string, string, bool) {
		answer := s.Completion
		if found := pytext.LineAnswers(answer); len(found) > 0 {
			answer = found[0].In(answer)
		}
		return pytext.Strip(answer), pytext.Strip(s.Problem.Gold), thinkThenAnswer(s.Completion)
	})
}

// tight is re.sub(r"\s*(<|>|/)\s*", r"\1", s).
func tight(s string) string {
	var b strings.Builder
	for {
		at := strings.IndexAny(s, "<>/")
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(strings.TrimRightFunc(s[:at], pytext.Space))
		b.WriteByte(s[at])
		s = strings.TrimLeftFunc(s[at+1:], pytext.Space)
	}
}

// thinkThenAnswer says whether
// re.fullmatch(r"<think>.*?</think>\s*<answer>.*?</answer>", s, re.DOTALL)
// matches: some </think> is followed by an <answer>, and </answer> is the end.
func thinkThenAnswer(s string) bool {
	rest, ok := strings.CutPrefix(s, text.ThinkOpen)
	if !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, text.AnswerClose); !ok {
		return false
	}
	for {
		if _, rest, ok = strings.Cut(rest, text.ThinkClose); !ok {
			return false
		}
		if strings.HasPrefix(strings.TrimLeftFunc(rest, pytext.Space), text.AnswerOpen) {
			return true
		}
	}
}
