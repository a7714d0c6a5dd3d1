package ball

import (
	"math"
	"math/big"
)

// Decimal digits of π and ln 2, enough for maxPrec bits.
const (
	piDigits  = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651328230664709384460955058223172535940812848111745028410270193852110555964462294895493038196442881097566593344612847564823378678316527120190914565"
	ln2Digits = "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687542001481020570685733685520235758130557032670751635075961930727570828371435190307038623891673471123350115364497955239120475172681574932065155524734139525883"
	maxPrec   = 700
	guard     = 48
)

// Constants keeps π and ln 2 once they are computed: reading their digits takes
// longer than many an operation. It is not safe for use by several goroutines.
type Constants struct {
	pi, ln2 map[uint]*big.Float // by precision
}

// constant is a number by its digits, not to be changed.
func constant(known map[uint]*big.Float, digits string, prec uint) *big.Float {
	if f, ok := known[prec]; ok {
		return f
	}
	f, _, err := big.ParseFloat(digits, 10, prec, big.ToNearestEven)
	if err != nil {
		f = new(big.Float).SetPrec(prec)
	}
	if known != nil {
		known[prec] = f
	}
	return f
}

func (c Context) pi(prec uint) *big.Float {
	if c.Known == nil {
		return constant(nil, piDigits, prec)
	}
	if c.Known.pi == nil {
		c.Known.pi = map[uint]*big.Float{}
	}
	return constant(c.Known.pi, piDigits, prec)
}

func (c Context) ln2(prec uint) *big.Float {
	if c.Known == nil {
		return constant(nil, ln2Digits, prec)
	}
	if c.Known.ln2 == nil {
		c.Known.ln2 = map[uint]*big.Float{}
	}
	return constant(c.Known.ln2, ln2Digits, prec)
}

// Pi returns π.
func (c Context) Pi() (Real, error) {
	m := c.pi(c.Prec)
	return c.make(m, c.ulp(m))
}

// work is the precision inside a function: guard bits cover the rounding of a
// series of a few hundred terms.
func (c Context) work() (uint, error) {
	if c.Prec+2*guard > maxPrec+2*guard {
		return 0, ErrBudget
	}
	return c.Prec + guard, c.spend(150)
}

// wrap rounds the result of a series and adds its error to slope·rad.
func (c Context) wrap(v *big.Float, spread *big.Float) (Real, error) {
	m := c.float().Set(v)
	u := c.ulp(m)
	u.Add(u, u)
	return c.make(m, plus(u, u, spread))
}

// Exp returns e^x.
func (c Context) Exp(x Real) (Real, error) {
	w, err := c.work()
	if err != nil {
		return Real{}, err
	}
	if x.mid.Sign() != 0 && x.mid.MantExp(nil) > 20 || x.rad.Cmp(newRad().SetFloat64(0.25)) > 0 {
		return Real{}, ErrBudget
	}
	v := c.expFloat(x.mid, w)
	// e^(x±r) lies within e^x·(e^r − 1) ≤ e^x·2r for r ≤ 1/4.
	spread := newRad().Mul(abs(v), x.rad)
	return c.wrap(v, spread.Add(spread, spread))
}

func (c Context) expFloat(x *big.Float, w uint) *big.Float {
	f := func() *big.Float { return new(big.Float).SetPrec(w) }
	if x.Sign() == 0 {
		return f().SetInt64(1)
	}
	// x = k·ln 2 + r, then r is halved 8 times.
	wide := w + 32
	ln2 := c.ln2(wide)
	q, _ := new(big.Float).Quo(x, ln2).Float64()
	k := math.RoundToEven(q)
	r := new(big.Float).SetPrec(wide).Mul(ln2, new(big.Float).SetFloat64(k))
	r.Sub(new(big.Float).SetPrec(wide).Set(x), r)
	const halvings = 8
	if r.Sign() != 0 {
		r.SetMantExp(r, -halvings)
	}
	sum, t := f().SetInt64(1), f().SetInt64(1)
	for n := int64(1); n < 400; n++ {
		t.Mul(t, r)
		t.Quo(t, f().SetInt64(n))
		if t.Sign() == 0 || t.MantExp(nil) < -int(w)-8 {
			break
		}
		sum.Add(sum, t)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, int(k))
}

