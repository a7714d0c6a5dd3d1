package verl

import (
	"fmt"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// DAPOParams are the parameters of verl.math_dapo.
type DAPOParams struct {
	StrictBoxVerify bool `json:"strict_box_verify"` // only a box in the last 100 characters counts
}

// newDAPO is verl's math_dapo: 1 or -1. In the last 300 characters, what
// follows the last "Answer:" to the end of its line, else a box in the last
// 100 characters, is compared with the gold answer as a text.
func newDAPO(params map[string]any) (rewards.Reward, error) {
	const name = "verl.math_dapo"
	var p DAPOParams
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	const space = `[\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]*`
	answer, m := regexp.MustCompile(`(?i)Answer`+space+`:`+space+`([^\n]+)`), mathtext.NewMinerva(false)
	normal := func(s string) string { return pytext.Strip(m.Normal(s)) }
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{-1, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		const invalid = "[INVALID]"
		tail := pytext.LastCharacters(s.Completion, 300)
		box, boxed := "", false
		if end := pytext.LastCharacters(tail, 100); strings.Contains(end, `\boxed{`) {
			box, boxed = mathtext.Braced(end[strings.LastIndex(end, `\boxed{`):])
		}
		claim, right := box, boxed && box == s.Problem.Gold
		if !p.StrictBoxVerify {
			claimed := invalid
			if all := answer.FindAllStringSubmatch(tail, -1); len(all) > 0 {
				claimed = all[len(all)-1][1]
			}
			if pred := normal(claimed); pred != invalid || !boxed {
				claim, right = pred, pred == normal(s.Problem.Gold)
			}
		}
		r := rewards.Result{Score: -1, Reason: "math.other", Claim: claim, Why: fmt.Sprintf("claimed %q; the gold answer's text is another", claim)}
		if right {
			r.Score, r.Reason, r.Why = 1, "math.same", fmt.Sprintf("claimed %q, the text of the gold answer", claim)
		}
		return r
	}), nil
}
