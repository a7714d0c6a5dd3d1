package equal

import (
	"math/big"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/ball"
)

func (m *numeric) function(n *ast.Node) (ball.Complex, error) {
	c := m.c
	switch {
	case n.Name == "det" && n.Args[0].Kind == ast.Matrix:
		d, err := m.s.determinant(n.Args[0])
		if err != nil {
			return ball.Complex{}, err
		}
		return m.value(d)
	case n.Name == "sum" || n.Name == "prod":
		if v, ok, err := m.finiteSum(n); ok || err != nil {
			return v, err
		}
		return m.opaque(n)
	case ast.Opaque(n.Name):
		return m.opaque(n)
	case n.Name == "factorial" || n.Name == "binom" || n.Name == "gcd" || n.Name == "lcm":
		if !n.Constant() {
			return m.opaque(n)
		}
		x, err := m.s.exactValue(n)
		if err != nil {
			if tooLarge(err) {
				return ball.Complex{}, err
			}
			return ball.Complex{}, ball.ErrUndefined
		}
		r, ok := x.Rat()
		if !ok {
			return ball.Complex{}, ball.ErrUndefined
		}
		v, err := c.Rat(r)
		return c.FromReal(v), err
	}
	args := make([]ball.Complex, len(n.Args))
	for i, a := range n.Args {
		v, err := m.value(a)
		if err != nil {
			return v, err
		}
		args[i] = v
	}
	if len(args) == 0 {
		return ball.Complex{}, ball.ErrUndefined
	}
	x := args[0]
	switch n.Name {
	case "root":
		return m.root(x, n.Args[1], args[1])
	case "exp":
		return c.CExp(x)
	case "ln":
		return c.CLog(x)
	case "log":
		a, err := c.CLog(x)
		if err != nil || len(args) < 2 {
			return a, err
		}
		b, err := c.CLog(args[1])
		if err != nil {
			return b, err
		}
		return c.CDiv(a, b)
	case "abs", "norm":
		v, err := c.CAbs(x)
		return c.FromReal(v), err
	case "re":
		return c.FromReal(x.Re), nil
	case "im":
		return c.FromReal(x.Im), nil
	case "conj":
		return ball.Complex{Re: x.Re, Im: c.Neg(x.Im)}, nil
	}
	if !x.Real() {
		return x, ball.ErrUndefined
	}
	switch n.Name {
	case "sin", "cos", "tan", "cot", "sec", "csc":
		return m.trig(n.Name, x.Re)
	case "arctan", "arcsin", "arccos", "arccot", "arcsec", "arccsc":
		return m.arc(n.Name, x.Re)
	case "sinh", "cosh", "tanh":
		return m.hyperbolic(n.Name, x)
	case "arcsinh", "arccosh", "arctanh":
		return m.areaFunction(n.Name, x)
	case "floor":
		v, err := c.Floor(x.Re)
		return c.FromReal(v), err
	case "ceil":
		v, err := c.Floor(c.Neg(x.Re))
		if err != nil {
			return x, err
		}
		return c.FromReal(c.Neg(v)), nil
	case "sgn":
		s, ok := x.Re.Sign()
		if !ok {
			return x, ball.ErrUndefined
		}
		return c.FromReal(c.Int(int64(s))), nil
	case "max", "min":
		best := x.Re
		for _, a := range args[1:] {
			d, err := c.Sub(a.Re, best)
			if err != nil {
				return x, err
			}
			s, ok := d.Sign()
			if !ok || !a.Real() {
				return x, ball.ErrUndefined
			}
			if s > 0 == (n.Name == "max") {
				best = a.Re
			}
		}
		return c.FromReal(best), nil
	}
	return m.opaque(n)
}

func (m *numeric) root(x ball.Complex, index *ast.Node, q ball.Complex) (ball.Complex, error) {
	c := m.c
	if index.Kind == ast.Num && index.Rat.IsInt() && index.Rat.Num().IsInt64() {
		k := index.Rat.Num().Int64()
		switch {
		case k == 2:
			return c.CSqrt(x)
		case k <= 0:
			return x, ball.ErrUndefined
		case k%2 == 1 && x.Real():
			s, ok := x.Re.Sign()
			if ok && s == 0 {
				return x, nil
			}
			if ok && s < 0 {
				v, err := c.CPow(c.CNeg(x), c.FromReal(m.rat(big.NewRat(1, k))))
				if err != nil {
					return v, err
				}
				return c.CNeg(v), nil
			}
		}
		return c.CPow(x, c.FromReal(m.rat(big.NewRat(1, k))))
	}
	inv, err := c.CDiv(c.FromReal(c.Int(1)), q)
	if err != nil {
		return inv, err
	}
	return c.CPow(x, inv)
}

func (m *numeric) trig(name string, x ball.Real) (ball.Complex, error) {
	c := m.c
	sin, cos, err := c.SinCos(x)
	if err != nil {
		return ball.Complex{}, err
	}
	one := c.Int(1)
	var v ball.Real
	switch name {
	case "sin":
		v = sin
	case "cos":
		v = cos
	case "tan":
		v, err = c.Div(sin, cos)
	case "cot":
		v, err = c.Div(cos, sin)
	case "sec":
		v, err = c.Div(one, cos)
	case "csc":
		v, err = c.Div(one, sin)
	}
	return c.FromReal(v), err
}

