package reasoninggym

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// decimal is a value of Python's Decimal: digits × 10^exponent without zeros at
// either end, or an infinity.
type decimal struct {
	negative, infinite bool
	digits             string // "" is 0
	exponent           int64
}

// readDecimal is Decimal(s). ok is false where Python raises InvalidOperation,
// and for nan, which equals nothing.
func readDecimal(s string) (d decimal, ok bool) {
	s = strings.ToLower(strings.ReplaceAll(pytext.ASCIIDigits(pytext.Strip(s)), "_", ""))
	unsigned, negative := strings.CutPrefix(s, "-")
	if !negative {
		unsigned = strings.TrimPrefix(s, "+")
	}
	d.negative = negative
	if unsigned == "inf" || unsigned == "infinity" {
		d.infinite = true
		return d, true
	}
	number, power, given := strings.Cut(unsigned, "e")
	if given {
		var err error
		if d.exponent, err = strconv.ParseInt(power, 10, 64); err != nil {
			return d, false
		}
	}
	before, after, _ := strings.Cut(number, ".")
	if before+after == "" || strings.ContainsFunc(before+after, func(r rune) bool { return r < '0' || r > '9' }) {
		return d, false
	}
	const largest = 999_999_999_999_999_999 // libmpdec's MAX_EMAX
	d.digits = strings.TrimLeft(before+after, "0")
	if d.exponent < -2*largest || d.exponent > 2*largest {
		return d, false
	}
	if top := d.exponent + int64(len(before)) - 1; top > largest {
		return d, false
	}
	d.exponent -= int64(len(after))
	kept := strings.TrimRight(d.digits, "0")
	d.exponent += int64(len(d.digits) - len(kept))
	d.digits = kept
	if kept == "" {
		d = decimal{}
	}
	return d, true
}

// sameDecimal is Decimal(a) == Decimal(b); false where either raises.
func sameDecimal(a, b string) bool {
	x, ok := readDecimal(a)
	y, ok2 := readDecimal(b)
	return ok && ok2 && x == y
}

// share is the length of the oracle's answer over that of an answer it stands
// in, in characters; 0 where it does not.
func share(oracle, answer string) float64 {
	if !strings.Contains(answer, oracle) {
		return 0
	}
	return float64(utf8.RuneCountInString(oracle)) / float64(utf8.RuneCountInString(answer))
}

// powerFunction is PowerFunctionDataset.score_answer: equal in three digits;
// 0.01 for any other answer.
func powerFunction(answer string, found bool, e entry) (float64, error) {
	got, ok := readDecimal(answer)
	want, ok2 := readDecimal(e.answer)
	same := ok && ok2 && !got.infinite && !want.infinite && got.significant(3) == want.significant(3)
	return max(half(found, 0.01), truth(found && same)), nil
}

// significant is the number rounded to so many digits, half to even.
func (d decimal) significant(n int) decimal {
	if len(d.digits) <= n {
		return d
	}
	kept, rest := d.digits[:n], d.digits[n:] // the rest does not end with 0
	d.exponent += int64(len(rest))
	if rest[0] > '5' || rest[0] == '5' && (len(rest) > 1 || (kept[n-1]-'0')%2 == 1) {
		last := strings.TrimRight(kept, "9")
		if last == "" {
			last, d.exponent = "0", d.exponent+int64(n)
		} else {
			d.exponent += int64(n - len(last))
		}
		kept = last[:len(last)-1] + string(last[len(last)-1]+1)
	}
	d.digits = strings.TrimRight(kept, "0")
	d.exponent += int64(len(kept) - len(d.digits))
	return d
}

// decimalArithmetic is DecimalArithmeticDataset.score_answer with its default
// of three decimal places: at most a thousandth off, in the twelve digits of
// its context.
func decimalArithmetic(answer string, _ bool, e entry) (float64, error) {
	got, ok := readDecimal(answer)
	want, ok2 := readDecimal(e.answer)
	if !ok || !ok2 || got.infinite || want.infinite {
		return 0, nil
	}
	a, b := got.scaled(), want.scaled()
	if a == nil || b == nil {
		return 0, nil // further apart than a thousandth, unless they are the same
	}
	off := a.Sub(a, b).Abs(a).String()
	d := decimal{digits: strings.TrimRight(off, "0"), exponent: -scaledPlaces + int64(len(off)-len(strings.TrimRight(off, "0")))}
	d = d.significant(12)
	return truth(d.exponent+int64(len(d.digits)) <= -3 || d == decimal{digits: "1", exponent: -3}), nil
}

// scaledPlaces are the decimal places that scaled keeps.
const scaledPlaces = 80

// scaled is the number times 10^80. What is behind those places is a 1 in the
// last of them, so that what is rounded is rounded to the right side; nil for
// what is beyond 10^80.
func (d decimal) scaled() *big.Int {
	top := d.exponent + int64(len(d.digits))
	if top > scaledPlaces {
		return nil
	}
	digits := d.digits
	if places := d.exponent + scaledPlaces; places >= 0 {
		digits += strings.Repeat("0", int(places))
	} else if keep := top + scaledPlaces; keep > 1 {
		digits = digits[:keep-1] + "1"
	} else {
		digits = "1"
	}
	n, _ := new(big.Int).SetString("0"+digits, 10)
	if d.negative {
		n.Neg(n)
	}
	return n
}
