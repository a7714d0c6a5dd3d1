package mathtext

import (
	"regexp"
	"slices"
	"strings"

	"gradus/rewards/rules/pytext"
)

// Minerva is normalize_final_answer: the form of a final answer in which
// Minerva compares.
type Minerva struct {
	removed                                          []string
	dollars, text, bold, overline, boxed, frac, sqrt *regexp.Regexp
}

// NewMinerva makes it. Copies differ in one word: feet says whether "ft" is
// removed too.
func NewMinerva(feet bool) Minerva {
	m := Minerva{
		dollars: regexp.MustCompile(`(.*?)(\$)(.*?)(\$)(.*)`), text: regexp.MustCompile(`(\\text\{)(.*?)(\})`),
		bold: regexp.MustCompile(`(\\textbf\{)(.*?)(\})`), overline: regexp.MustCompile(`(\\overline\{)(.*?)(\})`),
		boxed: regexp.MustCompile(`(\\boxed\{)(.*)(\})`), frac: regexp.MustCompile(`(frac)([^{])(.)`), sqrt: regexp.MustCompile(`(sqrt)([^{])`),
		removed: []string{"square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", `\ldots`, "sue", "points", "feet", "minutes", "digits", "cents",
			"degrees", "cm", "gm", "pounds", "meters", "meals", "edges", "students", "childrentickets", "multiples", `\text{s}`, `\text{.}`, "\\text{\ns}", `\text{}^2`, `\text{}^3`,
			"\\text{\n}", `\text{}`, `\mathrm{th}`, `^\circ`, `^{\circ}`, `\;`, `,\!`, "{,}", `"`, `\dots`},
	}
	if !feet {
		m.removed = slices.DeleteFunc(m.removed, func(word string) bool { return word == "ft" })
	}
	return m
}

// Normal is the form of one answer, white space around it kept.
func (m Minerva) Normal(s string) string {
	return m.Whole(s[strings.LastIndexByte(s, '=')+1:])
}

// Whole is Normal of a copy that keeps what stands before an equals sign.
func (m Minerva) Whole(s string) string {
	for _, r := range [...][2]string{{"an ", ""}, {"a ", ""}, {".$", "$"}, {`\$`, ""}, {`\ `, ""}, {" ", ""}, {"mbox", "text"}, {`,\text{and}`, ","}, {`\text{and}`, ","}, {`\text{m}`, `\text{}`}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	for _, word := range m.removed {
		s = strings.ReplaceAll(s, word, "")
	}
	// The expressions are slow on long texts, which seldom have what they want.
	if strings.Count(s, "$") > 1 {
		s = m.dollars.ReplaceAllString(s, "$$${3}$$")
	}
	for _, r := range []struct {
		mark, form string
		expression *regexp.Regexp
	}{{`\text{`, "${2}", m.text}, {`\textbf{`, "${2}", m.bold}, {`\overline{`, "${2}", m.overline}, {`\boxed{`, "${2}", m.boxed}, {"frac", "frac{${2}}{${3}}", m.frac}, {"sqrt", "sqrt{${2}}", m.sqrt}} {
		if strings.Contains(s, r.mark) {
			s = r.expression.ReplaceAllString(s, r.form)
		}
	}
	s = strings.ReplaceAll(s, "$", "")
	if bare := strings.ReplaceAll(s, ",", ""); bare != "" && strings.TrimFunc(bare, pytext.Digit) == "" {
		s = bare
	}
	return s
}
