package reasoninggym

import (
	"math/big"
	"strings"

	"gradus/rewards/rules/pytext"
)

// bitwiseArithmetic is BitwiseArithmeticDataset.score_answer: the value of the
// row's problem, in any base that Python reads.
func bitwiseArithmetic(answer string, _ bool, e entry) (float64, error) {
	var problem string
	if err := e.meta("problem", &problem); err != nil {
		return 0, err
	}
	got, ok := intOfAnyBase(answer)
	if !ok {
		return 0, nil
	}
	p := bitwise{text: problem}
	want, ok := p.operation(0)
	if p.space(); !ok || p.text != "" {
		return 0, rowError("the row's problem is not made of whole numbers, brackets and + - * << >> & ^ |, or is too large")
	}
	return truth(got.Cmp(want) == 0), nil
}

// intOfAnyBase is int(s, 0): 0x, 0o, 0b, or decimal without leading zeros.
func intOfAnyBase(s string) (*big.Int, bool) {
	s = pytext.ASCIIDigits(pytext.Strip(s))
	digits := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		digits = s[1:]
	}
	based := len(digits) > 1 && digits[0] == '0' && strings.IndexByte("xXoObB", digits[1]) >= 0
	if !based {
		n, ok := pytext.Int(s)
		if !ok || digits[0] == '0' && n.Sign() != 0 || pytext.Strip(digits) != digits {
			return nil, false
		}
		return n, true
	}
	if len(s) > maxText || strings.HasPrefix(digits[2:], "+") || strings.HasPrefix(digits[2:], "-") {
		return nil, false
	}
	return new(big.Int).SetString(s, 0)
}

// bitwise evaluates an expression of Python's whole numbers.
type bitwise struct {
	text  string
	depth int
}

func (p *bitwise) space() { p.text = strings.TrimLeft(p.text, " ") }

// levels are Python's operators from the loosest to the tightest.
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*"}}

func (p *bitwise) operation(level int) (v *big.Int, ok bool) {
	if level == len(levels) {
		return p.value()
	}
	v, ok = p.operation(level + 1)
next:
	for ok {
		p.space()
		for _, op := range levels[level] {
			rest, is := strings.CutPrefix(p.text, op)
			if !is {
				continue
			}
			p.text = rest
			var w *big.Int
			if w, ok = p.operation(level + 1); ok {
				v, ok = operate(op, v, w)
			}
			continue next
		}
		break
	}
	return v, ok
}

func operate(op string, v, w *big.Int) (*big.Int, bool) {
	z := new(big.Int)
	switch op {
	case "<<", ">>":
		if !w.IsInt64() || w.Sign() < 0 || w.Int64() > maxBits {
			return nil, false
		}
		if op == ">>" {
			return z.Rsh(v, uint(w.Int64())), true
		}
		z.Lsh(v, uint(w.Int64()))
	case "+":
		z.Add(v, w)
	case "-":
		z.Sub(v, w)
	case "*":
		z.Mul(v, w)
	case "&":
		z.And(v, w)
	case "|":
		z.Or(v, w)
	case "^":
		z.Xor(v, w)
	}
	return z, z.BitLen() <= maxBits
}

func (p *bitwise) value() (*big.Int, bool) {
	if p.depth++; p.depth > maxNested {
		return nil, false
	}
	defer func() { p.depth-- }()
	p.space()
	switch {
	case strings.HasPrefix(p.text, "-"):
		p.text = p.text[1:]
		v, ok := p.value()
		if ok {
			v.Neg(v)
		}
		return v, ok
	case strings.HasPrefix(p.text, "("):
		p.text = p.text[1:]
		v, ok := p.operation(0)
		if p.space(); !ok || !strings.HasPrefix(p.text, ")") {
			return nil, false
		}
		p.text = p.text[1:]
		return v, true
	}
	end := strings.IndexFunc(p.text, func(r rune) bool { return !pytext.Word(r) })
	if end < 0 {
		end = len(p.text)
	}
	v, ok := intOfAnyBase(p.text[:end])
	p.text = p.text[end:]
	return v, ok
}
