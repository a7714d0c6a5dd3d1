package reasoninggym

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"unicode"

	"gradus/rewards/rules/pytext"
)

// reasoning-gym hands the model's text to sympy's parse_expr, which runs it as
// Python. Here a parser reads what follows and computes; nothing is executed:
//
//   - whole numbers (also 1_000, 0x10) and decimal ones, + - * / // % ** ^ (of
//     whole numbers: exclusive or), signs, parentheses, ! and !!, == and !=
//     once, comments, line ends in parentheses;
//   - pi, E, True, False, sqrt, factorial, abs, Abs.
//
// Rational numbers are exact, as sympy's; roots of squares too. Texts with
// anything else come out as texts that sympy refuses, which is right for words
// and equations and wrong for other calls (log, floor, Rational), for symbols
// that cancel (x - x + 8), for complex numbers that do ((-1)**(1/2)**2), for
// Python's logic (3 and 5), bit operators, quotes and 0.[3], and for what is over
// the budgets: maxText characters, maxBits bits, maxFactorial.
var errSympy = errors.New("text that sympy does not make a number of")

const (
	maxText      = 10_000
	maxBits      = 1 << 18
	maxFactorial = 5_000
	maxNested    = 199 // Python refuses more parentheses, and sympy adds one
)

// kind of number.
type kind byte

const (
	exact    kind = iota // a rational number
	floating             // a decimal number, or the value of a root or constant
	undef                // sympy's nan
	infinite             // sympy's zoo: a number over 0
)

// number is a value of sympy's.
type number struct {
	kind kind
	r    *big.Rat // exact
	f    float64  // floating
}

func exactly(r *big.Rat) number { return number{kind: exact, r: r} }
func whole(n int64) number      { return exactly(new(big.Rat).SetInt64(n)) }
func realNumber(f float64) number {
	if math.IsNaN(f) {
		return number{kind: undef}
	}
	return number{kind: floating, f: f}
}

// float is float(expr); ok is false where Python raises TypeError.
func (n number) float() (f float64, ok bool) {
	switch n.kind {
	case exact:
		f, _ = n.r.Float64()
		return f, true
	case floating:
		return n.f, true
	case undef:
		return math.NaN(), true
	}
	return 0, false
}

// integer is int(expr): cut towards zero.
func (n number) integer() (*big.Int, bool) {
	switch n.kind {
	case exact:
		return new(big.Int).Quo(n.r.Num(), n.r.Denom()), true
	case floating:
		if math.IsInf(n.f, 0) {
			return nil, false
		}
		z, _ := big.NewFloat(n.f).Int(nil)
		return z, true
	}
	return nil, false
}

func (n number) zero() bool {
	return n.kind == exact && n.r.Sign() == 0 || n.kind == floating && n.f == 0
}

// small says whether an exact number is within the budget.
func small(r *big.Rat) bool { return r.Num().BitLen() <= maxBits && r.Denom().BitLen() <= maxBits }

// sympy evaluates a text as float(parse_expr(text)) would.
func sympy(text string) (number, error) {
	text = pytext.Strip(text)
	if len(text) > maxText {
		return number{}, errSympy
	}
	tokens, err := sympyTokens(text)
	if err != nil {
		return number{}, err
	}
	p := sympyParser{tokens: tokens}
	v, err := p.comparison()
	if err == nil && p.tokens[0].op != "" {
		err = errSympy
	}
	return v, err
}

// sympyToken is a number, a name or an operator; op is "" at the end, "0" for a
// number, "a" for a name.
type sympyToken struct {
	op    string
	name  string
	value number
}

// operators, longest first.
func operators() []string {
	return []string{"**", "//", "!!", "!=", "==", "+", "-", "*", "/", "%", "^", "!", "(", ")", ","}
}

func sympyTokens(s string) ([]sympyToken, error) {
	var out []sympyToken
	ops := operators()
	depth := 0
	ended := false // a line end stands outside of parentheses
	for len(s) > 0 {
		c := s[0]
		switch {
		case c == ' ' || c == '\t' || c == '\f':
			s = s[1:]
			continue
		case c == '#':
			if end := strings.IndexByte(s, '\n'); end >= 0 {
				s = s[end:]
			} else {
				s = ""
			}
			continue
		case c == '\n' || strings.HasPrefix(s, "\r\n"):
			ended = ended || depth == 0 && len(out) > 0
			s = s[strings.IndexByte(s, '\n')+1:]
			continue
		}
		if ended {
			return nil, errSympy
		}
		if c >= '0' && c <= '9' || c == '.' {
			t, n, err := sympyNumber(s)
			if err != nil {
				return nil, err
			}
			out, s = append(out, t), s[n:]
			continue
		}
		if n := strings.IndexFunc(s, func(r rune) bool {
			return r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
		}); n != 0 {
			if n < 0 {
				n = len(s)
			}
			out, s = append(out, sympyToken{op: "a", name: s[:n]}), s[n:]
			continue
		}
		found := false
		for _, op := range ops {
			if strings.HasPrefix(s, op) {
				s = s[len(op):]
				if last := len(out) - 1; last >= 0 && out[last].op == op && (op == "*" || op == "/") {
					out, op = out[:last], op+op // sympy writes the tokens of "* *" side by side before Python reads them
				}
				out, found = append(out, sympyToken{op: op}), true
				switch op {
				case "(":
					depth++
				case ")":
					depth--
				}
				break
			}
		}
		if !found || depth < 0 || depth > maxNested {
			return nil, errSympy
		}
	}
	return append(out, sympyToken{}), nil
}

// sympyNumber reads a number as Python's tokenizer does; n is its length.
func sympyNumber(s string) (t sympyToken, n int, err error) {
	end := 0
	isFloat := false
	based := len(s) > 1 && s[0] == '0' && strings.ContainsRune("xXoObB", rune(s[1]))
	for end < len(s) {
		c := s[end]
		switch {
		case c >= '0' && c <= '9' || c == '_' || based && (end == 1 || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'):
		case !based && c == '.' && !isFloat:
			isFloat = true
		case !based && (c == 'e' || c == 'E'):
			isFloat = true
			if end+1 < len(s) && (s[end+1] == '+' || s[end+1] == '-') {
				end++
			}
		default:
			c = 0
		}
		if c == 0 {
			break
		}
		end++
		if c == 'e' && !based || c == 'E' && !based {
			for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '_') {
				end++
			}
			break
		}
	}
	text := s[:end]
	switch {
	case end > maxIntDigits:
		return t, 0, errSympy
	case isFloat:
		f, ok := pytext.Float(text)
		if !ok {
			return t, 0, errSympy
		}
		return sympyToken{op: "0", value: realNumber(f)}, end, nil
	case based:
		z, ok := new(big.Int).SetString(text, 0)
		if !ok {
			return t, 0, errSympy
		}
		return sympyToken{op: "0", value: exactly(new(big.Rat).SetInt(z))}, end, nil
	}
	z, ok := pytext.Int(text)
	if !ok || text[0] == '0' && z.Sign() != 0 {
		return t, 0, errSympy
	}
	return sympyToken{op: "0", value: exactly(new(big.Rat).SetInt(z))}, end, nil
}

// maxIntDigits is how many digits Python's int() reads at most.
const maxIntDigits = 4300
