// Package verifiers holds the reward function of verifiers' MathRubric
// (PrimeIntellect-ai/verifiers, earlier willccbb/verifiers, 0.4.0 at a60a606),
// as published.
package verifiers

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// Rules are the entries of the catalogue.
func Rules() []rule.Rule {
	return []rule.Rule{{Name: "verifiers.math", Aliases: []string{"verifiers.MathRubric", "verifiers.math_rubric", "verifiers.correct_answer"},
		About: "verifiers' MathRubric: the last box behind the thinking, by Math-Verify's rules", Fixed: "gradus.accuracy", Wants: []string{"solution"},
		Make: newMath, Defaults: MathParams{MaxVerifyChars: 50_000}}}
}

// MathParams are the parameters of verifiers.math.
type MathParams struct {
	MaxVerifyChars int `json:"max_verify_chars"` // longer answers score 0
}

// newMath is MathRubric.correct_answer with its own parser: what stands in the
// last \boxed{…} behind the last </think> (or anywhere, when there is none)
// against the gold answer, each put into a box for Math-Verify. No box, a box
// that is never closed, an answer that is too long or a gold answer that
// cannot be read score 0.
func newMath(params map[string]any) (rewards.Reward, error) {
	const name = "verifiers.math"
	p := MathParams{MaxVerifyChars: 50_000}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.MaxVerifyChars < 1 {
		return nil, fmt.Errorf("reward %s: max_verify_chars is %d; give a positive number", name, p.MaxVerifyChars)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		part := answerPart(s.Completion)
		box, found := lastBox(part.In(s.Completion))
		box.From, box.To = box.From+part.From, box.To+part.From
		answer := box.In(s.Completion)
		switch {
		case !found || answer == "":
			return rewards.Result{Reason: "accuracy.no_answer", Why: "no closed \\boxed{…} with something in it stands behind the thinking"}
		case utf8.RuneCountInString(answer) > p.MaxVerifyChars:
			return rewards.Result{Reason: "accuracy.too_long", Why: fmt.Sprintf("the box holds more than %d characters", p.MaxVerifyChars)}
		}
		v := mathans.PolicyMathVerify.Verify(`\boxed{`+s.Problem.Gold+`}`, `\boxed{`+answer+`}`, mathans.Adjust{Literal: rule.Literal()})
		v.Claim = &text.Span{To: box.Len()}
		r := rule.Verdict(v, s.Completion, box)
		r.Status = rewards.OK // what cannot be read is 0
		return r
	}), nil
}

// answerPart is what stands behind the last </think>, without white space
// around it.
func answerPart(s string) text.Span {
	from := 0
	if at := strings.LastIndex(s, text.ThinkClose); at >= 0 {
		from = at + len(text.ThinkClose)
	}
	inside := strings.TrimLeftFunc(s[from:], pytext.Space)
	from = len(s) - len(inside)
	return text.Span{From: from, To: from + len(strings.TrimRightFunc(inside, pytext.Space))}
}

// lastBox is extract_boxed_answer with strict=True: braces are counted,
// whether escaped or not.
func lastBox(s string) (text.Span, bool) {
	at := strings.LastIndex(s, `\boxed{`)
	if at < 0 {
		return text.Span{}, false
	}
	from, open := at+len(`\boxed{`), 1
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return text.Span{From: from, To: i}, true
			}
		}
	}
	return text.Span{}, false
}
