package parse

import (
	"math/big"
	"strings"

	"gradus/rewards/mathans/ast"
)

// prefix reads a signed value.
func (p *parser) prefix() (*ast.Node, error) {
	switch t := p.peek(); t.kind {
	case tMinus, tPlus:
		p.i++
		if k := p.kind(); (k == tMinus || k == tPlus) && !p.opt.Sympy {
			return nil, p.unexpected("a value after the sign")
		}
		e, err := p.expr(bpNegate)
		if err != nil || t.kind == tPlus {
			return e, err
		}
		if e.Collection() && e.Kind != ast.Tuple {
			return nil, p.unexpected("a value after the minus sign")
		}
		return p.node(ast.New(ast.Neg, e))
	case tPM:
		p.i++
		e, err := p.expr(bpNegate)
		if err != nil {
			return nil, err
		}
		return p.node(ast.Named(ast.PlusMinus, t.text, e))
	}
	return p.operand()
}

// operand reads one value without operators around it.
func (p *parser) operand() (*ast.Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.peek()
	switch t.kind {
	case tNum:
		return p.number()
	case tSym:
		p.i++
		return p.symbol(t)
	case tConst:
		p.i++
		if (t.text == "e" || t.text == "i") && p.kind() == tUnder {
			return p.node(ast.Named(ast.Sym, t.text))
		}
		return p.node(ast.Named(ast.Const, t.text))
	case tText:
		p.i++
		return p.node(ast.Named(ast.Text, words(t.text)))
	case tNamedSet:
		p.i++
		return p.node(ast.Named(ast.NamedSet, t.text))
	case tEllipsis:
		p.i++
		return p.node(ast.New(ast.Ellipsis))
	case tFunc:
		p.i++
		return p.function(t.text)
	case tFrac:
		p.i++
		return p.fraction(t)
	case tBinom:
		p.i++
		a, b, err := p.two()
		if err != nil {
			return nil, err
		}
		return p.node(ast.Named(ast.Func, "binom", a, b))
	case tSqrt:
		p.i++
		return p.root(t)
	case tAccent:
		p.i++
		return p.accent(t.text)
	case tLBrace:
		return p.group(tLBrace)
	case tOpen:
		return p.group(tOpen)
	case tClose:
		if t.text == "]" {
			return p.group(tOpen) // ]a, b[
		}
	case tBegin:
		return p.environment()
	case tBar, tNorm:
		return p.absolute(t.kind)
	case tFloorL, tCeilL:
		p.i++
		e, err := p.expr(0)
		if err != nil {
			return nil, err
		}
		close, name := tFloorR, "floor"
		if t.kind == tCeilL {
			close, name = tCeilR, "ceil"
		}
		if !p.take(close) {
			return nil, p.unexpected("the closing bracket of " + name)
		}
		return p.node(ast.Named(ast.Func, name, e))
	}
	return nil, p.unexpected("a value")
}

