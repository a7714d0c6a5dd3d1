package sympy

import (
	"errors"
	"hash/fnv"
	"math/big"
	"strings"

	"gradus/rewards/mathans/ball"
)

const (
	valuePrec  = 192 // bits of the evaluation
	agreeBits  = 110 // bits to which zero must be zero, beside the largest term
	fewPoints  = 3   // where no root or logarithm can take another value
	manyPoints = 10
)

// IsZero says whether simplify finds that e is 0.
func (e *Expr) IsZero() (bool, error) {
	if e.numeric() {
		return e.sign() == 0, nil
	}
	steps, known := 2*mostSteps, ball.Constants{}
	points, defined := fewPoints, 0
	exact := e.realAlgebraic(ball.Context{Prec: valuePrec, Steps: &steps, Known: &known})
	for point := 0; point < points; point++ {
		m := &machine{c: ball.Context{Prec: valuePrec, Steps: &steps, Known: &known}, point: uint64(point), branches: !exact}
		m.largest = m.c.Int(1)
		v, err := m.value(e)
		switch {
		case errors.Is(err, ball.ErrBudget):
			return false, ErrBudget
		case err != nil:
			continue
		}
		switch {
		case exact:
			points = 1
		case len(m.roots) > 0:
			points = manyPoints
		}
		if !v.Re.Zero() || !v.Im.Zero() {
			return false, nil
		}
		if !v.Re.Width(agreeBits, m.largest) || !v.Im.Width(agreeBits, m.largest) {
			return false, nil // nothing is known
		}
		defined++
	}
	if defined == 0 {
		return false, refuse("no finite value")
	}
	return true, nil
}

// realAlgebraic says whether e is made of rational numbers and roots of
// positive numbers alone: sympy knows whether such a number is 0 by its
// minimal polynomial, however its roots are nested.
func (e *Expr) realAlgebraic(c ball.Context) bool {
	switch e.kind {
	case symbol, constant, applied, floatNumber:
		return false
	case power:
		if !e.args[1].isRational() {
			return false
		}
		if b := e.args[0]; !e.args[1].rat.IsInt() {
			m := &machine{c: c, largest: c.Int(1)}
			v, err := m.value(b)
			if s, ok := v.Re.Sign(); err != nil || !v.Im.Zero() || !ok || s <= 0 {
				return false
			}
		}
	}
	for _, a := range e.args {
		if !a.realAlgebraic(c) {
			return false
		}
	}
	return true
}

// machine evaluates an expression at one point.
type machine struct {
	c        ball.Context
	point    uint64
	branches bool // roots and logarithms take any of their values
	roots    []root
	largest  ball.Real // of the terms of sums
}

// root is something of which a root or logarithm is taken, and which of the
// values of its logarithm: turns times 2πi are added to the principal one.
type root struct {
	of    ball.Complex
	turns int64
	float bool // taken with a float for exponent, which simplify keeps apart
}

func (m *machine) random(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte{byte(m.point), byte(m.point >> 8)})
	h.Write([]byte(name))
	return ball.Scatter(h.Sum64())
}

// variable is a complex number of size about 1.
func (m *machine) variable(name string) (ball.Complex, error) {
	h := m.random(name)
	re, err := m.c.Rat(big.NewRat(int64(h%4096)-2000, 1021))
	if err != nil {
		return ball.Complex{}, err
	}
	im, err := m.c.Rat(big.NewRat(int64(h>>20%4096)-2003, 1019))
	return ball.Complex{Re: re, Im: im}, err
}

