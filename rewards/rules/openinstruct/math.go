package openinstruct

import (
	"fmt"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// newMath is MathVerifier or, strict, StrictMathVerifier. Each candidate is
// compared by value (is_equiv: here with gradus' own arithmetic for sympy's)
// and by Hendrycks' normal form.
func newMath(strict bool) rule.Judge {
	final, minerva := regexp.MustCompile(`Final Answer: The final answer is(.*?). I hope it is correct.`), mathtext.NewMinerva(true)
	values := newFormulas()
	return func(s rewards.Sample) rewards.Result {
		var candidates []string
		if box, ok := mathtext.LastBox(s.Completion); ok && !strict {
			candidates = append(candidates, box)
		}
		var m []string
		if at := strings.Index(s.Completion, "Final Answer: The final answer is"); at >= 0 { // the expression is slow on long texts
			m = final.FindStringSubmatch(s.Completion[at:] + "I hope it is correct.")
		}
		if m != nil {
			if answer := minerva.Normal(pytext.Strip(m[1])); answer != "[invalidanswer]" {
				candidates = append(candidates, answer)
			}
		}
		if len(candidates) == 0 && !strict {
			if end := strings.LastIndexByte(s.Completion, '$'); end >= 0 {
				if open := strings.LastIndexByte(s.Completion[:end], '$'); open >= 0 {
					candidates = append(candidates, minerva.Normal(s.Completion[open+1:end]))
				}
			}
		}
		if len(candidates) == 0 {
			candidates = append(candidates, minerva.Normal(s.Completion))
			if !strict {
				candidates = append(candidates, s.Completion)
			}
		}
		for _, c := range candidates {
			if same, _, _ := (mathtext.Hendrycks{Strict: true}).Same(c, s.Problem.Gold); same {
				return rewards.Result{Score: 1, Reason: "math.same", Claim: c, Why: fmt.Sprintf("claimed %q, the text of the gold answer once normalised", short(c))}
			}
			if v := values.same(c, s.Problem.Gold); v.Equal {
				return rewards.Result{Score: 1, Reason: "math.equal", Claim: c, Why: v.Why, Facts: map[string]any{"rung": v.Rung}}
			}
		}
		last := candidates[len(candidates)-1]
		return rewards.Result{Reason: "math.other", Claim: last, Why: fmt.Sprintf("claimed %q, which is not %q in text or value", short(last), short(s.Problem.Gold))}
	}
}

// same is is_equiv: both are LaTeX that sympy's parse_latex reads, and
// the difference is 0. That reader takes every letter of a word for a variable.
func (f formulas) same(claim, gold string) mathans.Verdict {
	if !f.reads(claim) || !f.reads(gold) {
		return mathans.Verdict{Status: mathans.PredUnparsed, Why: "no formula"}
	}
	return mathans.PolicyR1.Compare(apart(gold), apart(claim), mathans.Adjust{})
}

// formulas tells what parse_latex reads, as far as that matters: numbers,
// letters, these commands and signs. It knows no sets, tuples, units or
// percentages; an infinity less itself is not 0.
type formulas struct{ thousands, zero, command, rest *regexp.Regexp }

func newFormulas() formulas {
	return formulas{
		thousands: regexp.MustCompile(`([0-9]),([0-9]{3})`),
		zero:      regexp.MustCompile(`(^|[^0-9.])0[0-9]`), // a number that sympy refuses
		command:   regexp.MustCompile(`\\([a-zA-Z]+|[,;:!])[{\[]?`),
		rest:      regexp.MustCompile(`^([0-9]\.[0-9]|[-+*/^!|() {}_0-9a-zA-Z])+$`),
	}
}

func (f formulas) reads(s string) bool {
	if len(s) > 4096 { // sympy would not be done in its five seconds
		return false
	}
	s = f.thousands.ReplaceAllString(s, "$1$2")
	known := true
	s = f.command.ReplaceAllStringFunc(s, func(c string) string {
		name := strings.TrimRight(c[1:], "{[")
		switch name {
		case "frac", "dfrac", "tfrac", "pi", "cdot", "times", "div", "left", "right", "log", "ln", "sin", "cos", "tan", "alpha", "beta", "theta", ",", ";", ":", "!":
			known = known && !strings.HasSuffix(c, "[")
		case "sqrt": // its argument stands in braces
			known = known && len(c) > 1+len(name)
		default:
			known = false
		}
		return " "
	})
	return known && (strings.TrimSpace(s) == "" || f.rest.MatchString(s)) && !f.zero.MatchString(s)
}

// apart writes a product between letters that stand side by side, so that they
// are no word and no unit.
func apart(s string) string {
	s = strings.ReplaceAll(s, `\times`, `\cdot `)
	var b strings.Builder
	command, letter := false, false
	for _, r := range s {
		isLetter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if isLetter && letter && !command {
			b.WriteString(`\cdot `)
		}
		b.WriteRune(r)
		if r != ' ' {
			letter = isLetter
		}
		command = r == '\\' || command && isLetter
		if command {
			letter = false
		}
	}
	return b.String()
}
