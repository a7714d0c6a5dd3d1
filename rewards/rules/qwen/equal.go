package qwen

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/tora"
)

// longestCompared bounds the bytes of texts that are compared by parts and
// values; longer ones are equal only as they are. The published callers give
// up after some seconds.
const longestCompared = 4096

// Equal is math_equal of Qwen2.5-Math's evaluation/grader.py, a descendant of
// ToRA's. NewEqual makes it; it may be used by several at once.
type Equal struct {
	choice, braces, brackets *regexp.Regexp
}

// NewEqual compiles the expressions.
func NewEqual() *Equal {
	return &Equal{regexp.MustCompile(`\b(A|B|C|D|E)\b`), regexp.MustCompile(`\{.*,.*\}`), regexp.MustCompile(`\A(\(|\[).+(\)|\])`)}
}

// Same says whether the claim pred is the gold answer: as a number within one
// part in ten thousand, also after a multiplication or division by 100; as a
// text without brackets; as tuples and matrices by their elements; as an
// equation; or by what parse_latex reads.
func (e *Equal) Same(pred, gold string) bool {
	if pytext.Lower(pytext.Strip(pred)) == pytext.Lower(pytext.Strip(gold)) {
		return true
	}
	if len(gold) == 1 && gold >= "A" && gold <= "E" && e.cleanChoice(pred) == gold {
		return true
	}
	if x, ok := digits(pred); ok {
		if y, ok := digits(gold); ok {
			return tora.CloseAsPercent(x, y)
		}
	}
	if pred == "" || len(pred) > longestCompared || len(gold) > longestCompared {
		return false
	}
	gold, pred = pytext.Strip(gold), pytext.Strip(pred)
	if strings.Contains(pred, "pmatrix") && !strings.Contains(gold, "pmatrix") {
		gold = e.toMatrix(gold)
	}
	if p, g := tora.Bare(pred, gold); pytext.Lower(p) == pytext.Lower(g) {
		return true
	}
	if e.brackets.MatchString(pred) && e.brackets.MatchString(gold) && e.all(strings.Split(tora.Inner(pred), ","), strings.Split(tora.Inner(gold), ",")) {
		return true
	}
	if matrix(pred) && matrix(gold) && e.sameMatrix(pred, gold) {
		return true
	}
	if e.sameEquation(pred, gold) {
		return true
	}
	return symbolicEqual(pred, gold)
}

// all compares lists of the same length.
func (e *Equal) all(pred, gold []string) bool {
	if len(pred) != len(gold) {
		return false
	}
	for i := range pred {
		if !e.Same(pred[i], gold[i]) {
			return false
		}
	}
	return true
}

func (e *Equal) cleanChoice(s string) string {
	s = strings.TrimRight(strings.Trim(s, "\n"), ".")
	s = strings.TrimLeft(strings.Trim(strings.TrimRight(s, "/"), " "), ":")
	if all := e.choice.FindAllString(strings.ToUpper(s), -1); len(all) > 0 {
		return all[len(all)-1]
	}
	return strings.TrimRight(strings.TrimRight(strings.Trim(pytext.Strip(s), "."), "."), "/")
}

// digits is parse_digits: a number without its commas, or a hundredth of what
// stands before a percent sign.
func digits(s string) (float64, bool) {
	s = strings.ReplaceAll(s, ",", "")
	if v, ok := pytext.Float(s); ok {
		return v, true
	}
	if s, ok := strings.CutSuffix(s, "%"); ok {
		v, ok := pytext.Float(strings.TrimSuffix(s, `\`))
		return v / 100, ok
	}
	return 0, false
}

// toMatrix is str_to_pmatrix, backslashes as it writes them.
func (e *Equal) toMatrix(s string) string {
	var out []string
	for _, m := range e.braces.FindAllString(s, -1) {
		out = append(out, `\begin{pmatrix}`+strings.ReplaceAll(strings.Trim(m, "{}"), ",", `\`)+`\end{pmatrix}`)
	}
	return strings.Join(out, ", ")
}

func matrix(s string) bool {
	return (strings.HasPrefix(s, `\begin{pmatrix}`) || strings.HasPrefix(s, `\begin{bmatrix}`)) && (strings.HasSuffix(s, `\end{pmatrix}`) || strings.HasSuffix(s, `\end{bmatrix}`))
}

// sameMatrix compares matrices by their elements.
func (e *Equal) sameMatrix(pred, gold string) bool {
	lines := func(s string) []string {
		var out []string
		from, to := len(`\begin{pmatrix}`), len(s)-len(`\end{pmatrix}`)
		for line := range strings.SplitSeq(s[min(from, len(s)):max(min(from, len(s)), to)], `\\`) {
			if line = pytext.Strip(line); line != "" {
				out = append(out, line)
			}
		}
		return out
	}
	p, g := lines(pred), lines(gold)
	if len(p) != len(g) {
		return false
	}
	for i := range p {
		if !e.all(strings.Split(p[i], "&"), strings.Split(g[i], "&")) {
			return false
		}
	}
	return true
}

// sameEquation compares equations by the differences of their sides, either
// way round, and takes off a short left side that only one of the two has.
func (e *Equal) sameEquation(pred, gold string) bool {
	p, g := strings.Split(pred, "="), strings.Split(gold, "=")
	short := func(s string) bool { return utf8.RuneCountInString(pytext.Strip(s)) <= 2 }
	switch {
	case len(p) == 2 && len(g) == 2:
		x := pytext.Strip(p[0]) + " - (" + pytext.Strip(p[1]) + ")"
		y := pytext.Strip(g[0]) + " - (" + pytext.Strip(g[1]) + ")"
		return symbolicEqual(x, y) || symbolicEqual("-("+x+")", y)
	case len(p) == 2 && short(p[0]) && len(g) == 1:
		return e.Same(p[1], gold)
	case len(g) == 2 && short(g[0]) && len(p) == 1:
		return e.Same(pred, g[1])
	}
	return false
}
