package parselatex

import (
	"errors"
	"math/big"

	"gradus/rewards/rules/sympy"
)

// Sympy is e as package sympy makes it, so that it can be compared with what
// parse_expr read. Sums and products up to small bounds are worked out; what
// else is kept as written is a function of which nothing is known. A relation
// is sympy's, too: it has no value.
func (e *Expr) Sympy() (*sympy.Expr, error) {
	return converter{Maker: sympy.NewMaker()}.expr(e)
}

// converter holds the variables of the sums around.
type converter struct {
	*sympy.Maker
	bound map[string]*sympy.Expr
}

func (c converter) expr(e *Expr) (*sympy.Expr, error) {
	switch e.Op {
	case Number:
		return sympy.Number(e.Rat, e.Float), nil
	case Symbol:
		if v := c.bound[e.Name]; v != nil {
			return v, nil
		}
		return sympy.Symbol(e.Name), nil
	case Infinity:
		return sympy.Infinity(), nil
	case Relation, Truth:
		return sympy.Relation(), nil
	case Apply:
		if e.Name == `\sum` || e.Name == `\prod` {
			if v, err := c.series(e); v != nil || err != nil {
				return v, err
			}
		}
	}
	args := make([]*sympy.Expr, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = c.expr(a); err != nil {
			return nil, err
		}
	}
	switch e.Op {
	case Add:
		return c.Add(args[0], args[1])
	case Mul:
		return c.Mul(args[0], args[1])
	case Pow:
		v, err := c.Pow(args[0], args[1])
		if errors.Is(err, sympy.ErrBudget) {
			return c.Kept("", args...) // parse_latex does not work it out
		}
		return v, err
	case Func:
		return c.Function(e.Name, args)
	}
	return c.Kept(e.Name, args...)
}

// series works a sum or product out; nil where its bounds are no small whole
// numbers.
func (c converter) series(e *Expr) (*sympy.Expr, error) {
	if len(e.Args) != 4 || e.Args[1].Op != Symbol {
		return nil, nil
	}
	var bounds [2]int64
	for i, a := range e.Args[2:] {
		v, err := c.expr(a)
		if err != nil {
			return nil, err
		}
		n, ok := v.Whole()
		if !ok {
			return nil, nil
		}
		bounds[i] = n
	}
	if bounds[1] < bounds[0] || bounds[1]-bounds[0] > most {
		return nil, nil
	}
	combine, out := c.Add, sympy.Number(new(big.Rat), false)
	if e.Name == `\prod` {
		combine, out = c.Mul, sympy.Number(big.NewRat(1, 1), false)
	}
	inner := converter{c.Maker, map[string]*sympy.Expr{}}
	for k, v := range c.bound {
		inner.bound[k] = v
	}
	for n := bounds[0]; n <= bounds[1]; n++ {
		inner.bound[e.Args[1].Name] = sympy.Number(big.NewRat(n, 1), false)
		term, err := inner.expr(e.Args[0])
		if err == nil {
			out, err = combine(out, term)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
