package reasoninggym

import (
	"errors"
	"math"
	"strings"

	"gradus/rewards"
	"gradus/rewards/mathans"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// newCascade is score_answer_cascade (reasoning_gym/scoring.py): the score of
// the data set that the metadata names, and where that is below 0.99, the best
// of it and of more lenient comparisons, which pay 1 or nothing.
func newCascade(params map[string]any) (rewards.Reward, error) {
	const name = "reasoninggym.cascade"
	if err := rule.Decode(name, params, &struct{}{}); err != nil {
		return nil, err
	}
	return rule.PerSample(spec(name, ""), byDatasetWith(generator.lenient)), nil
}

// lenient is the data set with score_answer_cascade for its score_answer. What
// makes the published score_answer fail counts for nothing there.
func (g generator) lenient() generator {
	strict := g.score
	g.score = func(answer string, found bool, e entry) (float64, error) {
		if !found {
			return 0, nil
		}
		best := 0.0
		tries := []string{answer}
		if plain := stripLatex(answer); plain != answer {
			tries = append(tries, plain)
		}
		for _, text := range tries {
			v, err := strict(text, true, e)
			var row rowError
			switch {
			case errors.As(err, &row):
				return 0, err
			case err == nil && v >= nearlyRight:
				return v, nil
			case err == nil:
				best = max(best, v)
			}
		}
		if sameText(answer, e.answer) || sameText(stripLatex(answer), stripLatex(e.answer)) || sameFloat(answer, e.answer) ||
			sameMath(answer, e.answer) || sameMath(asText(answer), asText(e.answer)) {
			return 1, nil
		}
		return best, nil
	}
	return g
}

// nearlyRight ends the cascade.
const nearlyRight = 0.99

var (
	inlineWhole = pytext.Expression(`\A\\\((.*)\\\)\z`)
	inlineMath  = pytext.Expression(`\\\((.*?)\\\)`)
	textCommand = pytext.Expression(`\\(?:text|mathrm)\{([^}]*)\}`)
	romanType   = pytext.Expression(`\\mathrm\{([^}]*)\}`)
)

// stripLatex is strip_latex: without the delimiters of formulas, commands of
// text, backslashes and runs of white space.
func stripLatex(s string) string {
	s = inlineWhole().ReplaceAllString(pytext.Strip(s), "$1")
	s = inlineMath().ReplaceAllString(s, "$1")
	s = textCommand().ReplaceAllString(s, "$1")
	for strings.Contains(s, `\\`) { // a run of two and more is one blank
		from := strings.Index(s, `\\`)
		s = s[:from] + " " + strings.TrimLeft(s[from:], `\`)
	}
	s = strings.NewReplacer("~", " ", `\`, "").Replace(s)
	return strings.Join(pytext.Words(s), " ")
}

// asText is _mathrm_to_text.
func asText(s string) string { return romanType().ReplaceAllString(s, `\text{$1}`) }

// sameText is string_match.
func sameText(a, b string) bool {
	return pytext.Strip(pytext.Lower(a)) == pytext.Strip(pytext.Lower(b))
}

// sameFloat is float_match: within a hundredth, of the larger or of 1.
func sameFloat(a, b string) bool {
	x, isNumber := pytext.Float(a)
	y, also := pytext.Float(b)
	return isNumber && also && near(x, y)
}

func near(x, y float64) bool {
	return math.Abs(x-y) <= max(0.01*max(math.Abs(x), math.Abs(y)), 0.01)
}

// sameMath is math_match: Math-Verify's judgement of the two as formulas, else
// their values as near as those of sameFloat.
func sameMath(answer, gold string) bool {
	a, b := "$"+inside(gold)+"$", "$"+inside(answer)+"$"
	if mathans.PolicyMathVerify.Verify(a, b, mathans.Adjust{Literal: rule.Literal()}).Equal {
		return true
	}
	x, isNumber := rule.Literal().Number(a)
	y, also := rule.Literal().Number(b)
	return isNumber && also && near(x, y)
}

// inside is a formula without its delimiters.
func inside(s string) string {
	s = strings.Trim(s, "$")
	for _, d := range [...][2]string{{`\[`, `\]`}, {`\(`, `\)`}, {`\,`, `\,`}} {
		if strings.HasPrefix(s, d[0]) && strings.HasSuffix(s, d[1]) {
			s = pytext.Strip(s[2:max(2, len(s)-2)])
		}
	}
	return s
}
