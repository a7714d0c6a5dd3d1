package sympy

import (
	"math/big"

	"gradus/rewards/mathans/ball"
)

// elementary is a function of one complex argument that has a value here; nil
// for others.
func elementary(name string) func(ball.Context, ball.Complex) (ball.Complex, error) {
	switch name {
	case "abs", "Abs":
		return func(c ball.Context, z ball.Complex) (ball.Complex, error) {
			v, err := c.CAbs(z)
			return c.FromReal(v), err
		}
	case "re":
		return func(c ball.Context, z ball.Complex) (ball.Complex, error) { return c.FromReal(z.Re), nil }
	case "im":
		return func(c ball.Context, z ball.Complex) (ball.Complex, error) { return c.FromReal(z.Im), nil }
	case "conjugate":
		return func(c ball.Context, z ball.Complex) (ball.Complex, error) {
			return ball.Complex{Re: z.Re, Im: c.Neg(z.Im)}, nil
		}
	case "floor", "ceiling":
		return func(c ball.Context, z ball.Complex) (ball.Complex, error) { return wholeValue(c, z, name == "ceiling") }
	case "sin":
		return sine
	case "cos":
		return cosine
	case "tan":
		return quotient(sine, cosine)
	case "cot":
		return quotient(cosine, sine)
	case "sec":
		return quotient(nil, cosine)
	case "csc":
		return quotient(nil, sine)
	case "sinh":
		return turned(sine, -1)
	case "cosh":
		return turned(cosine, 0)
	case "tanh":
		return turned(quotient(sine, cosine), -1)
	case "asin":
		return arcsine
	case "acos":
		return arccosine
	case "atan":
		return arctangent
	case "acsc":
		return ofInverse(arcsine)
	case "asec":
		return ofInverse(arccosine)
	case "acot":
		return ofInverse(arctangent)
	case "asinh":
		return turned(arcsine, -1)
	case "atanh":
		return turned(arctangent, -1)
	case "acosh":
		return areaCosine
	}
	return nil
}

type complexFunction = func(ball.Context, ball.Complex) (ball.Complex, error)

// timesI is z times I.
func timesI(c ball.Context, z ball.Complex) ball.Complex {
	return ball.Complex{Re: c.Neg(z.Im), Im: z.Re}
}

// turned is the function of I·z, for sign -1 times -I.
func turned(f complexFunction, sign int) complexFunction {
	return func(c ball.Context, z ball.Complex) (ball.Complex, error) {
		v, err := f(c, timesI(c, z))
		if err == nil && sign < 0 {
			v = c.CNeg(timesI(c, v))
		}
		return v, err
	}
}

// quotient is f/g, for f nil 1/g.
func quotient(f, g complexFunction) complexFunction {
	return func(c ball.Context, z ball.Complex) (ball.Complex, error) {
		above, err := c.FromReal(c.Int(1)), error(nil)
		if f != nil {
			above, err = f(c, z)
		}
		if err != nil {
			return above, err
		}
		below, err := g(c, z)
		if err != nil {
			return below, err
		}
		return c.CDiv(above, below)
	}
}

func ofInverse(f complexFunction) complexFunction {
	return func(c ball.Context, z ball.Complex) (ball.Complex, error) {
		w, err := c.CDiv(c.FromReal(c.Int(1)), z)
		if err != nil {
			return w, err
		}
		return f(c, w)
	}
}

// hyperbolic are cosh x and sinh x of a real number.
func hyperbolic(c ball.Context, x ball.Real) (cosh, sinh ball.Real, err error) {
	up, err := c.Exp(x)
	if err != nil {
		return
	}
	down, err := c.Exp(c.Neg(x))
	if err != nil {
		return
	}
	half, err := c.Rat(big.NewRat(1, 2))
	if err != nil {
		return
	}
	if cosh, err = c.Add(up, down); err != nil {
		return
	}
	if sinh, err = c.Sub(up, down); err != nil {
		return
	}
	if cosh, err = c.Mul(cosh, half); err != nil {
		return
	}
	sinh, err = c.Mul(sinh, half)
	return
}

// sine is sin(a+bI) = sin a cosh b + I cos a sinh b.
func sine(c ball.Context, z ball.Complex) (v ball.Complex, err error) {
	sin, cos, err := c.SinCos(z.Re)
	if err != nil || z.Real() {
		return c.FromReal(sin), err
	}
	cosh, sinh, err := hyperbolic(c, z.Im)
	if err != nil {
		return v, err
	}
	if v.Re, err = c.Mul(sin, cosh); err == nil {
		v.Im, err = c.Mul(cos, sinh)
	}
	return v, err
}

// cosine is cos(a+bI) = cos a cosh b - I sin a sinh b.
func cosine(c ball.Context, z ball.Complex) (v ball.Complex, err error) {
	sin, cos, err := c.SinCos(z.Re)
	if err != nil || z.Real() {
		return c.FromReal(cos), err
	}
	cosh, sinh, err := hyperbolic(c, z.Im)
	if err != nil {
		return v, err
	}
	if v.Re, err = c.Mul(cos, cosh); err == nil {
		v.Im, err = c.Mul(c.Neg(sin), sinh)
	}
	return v, err
}