func (m *machine) value(e *Expr) (v ball.Complex, err error) {
	c := m.c
	switch e.kind {
	case rationalNumber, floatNumber:
		r := e.rat
		if r == nil {
			r = exactRat(e.float)
		}
		x, err := c.Rat(r)
		return c.FromReal(x), err
	case symbol:
		return m.variable(e.name)
	case constant:
		switch e.name {
		case "pi":
			x, err := c.Pi()
			return c.FromReal(x), err
		case "E":
			x, err := c.Exp(c.Int(1))
			return c.FromReal(x), err
		case "I":
			return ball.Complex{Re: c.Int(0), Im: c.Int(1)}, nil
		}
		return v, ball.ErrUndefined
	case opaque:
		return v, ball.ErrUndefined
	case sum, product:
		for i, a := range e.args {
			x, err := m.value(a)
			switch {
			case err != nil:
				return v, err
			case i == 0:
				v = x
			case e.kind == sum:
				m.larger(x)
				m.larger(v)
				v, err = c.CAdd(v, x)
			case e.kind == sum:
				v, err = c.CAdd(v, x)
			default:
				v, err = c.CMul(v, x)
			}
			if err != nil {
				return v, err
			}
		}
		return v, nil
	case power:
		return m.power(e.args[0], e.args[1])
	}
	return m.function(e)
}

// larger keeps the size of the largest number that was met.
func (m *machine) larger(v ball.Complex) {
	for _, x := range []ball.Real{v.Re, v.Im} {
		if s := x.Mid(53); s.Abs(s).Cmp(new(big.Float).Abs(m.largest.Mid(53))) > 0 {
			m.largest = x
		}
	}
}

func (m *machine) power(b, e *Expr) (ball.Complex, error) {
	c := m.c
	base, err := m.value(b)
	if err != nil {
		return base, err
	}
	if e.isRational() && e.rat.IsInt() {
		if !e.rat.Num().IsInt64() {
			return base, ball.ErrBudget
		}
		return c.CPowInt(base, e.rat.Num().Int64())
	}
	if b.kind == constant && b.name == "E" {
		exponent, err := m.value(e)
		if err != nil {
			return exponent, err
		}
		return c.CExp(exponent)
	}
	turns := m.turns(b, base, e.kind == floatNumber)
	if e.isRational() && e.rat.Num().IsInt64() && e.rat.Denom().IsInt64() && e.rat.Denom().Int64() == 2 {
		r, err := c.CSqrt(base)
		if err != nil {
			return r, err
		}
		if turns%2 != 0 {
			r = c.CNeg(r)
		}
		return c.CPowInt(r, e.rat.Num().Int64())
	}
	exponent, err := m.value(e)
	if err != nil {
		return exponent, err
	}
	if e.kind == floatNumber && m.branches && exponent.Re.Float64() != -1 {
		// x**2.0 is to simplify a letter other than x**2.
		apart, err := c.Rat(big.NewRat(1021, 1019))
		if err == nil {
			exponent.Re, err = c.Mul(exponent.Re, apart)
		}
		if err != nil {
			return exponent, err
		}
	}
	log, err := m.log(base, turns)
	if err != nil {
		return log, err
	}
	if log, err = c.CMul(log, exponent); err != nil {
		return log, err
	}
	return c.CExp(log)
}

// turns chooses the value of a root or logarithm of e, which has the value x:
// the principal one of a positive rational number or constant, of others any,
// but the same for those of which one is a positive rational multiple of the
// other.
func (m *machine) turns(e *Expr, x ball.Complex, float bool) int64 {
	if !m.branches || e.isRational() && e.rat.Sign() > 0 || e.kind == constant {
		return 0
	}
	for _, r := range m.roots {
		if q, err := m.c.CDiv(x, r.of); err == nil && r.float == float && positiveRational(q) {
			return r.turns
		}
	}
	turns := int64(m.random("root\x00"+string(rune('0'+len(m.roots)))) % 12)
	if e.numeric() {
		turns *= 2 // the square root of -1 is I, and its root one of I
	}
	m.roots = append(m.roots, root{x, turns, float})
	return turns
}

