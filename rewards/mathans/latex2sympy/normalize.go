package latex2sympy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Normalizer brings formulas into the text that Math-Verify parses, and that it
// compares where nothing can be parsed (normalize_latex).
type Normalizer struct {
	connective, left, right, permutation, removed, units, doubled *regexp.Regexp
	malformed                                                     []rewrite
}

// rewrite is tried where its mark stands, for the expressions are slow.
type rewrite struct {
	mark string
	expr *regexp.Regexp
	form string
}

// Mend says what of malformed LaTeX is mended; Math-Verify's default is both.
type Mend struct {
	Operators bool // \frac12, \sqrt2, ^(2), sqrt(2), 1/2
	Nits      bool // .5, 0.5
	Chains    bool // a = b = 3 is 3 (equations=True)
}

// NewNormalizer makes it.
func NewNormalizer() *Normalizer {
	n := &Normalizer{connective: newConnective()}
	n.left = regexp.MustCompile(`\\m?left(\\\{|\{|\\\||\||\[|\(|\\rbracl|\\lgroup|\\lbrace|\\lbrack|\\vert|\\lvert|\\lceil|\\lfloor|\\langle|\\llcorner|\\ulcorner)`)
	n.right = regexp.MustCompile(`\\m?right(\\\}|\}|\\\||\||\]|\)|\\rbrack|\\rgroup|\\rbrace|\\vert|\\rvert|\\rceil|\\rfloor|\\rangle|\\lrcorner|\\urcorner)`)
	n.permutation = regexp.MustCompile(`\(([a-zA-Z0-9+\-*/\\ ]+?)\)_\{([a-zA-Z0-9+\-*/\\ ]+?)\}`)
	n.removed = regexp.MustCompile(`\\mathrm\{th\}|\\!\s*|\\text\s*\{\s*\}|\\\$|\$|["']|\\displaystyle`)
	n.doubled = regexp.MustCompile(`\\\\([a-zA-Z])`)
	n.units = regexp.MustCompile(`(\d|\}|\s)\s*(?:` + units + `)(?:s|es)?\s*$`)
	for _, m := range [...][3]string{
		{"^", `\^\s?\((.*?)\)`, `^{${1}}`},
		{"sqrt", `sqrt\s?\((.*?)\)`, `\sqrt{${1}}`},
		{`\frac`, `\\frac\s?(\d)\s?(\d+)`, `\frac{${1}}{${2}}`},
		{`\log_`, `\\log_\s?(\d)\s?(\d+)`, `\log_{${1}}{${2}}`},
		{`\frac`, `\\frac\s?\{(.*?)\}\s?(\d)`, `\frac{${1}}{${2}}`},
		{`\frac`, `\\frac\s?(\d)\s?\{(.*?)\}`, `\frac{${1}}{${2}}`},
		{`\sqrt`, `\\sqrt\s?(\d)`, `\sqrt{${1}}`},
	} {
		n.malformed = append(n.malformed, rewrite{m[0], regexp.MustCompile(m[1]), m[2]})
	}
	return n
}

// units are dropped at the end of a formula; a full stop is any sign.
const units = "integerpoint|feet|sue|digit|pound|meal|edge|student|children ticket|multiple|east|degree|mph|kmph|ft|m square| m east|sq m|deg|mile|q .|monkey|prime|ratio|profit of rs|rd|o|gm|p . m|lb|tile|per|dm|lt|gain|" +
	"ab|way|west|a .|b .|c .|d .|e .|f .|g .|h .|t|h|no change|men|soldier|pie|bc|excess|st|inches|noon|cent|by|gal|kmh|c|acre|rise|a . m|th|π r 2|sq|mark|l|toy|coin|sq . m|gallon|° f|profit|minw|yr|women|am|pm|hr|cu cm|" +
	"square|v â € ™|are|rupee|rounds|cubic|cc|mtr|s|ohm|number|kmph|day|hour|minute|min|second|man|woman|sec|cube|mt|sq inch|mp|∏ cm ³|hectare|more|sec|unit|cu . m|cm 2|rs .|rs|kg|g|month|km|m|cm|mm|apple|liter|loss|yard|" +
	"pure|year|increase|decrease|d|less|Surface|litre|pi sq m|s .|metre|meter|inch"

// longestUnit is more than the bytes of the longest.
const longestUnit = 32

// unitText is where the first \text{…} or \mbox{…} begins in a text that ends
// with a closing brace, or with its power; the length of others.
func unitText(s string) int {
	end := s
	if n := len(s); n >= 2 && s[n-2] == '^' && s[n-1] >= '0' && s[n-1] <= '9' {
		end = s[:n-2]
	}
	at := len(s)
	for _, command := range [...]string{`\text{`, `\mbox{`} {
		if k := strings.Index(s, command); k >= 0 && k < at && k+len(command) < len(end) && strings.HasSuffix(end, "}") {
			at = k
		}
	}
	return at
}

