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
	units           []unit
	array, endArray *regexp.Regexp
	text            *regexp.Regexp
}

// unit is a word that is taken out where it stands alone. In its expression a
// full stop is any sign, as in the published code.
type unit struct {
	word string // "" where the expression must be tried
	expr *regexp.Regexp
}

func newGrader(fast bool) *grades {
	g := &grades{Grader: grader.New(), fast: fast,
		array: regexp.MustCompile(`\\begin\{array\}\{.*?\}`), endArray: regexp.MustCompile(`\\end\{array\}`), text: regexp.MustCompile(`\\text\{.*?\}\z`)}
	const apart = `[^\p{L}\p{N}_]`
	words := unitWords()
	for _, w := range words {
		words = append(words, w+"s")
	}
	for _, w := range words {
		u := unit{word: w, expr: regexp.MustCompile(`(\A|` + apart + `)` + w + `(\z|` + apart + `)`)}
		if strings.Contains(w, ".") {
			u.word = ""
		}
		g.units = append(g.units, u)
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
			if !strings.Contains(s, u.word) {
				continue
			}
			if bare := u.expr.ReplaceAllString(s, "$1$2"); bare != "" {
				s = bare
			}
		}
	}
	return mathtext.Hendrycks{OnePercent: true}.Rest(s)
}

// repeats is the published condition: repeatness of texts above 128 characters.
func repeats(s string) bool { return utf8.RuneCountInString(s) > 128 && mathtext.Repeats(s) }
