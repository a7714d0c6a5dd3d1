package verl

import (
	"fmt"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// DAPOParams are the parameters of verl.math_dapo.
type DAPOParams struct {
	StrictBoxVerify bool `json:"strict_box_verify"` // only a box in the last 100 characters counts
}

// minerva holds the expressions of verl's normalize_final_answer.
type minerva struct {
	answer, dollars, text, bold, overline, boxed, frac, sqrt *regexp.Regexp
}

func newMinerva() minerva {
	const space = `[\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]*`
	return minerva{
		answer:  regexp.MustCompile(`(?i)Answer` + space + `:` + space + `([^\n]+)`),
		dollars: regexp.MustCompile(`(.*?)(\$)(.*?)(\$)(.*)`), text: regexp.MustCompile(`(\\text\{)(.*?)(\})`),
		bold: regexp.MustCompile(`(\\textbf\{)(.*?)(\})`), overline: regexp.MustCompile(`(\\overline\{)(.*?)(\})`),
		boxed: regexp.MustCompile(`(\\boxed\{)(.*)(\})`), frac: regexp.MustCompile(`(frac)([^{])(.)`), sqrt: regexp.MustCompile(`(sqrt)([^{])`),
	}
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
	m := newMinerva()
	spec := rewards.Spec{Name: name, Version: "1.0.0", Params: rule.Canonical(p), Range: [2]float64{-1, 1}, Deterministic: true}
	return rule.PerSample(spec, func(s rewards.Sample) rewards.Result {
		const invalid = "[INVALID]"
		tail := pytext.LastCharacters(s.Completion, 300)
		box, boxed := "", false
		if end := pytext.LastCharacters(tail, 100); strings.Contains(end, `\boxed{`) {
			box, boxed = braced(end[strings.LastIndex(end, `\boxed{`):])
		}
		claim, right := box, boxed && box == s.Problem.Gold
		if !p.StrictBoxVerify {
			claimed := invalid
			if all := m.answer.FindAllStringSubmatch(tail, -1); len(all) > 0 {
				claimed = all[len(all)-1][1]
			}
			if pred := m.normal(claimed); pred != invalid || !boxed {
				claim, right = pred, pred == m.normal(s.Problem.Gold)
			}
		}
		r := rewards.Result{Score: -1, Reason: "math.other", Claim: claim, Why: fmt.Sprintf("claimed %q; the gold answer's text is another", claim)}
		if right {
			r.Score, r.Reason, r.Why = 1, "math.same", fmt.Sprintf("claimed %q, the text of the gold answer", claim)
		}
		return r
	}), nil
}

// normal is normalize_final_answer.
func (m minerva) normal(s string) string {
	s = s[strings.LastIndexByte(s, '=')+1:]
	for _, r := range [...][2]string{{"an ", ""}, {"a ", ""}, {".$", "$"}, {`\$`, ""}, {`\ `, ""}, {" ", ""}, {"mbox", "text"}, {`,\text{and}`, ","}, {`\text{and}`, ","}, {`\text{m}`, `\text{}`}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	for _, word := range [...]string{"square", "ways", "integers", "dollars", "mph", "inches", "hours", "km", "units", `\ldots`, "sue", "points", "feet", "minutes", "digits", "cents",
		"degrees", "cm", "gm", "pounds", "meters", "meals", "edges", "students", "childrentickets", "multiples", `\text{s}`, `\text{.}`, "\\text{\ns}", `\text{}^2`, `\text{}^3`,
		"\\text{\n}", `\text{}`, `\mathrm{th}`, `^\circ`, `^{\circ}`, `\;`, `,\!`, "{,}", `"`, `\dots`} {
		s = strings.ReplaceAll(s, word, "")
	}
	s = m.dollars.ReplaceAllString(s, "$$${3}$$")
	for _, re := range []*regexp.Regexp{m.text, m.bold, m.overline, m.boxed} {
		s = re.ReplaceAllString(s, "${2}")
	}
	s = m.frac.ReplaceAllString(s, "frac{${2}}{${3}}")
	s = m.sqrt.ReplaceAllString(s, "sqrt{${2}}")
	s = strings.ReplaceAll(s, "$", "")
	if bare := strings.ReplaceAll(s, ",", ""); bare != "" && strings.TrimFunc(bare, pytext.Digit) == "" {
		s = bare
	}
	return strings.TrimFunc(s, pytext.Space)
}
