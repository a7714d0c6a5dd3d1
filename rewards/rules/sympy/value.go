package sympy

import (
	"math"

	"gradus/rewards/mathans/ball"
)

// Float64 is float(N(e)); ok is false where that raises: where symbols stand
// in e, of complex numbers, and of what is no number.
func (e *Expr) Float64() (v float64, ok bool) {
	switch {
	case e.infinite() && e.name != "nan":
		return math.Inf(map[string]int{"oo": 1, "-oo": -1}[e.name]), true
	case e.isRational():
		v, _ = e.rat.Float64()
		return v, true
	case !e.evaluable():
		return 0, false
	}
	steps, known := mostSteps, ball.Constants{}
	m := &machine{c: ball.Context{Prec: 128, Steps: &steps, Known: &known}}
	m.largest = m.c.Int(1)
	z, err := m.value(e)
	if err != nil || !z.Im.Zero() {
		return 0, false
	}
	return z.Re.Float64(), true
}

// evaluable says whether nothing in e is a symbol, or a function of which
// nothing is known.
func (e *Expr) evaluable() bool {
	if e.kind == symbol || e.kind == opaque || e.kind == applied && e.name != "ln" && elementary(e.name) == nil {
		return false
	}
	for _, a := range e.args {
		if !a.evaluable() {
			return false
		}
	}
	return true
}

// Same says whether simplify(a - b) == 0.
func Same(a, b *Expr) (bool, error) {
	m := NewMaker()
	minus, err := m.Mul(integer(-1), b)
	if err != nil {
		return false, err
	}
	d, err := m.Add(a, minus)
	if err != nil {
		return false, err
	}
	return d.IsZero()
}
