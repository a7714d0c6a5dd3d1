package parselatex

import (
	"math/big"
	"slices"
)

// function reads a function with its base, its power and its argument, in
// brackets or not.
func (p *parser) function() (*Expr, error) {
	name := p.next().text
	var base, power *Expr
	for range 2 {
		var err error
		switch {
		case p.sees("_") && base == nil:
			p.at++
			base, err = p.script(true)
		case p.sees("^") && power == nil:
			p.at++
			power, err = p.script(true)
		}
		if err != nil {
			return nil, err
		}
	}
	arg, err := p.argument()
	if err != nil {
		p.raised = p.raised || p.stuck == p.open+1
		return nil, err
	}
	switch name {
	case "arcsin", "arccos", "arctan", "arccsc", "arcsec", "arccot":
		name = "a" + name[3:]
	case "arsinh", "arcosh", "artanh":
		name = "a" + name[2:]
	case "log", "ln", "lg":
		switch {
		case base != nil:
			name = "log"
		case name == "lg":
			name, base = "log", whole(10)
		default:
			name = "log"
		}
	}
	var e *Expr
	switch {
	case name == "log" && base != nil:
		e = function1("log", arg, base)
	default:
		plain := []string{"sin", "cos", "tan", "csc", "sec", "cot", "sinh", "cosh", "tanh"}
		if slices.Contains(plain, name) && power != nil && power.isWhole(-1) {
			name, power = "a"+name, nil
		}
		e = function1(name, arg)
	}
	if power != nil && !power.isWhole(0) {
		e = make2(Pow, e, power)
	}
	return e, nil
}

// argument is the argument of a function: what stands in round brackets, else
// factors without functions. Of several arguments the first counts.
func (p *parser) argument() (*Expr, error) {
	if !p.sees("(") {
		return p.product(false)
	}
	start, bars := p.at, p.bars
	p.at++
	p.bars = 0
	p.open++
	first, err := p.expr()
	for err == nil && p.sees(",") {
		p.at++
		_, err = p.expr()
	}
	p.bars = bars
	p.open--
	if err == nil && p.take(")") == nil {
		return first, nil
	}
	p.at = start
	return p.product(false)
}

// operator reads roots, conjugates, sums, products, integrals and limits. What
// binds a variable is kept as written.
func (p *parser) operator() (*Expr, error) {
	op := p.next().text
	switch op {
	case `\sqrt`:
		root := whole(2)
		if p.sees("[") {
			var err error
			if root, err = p.inside("[", "]"); err != nil {
				return nil, err
			}
		}
		e, err := p.inside("{", "}")
		if err != nil {
			return nil, err
		}
		if root.Op == Number && !root.Float && root.Rat.Sign() != 0 {
			return make2(Pow, e, &Expr{Op: Number, Rat: new(big.Rat).Inv(root.Rat)}), nil
		}
		return make2(Pow, e, make2(Pow, root, whole(-1))), nil
	case `\overline`:
		e, err := p.inside("{", "}")
		return function1("conjugate", e), err
	case `\int`:
		return p.integral()
	case `\lim`:
		return p.limit()
	}
	var parts []*Expr
	for len(parts) < 2 && p.sees("_", "^") {
		under := p.sees("_")
		p.at++
		var e *Expr
		var err error
		if under {
			if err = p.take("{"); err == nil {
				e, err = p.relation()
			}
			if err == nil && (e.Op != Relation || e.Name != "=") {
				err = ErrSyntax
			}
			if err == nil {
				err = p.take("}")
			}
		} else {
			e, err = p.script(true)
		}
		if err != nil {
			return nil, err
		}
		if under {
			parts = append([]*Expr{e}, parts...)
		} else {
			parts = append(parts, e)
		}
	}
	if len(parts) < 2 || parts[0].Op != Relation {
		return nil, ErrSyntax
	}
	body, err := p.product(true)
	if err != nil {
		return nil, err
	}
	return keep(op, body, parts[0].Args[0], parts[0].Args[1], parts[1]), nil
}

// integral: bounds, then a sum in which the differential stands as a symbol.
func (p *parser) integral() (*Expr, error) {
	args := []*Expr{nil}
	for len(args) < 3 && p.sees("_", "^") {
		p.at++
		e, err := p.script(true)
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if len(args) == 2 {
		return nil, ErrSyntax
	}
	body, err := p.expr()
	if err != nil {
		return nil, err
	}
	args[0] = body
	return keep(`\int`, args...), nil
}

func (p *parser) limit() (*Expr, error) {
	if p.take("_") != nil || p.take("{") != nil {
		return nil, ErrSyntax
	}
	t := p.next()
	if t.kind != letter && t.kind != symbolName || p.take(`\to`) != nil {
		return nil, ErrSyntax
	}
	to, err := p.expr()
	if err != nil {
		return nil, err
	}
	side := "+-"
	if p.sees("^") {
		p.at++
		braces := p.sees("{")
		if braces {
			p.at++
		}
		if !p.sees("+", "-") {
			return nil, ErrSyntax
		}
		side = p.next().text
		if braces && p.take("}") != nil {
			return nil, ErrSyntax
		}
	}
	if err := p.take("}"); err != nil {
		return nil, err
	}
	body, err := p.product(true)
	return keep(`\lim`+side, body, symbolOf(t.text), to), err
}
