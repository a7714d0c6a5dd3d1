package parse

import (
	"fmt"
	"math/big"
	"strings"

	"gradus/rewards/mathans/ast"
)

// Binding powers of the Pratt parser, loosest first.
const (
	bpOver     = 5
	bpSetMinus = 10
	bpUnion    = 12
	bpInter    = 14
	bpSum      = 20
	bpProduct  = 30
	bpNegate   = 35
	bpImplicit = 40
	bpPower    = 60
)

// expr reads an expression whose operators bind at least as close as min.
func (p *parser) expr(min int) (*ast.Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	for {
		next, done, err := p.infix(left, min)
		if err != nil {
			return nil, err
		}
		if done {
			return left, nil
		}
		left = next
	}
}

// join makes the node of an operator from its two sides.
type join func(left, right *ast.Node) *ast.Node

func pair(k ast.Kind) join {
	return func(left, right *ast.Node) *ast.Node { return ast.New(k, left, right) }
}

func named(k ast.Kind, name string) join {
	return func(left, right *ast.Node) *ast.Node { return ast.Named(k, name, left, right) }
}

// chain makes one node of a + b + c, so that long sums are not deep.
func chain(k ast.Kind) join {
	return func(left, right *ast.Node) *ast.Node {
		if left.Kind == k {
			return &ast.Node{Kind: k, Args: append(left.Args[:len(left.Args):len(left.Args)], right)}
		}
		return ast.New(k, left, right)
	}
}

func minus(left, right *ast.Node) *ast.Node { return chain(ast.Add)(left, ast.New(ast.Neg, right)) }

// operator is what a token does between two operands; nil when it is no such
// operator.
func operator(t token) (bp int, j join) {
	switch t.kind {
	case tPlus:
		return bpSum, chain(ast.Add)
	case tMinus:
		return bpSum, minus
	case tPM:
		return bpSum, named(ast.PlusMinus, t.text)
	case tTimes:
		return bpProduct, chain(ast.Mul)
	case tSlash, tColon:
		return bpProduct, pair(ast.Div)
	case tMod:
		return bpProduct, named(ast.Func, "mod")
	case tUnion:
		return bpUnion, chain(ast.Union)
	case tInter:
		return bpInter, chain(ast.Intersect)
	case tSetMinus:
		return bpSetMinus, pair(ast.SetMinus)
	case tOver:
		return bpOver, pair(ast.Div)
	case tChoose:
		return bpOver, named(ast.Func, "binom")
	}
	return 0, nil
}

// infix reads one operator after left; done when none binds close enough.
func (p *parser) infix(left *ast.Node, min int) (n *ast.Node, done bool, err error) {
	t := p.peek()
	if bp, join := operator(t); join != nil {
		if bp < min {
			return nil, true, nil
		}
		p.i++
		right, err := p.expr(bp + 1)
		if err != nil {
			return nil, false, err
		}
		n, err = p.node(join(left, right))
		return n, false, err
	}
	switch t.kind {
	case tCaret, tBang, tPercent, tDegree, tPrime, tUnder:
		if bpPower < min {
			return nil, true, nil
		}
		n, err = p.postfix(left)
		return n, false, err
	}
	if bpImplicit < min || !p.startsOperand() {
		return nil, true, nil
	}
	return p.implicit(left)
}

// startsOperand says whether the next token begins a factor.
func (p *parser) startsOperand() bool {
	switch t := p.peek(); t.kind {
	case tNum, tSym, tText, tFunc, tConst, tLBrace, tFrac, tBinom, tSqrt, tBegin, tAccent, tNamedSet, tFloorL, tCeilL:
		return true
	case tOpen:
		return true
	case tBar:
		return p.bars == 0
	case tNorm:
		return p.bars == 0
	}
	return false
}

// implicit reads the next factor of a product without a sign.
func (p *parser) implicit(left *ast.Node) (*ast.Node, bool, error) {
	t := p.peek()
	if left.Collection() && left.Kind != ast.Tuple {
		return nil, false, p.unexpected("an operator after a set")
	}
	if p.opt.Sympy {
		return p.juxtaposed(left)
	}
	if t.kind == tNum && isInteger(left) {
		// 1 1/4: a mixed number.
		slash, den := p.peekAt(1), p.peekAt(2)
		if t.space && !t.decimal && slash.kind == tSlash && den.kind == tNum && !den.decimal {
			a, ok1 := rational(t.text)
			b, ok2 := rational(den.text)
			if ok1 && ok2 && b.Sign() > 0 && a.Cmp(b) < 0 {
				p.i += 3
				n, err := p.node(mixed(left, new(big.Rat).Quo(a, b)))
				return n, false, err
			}
		}
		return nil, false, p.unexpected("an operator between two numbers")
	}
	if t.kind == tNum && left.Kind == ast.Num {
		return nil, false, p.unexpected("an operator between two numbers")
	}
	if p.opt.Arithmetic && t.kind != tFrac {
		return nil, false, p.unexpected("an operator")
	}
	right, err := p.expr(bpImplicit + 1)
	if err != nil {
		return nil, false, err
	}
	if t.kind == tFrac && isInteger(left) {
		if f := properFraction(right); f != nil {
			n, err := p.node(mixed(left, f))
			return n, false, err
		}
	}
	if left.Kind == ast.Mul {
		n, err := p.node(&ast.Node{Kind: ast.Mul, Args: append(left.Args[:len(left.Args):len(left.Args)], right)})
		return n, false, err
	}
	n, err := p.node(ast.New(ast.Mul, left, right))
	return n, false, err
}

func isInteger(n *ast.Node) bool {
	return n.Kind == ast.Num && !n.Decimal && n.Rat.IsInt()
}

