package countdown

import (
	"errors"
	"math"
	"math/big"
	"strconv"
)

// Python's arithmetic on literals, as far as TinyZero's checker can reach it:
// ints and floats, + - * / // ** and signs, parentheses. It parses a text and
// computes; nothing is executed.
//
// What Python cannot evaluate is errPython, whatever the exception would be.
// Four things are cut that Python would go on with: complex numbers (from a
// negative base and a broken exponent), ints of more than maxPythonBits bits,
// floats written with more than maxPythonDigits characters, and more than
// maxPythonSigns nested signs and powers. All are errPython too.
var errPython = errors.New("expression that Python would not evaluate")

const (
	maxPythonBits   = 1 << 18
	maxPythonParens = 200 // CPython's tokenizer refuses more
	maxPythonSigns  = 2000
	maxPythonDigits = 4300 // CPython's own limit for ints (sys.int_info.default_max_str_digits)
)

// pyNumber is an int (i not nil) or a float.
type pyNumber struct {
	i *big.Int
	f float64
}

// float converts as Python's float(): to the nearest, ties to even; an int
// beyond the range is an error.
func (n pyNumber) float() (float64, error) {
	if n.i == nil {
		return n.f, nil
	}
	f, _ := new(big.Float).SetInt(n.i).Float64()
	if math.IsInf(f, 0) {
		return 0, errPython
	}
	return f, nil
}

// String is the number as a reader writes it.
func (n pyNumber) String() string {
	if n.i == nil {
		return strconv.FormatFloat(n.f, 'g', -1, 64)
	}
	return n.i.String()
}

type pyToken struct {
	kind   byte // '0' number, '^' for **, '|' for //, else the character itself; 0 at the end
	number pyNumber
}

// pyTokens reads the tokens. Only ASCII is possible: another digit or space
// passes TinyZero's filter but is no Python.
func pyTokens(s string) ([]pyToken, error) {
	var out []pyToken
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
			if parens > maxPythonParens || parens < 0 {
				return nil, errPython
			}
			out = append(out, pyToken{kind: c})
			i++
		case c == '+' || c == '-':
			out = append(out, pyToken{kind: c})
			i++
		case c == '*' || c == '/':
			kind := c
			if i+1 < len(s) && s[i+1] == c {
				kind = map[byte]byte{'*': '^', '/': '|'}[c]
				i++
			}
			out = append(out, pyToken{kind: kind})
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
			n, err := pyLiteral(s[i:end], dots > 0)
			if err != nil {
				return nil, err
			}
			out = append(out, pyToken{kind: '0', number: n})
			i = end
		default:
			return nil, errPython
		}
	}
	return append(out, pyToken{}), nil
}

func pyLiteral(s string, float bool) (pyNumber, error) {
	if len(s) > maxPythonDigits {
		return pyNumber{}, errPython
	}
	if float {
		if s == "." {
			return pyNumber{}, errPython
		}
		f, _, err := big.ParseFloat(s, 10, 2048, big.ToNearestEven)
		if err != nil {
			return pyNumber{}, errPython
		}
		v, _ := f.Float64()
		return pyNumber{f: v}, nil
	}
	i, ok := new(big.Int).SetString(s, 10)
	if !ok || len(s) > 1 && s[0] == '0' && i.Sign() != 0 {
		return pyNumber{}, errPython // "03" is a syntax error, "00" is 0
	}
	return pyNumber{i: i}, nil
}

// pyParser evaluates while it parses, by Python's grammar:
//
//	sum    = product { ("+"|"-") product }
//	product = sign { ("*"|"/"|"//") sign }
//	sign   = ("+"|"-") sign | power
//	power  = atom [ "**" sign ]
//	atom   = number | "(" sum ")"
type pyParser struct {
	tokens []pyToken
	depth  int
}

func pyEval(s string) (pyNumber, error) {
	tokens, err := pyTokens(s)
	if err != nil {
		return pyNumber{}, err
	}
	p := &pyParser{tokens: tokens}
	v, err := p.sum()
	if err != nil {
		return pyNumber{}, err
	}
	if p.tokens[0].kind != 0 {
		return pyNumber{}, errPython
	}
	return v, nil
}

func (p *pyParser) take() pyToken {
	t := p.tokens[0]
	if t.kind != 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *pyParser) sum() (pyNumber, error) {
	v, err := p.product()
	for err == nil && (p.tokens[0].kind == '+' || p.tokens[0].kind == '-') {
		v, err = p.apply(v, p.product)
	}
	return v, err
}

func (p *pyParser) product() (pyNumber, error) {
	v, err := p.sign()
	for err == nil && (p.tokens[0].kind == '*' || p.tokens[0].kind == '/' || p.tokens[0].kind == '|') {
		v, err = p.apply(v, p.sign)
	}
	return v, err
}

