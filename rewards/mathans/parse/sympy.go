package parse

import (
	"math/big"
	"strings"

	"gradus/rewards/mathans/ast"
)

// juxtaposed reads the factors behind left as latex2sympy2_extended multiplies
// them, from the right: a whole number before a positive rational one is added
// to it, whatever stands between them.
func (p *parser) juxtaposed(left *ast.Node) (*ast.Node, bool, error) {
	factors := []*ast.Node{left}
	for p.startsOperand() {
		next, err := p.expr(bpImplicit + 1)
		if err != nil {
			return nil, false, err
		}
		if factors = append(factors, next); len(factors) > maxNodes {
			return nil, false, ErrTooLarge
		}
	}
	n, err := p.node(sympyProduct(factors))
	return n, false, err
}

// sympyProduct multiplies from the right.
func sympyProduct(factors []*ast.Node) *ast.Node {
	product := factors[len(factors)-1]
	for i := len(factors) - 2; i >= 0; i-- {
		whole, rest := factors[i], sympyRational(product)
		if f := sympyRational(whole); f != nil && f.IsInt() && rest != nil && rest.Sign() > 0 {
			if f.Sign() < 0 {
				rest = new(big.Rat).Neg(rest)
			}
			product = ast.Rational(new(big.Rat).Add(f, rest))
			continue
		}
		if product.Kind == ast.Mul {
			product = ast.New(ast.Mul, append([]*ast.Node{whole}, product.Args...)...)
			continue
		}
		product = ast.New(ast.Mul, whole, product)
	}
	return product
}

// sympyArgument reads the argument of a function without brackets: products
// and quotients to their end, but for juxtaposed functions. \ln 2/3 is the
// logarithm of 2/3.
func (p *parser) sympyArgument() (*ast.Node, error) {
	left, err := p.sympyTerm()
	for err == nil {
		bp, join := operator(p.peek())
		if join == nil || bp != bpProduct {
			break
		}
		p.i++
		var right *ast.Node
		if right, err = p.sympyTerm(); err == nil {
			left, err = p.node(join(left, right))
		}
	}
	return left, err
}

func (p *parser) sympyTerm() (*ast.Node, error) {
	negative := false
	for p.kind() == tMinus || p.kind() == tPlus {
		negative = negative != (p.kind() == tMinus)
		p.i++
	}
	var factors []*ast.Node
	for len(factors) == 0 || p.startsOperand() && p.kind() != tFunc && p.kind() != tSqrt && !(p.kind() == tConst && p.peek().text == "e") {
		next, err := p.expr(bpImplicit + 1)
		if err != nil {
			return nil, err
		}
		factors = append(factors, next)
	}
	n := sympyProduct(factors)
	if negative {
		n = ast.New(ast.Neg, n)
	}
	return p.node(n)
}

// sympyRational is the value of what sympy keeps as one rational number: a
// whole number, a quotient of two, with signs.
func sympyRational(n *ast.Node) *big.Rat {
	switch n.Kind {
	case ast.Num:
		if !n.Decimal {
			return n.Rat
		}
	case ast.Neg:
		if v := sympyRational(n.Args[0]); v != nil {
			return new(big.Rat).Neg(v)
		}
	case ast.Div:
		a, b := sympyRational(n.Args[0]), sympyRational(n.Args[1])
		if a != nil && b != nil && a.IsInt() && b.IsInt() && b.Sign() != 0 {
			return new(big.Rat).Quo(a, b)
		}
	}
	return nil
}

// sympyName is the name of the symbol that \text{…} stands for.
func sympyName(arg string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "(", "", ")", "").Replace(arg))
}

// sympyLetters takes letters for symbols, none of them for a word: e is a
// constant, I the imaginary unit, dx one symbol.
func sympyLetters(toks []token) []token {
	out := make([]token, 0, len(toks)+8)
	for _, t := range toks {
		switch t.kind {
		case tWord:
			for k := 0; k < len(t.text); k++ {
				c := token{kind: tSym, text: strings.ToLower(t.text[k : k+1]), from: t.from + k, to: t.from + k + 1, space: t.space && k == 0}
				switch t.text[k] {
				case 'e':
					c.kind = tConst
				case 'I':
					c.kind = tConst
				case 'd':
					if k+1 < len(t.text) {
						k++
						c.text, c.to = "d"+t.text[k:k+1], c.to+1
					}
				}
				out = append(out, c)
			}
			continue
		case tOver:
			t.kind = tSlash
		}
		out = append(out, t)
	}
	return out
}

// sympyCall reads a symbol before an atom in brackets, or before a list, as an
// unknown function: x(2) is no product.
func (p *parser) sympyCall(n *ast.Node) (*ast.Node, error) {
	open := p.peek()
	if open.kind != tOpen || open.text != "(" && open.text != "[" {
		return n, nil
	}
	save := *p
	p.i++
	first := p.kind()
	groups, err := p.groups(func(k kind) bool { return k == tClose })
	if err != nil || len(groups) != 1 || p.kind() != tClose {
		if err != nil {
			return nil, err
		}
		return nil, p.unexpected("a closing bracket")
	}
	args := groups[0]
	atom := first == tNum || first == tSym || first == tConst || first == tAccent
	if len(args) == 1 && !(atom && (args[0].Kind == ast.Sym || args[0].Kind == ast.Num || args[0].Kind == ast.Const || args[0].Kind == ast.Percent)) {
		nodes := p.nodes
		*p = save
		p.nodes = nodes
		return n, nil
	}
	p.i++
	return p.node(ast.Named(ast.Apply, n.Name, args...))
}
