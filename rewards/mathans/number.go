package mathans

import (
	"math/big"
	"strings"
)

// maxNumber bounds the bytes of a number; longer ones are no numbers.
const maxNumber = 400

// number is a rational with the marks it was written with.
type number struct {
	value   *big.Rat // without the percent mark applied: 28% is 28
	percent bool
	money   bool
}

// String renders the canonical form: "-7/2", "28%".
func (n number) String() string {
	s := n.value.RatString()
	if n.percent {
		s += "%"
	}
	return s
}

// parseNumber reads a number in plain text or simple LaTeX:
//
//	42  -7  +3  3.50  .5  1,234.5  1{,}234  $1,000  \$5  28%  28\%  50 percent
//	3/4  -3/4  \frac{3}{4}  \frac34  \dfrac{-3}{4}
//
// Thousands separators count only when every group after the first has three
// digits. There is no exponent notation, so a short text cannot make a large
// number.
func parseNumber(s string) (number, bool) {
	s = strip(s)
	if s == "" || len(s) > maxNumber {
		return number{}, false
	}
	var n number
	negative := false
	signed := false
	for {
		switch {
		case !signed && (s[0] == '-' || s[0] == '+'):
			negative, signed = s[0] == '-', true
			s = s[1:]
		case !signed && strings.HasPrefix(s, "−"):
			negative, signed = true, true
			s = s[len("−"):]
		case !n.money && strings.HasPrefix(s, `\$`):
			n.money = true
			s = s[2:]
		case !n.money && s[0] == '$':
			n.money = true
			s = s[1:]
		default:
			goto body
		}
		s = strings.TrimLeft(s, " \t\n")
		if s == "" {
			return number{}, false
		}
	}
body:
	for _, mark := range []string{`\%`, "%", " percent", `\text{percent}`, `\text{ percent}`} {
		if t, found := strings.CutSuffix(s, mark); found {
			n.percent = true
			s = strings.TrimRight(t, " \t\n")
			break
		}
	}
	v, ok := parseFraction(s)
	if !ok {
		return number{}, false
	}
	if negative {
		v.Neg(v)
	}
	n.value = v
	return n, true
}

// strip takes off what wraps a number without changing it: white space, math
// delimiters, a full stop at the end, spacing commands.
func strip(s string) string {
	s = strings.Trim(s, " \t\r\n")
	for {
		before := s
		s = strings.TrimSuffix(s, ".")
		for _, d := range [...][2]string{{"$$", "$$"}, {"$", "$"}, {`\(`, `\)`}, {`\[`, `\]`}} {
			if len(s) > len(d[0])+len(d[1]) && strings.HasPrefix(s, d[0]) && strings.HasSuffix(s, d[1]) {
				s = s[len(d[0]) : len(s)-len(d[1])]
				break
			}
		}
		s = strings.Trim(s, " \t\r\n")
		if s == before {
			break
		}
	}
	if strings.Contains(s, `\`) {
		s = strings.NewReplacer(`\!`, "", `\,`, "", `\;`, "", `\ `, " ").Replace(s)
	}
	return s
}

func parseFraction(s string) (*big.Rat, bool) {
	for _, command := range []string{`\frac`, `\dfrac`, `\tfrac`} {
		if rest, found := strings.CutPrefix(s, command); found {
			a, rest, ok := argument(rest)
			if !ok {
				return nil, false
			}
			b, rest, ok := argument(rest)
			if !ok || rest != "" {
				return nil, false
			}
			return quotient(a, b, true)
		}
	}
	if a, b, found := strings.Cut(s, "/"); found {
		return quotient(strings.TrimRight(a, " "), strings.TrimLeft(b, " "), false)
	}
	return parseDecimal(s)
}

// argument reads one LaTeX argument: a group in braces or one digit.
func argument(s string) (arg, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if s == "" {
		return "", "", false
	}
	if s[0] == '{' {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", "", false
		}
		return strings.Trim(s[1:end], " "), s[end+1:], true
	}
	return s[:1], s[1:], s[0] >= '0' && s[0] <= '9'
}

func quotient(a, b string, signs bool) (*big.Rat, bool) {
	negative := false
	if signs {
		for _, p := range []*string{&a, &b} {
			if t, found := strings.CutPrefix(*p, "-"); found {
				negative = !negative
				*p = t
			}
		}
	}
	x, ok := parseDecimal(a)
	if !ok {
		return nil, false
	}
	y, ok := parseDecimal(b)
	if !ok || y.Sign() == 0 {
		return nil, false
	}
	x.Quo(x, y)
	if negative {
		x.Neg(x)
	}
	return x, true
}

// parseDecimal reads digits with an optional fraction and optional thousands
// separators.
func parseDecimal(s string) (*big.Rat, bool) {
	if strings.Contains(s, "{,}") {
		s = strings.ReplaceAll(s, "{,}", ",")
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Contains(whole, ",") {
		groups := strings.Split(whole, ",")
		for i, g := range groups {
			if i == 0 && (len(g) < 1 || len(g) > 3) || i > 0 && len(g) != 3 {
				return nil, false
			}
		}
		whole = strings.Join(groups, "")
	}
	digits := whole + fraction
	if digits == "" {
		return nil, false
	}
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return nil, false
		}
	}
	num, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return nil, false
	}
	if fraction == "" {
		return new(big.Rat).SetInt(num), true
	}
	den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil)
	return new(big.Rat).SetFrac(num, den), true
}
