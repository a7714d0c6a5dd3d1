package grader

import (
	"math"
	"math/big"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/rules/latextext"
	"gradus/rewards/rules/pytext"
)

// Grader holds the expressions of PRM800K's grader; New makes it. It may be
// used by several at once.
type Grader struct {
	units                  []*regexp.Regexp
	circ, negation         *regexp.Regexp
	thin, mixed, thousands *regexp.Regexp
	quotient, twice, large *regexp.Regexp
	spaced                 bool
}

// Copy is how a publisher's copy of the grader differs.
type Copy struct {
	// Liters: liter is a unit, too.
	Liters bool
	// Spaced: spaces and braces that the LaTeX leaves stay.
	Spaced bool
}

// New makes PRM800K's own grader.
func New() *Grader { return Copy{}.New() }

// New makes the grader of a copy.
func (c Copy) New() *Grader {
	g := &Grader{
		circ:      regexp.MustCompile(`\^ *\\circ`),
		negation:  regexp.MustCompile(`- *`),
		thin:      regexp.MustCompile(`,\\! *`),
		mixed:     regexp.MustCompile(`([0-9]) +([0-9])`),
		thousands: regexp.MustCompile(`(\p{Nd}),(\p{Nd}{3})(\z|\P{Nd})`),
		quotient:  regexp.MustCompile(`\A-?[0-9]+[^\n]?/0*[1-9][0-9]*[^\n]?\n?\z`),
		twice:     regexp.MustCompile(`\^[0-9]+\^`),
		large:     regexp.MustCompile(`\^[0-9][0-9]+`),
	}
	g.spaced = c.Spaced
	units := []string{"degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week", "month", "year", "foot", "feet", "inch", "yard"}
	if c.Liters {
		units = append(units, "liter")
	}
	for _, unit := range units {
		g.units = append(g.units, regexp.MustCompile(unit+`(es)?(s)? *(\^[0-9]+)?`))
	}
	return g
}

// Normalize is _normalize: units, currency and percent signs taken out, the
// LaTeX put into plain text, everything in small letters.
func (g *Grader) Normalize(s string) string {
	if inside, ok := inText(s); ok {
		s = inside
	}
	for _, r := range [...][2]string{{`\%`, "%"}, {`\$`, "$"}, {"$", ""}, {"%", ""}, {" or ", " , "}, {" and ", " , "}, {"million", "*10^6"}, {"billion", "*10^9"}, {"trillion", "*10^12"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	for _, unit := range g.units {
		s = unit.ReplaceAllString(s, "")
	}
	s = g.circ.ReplaceAllString(s, "")
	if len(s) > 0 && s[0] == '{' && s[len(s)-1] == '}' {
		s = s[1:max(1, len(s)-1)]
	}
	s = g.thin.ReplaceAllString(s, "")
	if f, ok := pytext.Float(s); ok && isInt(f) {
		s = WholeText(math.RoundToEven(f))
	}
	if strings.Contains(s, `\`) {
		if plain, err := LatexToText(s); err == nil {
			s = plain
		}
	}
	s = g.negation.ReplaceAllString(s, "-")
	s = g.mixed.ReplaceAllString(s, "$1+$2")
	if !g.spaced {
		s = strings.NewReplacer(" ", "", "{", "", "}", "").Replace(s)
	}
	s = pytext.Lower(s)
	if g.IsInt(s) {
		if f, ok := pytext.Float(strings.ReplaceAll(s, ",", "")); ok && !math.IsInf(f, 0) && !math.IsNaN(f) {
			s = WholeText(math.Trunc(f))
		}
	}
	return s
}

// LatexToText is _parse_latex: pylatexenc's text of the LaTeX with the signs
// that sympy reads otherwise.
func LatexToText(s string) (string, error) {
	for _, r := range [...][2]string{{`\tfrac`, `\frac`}, {`\dfrac`, `\frac`}, {`\frac`, ` \frac`}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	s, err := latextext.Text(s)
	if err != nil {
		return "", err
	}
	for _, r := range [...][2]string{{"√", "sqrt"}, {"π", "pi"}, {"∞", "inf"}, {"∪", "U"}, {"·", "*"}, {"×", "*"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return pytext.Strip(s), nil
}

// isInt is _is_int of a float.
func isInt(f float64) bool {
	return !math.IsInf(f, 0) && !math.IsNaN(f) && math.Abs(f-math.RoundToEven(f)) <= 1e-7
}

// WholeText is Python's str of a float without fraction as an integer.
func WholeText(f float64) string {
	n, _ := new(big.Float).SetFloat64(f).Int(nil)
	return n.String()
}

// IsInt is _str_is_int: a number, thousands separated as one does, within
// 1e-7 of an integer.
func (g *Grader) IsInt(s string) bool {
	f, ok := pytext.Float(g.StripCommas(s))
	return ok && isInt(f)
}

// StripCommas is _strip_properly_formatted_commas: it takes out commas
// between a digit and three more.
func (g *Grader) StripCommas(s string) string {
	for {
		next := g.thousands.ReplaceAllString(s, "$1$2$3")
		if next == s {
			return s
		}
		s = next
	}
}

// IsFraction is _is_frac: digits, a slash and digits, after each of which one
// sign more may stand.
func (g *Grader) IsFraction(s string) bool { return g.quotient.MatchString(s) }

// tupleSigns are the brackets that may stand around a tuple.
const tupleSigns = "()[]"

// SplitTuple is split_tuple: the elements between brackets, which must be the
// first and last sign and the only ones; else the text as one element.
func (g *Grader) SplitTuple(s string) []string {
	s = g.StripCommas(s)
	if s == "" {
		return nil
	}
	if utf8.RuneCountInString(s) > 2 && strings.IndexByte(tupleSigns, s[0]) >= 0 && strings.IndexByte(tupleSigns, s[len(s)-1]) >= 0 {
		if inside := s[1 : len(s)-1]; !strings.ContainsAny(inside, tupleSigns) {
			elements := strings.Split(inside, ",")
			for i, e := range elements {
				elements[i] = pytext.Strip(e)
			}
			return elements
		}
	}
	return []string{s}
}

// AllowsEval is should_allow_eval: at most two different letters beside those
// of "sqrt" and "frac", and no power that would take sympy long.
func (g *Grader) AllowsEval(s string) bool {
	letters := map[rune]bool{}
	for _, r := range strings.ReplaceAll(strings.ReplaceAll(s, "sqrt", ""), "frac", "") {
		if unicode.IsLetter(r) {
			letters[r] = true
		}
	}
	return len(letters) <= 2 && !strings.Contains(s, "^{") && !strings.Contains(s, "^(") && !g.twice.MatchString(s) && !g.large.MatchString(s)
}
