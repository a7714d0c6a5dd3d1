package reasoninggym

import (
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