func mixed(whole *ast.Node, f *big.Rat) *ast.Node {
	return ast.Rational(new(big.Rat).Add(whole.Rat, f))
}

// properFraction returns the value of a quotient of two positive integers.
func properFraction(n *ast.Node) *big.Rat {
	if n.Kind == ast.Num && !n.Rat.IsInt() && n.Rat.Sign() > 0 {
		return n.Rat
	}
	if n.Kind != ast.Div || !isInteger(n.Args[0]) || !isInteger(n.Args[1]) {
		return nil
	}
	if n.Args[0].Rat.Sign() <= 0 || n.Args[1].Rat.Sign() <= 0 || n.Args[0].Rat.Cmp(n.Args[1].Rat) >= 0 {
		return nil
	}
	return new(big.Rat).Quo(n.Args[0].Rat, n.Args[1].Rat)
}

// postfix reads one of ^ ! % ° ' _ after a value.
func (p *parser) postfix(left *ast.Node) (*ast.Node, error) {
	t := p.peek()
	p.i++
	switch t.kind {
	case tBang:
		return p.node(ast.Named(ast.Func, "factorial", left))
	case tPercent:
		return p.node(ast.New(ast.Percent, left))
	case tDegree:
		return p.node(ast.New(ast.Degree, left))
	case tPrime:
		if left.Kind == ast.Sym {
			return p.node(ast.Named(ast.Sym, left.Name+"'"))
		}
		return left, nil
	case tUnder:
		return p.subscript(left)
	}
	return p.power(left)
}

// power reads an exponent after ^.
func (p *parser) power(base *ast.Node) (*ast.Node, error) {
	// ^\circ, ^{\circ}, ^\prime, ^T.
	if p.take(tDegree) {
		return p.node(ast.New(ast.Degree, base))
	}
	if p.kind() == tLBrace && p.peekAt(1).kind == tDegree && p.peekAt(2).kind == tRBrace {
		p.i += 3
		return p.node(ast.New(ast.Degree, base))
	}
	if p.take(tPrime) {
		return base, nil
	}
	if base.Kind == ast.Matrix {
		if t := p.peek(); t.kind == tSym && (t.text == "T" || t.text == "top") {
			p.i++
			return p.node(ast.Named(ast.Func, "transpose", base))
		}
		if p.kind() == tLBrace && p.peekAt(1).kind == tSym && (p.peekAt(1).text == "T" || p.peekAt(1).text == "top") && p.peekAt(2).kind == tRBrace {
			p.i += 3
			return p.node(ast.Named(ast.Func, "transpose", base))
		}
	}
	e, err := p.script()
	if err != nil {
		return nil, err
	}
	if base.Kind == ast.Const && base.Name == "e" {
		return p.node(ast.Named(ast.Func, "exp", e))
	}
	return p.node(ast.New(ast.Pow, base, e))
}

// script reads what stands after ^ or _: a group, or one sign.
func (p *parser) script() (*ast.Node, error) {
	negative := false
	for p.kind() == tMinus || p.kind() == tPlus {
		if p.kind() == tMinus {
			negative = !negative
		}
		p.i++
	}
	e, err := p.operand()
	if err != nil {
		return nil, err
	}
	if negative {
		return p.node(ast.New(ast.Neg, e))
	}
	return e, nil
}

// subscript reads an index: part of a symbol's name, or the base of a number.
func (p *parser) subscript(left *ast.Node) (*ast.Node, error) {
	from := p.i
	if p.kind() == tLBrace {
		depth := 0
		for {
			switch p.kind() {
			case tLBrace:
				depth++
			case tRBrace:
				depth--
			case tEOF:
				return nil, p.unexpected("}")
			}
			p.i++
			if depth == 0 {
				break
			}
		}
	} else if p.kind() == tEOF {
		return nil, p.unexpected("an index")
	} else {
		p.i++
	}
	var name strings.Builder
	for _, t := range p.toks[from:p.i] {
		if t.kind != tLBrace && t.kind != tRBrace {
			name.WriteString(t.show())
		}
	}
	index := name.String()
	switch left.Kind {
	case ast.Sym, ast.Const:
		return p.node(ast.Named(ast.Sym, left.Name+"_"+index))
	case ast.Apply, ast.Text:
		c := *left
		c.Name += "_" + index
		return p.node(&c)
	case ast.Num:
		return p.node(baseN(left, index))
	case ast.Pow: // x^2_1 is x_1^2
		if base := left.Args[0]; base.Kind == ast.Sym {
			named, err := p.node(ast.Named(ast.Sym, base.Name+"_"+index))
			if err != nil {
				return nil, err
			}
			return p.node(ast.New(ast.Pow, named, left.Args[1]))
		}
	}
	return left, nil
}

// baseNames are the bases that problems write as words: 101_{\text{two}}.
var baseNames = map[string]int{
	"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
}

// baseN gives a numeral its base. An index that is no number leaves the numeral
// as it is. A numeral with a digit that the base lacks, or with a base that is
// not from 2 to 36, has no value and is a name of its own: 33_3 is neither 33
// nor 33_4.
func baseN(n *ast.Node, index string) *ast.Node {
	base, ok := baseNames[index]
	if !ok {
		if _, err := fmt.Sscanf(index, "%d", &base); err != nil {
			return n
		}
	}
	if !isInteger(n) || n.Rat.Sign() < 0 {
		return n
	}
	digits := n.Rat.Num().String()
	var value *big.Int
	if ok = base >= 2 && base <= 36; ok {
		value, ok = new(big.Int).SetString(digits, base)
	}
	if !ok {
		return ast.Named(ast.Sym, digits+"_"+index)
	}
	return &ast.Node{Kind: ast.BaseN, Name: digits, Base: base, Rat: new(big.Rat).SetInt(value)}
}