func (p *pyParser) apply(left pyNumber, operand func() (pyNumber, error)) (pyNumber, error) {
	op := p.take().kind
	right, err := operand()
	if err != nil {
		return pyNumber{}, err
	}
	return pyBinary(op, left, right)
}

func (p *pyParser) sign() (pyNumber, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxPythonSigns {
		return pyNumber{}, errPython
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
		if v.i != nil {
			return pyNumber{i: new(big.Int).Neg(v.i)}, nil
		}
		return pyNumber{f: -v.f}, nil
	}
	base, err := p.atom()
	if err != nil || p.tokens[0].kind != '^' {
		return base, err
	}
	return p.apply(base, p.sign)
}

func (p *pyParser) atom() (pyNumber, error) {
	switch t := p.take(); t.kind {
	case '0':
		return t.number, nil
	case '(':
		v, err := p.sum()
		if err == nil && p.take().kind != ')' {
			err = errPython
		}
		return v, err
	}
	return pyNumber{}, errPython
}

func pyBinary(op byte, a, b pyNumber) (pyNumber, error) {
	if a.i != nil && b.i != nil {
		return pyInts(op, a.i, b.i)
	}
	x, err := a.float()
	if err != nil {
		return pyNumber{}, err
	}
	y, err := b.float()
	if err != nil {
		return pyNumber{}, err
	}
	switch op {
	case '+':
		return pyNumber{f: x + y}, nil
	case '-':
		return pyNumber{f: x - y}, nil
	case '*':
		return pyNumber{f: x * y}, nil
	case '^':
		return pyPower(x, y)
	}
	if y == 0 {
		return pyNumber{}, errPython
	}
	if op == '/' {
		return pyNumber{f: x / y}, nil
	}
	return pyNumber{f: pyFloorDiv(x, y)}, nil
}

func pyInts(op byte, a, b *big.Int) (pyNumber, error) {
	bits := a.BitLen() + b.BitLen()
	if bits > 2*maxPythonBits {
		return pyNumber{}, errPython
	}
	switch op {
	case '+':
		return pyNumber{i: new(big.Int).Add(a, b)}, nil
	case '-':
		return pyNumber{i: new(big.Int).Sub(a, b)}, nil
	case '*':
		if bits > maxPythonBits {
			return pyNumber{}, errPython
		}
		return pyNumber{i: new(big.Int).Mul(a, b)}, nil
	case '^':
		if b.Sign() < 0 {
			x, err := pyNumber{i: a}.float()
			if err != nil {
				return pyNumber{}, err
			}
			y, err := pyNumber{i: b}.float()
			if err != nil {
				return pyNumber{}, err
			}
			return pyPower(x, y)
		}
		if a.BitLen() > 1 && (!b.IsInt64() || b.Int64() > maxPythonBits/int64(a.BitLen())) {
			return pyNumber{}, errPython
		}
		if a.BitLen() <= 1 { // 0, 1 and -1: only "is it zero" and "is it even" matter
			e := new(big.Int)
			if b.Sign() != 0 {
				e.SetInt64(2 - int64(b.Bit(0)))
			}
			return pyNumber{i: new(big.Int).Exp(a, e, nil)}, nil
		}
		return pyNumber{i: new(big.Int).Exp(a, b, nil)}, nil
	}
	if b.Sign() == 0 {
		return pyNumber{}, errPython
	}
	if op == '/' { // correctly rounded, as Python's
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		if math.IsInf(f, 0) {
			return pyNumber{}, errPython
		}
		return pyNumber{f: f}, nil
	}
	q, m := new(big.Int).QuoRem(a, b, new(big.Int))
	if m.Sign() != 0 && m.Sign() != b.Sign() {
		q.Sub(q, big.NewInt(1)) // towards minus infinity
	}
	return pyNumber{i: q}, nil
}

// pyPower is float ** float.
func pyPower(x, y float64) (pyNumber, error) {
	if x == 0 && y < 0 {
		return pyNumber{}, errPython // ZeroDivisionError
	}
	if x < 0 && y != math.Trunc(y) && !math.IsInf(y, 0) && !math.IsInf(x, 0) {
		return pyNumber{}, errPython // complex in Python
	}
	v := math.Pow(x, y)
	if math.IsInf(v, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return pyNumber{}, errPython // OverflowError
	}
	return pyNumber{f: v}, nil
}

// pyFloorDiv is float // float by CPython's method, which rounds the exact
// quotient down even where x/y would round up to a whole number.
func pyFloorDiv(x, y float64) float64 {
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
