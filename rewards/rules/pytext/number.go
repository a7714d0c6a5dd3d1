package pytext

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// Digit is str.isdigit of one character: decimal digits, and the superscripts,
// subscripts and circled digits that stand for one.
func Digit(r rune) bool {
	switch {
	case unicode.IsDigit(r), r == '²', r == '³', r == '¹', r == '⁰', r >= '⁴' && r <= '⁹', r >= '₀' && r <= '₉',
		r >= '①' && r <= '⑨', r >= '⑴' && r <= '⑼', r >= '⒈' && r <= '⒐', r == '⓪', r >= '⓵' && r <= '⓽', r == '⓿', r >= '❶' && r <= '❾', r >= '➀' && r <= '➈', r >= '➊' && r <= '➒':
		return true
	}
	return false
}

// Word is what \w matches: str.isalnum and the underscore.
func Word(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || Digit(r)
}

// Strip is str.strip: without the white space around it.
func Strip(s string) string { return strings.TrimFunc(s, Space) }

// Float is float(s): decimal numbers with an exponent or without, digits of
// any script, underscores between digits, infinities and nan. ok is false
// where Python raises ValueError.
func Float(s string) (v float64, ok bool) {
	ascii := ASCIIDigits(Strip(s))
	unsigned := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(ascii, "-"), "+"))
	switch unsigned {
	case "nan":
		return math.NaN(), !strings.HasPrefix(ascii, "-+")
	case "inf", "infinity":
		v, err := strconv.ParseFloat(ascii, 64)
		return v, err == nil
	}
	plain := make([]byte, 0, len(ascii))
	for i := 0; i < len(ascii); i++ {
		switch c := ascii[i]; {
		case c == '_':
			if i == 0 || i+1 == len(ascii) || !asciiDigit(ascii[i-1]) || !asciiDigit(ascii[i+1]) {
				return 0, false
			}
		case asciiDigit(c), c == '.', c == 'e', c == 'E', c == '+', c == '-':
			plain = append(plain, c)
		default: // strconv also reads hexadecimal numbers
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(plain), 64)
	if err != nil && v == 0 {
		return 0, false
	}
	return v, true // what is out of range is an infinity, in Python too
}

// maxIntDigits is how many digits Python's int() reads at most
// (sys.int_info.default_max_str_digits).
const maxIntDigits = 4300

// Int is int(s): a sign, digits of any script, underscores between them, white
// space around. ok is false where Python raises ValueError.
func Int(s string) (v *big.Int, ok bool) {
	ascii := ASCIIDigits(Strip(s))
	digits := strings.TrimPrefix(ascii, "-")
	if digits == ascii {
		digits = strings.TrimPrefix(ascii, "+")
	}
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return nil, false
	}
	digits = strings.ReplaceAll(digits, "_", "")
	if digits == "" || len(digits) > maxIntDigits || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return nil, false
	}
	if v, ok = new(big.Int).SetString(digits, 10); ok && strings.HasPrefix(ascii, "-") {
		v.Neg(v)
	}
	return v, ok
}

// ASCIIDigits is a text with the decimal digits of all scripts as those of
// ASCII.
func ASCIIDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Nd, r) {
			return '0' + decimal(r)
		}
		return r
	}, s)
}

func asciiDigit(c byte) bool { return c >= '0' && c <= '9' }

// decimal is the value of a decimal digit: the digits of a script stand in
// order, ten in a row.
func decimal(r rune) rune {
	for _, table := range unicode.Nd.R16 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) {
			return (r - rune(table.Lo)) % 10
		}
	}
	for _, table := range unicode.Nd.R32 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) {
			return (r - rune(table.Lo)) % 10
		}
	}
	return 0
}