// Normal is the text of a formula, which stands in no box any more.
func (n *Normalizer) Normal(s string, mend Mend) string {
	s = n.basic(s)
	if mend.Chains {
		s = LastLink(s)
	}
	if bare := strings.TrimFunc(s[:unitText(s)], space); bare != "" {
		s = bare
	}
	for range 2 {
		// A unit stands at the end: of a long text only that is looked at.
		from := len(strings.TrimRightFunc(s, space)) - longestUnit
		from = len(strings.TrimRightFunc(s[:max(0, from)], space)) - utf8.UTFMax
		for from > 0 && !utf8.RuneStart(s[from]) {
			from--
		}
		from = max(0, from)
		if bare := s[:from] + n.units.ReplaceAllString(s[from:], "${1}"); bare != "" {
			s = bare
		}
	}
	if mend.Nits {
		if strings.HasPrefix(s, ".") {
			s = "0" + s
		}
		if s == "0.5" {
			s = `\frac{1}{2}`
		}
	}
	if mend.Operators {
		s = n.operators(s)
	}
	return strings.TrimFunc(s, space)
}

// LastLink is what follows the last = of a chain of at least two.
func LastLink(s string) string {
	if strings.ContainsAny(s, ",;") {
		return s
	}
	count, last := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] == '=' && (i == 0 || !strings.ContainsRune(`\<!>`, rune(s[i-1]))) {
			count++
			last = i + 1
		}
	}
	if count < 2 {
		return s
	}
	return s[last:]
}

// basic writes commands that mean the same in one way.
func (n *Normalizer) basic(s string) string {
	for _, r := range [...][2]string{{`\mathrm{T}`, "T"}, {`\mathrm{d}`, "d"}, {`{\rm d}`, "d"}, {`\left[\begin{matrix}`, `\begin{bmatrix}`}, {`\end{matrix}\right]`, `\end{bmatrix}`}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	if strings.Contains(s, "left") {
		s = n.left.ReplaceAllString(s, "${1}")
	}
	if strings.Contains(s, "right") {
		s = n.right.ReplaceAllString(s, "${1}")
	}
	if strings.Contains(s, ")_{") {
		s = n.permutation.ReplaceAllString(s, `\frac{(${1})!}{((${1})-(${2}))!}`)
	}
	s = n.remove(s)
	s = replaced(s)
	s = strings.NewReplacer("\n", " ", "\t", " ").Replace(s)
	if strings.Contains(s, `\\`) && !strings.Contains(s, "matrix") {
		s = n.doubled.ReplaceAllString(s, `\${1}`)
	}
	return s
}

// remove takes out what means nothing: dollar signs, quotes that no backslash
// precedes, empty texts.
func (n *Normalizer) remove(s string) string {
	var b strings.Builder
	kept := 0
	for _, m := range n.removed.FindAllStringIndex(s, -1) {
		if c := s[m[0]]; (c == '"' || c == '\'') && m[0] > 0 && s[m[0]-1] == '\\' {
			continue
		}
		b.WriteString(s[kept:m[0]])
		kept = m[1]
	}
	b.WriteString(s[kept:])
	return b.String()
}

// operators mends what lacks braces.
func (n *Normalizer) operators(s string) string {
	for _, m := range n.malformed {
		if strings.Contains(s, m.mark) {
			s = m.expr.ReplaceAllString(s, m.form)
		}
	}
	s = strings.ReplaceAll(s, " sqrt", `\sqrt`)
	return slashed(fractions(roots(s)))
}

// roots puts the first sign behind \sqrt into braces.
func roots(s string) string {
	parts := strings.Split(s, `\sqrt`)
	for i := 1; i < len(parts); i++ {
		p := strings.TrimLeftFunc(parts[i], space)
		if p != "" && p[0] != '{' && p[0] != '[' {
			_, w := utf8.DecodeRuneInString(p)
			p = "{" + p[:w] + "}" + p[w:]
		}
		parts[i] = p
	}
	return strings.Join(parts, `\sqrt`)
}

// fractions puts the two signs behind \frac into braces; where one is
// missing, all stays as it is.
func fractions(s string) string {
	parts := strings.Split(s, `\frac`)
	for i := 1; i < len(parts); i++ {
		p := strings.TrimLeftFunc(parts[i], space)
		if !strings.HasPrefix(p, "{") {
			if utf8.RuneCountInString(p) < 2 {
				return s
			}
			_, a := utf8.DecodeRuneInString(p)
			_, b := utf8.DecodeRuneInString(p[a:])
			if p[a] == '{' {
				p = "{" + p[:a] + "}" + p[a:]
			} else {
				p = "{" + p[:a] + "}{" + p[a:a+b] + "}" + p[a+b:]
			}
		}
		parts[i] = p
	}
	return strings.Join(parts, `\frac`)
}

// slashed writes a/b of whole numbers as a fraction.
func slashed(s string) string {
	above, below, ok := strings.Cut(s, "/")
	if !ok || !plainInt(above) || !plainInt(below) {
		return s
	}
	return fmt.Sprintf(`\frac{%s}{%s}`, above, below)
}

// plainInt says whether s is a number as Python writes it.
func plainInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	return s == "0" || digits[0] != '0'
}