// Log returns ln x of a number that is certainly positive.
func (c Context) Log(x Real) (Real, error) {
	lo := low(x)
	if x.mid.Sign() <= 0 || lo.Sign() == 0 {
		return Real{}, ErrUndefined
	}
	w, err := c.work()
	if err != nil {
		return Real{}, err
	}
	if err := c.spend(400); err != nil {
		return Real{}, err
	}
	f := func() *big.Float { return new(big.Float).SetPrec(w) }
	// x = m·2^e with m near 1, then y ← y + 2(m − e^y)/(m + e^y).
	m := f()
	e := f().Set(x.mid).MantExp(m)
	if g, _ := m.Float64(); g < math.Sqrt2/2 {
		m.SetMantExp(m, 1)
		e--
	}
	g, _ := m.Float64()
	y := f().SetFloat64(math.Log(g))
	for bits := 40; bits < int(w); bits *= 3 {
		ey := c.expFloat(y, w)
		num, den := f().Sub(m, ey), f().Add(m, ey)
		num.Quo(num, den)
		y.Add(y, num.Add(num, num))
	}
	v := f().Mul(c.ln2(w), f().SetInt64(int64(e)))
	v.Add(v, y)
	// Near 1 the sum of the two loses digits: the error is absolute.
	spread := newRad().Quo(x.rad, lo)
	plus(spread, spread, newRad().SetMantExp(newRad().SetInt64(1), -int(c.Prec)))
	return c.wrap(v, spread)
}

// SinCos returns sin x and cos x.
func (c Context) SinCos(x Real) (sin, cos Real, err error) {
	w, err := c.work()
	if err != nil {
		return Real{}, Real{}, err
	}
	if x.mid.Sign() != 0 && x.mid.MantExp(nil) > 32 {
		return Real{}, Real{}, ErrBudget
	}
	wide := w + 40
	f := func() *big.Float { return new(big.Float).SetPrec(w) }
	half := new(big.Float).SetMantExp(c.pi(wide), -1)
	q, _ := new(big.Float).Quo(x.mid, half).Float64()
	k := math.RoundToEven(q)
	r := new(big.Float).SetPrec(wide).Mul(half, new(big.Float).SetFloat64(k))
	r.Sub(new(big.Float).SetPrec(wide).Set(x.mid), r)
	r.SetPrec(w)
	s, co := f().Set(r), f().SetInt64(1)
	t := f().Set(r)
	if r.Sign() != 0 {
		t.SetInt64(1)
		for n := int64(1); n < 400; n++ {
			t.Mul(t, r)
			t.Quo(t, f().SetInt64(n))
			if t.Sign() == 0 || t.MantExp(nil) < -int(w)-8 {
				break
			}
			switch n % 4 {
			case 1:
				if n > 1 {
					s.Add(s, t)
				}
			case 2:
				co.Sub(co, t)
			case 3:
				s.Sub(s, t)
			case 0:
				co.Add(co, t)
			}
		}
	}
	switch int64(k) & 3 {
	case 1:
		s, co = co, f().Neg(s)
	case 2:
		s, co = f().Neg(s), f().Neg(co)
	case 3:
		s, co = f().Neg(co), s
	}
	// The error of the reduction is absolute.
	spread := plus(newRad(), x.rad, newRad().SetMantExp(newRad().SetInt64(1), -int(c.Prec)))
	if sin, err = c.wrap(s, spread); err != nil {
		return
	}
	cos, err = c.wrap(co, spread)
	return
}

// Atan returns arctan x.
func (c Context) Atan(x Real) (Real, error) {
	w, err := c.work()
	if err != nil {
		return Real{}, err
	}
	f := func() *big.Float { return new(big.Float).SetPrec(w) }
	if x.mid.Sign() == 0 {
		return c.wrap(f(), newRad().Set(x.rad))
	}
	// atan x = 2 atan(x / (1 + √(1 + x²))), four times.
	y := f().Set(x.mid)
	one := f().SetInt64(1)
	const times = 4
	for range times {
		d := f().Mul(y, y)
		d.Sqrt(plus(d, d, one))
		y.Quo(y, plus(d, d, one))
	}
	sum, t, sq := f().Set(y), f().Set(y), f().Mul(y, y)
	for n := int64(3); n < 1200; n += 2 {
		t.Mul(t, sq)
		t.Neg(t)
		term := f().Quo(t, f().SetInt64(n))
		if term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-int(w)-8 {
			break
		}
		sum.Add(sum, term)
	}
	// The slope is at most 1/(1 + x²) at the end that is nearer to 0, taken
	// small by rounding down.
	lo := low(x)
	slope := new(big.Float).SetPrec(radPrec).SetMode(big.ToZero)
	slope.Mul(lo, lo)
	if slope.Cmp(newRad().SetInt64(1)) < 0 {
		slope.SetInt64(1)
	}
	return c.wrap(sum.SetMantExp(sum, times), newRad().Quo(x.rad, slope))
}
