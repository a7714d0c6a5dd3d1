// Package ball computes with real and complex numbers of which a centre and a
// radius are known: the true value lies within. Two values whose balls do not
// meet are different, which is a proof; the radius of the difference says how
// close they were found to be otherwise.
//
// math/big has no elementary functions, so they stand here: argument
// reduction, then a Taylor series, with guard bits that cover the rounding of
// the series.
package ball

import (
	"errors"
	"math/big"
)

var (
	// ErrUndefined says that a value does not exist: a root of a negative
	// real, a logarithm of 0, a quotient by something that may be 0.
	ErrUndefined = errors.New("undefined")
	// ErrBudget says that the work, or a magnitude, passes its limit.
	ErrBudget = errors.New("work limit reached")
)

// Context holds the precision in bits and the work left.
type Context struct {
	Prec  uint
	Steps *int
	Known *Constants // shared by the contexts of one comparison; may be nil
}

func (c Context) spend(n int) error {
	*c.Steps -= n
	if *c.Steps < 0 {
		return ErrBudget
	}
	return nil
}

// Real is a ball on the real line.
type Real struct {
	mid *big.Float
	rad *big.Float // not negative, rounded up
}

const radPrec = 32

func newRad() *big.Float {
	return new(big.Float).SetPrec(radPrec).SetMode(big.ToPositiveInf)
}

// ulp bounds the rounding error of x in c's precision.
func (c Context) ulp(x *big.Float) *big.Float {
	r := newRad()
	if x.Sign() == 0 {
		return r
	}
	return r.SetMantExp(r.SetInt64(1), x.MantExp(nil)-int(c.Prec))
}

func (c Context) float() *big.Float { return new(big.Float).SetPrec(c.Prec) }

func abs(x *big.Float) *big.Float { return newRad().Abs(x) }

// maxExp bounds magnitudes to 2^±maxExp.
const maxExp = 1 << 22

func (c Context) make(mid, rad *big.Float) (Real, error) {
	if err := c.spend(3); err != nil {
		return Real{}, err
	}
	if mid.IsInf() || rad.IsInf() || mid.Sign() != 0 && (mid.MantExp(nil) > maxExp || mid.MantExp(nil) < -maxExp) || useless(mid, rad) {
		return Real{}, ErrBudget
	}
	return Real{mid, rad}, nil
}

// Rat is a rational number.
func (c Context) Rat(r *big.Rat) (Real, error) {
	if err := c.spend(1 + (r.Num().BitLen()+r.Denom().BitLen())/512); err != nil {
		return Real{}, err
	}
	m := c.float().SetRat(r)
	rad := newRad()
	if m.Acc() != big.Exact {
		rad = c.ulp(m)
	}
	return c.make(m, rad)
}

// Int is a small integer.
func (c Context) Int(n int64) Real { return Real{c.float().SetInt64(n), newRad()} }

// Add returns x + y.
func (c Context) Add(x, y Real) (Real, error) {
	m := plus(c.float(), x.mid, y.mid)
	r := plus(newRad(), x.rad, y.rad)
	return c.make(m, plus(r, r, c.ulp(m)))
}

// Neg returns -x.
func (c Context) Neg(x Real) Real { return Real{c.float().Neg(x.mid), x.rad} }

// Is says whether x is the integer n and nothing around it.
func (x Real) Is(n int64) bool { return x.rad.Sign() == 0 && x.mid.Cmp(big.NewFloat(float64(n))) == 0 }

// Sub returns x - y.
func (c Context) Sub(x, y Real) (Real, error) { return c.Add(x, c.Neg(y)) }

// Mul returns x·y.
func (c Context) Mul(x, y Real) (Real, error) {
	m := c.float().Mul(x.mid, y.mid)
	r := newRad().Mul(abs(x.mid), y.rad)
	plus(r, r, newRad().Mul(abs(y.mid), x.rad))
	plus(r, r, newRad().Mul(x.rad, y.rad))
	return c.make(m, plus(r, r, c.ulp(m)))
}

// low bounds |x| from below; 0 when x may be 0.
func low(x Real) *big.Float {
	d := new(big.Float).SetPrec(radPrec).SetMode(big.ToZero)
	if x.Zero() {
		return d
	}
	d.Abs(x.mid)
	if x.rad.Sign() == 0 {
		return d
	}
	if d.MantExp(nil)-x.rad.MantExp(nil) > 2*radPrec {
		// The radius is below the last bit: lower that, without lining up
		// numbers millions of bits apart.
		return d.Sub(d, new(big.Float).SetMantExp(big.NewFloat(1), d.MantExp(nil)-radPrec))
	}
	d.Sub(d, x.rad)
	if d.Sign() < 0 {
		d.SetInt64(0)
	}
	return d
}

