package sympy

import "math/big"

// Derivative is diff(e, x) of the symbol of that name. Of functions whose
// derivative is not known here it refuses.
func (p *Maker) Derivative(e *Expr, x string) (*Expr, error) {
	switch {
	case e.kind == symbol && e.name == x:
		return integer(1), nil
	case !e.holds(x):
		return integer(0), nil
	}
	out := integer(0)
	switch e.kind {
	case sum:
		for _, a := range e.args {
			d, err := p.Derivative(a, x)
			if err == nil {
				out, err = p.Add(out, d)
			}
			if err != nil {
				return nil, err
			}
		}
		return out, nil
	case product:
		for i := range e.args {
			d, err := p.Derivative(e.args[i], x)
			for k := 0; err == nil && k < len(e.args); k++ {
				if k != i {
					d, err = p.Mul(d, e.args[k])
				}
			}
			if err == nil {
				out, err = p.Add(out, d)
			}
			if err != nil {
				return nil, err
			}
		}
		return out, nil
	case power:
		return p.powerDerivative(e, x)
	}
	if e.kind == applied && e.name == "Integral" && e.args[1].kind == symbol && e.args[1].name == x {
		return e.args[0], nil
	}
	if e.kind != applied || len(e.args) != 1 {
		return nil, refuse("the derivative of %s", e.name)
	}
	outer, err := p.outerDerivative(e.name, e.args[0])
	if err != nil {
		return nil, err
	}
	inner, err := p.Derivative(e.args[0], x)
	if err != nil {
		return nil, err
	}
	return p.Mul(outer, inner)
}

// holds says whether a symbol occurs in e.
func (e *Expr) holds(x string) bool {
	if e.kind == symbol {
		return e.name == x
	}
	for _, a := range e.args {
		if a.holds(x) {
			return true
		}
	}
	return false
}

// powerDerivative is n bⁿ⁻¹ b′ where the exponent n does not hold x, else
// bⁿ (n′ ln b + n b′/b).
func (p *Maker) powerDerivative(e *Expr, x string) (*Expr, error) {
	b, n := e.args[0], e.args[1]
	inner, err := p.Derivative(b, x)
	if err != nil {
		return nil, err
	}
	if !n.holds(x) {
		less, err := p.Add(n, integer(-1))
		if err == nil {
			less, err = p.Pow(b, less)
		}
		if err == nil {
			less, err = p.Mul(n, less)
		}
		if err != nil {
			return nil, err
		}
		return p.Mul(less, inner)
	}
	grows, err := p.Derivative(n, x)
	if err != nil {
		return nil, err
	}
	ln, err := p.Function("ln", []*Expr{b})
	if err == nil {
		grows, err = p.Mul(grows, ln)
	}
	if err == nil && b.holds(x) {
		var other *Expr
		if other, err = p.Div(inner, b); err == nil {
			if other, err = p.Mul(n, other); err == nil {
				grows, err = p.Add(grows, other)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return p.Mul(e, grows)
}

// outerDerivative is the derivative of a function at u.
func (p *Maker) outerDerivative(name string, u *Expr) (*Expr, error) {
	of := func(name string) (*Expr, error) { return p.Function(name, []*Expr{u}) }
	square := func(v *Expr, err error) (*Expr, error) {
		if err != nil {
			return nil, err
		}
		return p.Pow(v, integer(2))
	}
	negative := func(v *Expr, err error) (*Expr, error) {
		if err != nil {
			return nil, err
		}
		return p.Mul(integer(-1), v)
	}
	onePlus := func(v *Expr, err error) (*Expr, error) {
		if err != nil {
			return nil, err
		}
		return p.Add(integer(1), v)
	}
	to := func(v *Expr, err error, num, den int64) (*Expr, error) {
		if err != nil {
			return nil, err
		}
		return p.Pow(v, rational(big.NewRat(num, den)))
	}
	switch name {
	case "ln":
		return to(u, nil, -1, 1)
	case "sin":
		return of("cos")
	case "cos":
		return negative(of("sin"))
	case "tan":
		return onePlus(square(of("tan")))
	case "cot":
		v, err := onePlus(square(of("cot")))
		return negative(v, err)
	case "sinh":
		return of("cosh")
	case "cosh":
		return of("sinh")
	case "tanh":
		v, err := negative(square(of("tanh")))
		return onePlus(v, err)
	case "asin", "acos":
		v, err := negative(square(u, nil))
		v, err = onePlus(v, err)
		v, err = to(v, err, -1, 2)
		if name == "acos" {
			return negative(v, err)
		}
		return v, err
	case "atan":
		v, err := onePlus(square(u, nil))
		return to(v, err, -1, 1)
	case "asinh":
		v, err := onePlus(square(u, nil))
		return to(v, err, -1, 2)
	}
	return nil, refuse("the derivative of %s", name)
}
