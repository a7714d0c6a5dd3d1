package detect

import (
	"math/big"
	"strings"

	"gradus/rewards/text"
)

// equation is one "a+b=c" of a trace whose sides are numbers and + - * /.
type equation struct {
	at        text.Span
	right     *big.Rat // value of the right side
	holds     bool
	takenBack bool
}

// maxEquations bounds the work on one trace.
const maxEquations = 2000

// equations finds the computable equations of the thinking, from left to
// right. "7+5=12=3*4" is two.
func equations(t Trace) []equation {
	var out []equation
	for _, part := range t.think() {
		body := part.In(t.Completion)
		for i := 0; i < len(body) && len(out) < maxEquations; {
			if !arithmetic(body[i]) {
				i++
				continue
			}
			end := i
			for end < len(body) && (arithmetic(body[end]) || body[end] == '=' || body[end] == ' ') && !between(body, i, end) {
				end++
			}
			out = chain(out, body, part.From, text.Span{From: i, To: end})
			i = end
		}
	}
	return out
}

// between says whether the blank at end stands between two values, as in
// "3+4=7 7+5=12": what follows is another stretch, not more digits.
func between(body string, from, end int) bool {
	if body[end] != ' ' {
		return false
	}
	before := strings.TrimRight(body[from:end], " ")
	after := strings.TrimLeft(body[end:], " ")
	return before != "" && after != "" && valueEdge(before[len(before)-1], ')') && valueEdge(after[0], '(')
}

func valueEdge(b, bracket byte) bool { return b >= '0' && b <= '9' || b == '.' || b == bracket }

// chain appends the equations of a stretch of arithmetic.
func chain(out []equation, body string, offset int, at text.Span) []equation {
	sides := strings.Split(at.In(body), "=")
	from := at.From
	for k := 0; k+1 < len(sides); k++ {
		left, okLeft := value(sides[k])
		right, okRight := value(sides[k+1])
		end := from + len(sides[k]) + 1 + len(sides[k+1])
		if okLeft && okRight && strings.ContainsAny(strings.TrimSpace(sides[k]), "+-*/") {
			e := equation{at: text.Span{From: offset + from, To: offset + end}, right: right, holds: left.Cmp(right) == 0}
			rest := strings.TrimLeft(body[end:], " ")
			e.takenBack = strings.HasPrefix(rest, "no") || strings.HasPrefix(rest, "x") || strings.HasPrefix(rest, "!")
			out = append(out, e)
		}
		from += len(sides[k]) + 1
	}
	return out
}

func arithmetic(b byte) bool { return b >= '0' && b <= '9' || strings.IndexByte("+-*/().", b) >= 0 }

// value computes an expression of decimals, + - * / and parentheses. Anything
// else, a division by zero, or more than 200 bytes is not computed.
func value(s string) (*big.Rat, bool) {
	if len(s) > 200 {
		return nil, false
	}
	p := arith{s: strings.ReplaceAll(strings.TrimSpace(s), " ", "")}
	v, ok := p.sum(0)
	return v, ok && p.i == len(p.s)
}

type arith struct {
	s string
	i int
}

func (p *arith) take(set string) byte {
	if p.i < len(p.s) && strings.IndexByte(set, p.s[p.i]) >= 0 {
		p.i++
		return p.s[p.i-1]
	}
	return 0
}

func (p *arith) sum(depth int) (*big.Rat, bool) {
	v, ok := p.product(depth)
	for ok {
		op := p.take("+-")
		if op == 0 {
			break
		}
		var w *big.Rat
		if w, ok = p.product(depth); !ok {
			break
		}
		if op == '+' {
			v = new(big.Rat).Add(v, w)
		} else {
			v = new(big.Rat).Sub(v, w)
		}
	}
	return v, ok
}

func (p *arith) product(depth int) (*big.Rat, bool) {
	v, ok := p.factor(depth)
	for ok {
		op := p.take("*/")
		if op == 0 {
			break
		}
		var w *big.Rat
		if w, ok = p.factor(depth); !ok {
			break
		}
		if op == '*' {
			v = new(big.Rat).Mul(v, w)
		} else if w.Sign() == 0 {
			return nil, false
		} else {
			v = new(big.Rat).Quo(v, w)
		}
	}
	return v, ok
}

func (p *arith) factor(depth int) (*big.Rat, bool) {
	if depth > 20 {
		return nil, false
	}
	if p.take("-") != 0 {
		v, ok := p.factor(depth + 1)
		if !ok {
			return nil, false
		}
		return new(big.Rat).Neg(v), true
	}
	if p.take("(") != 0 {
		v, ok := p.sum(depth + 1)
		return v, ok && p.take(")") != 0
	}
	from := p.i
	for p.take("0123456789.") != 0 {
	}
	number := p.s[from:p.i]
	if number == "" || strings.Trim(number, ".") == "" || strings.Count(number, ".") > 1 {
		return nil, false
	}
	if number = strings.TrimSuffix(number, "."); number[0] == '.' { // a full stop is no decimal point
		number = "0" + number
	}
	return new(big.Rat).SetString(number)
}
