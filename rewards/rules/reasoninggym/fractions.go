package reasoninggym

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

var latexFraction = pytext.Expression(`^\\(?i:frac|dfrac)` + pySpace + `\{` + pySpace + `(\p{Nd}+)` + pySpace + `\}` + pySpace + `\{` + pySpace + `(\p{Nd}+)` + pySpace + `\}`)

// pySpace is Python's \s*.
const pySpace = `[\s\v\x{1c}-\x{1f}\x{85}\p{Z}]*`

// fractionSimplification is FractionSimplificationDataset.score_answer: 0.1
// for a fraction with the old numerator or denominator, 0.05 for others, 0.01
// for anything, no answer too.
func fractionSimplification(answer string, found bool, e entry) (float64, error) {
	var was, want [2]*big.Int
	for i, name := range []string{"numerator", "denominator"} {
		for old, into := range inOrder(name, &was[i], "simplified_"+name, &want[i]) {
			if err := e.meta(old, into); err != nil {
				return 0, err
			}
			if *into == nil {
				return 0, rowError("the row's metadata: " + old + " is null")
			}
		}
	}
	got, ok := readFraction(answer)
	switch {
	case !found || !ok:
		return 0.01, nil
	case got[0].Cmp(want[0]) == 0 && got[1].Cmp(want[1]) == 0:
		return 1, nil
	case got[0].Cmp(was[0]) == 0 || got[1].Cmp(was[1]) == 0:
		return 0.1, nil
	}
	return 0.05, nil
}

// readFraction reads \frac{3}{4}, whatever follows, or 3/4.
func readFraction(s string) (f [2]*big.Int, ok bool) {
	s = pytext.Strip(strings.Trim(pytext.Strip(s), "$"))
	parts := strings.SplitN(s, "/", 2)
	if m := latexFraction().FindStringSubmatch(s); m != nil {
		parts = m[1:]
	}
	if len(parts) != 2 {
		return f, false
	}
	f[0], ok = pytext.Int(parts[0])
	if !ok {
		return f, false
	}
	f[1], ok = pytext.Int(parts[1])
	return f, ok
}

// pyFraction is the pattern of Python's Fraction.
var pyFraction = pytext.Expression(`^([-+]?)(\p{Nd}+(?:_\p{Nd}+)*)?(?:/(\p{Nd}+(?:_\p{Nd}+)*)|(?:\.(\p{Nd}+(?:_\p{Nd}+)*)?)?(?:[eE]([-+]?\p{Nd}+(?:_\p{Nd}+)*))?)$`)

// coinFlip is CoinFlipDataset.score_answer: within a ten thousandth 1, else the
// share of the first digits that are right.
func coinFlip(answer string, _ bool, e entry) (float64, error) {
	if answer == "" {
		return 0, nil
	}
	got, ok, err := fractionValue(strings.ReplaceAll(answer, ",", ""))
	if err != nil || !ok {
		return 0, err
	}
	want, ok, err := fractionValue(strings.ReplaceAll(e.answer, ",", ""))
	if err != nil || !ok {
		return 0, err
	}
	if math.Abs(got-want) <= 1e-4 {
		return 1, nil
	}
	a, b := strconv.FormatFloat(got, 'g', 10, 64), strconv.FormatFloat(want, 'g', 10, 64)
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return float64(n) / float64(min(len(a), len(b))), nil
}

// fractionValue is float(Fraction(s)).
func fractionValue(s string) (v float64, ok bool, err error) {
	m := pyFraction().FindStringSubmatch(pytext.Strip(s))
	if m == nil || m[2] == "" && m[4] == "" {
		return 0, false, nil
	}
	scale := utf8.RuneCountInString(strings.ReplaceAll(m[4], "_", ""))
	read := func(digits string) *big.Int {
		n, whole := pytext.Int(digits)
		ok = ok && (whole || digits == "")
		if n == nil {
			n = new(big.Int)
		}
		return n
	}
	ok = true
	num, denominator, decimals, exponent := read(m[2]), read(m[3]), read(m[4]), read(m[5])
	if m[3] == "" {
		denominator.SetInt64(1)
	}
	if !ok || denominator.Sign() == 0 {
		return 0, false, nil
	}
	ten := func(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }
	num.Mul(num, ten(int64(scale))).Add(num, decimals)
	const far = 10_000 // decimal places that no number of 4300 digits comes back from
	if num.Sign() == 0 || exponent.CmpAbs(big.NewInt(far)) > 0 && exponent.Sign() < 0 {
		return 0, true, nil
	}
	if exponent.CmpAbs(big.NewInt(far)) > 0 {
		return 0, false, errOverflow
	}
	if denominator.Mul(denominator, ten(int64(scale))); exponent.Sign() < 0 {
		denominator.Mul(denominator, ten(-exponent.Int64()))
	} else {
		num.Mul(num, ten(exponent.Int64()))
	}
	if m[1] == "-" {
		num.Neg(num)
	}
	v, err = quotient(num, denominator)
	return v, err == nil, err
}

// gsmSymbolic is GSMSymbolicDataset.score_answer: the first number of the
// answer; a minus counts only at its start or behind a letter or digit that
// is not part of a number.
func gsmSymbolic(answer string, _ bool, e entry) (float64, error) {
	number, ok := firstNumber(answer)
	if !ok {
		return 0, nil
	}
	got, _ := pytext.Float(number)
	want, ok := pytext.Float(e.answer)
	if !ok {
		return 0, nil
	}
	return max(0.01, truth(got == want)), nil
}

// firstNumber is re.search(r"\b-?\d+(?:\.\d+)?\b", s).
func firstNumber(s string) (string, bool) {
	word := false // whether the character before is one of a word
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		begins := word != pytext.Word(r)
		rest := s[i:]
		if r == '-' {
			rest = rest[n:]
		}
		if begins {
			whole := digitsAtStart(rest)
			end := whole
			if whole > 0 && strings.HasPrefix(rest[whole:], ".") {
				if more := digitsAtStart(rest[whole+1:]); more > 0 && !wordAt(rest[whole+1+more:]) {
					end = whole + 1 + more
				}
			}
			if end > 0 && !wordAt(rest[end:]) {
				return s[i : i+len(s[i:])-len(rest)+end], true
			}
		}
		word = pytext.Word(r)
		i += n
	}
	return "", false
}

// digitsAtStart is the length of the digits that a text begins with.
func digitsAtStart(s string) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }); i >= 0 {
		return i
	}
	return len(s)
}

// wordAt says whether a text begins with a character of a word.
func wordAt(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && pytext.Word(r)
}
