package parse

import (
	"math/big"
	"strings"
)

// number reads digits with thousands separators, a decimal point and an
// exponent: 1234 1,234 1{,}234 1\,234 12.5 .5 1.2E-3.
//
// A bare comma separates thousands only where it cannot separate elements:
// outside brackets, and when every group has three digits.
func (l *lexer) number() {
	var digits strings.Builder
	i := l.at
	for i < len(l.src) && isDigit(l.src[i]) {
		i++
	}
	first := i - l.at
	digits.WriteString(l.src[l.at:i])
	decimal := false
	if first >= 1 && first <= 3 && !l.sympy {
		for {
			n, bare := separator(l.src[i:])
			if n == 0 || bare && l.round > 0 || !threeDigits(l.src[i+n:]) {
				break
			}
			group := l.src[i+n : i+n+3]
			if bare && first == 1 && l.src[l.at] == '0' && !decimal {
				digits.WriteByte('.') // 0,111 can only be a decimal comma
				decimal = true
			} else if decimal {
				break
			}
			digits.WriteString(group)
			i += n + 3
		}
	}
	if !decimal && i+1 < len(l.src) && l.src[i] == '.' && isDigit(l.src[i+1]) {
		decimal = true
		digits.WriteByte('.')
		i++
		for i < len(l.src) && (isDigit(l.src[i]) || !l.sympy && strings.HasPrefix(l.src[i:], `\,`) && i+2 < len(l.src) && isDigit(l.src[i+2])) {
			if l.src[i] == '\\' {
				i += 2
				continue
			}
			digits.WriteByte(l.src[i])
			i++
		}
	}
	if !decimal && !l.sympy && i < len(l.src) && l.src[i] == '.' && (strings.HasPrefix(l.src[i+1:], `\overline`) || strings.HasPrefix(l.src[i+1:], `\bar`)) {
		decimal = true // 0.\overline{12}
		digits.WriteByte('.')
		i++
	}
	text := digits.String()
	if i < len(l.src) && (l.src[i] == 'E' || l.src[i] == 'e' && !l.sympy && powerOfTen(text, l.src[i+1:])) {
		j := i + 1
		if j < len(l.src) && (l.src[j] == '-' || l.src[j] == '+') {
			j++
		}
		k := j
		for k < len(l.src) && isDigit(l.src[k]) {
			k++
		}
		if k > j && k-j <= 3 && (k >= len(l.src) || !isLetter(l.src[k])) {
			text += "e" + l.src[i+1:k]
			i = k
			decimal = true
		}
	}
	l.emit(token{kind: tNum, text: text, decimal: decimal}, i-l.at)
}

// powerOfTen says whether the e between two numbers means a power of ten, as
// programs print it, and not Euler's number: 8.7e8, 1e-5, 2.5e+07, but not the
// sums 2e-7 and 3e+1.
func powerOfTen(mantissa, after string) bool {
	if after == "" {
		return false
	}
	if isDigit(after[0]) {
		return true
	}
	if after[0] != '+' && after[0] != '-' || len(after) < 2 || !isDigit(after[1]) {
		return false
	}
	return mantissa == "1" || strings.Contains(mantissa, ".") || after[1] == '0'
}

// separator returns the length of a thousands separator at the start of s and
// whether it is a bare comma.
func separator(s string) (n int, bare bool) {
	if strings.HasPrefix(s, `\,`) {
		return 2, false
	}
	if s != "" && s[0] == '{' {
		i := 1
		for i < len(s) && s[i] == ' ' {
			i++
		}
		if i < len(s) && s[i] == ',' {
			i++
			for i < len(s) && s[i] == ' ' {
				i++
			}
			if i < len(s) && s[i] == '}' {
				return i + 1, false
			}
		}
		return 0, false
	}
	i := 0
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if strings.HasPrefix(s[i:], "{,}") || strings.HasPrefix(s[i:], "{, }") {
		return i + strings.IndexByte(s[i:], '}') + 1, false
	}
	if strings.HasPrefix(s, ", \\!") {
		n := len(", \\!")
		for n < len(s) && s[n] == ' ' {
			n++
		}
		return n, false
	}
	if i > 0 || s == "" || s[0] != ',' {
		return 0, false
	}
	if strings.HasPrefix(s, `,\!`) || strings.HasPrefix(s, `,\\!`) {
		i := strings.IndexByte(s, '!') + 1
		for i < len(s) && s[i] == ' ' {
			i++
		}
		return i, false
	}
	return 1, true
}

func threeDigits(s string) bool {
	return len(s) >= 3 && isDigit(s[0]) && isDigit(s[1]) && isDigit(s[2]) && (len(s) == 3 || !isDigit(s[3]))
}

// rational reads the text of a number token exactly. The text is short and
// its exponent small, so the result is too.
func rational(text string) (*big.Rat, bool) {
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	return new(big.Rat).SetString(text)
}
