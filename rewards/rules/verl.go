package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gradus/rewards"
)

// Rewards of verl (utils/reward_score of version 0.9.1), as published. They
// compare texts, not values: gradus.accuracy is the repaired form of all three.

// VerlGSM8KParams are the parameters of verl.gsm8k.
type VerlGSM8KParams struct {
	Method      string  `json:"method"`       // strict: the number behind "#### "; flexible: the last number
	FormatScore float64 `json:"format_score"` // of a wrong answer in the format
	Score       float64 `json:"score"`        // of a right one
}

// newVerlGSM8K is verl's gsm8k: in the last 300 characters, the last number
// behind "#### ", commas taken out, must be the gold answer's very text. A
// full stop behind it is part of the number, and a sign before it is none.
func newVerlGSM8K(params map[string]any) (rewards.Reward, error) {
	const name = "verl.gsm8k"
	p := VerlGSM8KParams{Method: "strict", Score: 1}
	if err := decode(name, params, &p); err != nil {
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
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: canonical(p), Range: [2]float64{lo, hi}, Deterministic: true}
	return perSample{spec, func(s rewards.Sample) rewards.Result {
		tail := lastCharacters(s.Completion, 300)
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
	}}, nil
}

// lastCharacters are the last n code points, as Python slices text.
func lastCharacters(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

// verlMath is verl's math_reward, the string comparison of Hendrycks' MATH:
// the last box against the gold answer, both normalised.
func verlMath(s rewards.Sample) rewards.Result {
	answer, ok := verlBoxed(s.Completion)
	if !ok {
		return rewards.Result{Reason: "math.no_box", Why: "no box that the published code can read"}
	}
	a, okA := verlStrip(answer)
	g, okG := verlStrip(s.Problem.Gold)
	if !okA || !okG { // its normalisation fails: then the texts as they are
		a, g = answer, s.Problem.Gold
	}
	if a == g {
		return rewards.Result{Score: 1, Reason: "math.same", Claim: answer, Why: fmt.Sprintf("the box and the gold answer are both %q once normalised", a)}
	}
	return rewards.Result{Reason: "math.other", Claim: answer, Why: fmt.Sprintf("the box is %q and the gold answer %q once normalised", a, g)}
}

// verlBoxed is last_boxed_only_string with remove_boxed; ok is false where
// the published code finds none or fails.
func verlBoxed(s string) (string, bool) {
	if at := strings.LastIndex(s, `\boxed `); at >= 0 {
		answer, _, _ := strings.Cut(s[at+len(`\boxed `):], "$")
		return answer, true
	}
	at := strings.LastIndex(s, `\boxed`)
	if at < 0 {
		return "", false // \fbox is found and then refused
	}
	return verlBraces(s[at:])
}

// verlBraces takes \boxed{…} apart; s begins with \boxed.
func verlBraces(s string) (string, bool) {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return strings.CutPrefix(s[:i], `\boxed{`)
			}
		}
	}
	return "", false
}

// verlStrip is strip_string; ok is false where that raises.
func verlStrip(s string) (out string, ok bool) {
	s = strings.NewReplacer("\n", "").Replace(s)
	for _, r := range [...][2]string{{`\!`, ""}, {`\\`, `\`}, {"tfrac", "frac"}, {"dfrac", "frac"}, {`\left`, ""}, {`\right`, ""}, {`^{\circ}`, ""}, {`^\circ`, ""}, {`\$`, ""}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	if units := strings.Split(s, `\text{ `); len(units) > 2 {
		return s, false
	} else {
		s = units[0]
	}
	for _, r := range [...][2]string{{`\\%`, ""}, {`\%`, ""}, {" .", " 0."}, {"{.", "{0."}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	if s == "" {
		return s, true
	}
	if s[0] == '.' {
		s = "0" + s
	}
	if sides := strings.Split(s, "="); len(sides) == 2 && utf8.RuneCountInString(sides[0]) <= 2 {
		s = sides[1]
	}
	if s, ok = verlRoots(s); !ok {
		return s, false
	}
	s = strings.ReplaceAll(s, " ", "")
	if s, ok = verlFractions(s); !ok {
		return s, false
	}
	if s == "0.5" {
		s = `\frac{1}{2}`
	}
	if simpleQuotient(s) {
		a, b, _ := strings.Cut(s, "/")
		s = `\frac{` + a + "}{" + b + "}"
	}
	return s, true
}

// simpleQuotient matches what Python's int() reads and writes again the same.
func simpleQuotient(s string) bool {
	a, b, ok := strings.Cut(s, "/")
	return ok && wholeNumber(a) && wholeNumber(b)
}

func wholeNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] == '0' && s != "0" {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

func verlRoots(s string) (string, bool) {
	parts := strings.Split(s, `\sqrt`)
	for i, p := range parts[1:] {
		if p == "" {
			return s, false
		}
		if p[0] != '{' {
			_, n := utf8.DecodeRuneInString(p)
			parts[i+1] = "{" + p[:n] + "}" + p[n:]
		}
	}
	return strings.Join(parts, `\sqrt`), true
}

func verlFractions(s string) (string, bool) {
	parts := strings.Split(s, `\frac`)
	for i, p := range parts[1:] {
		if p == "" {
			return s, false
		}
		if p[0] == '{' {
			continue
		}
		_, a := utf8.DecodeRuneInString(p)
		if len(p) == a {
			return s, true // one sign alone: the whole text is left as it is
		}
		if p[a] == '{' {
			parts[i+1] = "{" + p[:a] + "}" + p[a:]
			continue
		}
		_, b := utf8.DecodeRuneInString(p[a:])
		parts[i+1] = "{" + p[:a] + "}{" + p[a:a+b] + "}" + p[a+b:]
	}
	return strings.Join(parts, `\frac`), true
}
