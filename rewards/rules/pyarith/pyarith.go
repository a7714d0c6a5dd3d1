// Package pyarith computes what Python's eval makes of arithmetic on
// literals: ints and floats, + - * / // ** and signs, parentheses. It parses a
// text and computes; nothing is executed.
//
// Four things are cut that Python would go on with: complex numbers (from a
// negative base and a broken exponent), ints of more than MaxBits bits,
// floats written with more than MaxDigits characters, and more than some
// thousand nested signs and powers. All are ErrPython too.
package pyarith

import (
	"errors"
	"math"
	"math/big"
	"strconv"
)

// ErrPython says that Python cannot evaluate a text, whatever the exception
// would be.
var ErrPython = errors.New("expression that Python would not evaluate")

const (
	// MaxBits bounds the ints that are computed; their products have up to twice as many.
	MaxBits = 1 << 18
	// MaxDigits is CPython's own limit for ints (sys.int_info.default_max_str_digits).
	MaxDigits = 4300

	maxParens = 200 // CPython's tokenizer refuses more
	maxSigns  = 2000
)

// Number is an int (Int not nil) or a float.
type Number struct {
	Int   *big.Int
	Float float64
}

// ToFloat converts as Python's float(): to the nearest, ties to even; an int
// beyond the range is an error.
func (n Number) ToFloat() (float64, error) {
	if n.Int == nil {
		return n.Float, nil
	}
	f, _ := new(big.Float).SetInt(n.Int).Float64()
	if math.IsInf(f, 0) {
		return 0, ErrPython
	}
	return f, nil
}

// String is the number as a reader writes it.
func (n Number) String() string {
	if n.Int == nil {
		return strconv.FormatFloat(n.Float, 'g', -1, 64)
	}
	return n.Int.String()
}

type token struct {
	kind   byte // '0' number, '^' for **, '|' for //, else the character itself; 0 at the end
	number Number
}

// tokens reads the tokens. Only ASCII is possible: another digit or space
// is no Python.
func tokens(s string) ([]token, error) {
	var out []token
	parens := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\f':
			i++
		case c == '\r' && parens > 0: // a line end, which counts outside parentheses only
			i++
		case c == '(' || c == ')':
			if c == '(' {
				parens++
			} else {
				parens--
			}
			if parens > maxParens || parens < 0 {
				return nil, ErrPython
			}
			out = append(out, token{kind: c})
			i++
		case c == '+' || c == '-':
			out = append(out, token{kind: c})
			i++
		case c == '*' || c == '/':
			kind := c
			if i+1 < len(s) && s[i+1] == c {
				kind = map[byte]byte{'*': '^', '/': '|'}[c]
				i++
			}
			out = append(out, token{kind: kind})
			i++
		case c == '.' || c >= '0' && c <= '9':
			end := i
			dots := 0
			for end < len(s) && (s[end] == '.' && dots == 0 || s[end] >= '0' && s[end] <= '9') {
				if s[end] == '.' {
					dots++
				}
				end++
			}
			if e := exponent(s[end:]); e > 0 && (end > i+dots) {
				end, dots = end+e, 1
			}
			n, err := literal(s[i:end], dots > 0)
			if err != nil {
				return nil, err
			}
			out = append(out, token{kind: '0', number: n})
			i = end
		default:
			return nil, ErrPython
		}
	}
	return append(out, token{}), nil
}

// exponent is the length of the exponent that s begins with.
func exponent(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	from := n
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == from {
		return 0
	}
	return n
}

func literal(s string, float bool) (Number, error) {
	if len(s) > MaxDigits {
		return Number{}, ErrPython
	}
	if float {
		if s == "." {
			return Number{}, ErrPython
		}
		f, _, err := big.ParseFloat(s, 10, 2048, big.ToNearestEven)
		if err != nil {
			return Number{}, ErrPython
		}
		v, _ := f.Float64()
		return Number{Float: v}, nil
	}
	i, ok := new(big.Int).SetString(s, 10)
	if !ok || len(s) > 1 && s[0] == '0' && i.Sign() != 0 {
		return Number{}, ErrPython // "03" is a syntax error, "00" is 0
	}
	return Number{Int: i}, nil
}

// parser evaluates while it parses, by Python's grammar:
//
//	sum    = product { ("+"|"-") product }
//	product = sign { ("*"|"/"|"//") sign }
//	sign   = ("+"|"-") sign | power
//	power  = atom [ "**" sign ]
//	atom   = number | "(" sum ")"
type parser struct {
	tokens []token
	depth  int
}

// Eval is eval(s); ErrPython where that raises, or computes something that is
// no int or float.
func Eval(s string) (Number, error) {
	tokens, err := tokens(s)
	if err != nil {
		return Number{}, err
	}
	p := &parser{tokens: tokens}
	v, err := p.sum()
	if err != nil {
		return Number{}, err
	}
	if p.tokens[0].kind != 0 {
		return Number{}, ErrPython
	}
	return v, nil
}

func (p *parser) take() token {
	t := p.tokens[0]
	if t.kind != 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) sum() (Number, error) {
	v, err := p.product()
	for err == nil && (p.tokens[0].kind == '+' || p.tokens[0].kind == '-') {
		v, err = p.apply(v, p.product)
	}
	return v, err
}

