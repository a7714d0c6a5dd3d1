package code

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Compare decides whether the output of a program is the expected one.
type Compare string

// The ways of comparing.
const (
	// Tokens compares the words between white space, line by line without
	// blank lines at the end; numbers are equal by value (1.50 and 1.5), and
	// within the tolerance where there is one.
	Tokens Compare = "tokens"
	// Lines compares lines without white space at their ends.
	Lines Compare = "lines"
	// Exact compares the bytes, but for one line end at the end.
	Exact Compare = "exact"
	// OpenR1 is open-r1's published comparison: lines are compared up to the
	// end of the shorter output.
	OpenR1 Compare = "openr1"
)

// ParseCompare reads the name of a way of comparing; "" is Tokens.
func ParseCompare(s string) (Compare, error) {
	switch c := Compare(s); c {
	case "":
		return Tokens, nil
	case Tokens, Lines, Exact, OpenR1, Prime:
		return c, nil
	}
	return "", fmt.Errorf("compare %q is unknown; use tokens, lines or exact", s)
}

// equal says whether got passes for want, and why not. tolerance is absolute
// or relative, whichever is wider; 0 asks for equal values.
func (c Compare) equal(got, want string, tolerance float64) (bool, string) {
	switch c {
	case Exact:
		if strings.TrimSuffix(got, "\n") == strings.TrimSuffix(want, "\n") {
			return true, ""
		}
		return false, "the output differs"
	case Prime:
		return primeEqual(got, want)
	case OpenR1:
		a, b := strings.Split(strings.TrimSpace(got), "\n"), strings.Split(want, "\n")
		for i := range min(len(a), len(b)) {
			if strings.TrimSpace(a[i]) != strings.TrimSpace(b[i]) {
				return false, fmt.Sprintf("line %d differs", i+1)
			}
		}
		return true, ""
	}
	a, b := strings.Split(strings.TrimSpace(got), "\n"), strings.Split(strings.TrimSpace(want), "\n")
	if len(a) != len(b) {
		return false, fmt.Sprintf("%d lines of output, expected %d", len(a), len(b))
	}
	for i := range a {
		x, y := strings.TrimSpace(a[i]), strings.TrimSpace(b[i])
		if x == y {
			continue
		}
		if c == Lines || !sameTokens(strings.Fields(x), strings.Fields(y), tolerance) {
			return false, fmt.Sprintf("line %d is %s, expected %s", i+1, short(x), short(y))
		}
	}
	return true, ""
}

func sameTokens(a, b []string, tolerance float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !sameNumber(a[i], b[i], tolerance) {
			return false
		}
	}
	return true
}

// maxDigits bounds numbers that are compared by value.
const maxDigits = 400

// sameNumber compares decimal numbers exactly, as long as there is no
// tolerance: a program that lost the last digit of a large integer is wrong.
func sameNumber(a, b string, tolerance float64) bool {
	if !decimal(a) || !decimal(b) {
		return false
	}
	if tolerance > 0 {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		return errX == nil && errY == nil && near(x, y, tolerance)
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

func near(x, y, tolerance float64) bool {
	return math.Abs(x-y) <= tolerance*math.Max(1, math.Max(math.Abs(x), math.Abs(y)))
}

// decimal says whether s is a decimal number with an exponent, if any, of at
// most three digits.
func decimal(s string) bool {
	s = strings.TrimLeft(s, "+-")
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	if has {
		exponent = strings.TrimLeft(exponent, "+-")
		if len(exponent) == 0 || len(exponent) > 3 || strings.Trim(exponent, "0123456789") != "" {
			return false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return len(whole)+len(fraction) > 0 && len(mantissa) <= maxDigits && strings.Trim(whole+fraction, "0123456789") == ""
}

func short(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(strings.ToValidUTF8(s, "?"))
}