// log is the principal logarithm and so many turns more.
func (m *machine) log(x ball.Complex, turns int64) (ball.Complex, error) {
	c := m.c
	log, err := c.CLog(x)
	if err != nil || turns == 0 {
		return log, err
	}
	pi, err := c.Pi()
	if err != nil {
		return log, err
	}
	turn, err := c.Mul(pi, c.Int(2*turns))
	if err != nil {
		return log, err
	}
	return c.CAdd(log, ball.Complex{Re: c.Int(0), Im: turn})
}

// positiveRational says whether a value is a positive fraction of small
// numbers, as far as its precision tells: then its continued fraction ends.
func positiveRational(q ball.Complex) bool {
	if s, ok := q.Re.Sign(); !q.Im.Zero() || !ok || s < 0 {
		return false
	}
	const enough = 160
	x := q.Re.Mid(enough)
	near := new(big.Float).SetMantExp(big.NewFloat(1), -80)
	for range 24 {
		whole, _ := x.Int(nil)
		rest := new(big.Float).SetPrec(enough).Sub(x, new(big.Float).SetPrec(enough).SetInt(whole))
		if rest.Cmp(near) < 0 || new(big.Float).Sub(big.NewFloat(1), rest).Cmp(near) < 0 {
			return true
		}
		x.Quo(big.NewFloat(1), rest)
	}
	return false
}

func (m *machine) function(e *Expr) (ball.Complex, error) {
	x, err := m.value(e.args[0])
	if err != nil {
		return x, err
	}
	if e.name == "ln" {
		return m.log(x, m.turns(e.args[0], x, false))
	}
	// An inverse function of symbols is a letter to simplify.
	letter := m.branches && strings.HasPrefix(e.name, "a") && e.name != "abs" && e.free()
	if f := elementary(e.name); f != nil && len(e.args) == 1 && !letter {
		return f(m.c, x)
	}
	// Of others nothing is known but that equal arguments give equal values.
	text := e.name
	for _, a := range e.args {
		v, err := m.value(a)
		if err != nil {
			return v, err
		}
		for _, part := range []ball.Real{v.Re, v.Im} {
			digits, ok := part.Round6(25)
			if !ok {
				return v, ball.ErrUndefined
			}
			text += "," + digits.String()
		}
	}
	return m.variable(text)
}

// positive says whether e is a positive real number whatever values its
// symbols have.
func (p *Maker) positive(e *Expr) bool {
	if e.numeric() {
		return e.sign() > 0
	}
	if e.free() {
		return false
	}
	known := ball.Constants{}
	m := &machine{c: ball.Context{Prec: 128, Steps: &p.steps, Known: &known}}
	m.largest = m.c.Int(1)
	v, err := m.value(e)
	if err != nil || !v.Im.Zero() {
		return false
	}
	s, ok := v.Re.Sign()
	return ok && s > 0
}

// free says whether a symbol occurs in e.
func (e *Expr) free() bool {
	if e.kind == symbol {
		return true
	}
	for _, a := range e.args {
		if a.free() {
			return true
		}
	}
	return false
}

// floatPower is a power of which base or exponent is a float, rounded.
func (p *Maker) floatPower(b, e *Expr) (*Expr, error) {
	var prec uint
	parts := []*Expr{b, e}
	for i, x := range parts {
		if x.kind == floatNumber {
			prec = max(prec, x.float.Prec())
			parts[i] = rational(exactRat(x.float))
		}
	}
	return p.roundedValue(node(power, "", parts...), prec)
}

// roundedValue is the value of a real expression as a float.
func (p *Maker) roundedValue(e *Expr, prec uint) (*Expr, error) {
	known := ball.Constants{}
	m := &machine{c: ball.Context{Prec: prec + 128, Steps: &p.steps, Known: &known}}
	m.largest = m.c.Int(1)
	v, err := m.value(e)
	switch {
	case errors.Is(err, ball.ErrBudget):
		return nil, ErrBudget
	case err != nil:
		return nil, refuse("no finite value")
	}
	return float(v.Re.Mid(prec)), nil
}