// arc computes inverse functions on real arguments inside their domain.
func (m *numeric) arc(name string, x ball.Real) (ball.Complex, error) {
	c := m.c
	var err error
	one := c.Int(1)
	switch name {
	case "arcsec", "arccsc":
		if x, err = c.Div(one, x); err != nil {
			return ball.Complex{}, err
		}
		name = map[string]string{"arcsec": "arccos", "arccsc": "arcsin"}[name]
	}
	pi, err := c.Pi()
	if err != nil {
		return ball.Complex{}, err
	}
	half, err := c.Div(pi, c.Int(2))
	if err != nil {
		return ball.Complex{}, err
	}
	var v ball.Real
	switch name {
	case "arctan":
		v, err = c.Atan(x)
	case "arccot":
		if v, err = c.Atan(x); err == nil {
			v, err = c.Sub(half, v)
		}
	default:
		// arcsin x = arctan(x/√(1−x²)), ±π/2 at ±1.
		sq, e := c.Mul(x, x)
		if e != nil {
			return ball.Complex{}, e
		}
		rest, e := c.Sub(one, sq)
		if e != nil {
			return ball.Complex{}, e
		}
		s, certain := rest.Sign()
		switch {
		case x.Is(1):
			v = half
		case x.Is(-1):
			v = c.Neg(half)
		case !certain || s < 0:
			return ball.Complex{}, ball.ErrUndefined
		default:
			if rest, err = c.Sqrt(rest); err == nil {
				if v, err = c.Div(x, rest); err == nil {
					v, err = c.Atan(v)
				}
			}
		}
		if name == "arccos" && err == nil {
			v, err = c.Sub(half, v)
		}
	}
	return c.FromReal(v), err
}

func (m *numeric) hyperbolic(name string, x ball.Complex) (ball.Complex, error) {
	c := m.c
	a, err := c.CExp(x)
	if err != nil {
		return a, err
	}
	b, err := c.CExp(c.CNeg(x))
	if err != nil {
		return b, err
	}
	sum, err := c.CAdd(a, b)
	if err != nil {
		return sum, err
	}
	diff, err := c.CAdd(a, c.CNeg(b))
	if err != nil {
		return diff, err
	}
	two := c.FromReal(c.Int(2))
	switch name {
	case "sinh":
		return c.CDiv(diff, two)
	case "cosh":
		return c.CDiv(sum, two)
	}
	return c.CDiv(diff, sum)
}

func (m *numeric) areaFunction(name string, x ball.Complex) (ball.Complex, error) {
	c := m.c
	one := c.FromReal(c.Int(1))
	if name == "arctanh" {
		a, err := c.CAdd(one, x)
		if err != nil {
			return a, err
		}
		b, err := c.CAdd(one, c.CNeg(x))
		if err != nil {
			return b, err
		}
		if a, err = c.CDiv(a, b); err != nil {
			return a, err
		}
		if a, err = c.CLog(a); err != nil {
			return a, err
		}
		return c.CDiv(a, c.FromReal(c.Int(2)))
	}
	sq, err := c.CMul(x, x)
	if err != nil {
		return sq, err
	}
	if name == "arccosh" {
		one = c.CNeg(one)
	}
	if sq, err = c.CAdd(sq, one); err != nil {
		return sq, err
	}
	if sq, err = c.CSqrt(sq); err != nil {
		return sq, err
	}
	if sq, err = c.CAdd(sq, x); err != nil {
		return sq, err
	}
	return c.CLog(sq)
}

// maxTerms bounds the sums that are added up.
const maxTerms = 1000

// finiteSum adds up a sum or product between integer bounds.
func (m *numeric) finiteSum(n *ast.Node) (v ball.Complex, ok bool, err error) {
	body, low, high := n.Args[0], n.Args[1], n.Args[2]
	if low.Kind != ast.Relation || len(low.Args) != 2 || low.Ops[0] != ast.EQ {
		return v, false, nil
	}
	name := low.Args[0]
	if name.Kind != ast.Sym && !(name.Kind == ast.Const && name.Name == "i") {
		return v, false, nil
	}
	from, ok1 := m.integer(low.Args[1])
	to, ok2 := m.integer(high)
	if !ok1 || !ok2 || to-from >= maxTerms {
		return v, false, nil
	}
	c := m.c
	v = c.FromReal(c.Int(0))
	if n.Name == "prod" {
		v = c.FromReal(c.Int(1))
	}
	size := body.Size(10_000)
	for k := from; k <= to; k++ {
		if err := m.s.spend(size); err != nil {
			return v, true, err
		}
		term := body.Replace(func(x *ast.Node) *ast.Node {
			if x.Kind == name.Kind && x.Name == name.Name {
				return ast.Int(k)
			}
			return x
		})
		t, err := m.value(term)
		if err != nil {
			return v, true, err
		}
		if n.Name == "sum" {
			v, err = c.CAdd(v, t)
		} else {
			v, err = c.CMul(v, t)
		}
		if err != nil {
			return v, true, err
		}
	}
	return v, true, nil
}

func (m *numeric) integer(n *ast.Node) (int64, bool) {
	if !n.Constant() {
		return 0, false
	}
	x, err := m.s.exactValue(n)
	if err != nil {
		return 0, false
	}
	r, ok := x.Rat()
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	k := r.Num().Int64()
	return k, k > -1<<40 && k < 1<<40
}
