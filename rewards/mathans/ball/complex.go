package ball

// Complex is a pair of balls.
type Complex struct{ Re, Im Real }

// FromReal makes a complex number of a real one.
func (c Context) FromReal(x Real) Complex { return Complex{x, c.Int(0)} }

// Real says that the imaginary part is exactly 0.
func (z Complex) Real() bool { return z.Im.ExactZero() }

// CAdd returns a + b.
func (c Context) CAdd(a, b Complex) (Complex, error) {
	re, err := c.Add(a.Re, b.Re)
	if err != nil {
		return Complex{}, err
	}
	if a.Real() && b.Real() {
		return c.FromReal(re), nil
	}
	im, err := c.Add(a.Im, b.Im)
	return Complex{re, im}, err
}

// CNeg returns -a.
func (c Context) CNeg(a Complex) Complex { return Complex{c.Neg(a.Re), c.Neg(a.Im)} }

// CMul returns a·b.
func (c Context) CMul(a, b Complex) (Complex, error) {
	if a.Real() && b.Real() {
		re, err := c.Mul(a.Re, b.Re)
		return c.FromReal(re), err
	}
	var z Complex
	err := c.all(
		func() (e error) { z.Re, e = c.dot(a.Re, b.Re, a.Im, c.Neg(b.Im)); return },
		func() (e error) { z.Im, e = c.dot(a.Re, b.Im, a.Im, b.Re); return },
	)
	return z, err
}

// dot returns a·b + d·e.
func (c Context) dot(a, b, d, e Real) (Real, error) {
	x, err := c.Mul(a, b)
	if err != nil {
		return Real{}, err
	}
	y, err := c.Mul(d, e)
	if err != nil {
		return Real{}, err
	}
	return c.Add(x, y)
}

func (c Context) all(steps ...func() error) error {
	for _, f := range steps {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// CDiv returns a/b.
func (c Context) CDiv(a, b Complex) (Complex, error) {
	if a.Real() && b.Real() {
		re, err := c.Div(a.Re, b.Re)
		return c.FromReal(re), err
	}
	n, err := c.dot(b.Re, b.Re, b.Im, b.Im)
	if err != nil {
		return Complex{}, err
	}
	z, err := c.CMul(a, Complex{b.Re, c.Neg(b.Im)})
	if err != nil {
		return Complex{}, err
	}
	err = c.all(
		func() (e error) { z.Re, e = c.Div(z.Re, n); return },
		func() (e error) { z.Im, e = c.Div(z.Im, n); return },
	)
	return z, err
}

// CAbs returns |a|.
func (c Context) CAbs(a Complex) (Real, error) {
	if a.Real() {
		if s, ok := a.Re.Sign(); ok && s < 0 {
			return c.Neg(a.Re), nil
		} else if ok {
			return a.Re, nil
		}
		return Real{c.float(), plus(newRad(), abs(a.Re.mid), a.Re.rad)}, nil
	}
	n, err := c.dot(a.Re, a.Re, a.Im, a.Im)
	if err != nil {
		return Real{}, err
	}
	return c.Sqrt(n)
}

// CExp returns e^a.
func (c Context) CExp(a Complex) (Complex, error) {
	r, err := c.Exp(a.Re)
	if err != nil || a.Real() {
		return c.FromReal(r), err
	}
	sin, cos, err := c.SinCos(a.Im)
	if err != nil {
		return Complex{}, err
	}
	return c.CMul(c.FromReal(r), Complex{cos, sin})
}

// CLog returns the principal logarithm.
func (c Context) CLog(a Complex) (Complex, error) {
	if a.Real() {
		s, ok := a.Re.Sign()
		if !ok || s == 0 {
			return Complex{}, ErrUndefined
		}
		if s > 0 {
			r, err := c.Log(a.Re)
			return c.FromReal(r), err
		}
		r, err := c.Log(c.Neg(a.Re))
		if err != nil {
			return Complex{}, err
		}
		pi, err := c.Pi()
		return Complex{r, pi}, err
	}
	m, err := c.CAbs(a)
	if err != nil {
		return Complex{}, err
	}
	var z Complex
	err = c.all(
		func() (e error) { z.Re, e = c.Log(m); return },
		func() (e error) { z.Im, e = c.Arg(a); return },
	)
	return z, err
}

// Arg returns the argument in (−π, π].
func (c Context) Arg(a Complex) (Real, error) {
	s, ok := a.Im.Sign()
	if !ok || s == 0 {
		return Real{}, ErrUndefined
	}
	// For y ≠ 0 the argument is ±π/2 − arctan(x/y).
	q, err := c.Div(a.Re, a.Im)
	if err != nil {
		return Real{}, err
	}
	t, err := c.Atan(q)
	if err != nil {
		return Real{}, err
	}
	pi, err := c.Pi()
	if err != nil {
		return Real{}, err
	}
	half, err := c.Div(pi, c.Int(2*int64(s)))
	if err != nil {
		return Real{}, err
	}
	return c.Sub(half, t)
}

// CSqrt returns the principal root.
func (c Context) CSqrt(a Complex) (Complex, error) {
	if a.Real() {
		s, ok := a.Re.Sign()
		switch {
		case !ok:
			return Complex{}, ErrUndefined
		case s >= 0:
			r, err := c.Sqrt(a.Re)
			return c.FromReal(r), err
		}
		r, err := c.Sqrt(c.Neg(a.Re))
		return Complex{c.Int(0), r}, err
	}
	l, err := c.CLog(a)
	if err != nil {
		return Complex{}, err
	}
	half, err := c.CDiv(l, c.FromReal(c.Int(2)))
	if err != nil {
		return Complex{}, err
	}
	return c.CExp(half)
}

// CPow returns the principal value of a^b.
func (c Context) CPow(a, b Complex) (Complex, error) {
	l, err := c.CLog(a)
	if err != nil {
		return Complex{}, err
	}
	m, err := c.CMul(l, b)
	if err != nil {
		return Complex{}, err
	}
	return c.CExp(m)
}

// CPowInt returns a^n by squaring.
func (c Context) CPowInt(a Complex, n int64) (Complex, error) {
	if n < 0 {
		p, err := c.CPowInt(a, -n)
		if err != nil {
			return Complex{}, err
		}
		return c.CDiv(c.FromReal(c.Int(1)), p)
	}
	result := c.FromReal(c.Int(1))
	for n > 0 {
		var err error
		if n&1 == 1 {
			if result, err = c.CMul(result, a); err != nil {
				return Complex{}, err
			}
		}
		if n >>= 1; n == 0 {
			break
		}
		if a, err = c.CMul(a, a); err != nil {
			return Complex{}, err
		}
	}
	return result, nil
}
