package reasoninggym

import (
	"math"
	"strings"

	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/pyvalue"
)

// complexArithmetic is ComplexArithmeticDataset.score_answer: e to the power of
// minus the distance. nan pays 1: no exception, and Python's min takes its
// first argument where it cannot compare.
func complexArithmetic(answer string, found bool, e entry) (float64, error) {
	var want []float64
	if err := e.meta("result", &want); err != nil || !found {
		return 0, err
	}
	got, ok := readComplex(answer)
	if !ok || len(want) < 1 || len(want) > 2 {
		return 0, nil
	}
	re, im := real(got)-want[0], imag(got)
	if len(want) == 2 {
		im -= want[1]
	}
	distance := math.Hypot(re, im)
	if math.IsInf(distance, 0) && !math.IsInf(re, 0) && !math.IsInf(im, 0) {
		return 0, errOverflow
	}
	if score := math.Exp(-distance); score < 1 {
		return score, nil
	}
	return 1, nil
}

// readComplex is parse_string_to_complex: blanks and brackets aside, i for j.
// The i of inf is one too, so that there is no infinity.
func readComplex(s string) (z complex128, ok bool) {
	s = pytext.Lower(strings.ReplaceAll(s, " ", ""))
	for len(s) > 1 && s[0] == '(' && s[len(s)-1] == ')' {
		s = s[1 : len(s)-1]
	}
	s = strings.ReplaceAll(s, "i", "j")
	body, ends := strings.CutSuffix(s, "j")
	switch {
	case !strings.Contains(s, "j"):
		f, ok := pytext.Float(s)
		return complex(f, 0), ok
	case s == "j":
		return 1i, true
	case s == "-j":
		return -1i, true
	case ends && !strings.ContainsAny(body, "+-") || s[0] == '-' && !strings.ContainsAny(withoutLast(s[1:]), "+-"):
		f, ok := pytext.Float(withoutLast(s))
		return complex(0, f), ok
	case !ends:
		return 0, false
	}
	return pyComplex(strings.NewReplacer("+j", "+1j", "-j", "-1j").Replace(s))
}

// withoutLast is s[:-1].
func withoutLast(s string) string {
	runes := []rune(s)
	return string(runes[:max(0, len(runes)-1)])
}

var complexPart = pytext.Expression(`^[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?|nan)`)

// pyComplex is complex(s) of a text in small letters that ends with j and
// holds no white space that str.replace left in the middle.
func pyComplex(s string) (z complex128, ok bool) {
	s = pytext.ASCIIDigits(pytext.Strip(s))
	for i := range len(s) { // underscores stand between digits
		if s[i] == '_' && (i == 0 || i+1 == len(s) || !digit(s[i-1]) || !digit(s[i+1])) {
			return 0, false
		}
	}
	s = strings.ReplaceAll(s, "_", "")
	part := func() (f float64, ok bool) {
		text := complexPart().FindString(s)
		s = s[len(text):]
		return pytext.Float(text)
	}
	re, number := part()
	switch {
	case number && s == "j":
		return complex(0, re), true
	case number && s == "":
		return complex(re, 0), true
	case !number:
		re = 0
	case s[0] != '+' && s[0] != '-':
		return 0, false
	}
	im, number := part()
	if !number {
		im = 1
		if strings.HasPrefix(s, "-") {
			im = -1
		}
		s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	}
	return complex(re, im), s == "j"
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// polynomialEquations is PolynomialEquationsDataset.score_answer: for each
// number the nearest solution that is left, by e to the power of minus ten
// times the distance; a half less for each too many or too few. Texts among
// the numbers cost nothing.
func polynomialEquations(answer string, _ bool, e entry) (float64, error) {
	want, got := solutions(e.answer), solutions(answer)
	if len(want) == 0 && len(got) == 0 {
		return 1, nil
	}
	sum := 0.0
	matched, extra := 0, 0
	for _, x := range got {
		nearest, at := math.Inf(1), -1
		for i, y := range want {
			if d := math.Abs(x - y); nearest > d {
				nearest, at = d, i
			}
		}
		if at < 0 {
			extra++
			continue
		}
		matched++
		want = append(want[:at], want[at+1:]...)
		sum += math.Exp(nearest * -10)
	}
	if matched > 0 {
		sum /= float64(matched)
	}
	if v := sum - float64(0.5*float64(len(want))+0.5*float64(extra)); v > 0 {
		return v, nil
	}
	return 0, nil
}

// solutions are the numbers between commas, sorted.
func solutions(s string) (out []float64) {
	for part := range strings.SplitSeq(s, ",") {
		if f, ok := pytext.Float(part); ok {
			out = append(out, f)
		}
	}
	pyvalue.Sort(out, lessFloat) // which cannot fail
	return out
}

func lessFloat(a, b float64) (bool, error) { return a < b, nil }