// words brings the text of a \text to the form it is compared in.
func words(s string) string {
	s = strings.TrimSpace(strings.NewReplacer("~", " ", `\ `, " ", `\,`, " ", "{", "", "}", "", `\`, "", "$", "").Replace(s))
	s = strings.TrimRight(s, ".,;:")
	if len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')' && strings.Count(s, "(") == 1 {
		s = s[1 : len(s)-1]
	}
	return strings.Join(strings.Fields(s), " ")
}

func (p *parser) number() (*ast.Node, error) {
	t := p.peek()
	p.i++
	r, ok := rational(t.text)
	if !ok {
		p.i--
		return nil, p.unexpected("a number")
	}
	// 0.1\overline{6}
	if t.decimal && !p.opt.Sympy && p.kind() == tAccent && p.peek().text == "bar" && !strings.Contains(t.text, "e") {
		if v, n, ok := p.repeating(t.text, r); ok {
			p.i += n
			return p.node(&ast.Node{Kind: ast.Num, Rat: v})
		}
	}
	return p.node(&ast.Node{Kind: ast.Num, Rat: r, Decimal: t.decimal})
}

// repeating reads \overline{digits} after a decimal as its period.
func (p *parser) repeating(head string, r *big.Rat) (*big.Rat, int, bool) {
	open, num, close := p.peekAt(1), p.peekAt(2), p.peekAt(3)
	n := 4
	if open.kind == tNum {
		num, n = open, 2
	} else if open.kind != tLBrace || num.kind != tNum || close.kind != tRBrace {
		return nil, 0, false
	}
	period, ok := rational(num.text)
	if !ok || num.decimal || len(num.text) > 100 {
		return nil, 0, false
	}
	places := len(head) - strings.IndexByte(head, '.') - 1
	ten := big.NewInt(10)
	den := new(big.Int).Exp(ten, big.NewInt(int64(len(num.text))), nil)
	den.Sub(den, big.NewInt(1))
	den.Mul(den, new(big.Int).Exp(ten, big.NewInt(int64(places)), nil))
	return new(big.Rat).Add(r, new(big.Rat).Quo(period, new(big.Rat).SetInt(den))), n, true
}

// applied are letters that name functions: f(x) is not f times x.
const applied = "fghFGHPQRTSpquvwW"

func (p *parser) symbol(t token) (*ast.Node, error) {
	n, err := p.node(ast.Named(ast.Sym, t.text))
	if err != nil {
		return nil, err
	}
	// Index and primes belong to the name.
	for p.kind() == tUnder || p.kind() == tPrime {
		if n, err = p.postfix(n); err != nil {
			return nil, err
		}
	}
	if p.opt.Arithmetic || n.Kind != ast.Sym {
		return n, nil
	}
	next := p.peek()
	if p.opt.Sympy {
		return p.sympyCall(n)
	}
	if next.kind != tOpen || next.text != "(" {
		return n, nil
	}
	named := strings.Contains(applied, n.Name[:1]) && len(t.text) == 1 || t.text == "phi" || t.text == "psi" || t.text == "Gamma"
	if !named {
		return n, nil
	}
	save := *p
	p.i++
	groups, err := p.groups(func(k kind) bool { return k == tClose })
	if err != nil || p.kind() != tClose || p.peek().text != ")" {
		if err == nil {
			err = p.unexpected(")")
		}
		return nil, err
	}
	p.i++
	var args []*ast.Node
	for _, g := range groups {
		args = append(args, g...)
	}
	atom := len(args) > 1 || args[0].Kind == ast.Sym || args[0].Kind == ast.Num || args[0].Kind == ast.Const ||
		args[0].Kind == ast.Neg && args[0].Args[0].Kind == ast.Num
	if !atom && !strings.Contains("fghFGP", n.Name[:1]) {
		nodes := p.nodes
		*p = save
		p.nodes = nodes
		return n, nil
	}
	return p.node(ast.Named(ast.Apply, n.Name, args...))
}

// fraction reads the arguments of \frac, also \frac12 and \frac{1}2.
func (p *parser) fraction(t token) (*ast.Node, error) {
	if t.text != "" { // ½
		r, ok := new(big.Rat).SetString(t.text)
		if !ok {
			return nil, p.unexpected("a fraction")
		}
		return p.node(ast.Rational(r))
	}
	a, b, err := p.two()
	if err != nil {
		return nil, err
	}
	return p.node(ast.New(ast.Div, a, b))
}

// two reads two arguments of a command.
func (p *parser) two() (a, b *ast.Node, err error) {
	if a, err = p.argument(); err != nil {
		return nil, nil, err
	}
	b, err = p.argument()
	return a, b, err
}

// argument reads one argument of a command: a group, or one sign.
func (p *parser) argument() (*ast.Node, error) {
	if p.kind() == tMinus {
		return p.script()
	}
	return p.operand()
}

// root reads \sqrt{x}, \sqrt[3]{x}, \sqrt3, sqrt(x).
func (p *parser) root(t token) (*ast.Node, error) {
	index := ast.Int(2)
	if t.text == "3" {
		index = ast.Int(3)
	}
	if next := p.peek(); next.kind == tOpen && next.text == "[" {
		p.i++
		e, err := p.expr(0)
		if err != nil {
			return nil, err
		}
		if p.kind() != tClose || p.peek().text != "]" {
			return nil, p.unexpected("]")
		}
		p.i++
		index = e
	}
	body, err := p.argument()
	if err != nil {
		return nil, err
	}
	return p.node(ast.Named(ast.Func, "root", body, index))
}

// accent reads \vec{v} as a symbol of its own.
func (p *parser) accent(name string) (*ast.Node, error) {
	from := p.i
	if _, err := p.argument(); err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, t := range p.toks[from:p.i] {
		if t.kind != tLBrace && t.kind != tRBrace {
			b.WriteString(t.show())
		}
	}
	return p.symbol(token{kind: tSym, text: name + "{" + b.String() + "}"})
}

// absolute reads |x|.
func (p *parser) absolute(k kind) (*ast.Node, error) {
	p.i++
	p.bars++
	e, err := p.expr(0)
	p.bars--
	if err != nil {
		return nil, err
	}
	if !p.take(k) {
		return nil, p.unexpected("the closing |")
	}
	name := "abs"
	if k == tNorm {
		name = "norm"
	}
	return p.node(ast.Named(ast.Func, name, e))
}
