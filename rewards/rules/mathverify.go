package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/rule"
	"gradus/rewards/text"
)

// The published accuracy rewards hand gold and completion to Math-Verify: the
// gold in any form, the completion only as LaTeX with a box first. A gold
// that yields nothing is skipped (None); everything else is 0 or 1.

// trlAccuracy is TRL's accuracy_reward.
func trlAccuracy(s rewards.Sample) rewards.Result {
	return rewards.Once(s, "trl.accuracy", func() rewards.Result {
		return mathVerify(s, text.Span{To: len(s.Completion)}, mathans.TRLAccuracy)
	})
}

// openR1Accuracy is open-r1's accuracy_reward, which reads no other claim of a
// gold answer than its first.
func openR1Accuracy(s rewards.Sample) rewards.Result {
	return rewards.Once(s, "openr1.accuracy", func() rewards.Result {
		return mathVerify(s, text.Span{To: len(s.Completion)}, mathans.OpenR1Accuracy)
	})
}

// openR1LatexAccuracy judges as open-r1's length rewards do: the gold, too,
// must be LaTeX, and the two are handed to verify in the wrong order.
func openR1LatexAccuracy(s rewards.Sample) rewards.Result {
	return rewards.Once(s, "openr1.accuracy of LaTeX", func() rewards.Result {
		return mathVerify(s, text.Span{To: len(s.Completion)}, mathans.OpenR1Length)
	})
}

// ReasoningAccuracyParams are the parameters of trl.reasoning_accuracy.
type ReasoningAccuracyParams struct {
	ReasoningDelimiters []string `json:"reasoning_delimiters"` // ["</think>"]
}

// newReasoningAccuracy is TRL's reasoning_accuracy_reward: only the text
// after the last of the delimiters counts (the first delimiter of the list
// that occurs at all is taken), and a completion without any is 0, not None.
func newReasoningAccuracy(params map[string]any) (rewards.Reward, error) {
	const name = "trl.reasoning_accuracy"
	p := ReasoningAccuracyParams{ReasoningDelimiters: []string{text.ThinkClose}}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	if slices.Contains(p.ReasoningDelimiters, "") {
		return nil, fmt.Errorf("reward %s: one of reasoning_delimiters is empty; give texts that end the reasoning, as </think>", name)
	}
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{0, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		for _, d := range p.ReasoningDelimiters {
			if at := strings.LastIndex(s.Completion, d); at >= 0 {
				return mathVerify(s, text.Span{From: at + len(d), To: len(s.Completion)}, mathans.TRLAccuracy)
			}
		}
		return rewards.Result{Reason: "accuracy.no_reasoning_end", Why: "the reasoning never ends: none of " + strings.Join(p.ReasoningDelimiters, ", ") + " is there"}
	}), nil
}

// mathVerify judges the part of a completion against the gold answer. One that
// a caller gives as a number or another value that is no text is not read:
// Math-Verify's parse fails on it and yields nothing.
func mathVerify(s rewards.Sample, part text.Span, by mathans.Caller) rewards.Result {
	if given := bytes.TrimSpace(s.Columns["solution"]); len(given) > 0 && given[0] != '"' {
		return rewards.Result{Status: rewards.Skipped, Reason: "accuracy.gold_unparsed", Why: fmt.Sprintf("the solution is %.40s, not a text, and Math-Verify reads texts only", given)}
	}
	return rule.Verdict(rule.Literal().Published(s.Problem.Gold, part.In(s.Completion), by), s.Completion, part)
}