func (p *parser) product() (Number, error) {
	v, err := p.sign()
	for err == nil && (p.tokens[0].kind == '*' || p.tokens[0].kind == '/' || p.tokens[0].kind == '|') {
		v, err = p.apply(v, p.sign)
	}
	return v, err
}

func (p *parser) apply(left Number, operand func() (Number, error)) (Number, error) {
	op := p.take().kind
	right, err := operand()
	if err != nil {
		return Number{}, err
	}
	return binary(op, left, right)
}

func (p *parser) sign() (Number, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxSigns {
		return Number{}, ErrPython
	}
	switch p.tokens[0].kind {
	case '+':
		p.take()
		return p.sign()
	case '-':
		p.take()
		v, err := p.sign()
		if err != nil {
			return v, err
		}
		if v.Int != nil {
			return Number{Int: new(big.Int).Neg(v.Int)}, nil
		}
		return Number{Float: -v.Float}, nil
	}
	base, err := p.atom()
	if err != nil || p.tokens[0].kind != '^' {
		return base, err
	}
	return p.apply(base, p.sign)
}

func (p *parser) atom() (Number, error) {
	switch t := p.take(); t.kind {
	case '0':
		return t.number, nil
	case '(':
		v, err := p.sum()
		if err == nil && p.take().kind != ')' {
			err = ErrPython
		}
		return v, err
	}
	return Number{}, ErrPython
}

// Sub is a - b.
func Sub(a, b Number) (Number, error) { return binary('-', a, b) }

func binary(op byte, a, b Number) (Number, error) {
	if a.Int != nil && b.Int != nil {
		return ints(op, a.Int, b.Int)
	}
	x, err := a.ToFloat()
	if err != nil {
		return Number{}, err
	}
	y, err := b.ToFloat()
	if err != nil {
		return Number{}, err
	}
	switch op {
	case '+':
		return Number{Float: x + y}, nil
	case '-':
		return Number{Float: x - y}, nil
	case '*':
		return Number{Float: x * y}, nil
	case '^':
		return power(x, y)
	}
	if y == 0 {
		return Number{}, ErrPython
	}
	if op == '/' {
		return Number{Float: x / y}, nil
	}
	return Number{Float: floorDiv(x, y)}, nil
}

func ints(op byte, a, b *big.Int) (Number, error) {
	bits := a.BitLen() + b.BitLen()
	if bits > 2*MaxBits {
		return Number{}, ErrPython
	}
	switch op {
	case '+':
		return Number{Int: new(big.Int).Add(a, b)}, nil
	case '-':
		return Number{Int: new(big.Int).Sub(a, b)}, nil
	case '*':
		if bits > MaxBits {
			return Number{}, ErrPython
		}
		return Number{Int: new(big.Int).Mul(a, b)}, nil
	case '^':
		if b.Sign() < 0 {
			x, err := Number{Int: a}.ToFloat()
			if err != nil {
				return Number{}, err
			}
			y, err := Number{Int: b}.ToFloat()
			if err != nil {
				return Number{}, err
			}
			return power(x, y)
		}
		if a.BitLen() > 1 && (!b.IsInt64() || b.Int64() > MaxBits/int64(a.BitLen())) {
			return Number{}, ErrPython
		}
		if a.BitLen() <= 1 { // 0, 1 and -1: only "is it zero" and "is it even" matter
			e := new(big.Int)
			if b.Sign() != 0 {
				e.SetInt64(2 - int64(b.Bit(0)))
			}
			return Number{Int: new(big.Int).Exp(a, e, nil)}, nil
		}
		return Number{Int: new(big.Int).Exp(a, b, nil)}, nil
	}
	if b.Sign() == 0 {
		return Number{}, ErrPython
	}
	if op == '/' { // correctly rounded, as Python's
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		if math.IsInf(f, 0) {
			return Number{}, ErrPython
		}
		return Number{Float: f}, nil
	}
	q, m := new(big.Int).QuoRem(a, b, new(big.Int))
	if m.Sign() != 0 && m.Sign() != b.Sign() {
		q.Sub(q, big.NewInt(1)) // towards minus infinity
	}
	return Number{Int: q}, nil
}

// power is float ** float.
func power(x, y float64) (Number, error) {
	if x == 0 && y < 0 {
		return Number{}, ErrPython // ZeroDivisionError
	}
	if x < 0 && y != math.Trunc(y) && !math.IsInf(y, 0) && !math.IsInf(x, 0) {
		return Number{}, ErrPython // complex in Python
	}
	v := math.Pow(x, y)
	if math.IsInf(v, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return Number{}, ErrPython // OverflowError
	}
	return Number{Float: v}, nil
}

// floorDiv is float // float by CPython's method, which rounds the exact
// quotient down even where x/y would round up to a whole number.
func floorDiv(x, y float64) float64 {
	mod := math.Mod(x, y)
	div := (x - mod) / y
	if mod != 0 && (y < 0) != (mod < 0) {
		div--
	}
	if div == 0 {
		return math.Copysign(0, x/y)
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return floor
}
