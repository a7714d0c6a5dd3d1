package rules

import (
	"fmt"
	"unicode/utf8"

	"gradus/rewards"
	"gradus/rewards/rules/rule"
)

// kimiForm is a length reward over the group (Kimi k1.5, arXiv 2501.12599,
// section 2.3.3): with λ = 1/2 − (length − shortest)/(longest − shortest), a
// correct completion is paid λ and a wrong one min(0, λ); in a group of equal
// lengths everyone is paid 0.
type kimiForm struct {
	name   string
	unit   string
	length func(s rewards.Sample) int
	tokens bool
	judge  func(s rewards.Sample) rewards.Result
	// unparsedIsCorrect: a completion whose gold cannot be read counts as
	// correct instead of being skipped.
	unparsedIsCorrect bool
}

// openR1Kimi is open-r1's len_reward: characters, Math-Verify with gold and
// claim swapped, and an unreadable gold counted as correct.
func openR1Kimi() kimiForm {
	return kimiForm{name: "openr1.length", unit: "characters", unparsedIsCorrect: true, judge: openR1LatexAccuracy,
		length: func(s rewards.Sample) int { return utf8.RuneCountInString(s.Completion) }}
}

// gradusKimi counts tokens and judges by the task's own checker.
func gradusKimi() kimiForm {
	return kimiForm{name: "gradus.kimi_length", unit: "tokens", tokens: true, judge: accuracy,
		length: func(s rewards.Sample) int { return len(s.TokenIDs) }}
}

func (f kimiForm) make(params map[string]any) (rewards.Reward, error) {
	if err := rule.Decode(f.name, params, &struct{}{}); err != nil {
		return nil, err
	}
	spec := rewards.Spec{Name: f.name, Version: "1.0.0", Range: [2]float64{-0.5, 0.5}, Deterministic: true}
	return rule.GroupWise(spec, f.score), nil
}

func (f kimiForm) score(samples []rewards.Sample) []rewards.Result {
	out := make([]rewards.Result, len(samples))
	shortest, longest := -1, -1
	for i, s := range samples {
		if f.tokens {
			if r, ok := noTokens(s); ok {
				out[i] = r
				continue
			}
		}
		n := f.length(s)
		if shortest < 0 || n < shortest {
			shortest = n
		}
		longest = max(longest, n)
	}
	for i, s := range samples {
		if out[i].Status != rewards.OK {
			continue
		}
		if shortest == longest {
			out[i] = rewards.Result{Reason: "length.equal", Why: fmt.Sprintf("all completions of the group are %d %s long", longest, f.unit)}
			continue
		}
		v := f.judge(s)
		if v.Status == rewards.Skipped && f.unparsedIsCorrect {
			v.Status, v.Score = rewards.OK, 1
			v.Why += "; the published function counts it as correct"
		}
		if v.Status != rewards.OK {
			out[i] = v
			continue
		}
		n := f.length(s)
		lambda := 0.5 - float64(n-shortest)/float64(longest-shortest)
		word := "correct"
		v.Facts = map[string]any{"length": n, "shortest": shortest, "longest": longest, "correct": v.Score != 0}
		if v.Score == 0 {
			word, lambda = "wrong", min(0, lambda)
		}
		v.Score = lambda
		v.Reason = "length." + word
		v.Why = fmt.Sprintf("%s and %d %s long, the group from %d to %d: %s", word, n, f.unit, shortest, longest, v.Why)
		out[i] = v
	}
	return out
}