// arcsine is -I log(I z + √(1-z²)), of real numbers from -1 to 1 by the
// arctangent of z/√(1-z²).
func arcsine(c ball.Context, z ball.Complex) (ball.Complex, error) {
	if z.Real() && (z.Re.Is(1) || z.Re.Is(-1)) {
		pi, err := c.Pi()
		if err != nil {
			return z, err
		}
		v, err := c.Div(pi, c.Int(2*int64(z.Re.Float64())))
		return c.FromReal(v), err
	}
	square, err := c.CMul(z, z)
	if err != nil {
		return z, err
	}
	rest, err := c.CAdd(c.FromReal(c.Int(1)), c.CNeg(square))
	if err != nil {
		return z, err
	}
	if s, ok := rest.Re.Sign(); z.Real() && ok && s > 0 {
		root, err := c.Sqrt(rest.Re)
		if err != nil {
			return z, err
		}
		slope, err := c.Div(z.Re, root)
		if err != nil {
			return z, err
		}
		v, err := c.Atan(slope)
		return c.FromReal(v), err
	}
	root, err := c.CSqrt(rest)
	if err != nil {
		return z, err
	}
	sum, err := c.CAdd(timesI(c, z), root)
	if err != nil {
		return z, err
	}
	log, err := c.CLog(sum)
	return c.CNeg(timesI(c, log)), err
}

// arccosine is π/2 - asin z.
func arccosine(c ball.Context, z ball.Complex) (ball.Complex, error) {
	sine, err := arcsine(c, z)
	if err != nil {
		return sine, err
	}
	pi, err := c.Pi()
	if err != nil {
		return sine, err
	}
	half, err := c.Div(pi, c.Int(2))
	if err != nil {
		return sine, err
	}
	return c.CAdd(c.FromReal(half), c.CNeg(sine))
}

// arctangent is I/2 (log(1 - I z) - log(1 + I z)).
func arctangent(c ball.Context, z ball.Complex) (ball.Complex, error) {
	if z.Real() {
		v, err := c.Atan(z.Re)
		return c.FromReal(v), err
	}
	one, turned := c.FromReal(c.Int(1)), timesI(c, z)
	var logs [2]ball.Complex
	for i, t := range [2]ball.Complex{c.CNeg(turned), turned} {
		w, err := c.CAdd(one, t)
		if err != nil {
			return w, err
		}
		if logs[i], err = c.CLog(w); err != nil {
			return w, err
		}
	}
	d, err := c.CAdd(logs[0], c.CNeg(logs[1]))
	if err != nil {
		return d, err
	}
	return c.CDiv(timesI(c, d), c.FromReal(c.Int(2)))
}

// areaCosine is log(z + √(z-1) √(z+1)).
func areaCosine(c ball.Context, z ball.Complex) (ball.Complex, error) {
	product := z
	for i, n := range [2]int64{-1, 1} {
		w, err := c.CAdd(z, c.FromReal(c.Int(n)))
		if err != nil {
			return w, err
		}
		if w, err = c.CSqrt(w); err != nil {
			return w, err
		}
		switch {
		case i == 0:
			product = w
		case product.Real() && w.Real():
			product.Re, err = c.Mul(product.Re, w.Re)
		default:
			product, err = c.CMul(product, w)
		}
		if err != nil {
			return product, err
		}
	}
	w, err := c.CAdd(z, product)
	if err != nil {
		return w, err
	}
	return c.CLog(w)
}

// wholeValue is the floor or ceiling of both parts of a number.
func wholeValue(c ball.Context, z ball.Complex, up bool) (ball.Complex, error) {
	parts := [2]ball.Real{z.Re, z.Im}
	for i, x := range parts {
		if up {
			x = c.Neg(x)
		}
		v, err := c.Floor(x)
		if err != nil {
			return z, err
		}
		if up {
			v = c.Neg(v)
		}
		parts[i] = v
	}
	return ball.Complex{Re: parts[0], Im: parts[1]}, nil
}

// ofIntegers works out the functions of two integers.
func (p *Maker) ofIntegers(name string, a, b *Expr) (*Expr, error) {
	whole := a.isRational() && b.isRational() && a.rat.IsInt() && b.rat.IsInt()
	switch {
	case name == "Mod" && b.numeric() && b.sign() == 0:
		return nil, refuse("the rest of a division by zero")
	case name == "Mod" && a.isRational() && b.isRational():
		q, err := p.Div(a, b)
		if err != nil {
			return nil, err
		}
		if q, err = wholePart("frac", q); err != nil {
			return nil, err
		}
		return p.Mul(q, b)
	case name == "binomial" && whole && a.sign() >= 0 && b.sign() >= 0:
		n, k := a.rat.Num(), b.rat.Num()
		if n.Cmp(k) < 0 {
			return integer(0), nil
		}
		if !n.IsInt64() || n.Int64() > mostFactorial {
			return nil, ErrBudget
		}
		if p.steps -= int(n.Int64()); p.steps < 0 {
			return nil, ErrBudget
		}
		return p.weigh(rational(new(big.Rat).SetInt(new(big.Int).Binomial(n.Int64(), k.Int64()))))
	}
	return node(applied, name, a, b), nil
}
