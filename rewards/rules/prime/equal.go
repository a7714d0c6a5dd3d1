package prime

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/tora"
)

// errRaised says that the published function raises, which its caller takes
// for different.
var errRaised = errors.New("math_equal raises")

// longestCompared bounds the characters of a claim that are compared, as
// published.
const longestCompared = 1000

// Equal is math_equal of PRIME's math_util/grader.py, a descendant of ToRA's.
// NewEqual makes it; it may be used by several at once.
type Equal struct {
	// Symbolic: what is left is asked of sympy. In verl's copy it is not, as
	// its time limit is a decorator that is used as a context manager: every
	// comparison raises and counts as different.
	Symbolic bool
	// Matrices: a claimed Matrix or list of numbers is compared with a matrix
	// in LaTeX, as in verl's copy. In PRIME's own the "\b" of "\begin" is a
	// backspace.
	Matrices bool

	dollar, percent *regexp.Regexp
}

// NewEqual compiles the expressions.
func NewEqual(symbolic, matrices bool) *Equal {
	return &Equal{Symbolic: symbolic, Matrices: matrices, dollar: regexp.MustCompile(`\A\$\p{Nd}+`), percent: regexp.MustCompile(`\A\p{Nd}+(\.\p{Nd}+)?\\?%\n?\z`)}
}

// Same says whether the claim is the gold answer: as a text; as a number within
// one part in ten thousand, also after a multiplication or division by 100;
// without brackets; as tuples by their elements; symbolically. Where \pi stands
// it is the number pi, and 3.14 too.
func (e *Equal) Same(claim, gold string) bool {
	pis := []string{pytext.Repr(math.Pi)}
	if strings.Contains(claim, `\pi`) || strings.Contains(gold, `\pi`) {
		pis = append(pis, "3.14")
	}
	same := false
	for _, pi := range pis {
		equal, err := e.equal(textValue(claim), textValue(gold), pi)
		if err != nil {
			return false
		}
		same = same || equal
	}
	return same
}

// parts is math_equal of each pair, with \pi as the number pi. All are looked
// at: one that raises makes the whole raise.
func (e *Equal) parts(claim, gold []value) (bool, error) {
	if len(claim) != len(gold) {
		return false, nil
	}
	same := true
	for i := range claim {
		equal, err := e.equal(claim[i], gold[i], pytext.Repr(math.Pi))
		if err != nil {
			return false, err
		}
		same = same && equal
	}
	return same, nil
}

func texts(all []string) []value {
	out := make([]value, len(all))
	for i, s := range all {
		out[i] = textValue(s)
	}
	return out
}

func (e *Equal) equal(claim, gold value, pi string) (bool, error) {
	var err error
	if claim, err = e.normal(claim, pi); err != nil {
		return false, err
	}
	if gold, err = e.normal(gold, pi); err != nil {
		return false, err
	}
	if claim.isText {
		claim.text = firstCharacters(claim.text, longestCompared)
	}
	if claim.isText && gold.isText {
		if pytext.Lower(pytext.Strip(claim.text)) == pytext.Lower(pytext.Strip(gold.text)) || strings.ReplaceAll(claim.text, " ", "") == strings.ReplaceAll(gold.text, " ", "") {
			return true, nil
		}
	}
	if x, ok := claim.number(); ok {
		if y, ok := gold.number(); ok {
			return tora.CloseAsPercent(x, y), nil
		}
	}
	if claim.nothing || claim.isText && claim.text == "" {
		return false, nil
	}
	return e.byParts(intervals(pytext.Strip(claim.text)), pytext.Strip(gold.text))
}

// byParts compares texts without brackets, as tuples, and symbolically.
func (e *Equal) byParts(claim, gold string) (bool, error) {
	if p, g := tora.Bare(claim, gold); p == g {
		return true, nil
	}
	if claim != "" && gold != "" && strings.IndexByte("([", claim[0]) >= 0 && strings.IndexByte(")]", claim[len(claim)-1]) >= 0 &&
		claim[0] == gold[0] && claim[len(claim)-1] == gold[len(gold)-1] {
		if same, err := e.parts(texts(strings.Split(tora.Inner(claim), ",")), texts(strings.Split(tora.Inner(gold), ","))); same || err != nil {
			return same, err
		}
	}
	if strings.Contains(claim, ",") && strings.Contains(gold, ",") {
		p, g := strings.Split(claim, ","), strings.Split(gold, ",")
		if len(p) == len(g) {
			return e.parts(texts(stripped(p)), texts(stripped(g)))
		}
	}
	if strings.HasPrefix(claim, "Point") {
		if gold == "" {
			return false, errRaised // IndexError
		}
		if gold[0] == '(' && gold[len(gold)-1] == ')' {
			inside := claim[strings.IndexByte(claim, '(')+1:]
			_, last := utf8.DecodeLastRuneInString(inside)
			if same, err := e.parts(texts(strings.Split(inside[:len(inside)-last], ",")), texts(strings.Split(tora.Inner(gold), ","))); same || err != nil {
				return same, err
			}
		}
	}
	if e.Matrices && strings.Contains(gold, `\begin{pmatrix}`) {
		if same, err := e.matrix(claim, gold); same || err != nil {
			return same, err
		}
	}
	return e.Symbolic && symbolicEqual(claim, gold), nil
}

