package qwen

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// Parser is the answer extraction of Qwen2.5-Math's evaluation
// (evaluation/parser.py at a45202b) for the data set "math". NewParser makes
// it; it may be used by several at once.
type Parser struct {
	array, text, inText, mbox *regexp.Regexp
	zeros, zerosEnd, root     *regexp.Regexp
	lines, number             *regexp.Regexp
	units                     []unit
}

// unit is a unit and what is sure to stand where it stands: the part before
// its first full stop, which is any character.
type unit struct {
	runes []rune
	part  string
}

// NewParser compiles the expressions.
func NewParser() *Parser {
	p := &Parser{
		array:    regexp.MustCompile(`\\begin\{array\}\{.*?\}`),
		text:     regexp.MustCompile(`\\text\{.*?\}\z`),
		inText:   regexp.MustCompile(`\\text\{(.*?)\}`),
		mbox:     regexp.MustCompile(`\\mbox\{.*?\}`),
		zeros:    regexp.MustCompile(`(\p{Nd}+)\.0*(\P{Nd})`),
		zerosEnd: regexp.MustCompile(`(\p{Nd}+)\.0*\z`),
		root:     regexp.MustCompile(`\\sqrt([\p{L}\p{N}_]+)`),
		lines:    regexp.MustCompile(`\n[\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]*`),
		number:   regexp.MustCompile(`-?\p{Nd}*\.?\p{Nd}+`),
	}
	for _, more := range [...]string{"", "s"} {
		for line := range strings.Lines(unitTable) {
			text := strings.TrimSuffix(line, "\n") + more
			part, _, _ := strings.Cut(text, ".")
			p.units = append(p.units, unit{[]rune(text), part})
		}
	}
	return p
}

// longest bounds the bytes of an answer that is rewritten.
const longest = 1 << 14

// Strip is strip_string: units, signs, words for numbers and much else taken
// out or rewritten. It knows no failure: what the published code raises on, it
// catches. A text of more than 16 kB is given back as it is, so that no answer
// takes long.
func (p *Parser) Strip(s string) string {
	if len(s) > longest {
		return s
	}
	s = strings.ReplaceAll(pytext.Strip(s), "\n", "")
	s = strings.ReplaceAll(strings.TrimRight(s, "."), `\!`, "")
	s = p.array.ReplaceAllLiteralString(s, `\begin{pmatrix}`)
	for _, r := range [...][2]string{{`\end{array}`, `\end{pmatrix}`}, {"bmatrix", "pmatrix"}, {"tfrac", "frac"}, {"dfrac", "frac"}, {`\neq`, `\ne`}, {`\leq`, `\le`}, {`\geq`, `\ge`},
		{`\left`, ""}, {`\right`, ""}, {`\{`, "{"}, {`\}`, "}"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	if bare := pytext.Strip(p.text.ReplaceAllLiteralString(s, "")); bare != "" {
		s = bare
	}
	s = p.withoutUnits(s)
	for _, sign := range [...]string{`^{\circ}`, `^\circ`, `\$`, "$", `\(`, `\)`} {
		s = strings.ReplaceAll(s, sign, "")
	}
	if number, ok := wordNumber(s); ok {
		s = number
	}
	s = p.inText.ReplaceAllString(s, "${1}")
	for _, r := range [...][2]string{{"x=", ""}, {"y=", ""}, {"z=", ""}, {`x\in`, ""}, {`y\in`, ""}, {`z\in`, ""}, {`x\to`, ""}, {`y\to`, ""}, {`z\to`, ""}, {`\emptyset`, "{}"},
		{`(-\infty,\infty)`, `\mathbb{R}`}, {`\%`, ""}, {"%", ""}, {" .", " 0."}, {"{.", "{0."}, {"infinity", `\infty`}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	if !strings.Contains(s, `\infty`) {
		s = strings.ReplaceAll(s, "inf", `\infty`)
	}
	for _, r := range [...][2]string{{`+\inity`, `\infty`}, {"and", ""}, {`\mathbf`, ""}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	s = p.mbox.ReplaceAllLiteralString(s, "")
	if strings.Contains(s, "j") && !strings.Contains(s, "i") {
		s = strings.ReplaceAll(s, "j", "i")
	}
	s = p.zeros.ReplaceAllString(s, "${1}${2}")
	s = p.zerosEnd.ReplaceAllString(s, "${1}")
	if s == "" {
		return s
	}
	if s[0] == '.' {
		s = "0" + s
	}
	if sides := strings.Split(s, "="); len(sides) == 2 && utf8.RuneCountInString(sides[0]) <= 2 {
		s = sides[1]
	}
	s = p.root.ReplaceAllString(s, `\sqrt{${1}}`)
	s = strings.ReplaceAll(s, " ", "")
	return quotient(fractions(s))
}

// withoutUnits takes out, twice, every unit that stands between the ends of
// the text or characters that are no word characters. A text that is nothing
// but a unit stays.
func (p *Parser) withoutUnits(s string) string {
	for range 2 {
		for _, unit := range p.units {
			if !strings.Contains(s, unit.part) {
				continue
			}
			if shorter := without([]rune(s), unit.runes); len(shorter) > 0 {
				s = string(shorter)
			}
		}
	}
	return s
}

// without is re.sub(r"(^|\W)" + unit + r"($|\W)", r"\1\2", text). A full stop
// of the unit stands for any character, as in the expression.
func without(text, unit []rune) []rune {
	var out []rune // nil until something was taken out
	kept := 0
	for i := 0; i+len(unit) <= len(text); {
		start := -1
		switch {
		case i == 0 && fits(text, unit, 0):
			start = 0
		case !pytext.Word(text[i]) && fits(text, unit, i+1):
			start = i + 1
		}
		if start < 0 {
			i++
			continue
		}
		end := start + len(unit)
		out = append(append(out, text[kept:start]...), text[end:min(end+1, len(text))]...)
		kept = min(end+1, len(text))
		i = kept
	}
	if kept == 0 {
		return text
	}
	return append(out, text[kept:]...)
}

// fits says whether the unit stands at a place and the text ends behind it or
// goes on with no word character.
func fits(text, unit []rune, at int) bool {
	end := at + len(unit)
	if end > len(text) || end < len(text) && pytext.Word(text[end]) {
		return false
	}
	for i, r := range unit {
		if text[at+i] != r && (r != '.' || text[at+i] == '\n') {
			return false
		}
	}
	return true
}

// fractions is _fix_fracs: braces around the arguments of \frac. Where one
// lacks, the whole text is left as it is.
func fractions(s string) string {
	parts := strings.Split(s, `\frac`)
	for i, part := range parts[1:] {
		if strings.HasPrefix(part, "{") {
			continue
		}
		_, a := utf8.DecodeRuneInString(part)
		if len(part) == a { // nothing or one character
			return s
		}
		_, b := utf8.DecodeRuneInString(part[a:])
		if part[a] == '{' {
			parts[i+1] = "{" + part[:a] + "}" + part[a:]
		} else {
			parts[i+1] = "{" + part[:a] + "}{" + part[a:a+b] + "}" + part[a+b:]
		}
	}
	return strings.Join(parts, `\frac`)
}

// quotient is _fix_a_slash_b: a/b becomes a fraction where each side is a
// whole number or holds a root.
func quotient(s string) string {
	sides := strings.Split(s, "/")
	if len(sides) != 2 {
		return s
	}
	for _, side := range sides {
		if !strings.Contains(side, "sqrt") && !pytext.PlainInt(side) {
			return s
		}
	}
	return `\frac{` + sides[0] + "}{" + sides[1] + "}"
}
