package detect

import (
	"math/big"
	"regexp"
	"strings"

	"gradus/rewards/text"
)

// equation is one "a+b=c" of a trace whose sides are numbers and + - * / %.
type equation struct {
	at        text.Span
	right     *big.Rat // value of the right side
	holds     bool
	takenBack bool
}

// maxEquations bounds the work on one trace.
const maxEquations = 2000

// equations finds the computable equations of the thinking, from left to
// right. "7+5=12=3*4" is two. A side that is a piece of something longer, as of
// a formula with letters or of "1 1/2", is not computable.
func equations(t Trace) []equation {
	var out []equation
	modulus := modulusOf(t.Question)
	for _, part := range t.think() {
		body := flatten(part.In(t.Completion))
		for i := 0; i < len(body) && len(out) < maxEquations; {
			if !arithmetic(body[i]) {
				i++
				continue
			}
			end := i
			for end < len(body) && (arithmetic(body[end]) || body[end] == '=' || body[end] == ' ') && !between(body, i, end) {
				end++
			}
			out = chain(out, body, part.From, text.Span{From: i, To: end}, modulus)
			i = end
		}
	}
	return out
}

// flatten writes a text's arithmetic in one way, byte for byte: 1,200 as 1_200,
// without dollars, with * and / for the other signs of product and quotient.
func flatten(s string) string {
	b := []byte(s)
	digit := func(i int) bool { return i >= 0 && i < len(b) && b[i] >= '0' && b[i] <= '9' }
	put := func(i int, sign string) { copy(b[i:], sign) }
	for i := range b {
		switch b[i] {
		case '$':
			b[i] = ' '
		case ',':
			if digit(i-1) && digit(i+1) && digit(i+2) && digit(i+3) && !digit(i+4) {
				b[i] = '_'
			}
		case 0xc3, 0xc2, 0xe2, '\\':
			for _, sign := range [][2]string{{"×", "* "}, {"÷", "/ "}, {"·", "* "}, {"−", "-  "}, {`\times`, "*     "}, {`\cdot`, "*    "}, {`\div`, "/   "}} {
				if strings.HasPrefix(s[i:], sign[0]) {
					put(i, sign[1])
				}
			}
		case 'x', 'X':
			// A product has blanks around it; without, it is a variable, or
			// marks a try that missed.
			if i > 0 && i+1 < len(b) && b[i-1] == ' ' && b[i+1] == ' ' {
				before, after := strings.TrimRight(s[:i], " $"), strings.TrimLeft(s[i+1:], " $")
				if before != "" && after != "" && valueEdge(before[len(before)-1], ')') && valueEdge(after[0], '(') {
					b[i] = '*'
				}
			}
		}
	}
	return string(b)
}

// between says whether the blank at end stands between two values, as in
// "3+4=7 7+5=12": what follows is another stretch, not more digits.
func between(body string, from, end int) bool {
	if body[end] != ' ' || body[end-1] == ' ' { // the first blank tells of the rest
		return false
	}
	before := strings.TrimRight(body[from:end], " ")
	after := strings.TrimLeft(body[end:], " ")
	return before != "" && after != "" && valueEdge(before[len(before)-1], ')') && valueEdge(after[0], '(')
}

func valueEdge(b, bracket byte) bool {
	return b >= '0' && b <= '9' || b == '.' || b == '%' || b == bracket
}

// chain appends the equations of a stretch of arithmetic.
func chain(out []equation, body string, offset int, at text.Span, modulus *big.Rat) []equation {
	sides := strings.Split(at.In(body), "=")
	from := at.From
	for k := 0; k+1 < len(sides); k++ {
		end := from + len(sides[k]) + 1 + len(sides[k+1])
		var left, right *big.Rat
		ok := strings.ContainsAny(sides[k], "+-*/%") && (k > 0 || !cutBefore(body, at.From))
		if ok {
			left, ok = value(sides[k])
		}
		if ok {
			right, ok = value(sides[k+1])
		}
		if ok {
			rest := body[from+len(strings.TrimRight(body[from:end], " ")):]
			e := equation{at: text.Span{From: offset + from, To: offset + end}, right: right, takenBack: takenBack(rest)}
			e.holds = equalWithin(left, right, sides[k+1], rest, modulus)
			remains, divided := remainder(sides[k], right, rest)
			if divided {
				e.holds, e.takenBack = remains, takenBack(strings.TrimLeft(rest[1:], "0123456789"))
			}
			if divided || e.takenBack || k+2 < len(sides) || !cutAfter(rest) {
				out = append(out, e)
			}
		}
		from += len(sides[k]) + 1
	}
	return out
}

// remainder checks a division that leaves one, "13/2=6r1"; divided is false for
// anything else.
func remainder(side string, quotient *big.Rat, rest string) (holds, divided bool) {
	after, ok := strings.CutPrefix(rest, "r")
	digits := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
	above, below, slash := strings.Cut(side, "/")
	a, okA := value(above)
	b, okB := value(below)
	r, okR := value(digits)
	if !ok || !slash || !okA || !okB || !okR {
		return false, false
	}
	whole := new(big.Rat).Add(new(big.Rat).Mul(quotient, b), r)
	return whole.Cmp(a) == 0 && r.Cmp(b) < 0, true
}

// takenBack says whether the text after an equation takes it back.
func takenBack(rest string) bool {
	if strings.HasPrefix(rest, "!") || strings.HasPrefix(rest, "x") {
		return true
	}
	rest = strings.TrimLeft(rest, " ")
	for _, mark := range []string{"no", "x", "!"} {
		if after, ok := strings.CutPrefix(rest, mark); ok && (mark == "!" || after == "" || !letter(after[0])) {
			return true
		}
	}
	return false
}

