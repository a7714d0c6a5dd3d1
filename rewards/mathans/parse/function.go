package parse

import (
	"gradus/rewards/mathans/ast"
)

// function reads a known function after its name: index, power, argument.
func (p *parser) function(name string) (*ast.Node, error) {
	switch name {
	case "sum", "prod", "int", "lim":
		return p.binder(name)
	}
	var base, power *ast.Node
	for p.kind() == tUnder || p.kind() == tCaret {
		under := p.kind() == tUnder
		p.i++
		e, err := p.script()
		if err != nil {
			return nil, err
		}
		if under {
			base = e
		} else {
			power = e
		}
	}
	args, err := p.functionArgs()
	if err != nil {
		return nil, err
	}
	if power != nil && power.Kind == ast.Neg && power.Args[0].Kind == ast.Num && power.Args[0].Rat.IsInt() &&
		power.Args[0].Rat.Num().IsInt64() && power.Args[0].Rat.Num().Int64() == 1 && inverse[name] != "" {
		name, power = inverse[name], nil
	}
	switch name {
	case "log":
		if base == nil {
			base = ast.Int(10)
		}
		if base.Kind == ast.Const && base.Name == "e" {
			name = "ln"
		} else {
			args = append(args[:1:1], base)
		}
	}
	n, err := p.node(ast.Named(ast.Func, name, args...))
	if err != nil {
		return nil, err
	}
	if power != nil {
		return p.node(ast.New(ast.Pow, n, power))
	}
	return n, nil
}

var inverse = map[string]string{
	"sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot", "sec": "arcsec", "csc": "arccsc",
	"sinh": "arcsinh", "cosh": "arccosh", "tanh": "arctanh",
}

// functionArgs reads an argument in brackets, or the factors up to the next
// sign or function: \sin 2x \cos y is sin(2x)·cos(y).
func (p *parser) functionArgs() ([]*ast.Node, error) {
	if t := p.peek(); t.kind == tOpen && t.text == "(" || t.kind == tLBrace && !p.opt.Arithmetic && !p.opt.Sympy {
		brace := t.kind == tLBrace
		p.i++
		groups, err := p.groups(func(k kind) bool { return k == tClose || k == tRBrace })
		if err != nil {
			return nil, err
		}
		if brace && p.kind() != tRBrace || !brace && (p.kind() != tClose || p.peek().text != ")") {
			return nil, p.unexpected("the closing bracket")
		}
		p.i++
		var args []*ast.Node
		for _, g := range groups {
			args = append(args, g...)
		}
		return args, nil
	}
	if p.opt.Sympy {
		arg, err := p.sympyArgument()
		return []*ast.Node{arg}, err
	}
	arg, err := p.expr(bpPower)
	if err != nil {
		return nil, err
	}
	for p.startsOperand() && p.kind() != tFunc && !(p.kind() == tOpen) && !(p.kind() == tNum && arg.Kind == ast.Num) {
		next, err := p.expr(bpPower)
		if err != nil {
			return nil, err
		}
		if arg, err = p.node(ast.New(ast.Mul, arg, next)); err != nil {
			return nil, err
		}
	}
	return []*ast.Node{arg}, nil
}

// binder reads a sum, product, integral or limit. It is compared by its parts.
func (p *parser) binder(name string) (*ast.Node, error) {
	var lower, upper *ast.Node
	var err error
	for p.kind() == tUnder || p.kind() == tCaret {
		under := p.kind() == tUnder
		p.i++
		var e *ast.Node
		if p.kind() == tLBrace {
			p.i++
			if e, err = p.element(); err != nil {
				return nil, err
			}
			if p.kind() == tUnknown && p.peek().text == `\to` {
				p.i++
				to, err := p.element()
				if err != nil {
					return nil, err
				}
				e = ast.New(ast.Tuple, e, to)
			}
			if !p.take(tRBrace) {
				return nil, p.unexpected("}")
			}
		} else if p.kind() == tSym && p.peekAt(1).kind == tUnder { // \int^b_a
			if e, err = p.node(ast.Named(ast.Sym, p.peek().text)); err != nil {
				return nil, err
			}
			p.i++
		} else if e, err = p.script(); err != nil {
			return nil, err
		}
		if under {
			lower = e
		} else {
			upper = e
		}
	}
	min := bpProduct
	if name == "int" {
		min = bpSum
	}
	body, err := p.expr(min)
	if err != nil {
		return nil, err
	}
	args := []*ast.Node{body}
	for _, e := range []*ast.Node{lower, upper} {
		if e == nil {
			e = ast.New(ast.Ellipsis)
		}
		args = append(args, e)
	}
	return p.node(ast.Named(ast.Func, name, args...))
}
