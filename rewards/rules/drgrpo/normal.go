package drgrpo

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/mathtext"
	"gradus/rewards/rules/pytext"
)

// grades is the grader with Dr. GRPO's normal form.
type grades struct {
	*grader.Grader
	fast            bool
	units           []string
	array, endArray *regexp.Regexp
	text            *regexp.Regexp
}

func newGrader(fast bool) *grades {
	g := &grades{Grader: grader.New(), fast: fast, units: unitWords(),
		array: regexp.MustCompile(`\\begin\{array\}\{.*?\}`), endArray: regexp.MustCompile(`\\end\{array\}`), text: regexp.MustCompile(`\\text\{.*?\}\z`)}
	for _, w := range unitWords() {
		g.units = append(g.units, w+"s")
	}
	return g
}

// unitWords are the published ones, most of them from MathQA.
func unitWords() []string {
	return slices.Concat(strings.Split("east|degree|mph|kmph|ft|m sqaure| m east|sq m|deg|mile|q .|monkey|prime|ratio|profit of rs|rd|o|gm|p . m|lb|tile|per|dm|lt|gain|ab|way|west|a .|b .|c .|d .|e .|f .|g .|h .|"+
		"t|a|h|no change|men|soldier|pie|bc|excess|st|inches|noon|percent|by|gal|kmh|c|acre|rise|a . m|th|π r 2|sq|mark|l|toy|coin|sq . m|gallon|° f|profit|minw|yr|women|feet|am|pm|hr|cu cm|square|v â € ™|"+
		"are|rupee|rounds|cubic|cc|mtr|s|ohm|number|kmph|day|hour|minute|min|second|man|woman|sec|cube|mt|sq inch|mp|∏ cm ³|hectare|more|sec|unit|cu . m|cm 2|rs .|rs|kg|g|month|km|m|cm|mm|apple|liter|loss|"+
		"yard|pure|year|increase|decrease|d|less|Surface|litre|pi sq m|s .|metre|meter|inch", "|"))
}

// normal is _strip_string: Hendrycks' with matrices of one kind, a \text at
// the end and units taken out.
func (g *grades) normal(s string) (string, bool) {
	for _, r := range [...][2]string{{"\n", ""}, {`\!`, ""}, {`\\`, `\`}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	s = g.array.ReplaceAllLiteralString(s, `\begin{pmatrix}`)
	s = g.endArray.ReplaceAllLiteralString(s, `\end{pmatrix}`)
	for _, r := range [...][2]string{{"bmatrix", "pmatrix"}, {"tfrac", "frac"}, {"dfrac", "frac"}, {`\neq`, `\ne`}, {`\leq`, `\le`}, {`\geq`, `\ge`}, {`\left`, ""}, {`\right`, ""}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	if bare := pytext.Strip(g.text.ReplaceAllLiteralString(s, "")); bare != "" {
		s = bare
	}
	for range 2 {
		for _, u := range g.units {
			if bare := withoutUnit(s, u); bare != "" {
				s = bare
			}
		}
	}
	return mathtext.Hendrycks{OnePercent: true}.Rest(s)
}

// withoutUnit takes a unit out where no letter, digit or underscore stands
// beside it, as re.sub(r"(^|\W)unit($|\W)", r"\1\2", s): a full stop in it is any sign,
// and what stands behind one match is not looked at before the next.
func withoutUnit(s, unit string) string {
	head, _, _ := strings.Cut(unit, ".")
	var b strings.Builder
	kept, from := 0, 0 // s[:kept] is written, s[:from] is behind a match
	for at := 0; ; {
		k := strings.Index(s[at:], head)
		if k < 0 {
			break
		}
		at += k
		end := unitAt(s, at, unit)
		before, width := utf8.DecodeLastRuneInString(s[from:at])
		after, size := utf8.DecodeRuneInString(s[max(end, 0):])
		if end < 0 || pytext.Word(before) && width > 0 || width == 0 && at > 0 || size > 0 && pytext.Word(after) {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
			continue
		}
		b.WriteString(s[kept:at])
		kept, from = end, end+size
		at = from
	}
	if kept == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// unitAt is where a unit that begins at a place ends; -1 when there is none.
func unitAt(s string, at int, unit string) int {
	for _, u := range unit {
		r, size := utf8.DecodeRuneInString(s[at:])
		if size == 0 || u != '.' && r != u {
			return -1
		}
		at += size
	}
	return at
}

// repeats is the published condition: repeatness of texts above 128 characters.
func repeats(s string) bool { return utf8.RuneCountInString(s) > 128 && mathtext.Repeats(s) }
