package pytext

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Repr is repr of a float: the shortest digits that read back the same, with
// an exponent below 1e-4 and from 1e16 on.
func Repr(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case math.IsNaN(v):
		return "nan"
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Decimal is the value of a decimal digit of any script.
func Decimal(r rune) (value byte, ok bool) {
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	return byte(decimal(r)), true
}

// PlainInt says whether str(int(s)) is s.
func PlainInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 4300 || digits[0] == '0' && s != "0" {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
