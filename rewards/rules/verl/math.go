package verl

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gradus/rewards"
)

// hendrycks is verl's math_reward, the string comparison of Hendrycks' MATH:
// the last box against the gold answer, both normalised.
func hendrycks(s rewards.Sample) rewards.Result {
	answer, ok := lastBox(s.Completion)
	if !ok {
		return rewards.Result{Reason: "math.no_box", Why: "no box that the published code can read"}
	}
	a, okA := stripString(answer)
	g, okG := stripString(s.Problem.Gold)
	if !okA || !okG { // its normalisation fails: then the texts as they are
		a, g = answer, s.Problem.Gold
	}
	if a == g {
		return rewards.Result{Score: 1, Reason: "math.same", Claim: answer, Why: fmt.Sprintf("the box and the gold answer are both %q once normalised", a)}
	}
	return rewards.Result{Reason: "math.other", Claim: answer, Why: fmt.Sprintf("the box is %q and the gold answer %q once normalised", a, g)}
}

// lastBox is last_boxed_only_string with remove_boxed; ok is false where
// the published code finds none or fails.
func lastBox(s string) (string, bool) {
	if at := strings.LastIndex(s, `\boxed `); at >= 0 {
		answer, _, _ := strings.Cut(s[at+len(`\boxed `):], "$")
		return answer, true
	}
	at := strings.LastIndex(s, `\boxed`)
	if at < 0 {
		return "", false // \fbox is found and then refused
	}
	return braced(s[at:])
}

// braced takes \boxed{…} apart; s begins with \boxed.
func braced(s string) (string, bool) {
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

// stripString is strip_string; ok is false where that raises.
func stripString(s string) (out string, ok bool) {
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
	if s, ok = fixRoots(s); !ok {
		return s, false
	}
	s = strings.ReplaceAll(s, " ", "")
	if s, ok = fixFractions(s); !ok {
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

func fixRoots(s string) (string, bool) {
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

func fixFractions(s string) (string, bool) {
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
