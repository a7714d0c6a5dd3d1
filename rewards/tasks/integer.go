package tasks

import (
	"fmt"
	"strings"

	"gradus/rewards"
)

// maxIntegerDigits bounds an integer claim.
const maxIntegerDigits = 64

// checkInteger compares a claim with an integer gold. A claim is an optional
// sign and ASCII digits with white space around it; leading zeros are nothing
// and -0 is 0.
func checkInteger(p rewards.Problem, claim string) Verdict {
	gold, ok := canonicalInteger(p.Gold)
	if !ok {
		return Verdict{Skip: true, Reason: "gold_unparsed",
			Why: fmt.Sprintf("the gold answer %q of %s is no integer", shorten(p.Gold), p.ID)}
	}
	got, ok := canonicalInteger(claim)
	if !ok {
		why := fmt.Sprintf("claimed %q, which is no integer; gold %s", shorten(claim), gold)
		if strings.TrimSpace(claim) == "" {
			why = fmt.Sprintf("the answer is empty; gold %s", gold)
		}
		return Verdict{Reason: "unparsed", Why: why, Facts: map[string]any{"gold": gold}}
	}
	v := Verdict{Valid: true, Correct: got == gold, Reason: "different",
		Why:   fmt.Sprintf("claimed %s; gold %s", got, gold),
		Facts: map[string]any{"claim": got, "gold": gold}}
	if v.Correct {
		v.Reason = "equal"
		v.Why = fmt.Sprintf("claimed %s, as the gold answer", got)
	}
	return v
}

// canonicalInteger strips white space, a plus sign and leading zeros.
func canonicalInteger(s string) (string, bool) {
	s = strings.Trim(s, " \t\r\n")
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = "-"
		}
		s = s[1:]
	}
	if s == "" || len(s) > maxIntegerDigits {
		return "", false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return "", false
		}
	}
	s = strings.TrimLeft(s, "0")
	if s == "" {
		return "0", true
	}
	return sign + s, true
}

// shorten cuts a text for a sentence.
func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
