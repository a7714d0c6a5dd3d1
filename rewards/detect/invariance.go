package detect

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"gradus/rewards/mathans"
)

// invariance judges the claim again as it could have been written as well: with
// other white space, another name for its only variable, its set in another
// order. A verdict that changes is the verifier's fault, and what pays then may
// be the way of writing.
func invariance(t Trace) (Signal, bool) {
	if t.Gold == "" || t.Claim == "" || len(t.Claim) > 1000 || len(t.Gold) > 1000 {
		return Signal{}, false
	}
	before := mathans.Compare(t.Gold, t.Claim)
	if before.Status != mathans.Equal && before.Status != mathans.Different {
		return Signal{}, false
	}
	for _, w := range rewritten(t.Gold, t.Claim) {
		after := mathans.Compare(w.gold, w.claim)
		if after.Equal != before.Equal {
			return Signal{Value: 1, Flag: true, Why: fmt.Sprintf("the verdict is %s for %.40q and %s for %.40q, which differs by %s only",
				before.Status, t.Claim, after.Status, w.claim, w.by), Facts: map[string]any{"by": w.by, "claim": w.claim}}, true
		}
	}
	return Signal{}, true
}

// writing is another way to write a gold answer and a claim.
type writing struct{ gold, claim, by string }

// patterns find what can be written in another way.
var patterns = sync.OnceValue(func() (p struct{ letter, set, signs *regexp.Regexp }) {
	p.letter = regexp.MustCompile(`\b[a-z]\b`)
	p.set = regexp.MustCompile(`^\\\{([^{}()\[\]]*)\\\}$`)
	p.signs = regexp.MustCompile(`\s*([=+])\s*`)
	return p
})

func rewritten(gold, claim string) []writing {
	out := []writing{{gold, " " + claim + "\n", "white space around it"}, {gold, patterns().signs.ReplaceAllString(claim, " $1 "), "white space around signs"}}
	if !strings.Contains(gold+claim, `\`) { // letters of commands are no variables
		if name := onlyVariable(gold + " " + claim); name != "" {
			rename := func(s string) string {
				return patterns().letter.ReplaceAllStringFunc(s, func(string) string { return "q" })
			}
			out = append(out, writing{rename(gold), rename(claim), "the variable's name"})
		}
	}
	if m := patterns().set.FindStringSubmatch(strings.TrimSpace(claim)); m != nil {
		if parts := strings.Split(m[1], ","); len(parts) > 1 {
			parts = append(parts[1:], parts[0])
			out = append(out, writing{gold, `\{` + strings.Join(parts, ",") + `\}`, "the order of a set"})
		}
	}
	return out
}

// onlyVariable is the one letter that stands alone in a text, other than those
// with a meaning of their own.
func onlyVariable(s string) string {
	name := ""
	for _, l := range patterns().letter.FindAllString(s, -1) {
		if strings.Contains("aeiq", l) || name != "" && l != name {
			return ""
		}
		name = l
	}
	return name
}