func stripped(all []string) []string {
	for i, s := range all {
		all[i] = pytext.Strip(s)
	}
	return all
}

// matrix compares a claim as Python or sympy write matrices with one in LaTeX.
// Of a Matrix the elements in a row, of a list the rows, which are cut at every
// backslash, so that two rows are three.
func (e *Equal) matrix(claim, gold string) (bool, error) {
	switch {
	case strings.HasPrefix(claim, "Matrix"):
		items, ok := matrixElements(claim)
		if !ok {
			return false, nil
		}
		words := pytext.Words(gold)
		var want []string
		for i := 1; i < len(words)-1; i += 2 {
			want = append(want, words[i])
		}
		same, _ := e.parts(items, texts(want))
		return same, nil
	case strings.HasPrefix(claim, "[") && strings.HasSuffix(claim, "]"):
		v, ok := evaluate(claim)
		if !ok {
			return false, errRaised
		}
		if !v.isList {
			return false, nil
		}
		for _, end := range [...]string{`\\begin{pmatrix}`, `\begin{pmatrix}`} {
			gold = strings.TrimPrefix(gold, end)
		}
		for _, end := range [...]string{`\\end{pmatrix}`, `\end{pmatrix}`} {
			gold = strings.TrimSuffix(gold, end)
		}
		rows := texts(strings.Split(gold, `\`))
		for i, r := range rows {
			if strings.Contains(r.text, "&") {
				rows[i] = listOfTexts(strings.Split(r.text, "&"))
			}
		}
		same, _ := e.parts(v.list, rows)
		return same, nil
	}
	return false, nil
}

// listOfTexts is a list of strings, of which only str matters: quotes and
// backslashes stand in it as Python writes them.
func listOfTexts(all []string) value {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = "'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return value{text: "[" + strings.Join(quoted, ", ") + "]", isList: true}
}

// matrixElements are the elements of sympy's Matrix of numbers and names, as
// str writes them.
func matrixElements(s string) ([]value, bool) {
	inside, ok := strings.CutPrefix(s, "Matrix(")
	if !ok || !strings.HasSuffix(inside, ")") {
		return nil, false
	}
	rows, ok := bracketed(inside[:len(inside)-1])
	if !ok {
		return nil, false
	}
	var out []value
	for _, row := range rows {
		items, nested := bracketed(row)
		if !nested {
			items = []string{row}
		}
		for _, item := range items {
			v, ok := matrixElement(item)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
	}
	return out, true
}

// bracketed are the elements of a list in square brackets.
func bracketed(s string) ([]string, bool) {
	s = pytext.Strip(s)
	if !strings.HasPrefix(s, "[") || closes(s) != len(s)-1 {
		return nil, false
	}
	return elements(s[1 : len(s)-1])
}

func matrixElement(s string) (value, bool) {
	if r, ok := new(big.Rat).SetString(s); ok && !strings.ContainsAny(s, "eExXpP_") {
		if !strings.Contains(s, ".") {
			return value{text: r.RatString()}, true
		}
		return value{text: s}, true // its value is what counts
	}
	name := s != "" && strings.IndexFunc(s, func(r rune) bool { return !pytext.Word(r) }) < 0 && !pytext.Digit(rune(s[0]))
	return value{text: s}, name
}

// normal is normalize: the dollar sign before a number and the percent sign
// behind one go, of a text with an underscore the number before it is left,
// and \pi is worked out.
func (e *Equal) normal(v value, pi string) (value, error) {
	switch {
	case !v.isText:
		return v, nil
	case e.dollar.MatchString(v.text):
		return textValue(v.text[1:]), nil
	case e.percent.MatchString(v.text):
		return textValue(strings.ReplaceAll(strings.ReplaceAll(v.text, `\%`, ""), "%", "")), nil
	}
	if before, _, ok := strings.Cut(v.text, "_"); ok {
		f, isFloat := pytext.Float(before)
		whole, isWhole := wholePart(f)
		if !isFloat || !isWhole {
			return v, errRaised
		}
		return value{text: whole}, nil
	}
	if !strings.Contains(v.text, `\pi`) {
		return v, nil
	}
	v = textValue(withPi(v.text, pi))
	if made, ok := evaluate(v.text); ok {
		return made, nil
	}
	return v, nil
}

// withPi puts the number in for \pi, times what stands before it, which is 1
// unless it is a digit.
func withPi(s, pi string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\pi`)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		if last, _ := utf8.DecodeLastRuneInString(out.String()); !pytext.Digit(last) {
			out.WriteByte('1')
		}
		out.WriteString("*" + pi)
		s = after
	}
}

// intervals is format_intervals: sympy's intervals as brackets.
func intervals(s string) string {
	for _, kind := range [...][3]string{{"Interval(", "[", "]"}, {"Interval.Ropen(", "[", ")"}, {"Interval.Lopen(", "(", "]"}, {"Interval.open(", "(", ")"}} {
		if inside, ok := strings.CutPrefix(s, kind[0]); ok && strings.HasSuffix(inside, ")") && !strings.Contains(inside, "\n") {
			return kind[1] + strings.TrimSuffix(inside, ")") + kind[2]
		}
	}
	return s
}

func firstCharacters(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:ahead(s, n)]
}