// cutBefore says whether what stands before a stretch of arithmetic belongs to
// its first side.
func cutBefore(body string, from int) bool {
	first := body[from]
	line := body[strings.LastIndexByte(body[:from], '\n')+1 : from]
	before := strings.TrimRight(line, " ")
	if strings.IndexByte("+*/%)", first) >= 0 {
		return true
	}
	if before == "" {
		return false
	}
	last := before[len(before)-1]
	adjacent := len(before) == len(line)
	if first == '-' && (from+1 == len(body) || body[from+1] == ' ') {
		return true
	}
	if strings.IndexByte(`^_{}\|&<>`, last) >= 0 {
		return true
	}
	if adjacent {
		// The mark of a missed try stands between two of them.
		missed := last == 'x' && first != '-' && len(before) > 1 && valueEdge(before[len(before)-2], ')')
		clock := last == ':' && len(before) > 1 && valueEdge(before[len(before)-2], ')')
		return !missed && (letter(last) || last >= 0x80 || valueEdge(last, ')') || last == ']' || clock)
	}
	word := before[strings.LastIndexAny(before, " \n")+1:]
	if valueEdge(last, ')') { // "1 1/2 = …"
		side, _, _ := strings.Cut(body[from:], "=")
		return strings.ContainsRune(side, '/')
	}
	switch strings.ToLower(word) {
	case "times", "plus", "minus", "and", "over":
		return true
	}
	return len(word) == 1 && letter(last) && last != 'a' && last != 'I'
}

// cutAfter says whether the text after an equation belongs to its right side.
func cutAfter(rest string) bool {
	if rest == "" {
		return false
	}
	one := len(rest) == 1 || !letter(rest[1])
	switch c := rest[0]; {
	case letter(c):
		return one // a variable; more letters are a unit
	case c == '\\':
		return len(rest) > 1 && (letter(rest[1]) || rest[1] == '{')
	case strings.IndexByte("^_{[(", c) >= 0:
		return true
	}
	after := strings.TrimLeft(rest, " ")
	after = strings.TrimPrefix(after, "and ")
	if len(after) < len(rest) && after != "" && (after[0] >= '0' && after[0] <= '9' || after[0] == '(') { // "= 1 1/2", "= 1 and 1/2", "= 18 000"
		digits := strings.TrimLeft(strings.TrimPrefix(after, "("), "0123456789")
		return strings.HasPrefix(digits, "/") || len(after)-len(digits) == 3 && strings.HasPrefix(after, "000")
	}
	return len(after) < len(rest) && after != "" && (after[0] == '\\' && len(after) > 1 && letter(after[1]) || letter(after[0]) && (len(after) == 1 || after[1] == '^' || after[1] == ' ' && len(after) > 2 && strings.IndexByte("+-*/=", after[2]) >= 0))
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// equalWithin compares two sides as people write them: a right side with
// decimals may be rounded to them, one in cents or per cent may be a hundred
// times as large, and of a problem modulo m they may differ by multiples of m.
func equalWithin(left, right *big.Rat, written, rest string, modulus *big.Rat) bool {
	if left.Cmp(right) == 0 {
		return true
	}
	gap := new(big.Rat).Sub(left, right)
	if modulus != nil {
		if times := new(big.Rat).Quo(gap, modulus); times.IsInt() {
			return true
		}
	}
	if _, decimals, ok := strings.Cut(strings.TrimRight(strings.TrimSpace(written), "."), "."); ok && strings.Trim(decimals, "0123456789") == "" {
		half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(decimals))), nil)))
		if gap.Abs(gap).Cmp(half) <= 0 {
			return true
		}
	}
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.HasPrefix(rest, "cent"), strings.HasPrefix(rest, "percent"):
		return new(big.Rat).Mul(left, hundred()).Cmp(right) == 0
	case strings.HasSuffix(strings.TrimSpace(written), "%"): // "60/100*100 = 60%"
		return left.Cmp(new(big.Rat).Mul(right, hundred())) == 0
	}
	return false
}

func hundred() *big.Rat { return big.NewRat(100, 1) }

var modulusWritten = regexp.MustCompile(`(?:\)\s*%|\bmod(?:ulo)?)\s*([1-9][0-9]{0,8})\b`)

// modulusOf is the modulus that a question asks for, nil for none.
func modulusOf(question string) *big.Rat {
	m := modulusWritten.FindStringSubmatch(question)
	if m == nil {
		return nil
	}
	v, ok := new(big.Rat).SetString(m[1])
	if !ok {
		return nil
	}
	return v
}

func arithmetic(b byte) bool { return b >= '0' && b <= '9' || strings.IndexByte("+-*/%()._", b) >= 0 }

// value computes an expression of decimals, + - * / % and parentheses: % before
// a number is the remainder of whole numbers, elsewhere hundredths. Anything
// else, a division by zero, or more than 200 bytes is not computed.
func value(s string) (*big.Rat, bool) {
	if len(s) > 200 {
		return nil, false
	}
	p := arith{s: strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "_", "")}
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
		op := p.take("*/%")
		if op == 0 {
			break
		}
		var w *big.Rat
		if w, ok = p.factor(depth); !ok {
			break
		}
		switch {
		case op == '*':
			v = new(big.Rat).Mul(v, w)
		case w.Sign() == 0, op == '%' && !(v.IsInt() && w.IsInt() && w.Sign() > 0):
			return nil, false
		case op == '%':
			v = new(big.Rat).SetInt(new(big.Int).Mod(v.Num(), w.Num()))
		default:
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
	v, ok := new(big.Rat).SetString(number)
	if ok && p.i < len(p.s) && p.s[p.i] == '%' && (p.i+1 == len(p.s) || !valueEdge(p.s[p.i+1], '(')) {
		p.i++
		v.Quo(v, hundred())
	}
	return v, ok
}
