package verl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// GSM8KParams are the parameters of verl.gsm8k.
type GSM8KParams struct {
	Method      string  `json:"method"`       // strict: the number behind "#### "; flexible: the last number
	FormatScore float64 `json:"format_score"` // of a wrong answer in the format
	Score       float64 `json:"score"`        // of a right one
}

// newGSM8K is verl's gsm8k: in the last 300 characters, the last number
// behind "#### ", commas taken out, must be the gold answer's very text. A
// full stop behind it is part of the number, and a sign before it is none.
func newGSM8K(params map[string]any) (rewards.Reward, error) {
	const name = "verl.gsm8k"
	p := GSM8KParams{Method: "strict", Score: 1}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if p.Method != "strict" && p.Method != "flexible" {
		return nil, fmt.Errorf("reward %s: method is %q; use strict or flexible", name, p.Method)
	}
	lo, hi := min(0, p.FormatScore, p.Score), max(0, p.FormatScore, p.Score)
	if !(lo > -1e9 && hi < 1e9) {
		return nil, fmt.Errorf("reward %s: score is %v and format_score %v; give finite numbers", name, p.Score, p.FormatScore)
	}
	strict, loose := regexp.MustCompile(`#### (-?[0-9.,]+)`), regexp.MustCompile(`-?[0-9.,]+`)
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{lo, hi}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		tail := pytext.LastCharacters(s.Completion, 300)
		answer, found := "", false
		if p.Method == "strict" {
			if all := strict.FindAllStringSubmatch(tail, -1); len(all) > 0 {
				answer, found = strings.ReplaceAll(all[len(all)-1][1], ",", ""), true
			}
		} else {
			all := loose.FindAllString(tail, -1)
			for _, answer = range slices.Backward(all) {
				found = true
				if answer != "." {
					break
				}
			}
		}
		switch {
		case !found:
			return rewards.Result{Reason: "gsm8k.no_answer", Why: "no number in the published form in the last 300 characters"}
		case answer == s.Problem.Gold:
			return rewards.Result{Score: p.Score, Reason: "gsm8k.same", Claim: answer, Why: fmt.Sprintf("claimed %s, the text of the gold answer", answer)}
		}
		return rewards.Result{Score: p.FormatScore, Reason: "gsm8k.other", Claim: answer, Why: fmt.Sprintf("claimed %s; the gold answer's text is %s", answer, s.Problem.Gold)}
	}), nil
}