// Div returns x/y.
func (c Context) Div(x, y Real) (Real, error) {
	lo := low(y)
	if lo.Sign() == 0 {
		return Real{}, ErrUndefined
	}
	m := c.float().Quo(x.mid, y.mid)
	// |x/y − m/n| ≤ (|m|·ry + |n|·rx) / (|n|·(|n|−ry))
	r := newRad().Mul(abs(x.mid), y.rad)
	plus(r, r, newRad().Mul(abs(y.mid), x.rad))
	d := new(big.Float).SetPrec(radPrec).SetMode(big.ToZero)
	d.Mul(d.Abs(y.mid), lo)
	r.Quo(r, d)
	return c.make(m, plus(r, r, c.ulp(m)))
}

// Zero says whether x may be 0.
func (x Real) Zero() bool { return abs(x.mid).Cmp(x.rad) <= 0 }

// ExactZero says that x is 0 and nothing else.
func (x Real) ExactZero() bool { return x.mid.Sign() == 0 && x.rad.Sign() == 0 }

// Sign returns the sign of x, and whether it is certain.
func (x Real) Sign() (int, bool) {
	if x.ExactZero() {
		return 0, true
	}
	if x.Zero() {
		return 0, false
	}
	return x.mid.Sign(), true
}

// Width says whether the radius of x is below 2^-bits·max(1, scale).
func (x Real) Width(bits int, scale Real) bool {
	s := abs(scale.mid)
	one := newRad().SetInt64(1)
	if s.Cmp(one) < 0 {
		s = one
	}
	limit := newRad().SetMantExp(s, -bits)
	return x.rad.Cmp(limit) < 0
}

// Sqrt returns the root of a number that is certainly not negative.
func (c Context) Sqrt(x Real) (Real, error) {
	if x.ExactZero() {
		return x, nil
	}
	lo := low(x)
	if x.mid.Sign() < 0 || lo.Sign() == 0 {
		return Real{}, ErrUndefined
	}
	if err := c.spend(20); err != nil {
		return Real{}, err
	}
	m := c.float().Sqrt(x.mid)
	s := new(big.Float).SetPrec(radPrec).SetMode(big.ToZero)
	s.Sqrt(lo)
	// The derivative is at most 1/(2√lo); the division below leaves out the 2,
	// which covers the rounding of s.
	r := newRad().Quo(x.rad, s)
	u := c.ulp(m)
	return c.make(m, plus(r, r, u.Add(u, u)))
}

// Floor returns ⌊x⌋ when it is certain.
func (c Context) Floor(x Real) (Real, error) {
	lo, hi := new(big.Float).SetPrec(c.Prec+64).Sub(x.mid, x.rad), new(big.Float).SetPrec(c.Prec+64).Add(x.mid, x.rad)
	if lo.MantExp(nil) > int(c.Prec) || hi.MantExp(nil) > int(c.Prec) {
		return Real{}, ErrBudget
	}
	a, b := floor(lo), floor(hi)
	if a.Cmp(b) != 0 {
		return Real{}, ErrUndefined
	}
	return c.make(c.float().SetInt(a), newRad())
}

func floor(x *big.Float) *big.Int {
	i, acc := x.Int(nil)
	if x.Sign() < 0 && acc != big.Exact {
		i.Sub(i, big.NewInt(1))
	}
	return i
}

// Mid is the centre of x, rounded to so many bits.
func (x Real) Mid(prec uint) *big.Float { return new(big.Float).SetPrec(prec).Set(x.mid) }

// Float64 is the centre of x, for a person.
func (x Real) Float64() float64 {
	f, _ := x.mid.Float64()
	return f
}

// Round6 rounds x to so many decimals, half away from zero. ok is false when
// the ball leaves it open.
func (x Real) Round6(digits int) (*big.Int, bool) {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	prec := x.mid.Prec() + 64
	if x.mid.Sign() != 0 && x.mid.MantExp(nil) > int(x.mid.Prec()) {
		return nil, false
	}
	round := func(v *big.Float) *big.Int {
		v.Mul(v, new(big.Float).SetPrec(prec).SetInt(scale))
		half := big.NewFloat(0.5)
		if v.Sign() < 0 {
			half = big.NewFloat(-0.5)
		}
		v.Add(v, half)
		i, _ := v.Int(nil)
		return i
	}
	a := round(new(big.Float).SetPrec(prec).Sub(x.mid, x.rad))
	b := round(new(big.Float).SetPrec(prec).Add(x.mid, x.rad))
	return a, a.Cmp(b) == 0
}
