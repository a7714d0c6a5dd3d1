package sympy

import "math/big"

// Number is a rational number, or the float of 15 digits that it is near to.
func Number(r *big.Rat, isFloat bool) *Expr {
	if !isFloat {
		return rational(r)
	}
	return float(new(big.Float).SetPrec(bitsOf(15)).SetRat(r))
}

// Symbol is the symbol of that name.
func Symbol(name string) *Expr { return &Expr{kind: symbol, name: name, key: name} }

// Relation is an equation or inequality: no number, so nothing is equal to it.
func Relation() *Expr { return valueless(relation) }

// Kept is a function of which nothing is known but that it has the same value
// for the same arguments; "" is a power that is not worked out.
func (p *Maker) Kept(name string, args ...*Expr) (*Expr, error) {
	for _, a := range args {
		if a.kind == opaque {
			return nil, refuse("%s of %s", name, a.name)
		}
	}
	switch {
	case len(args) == 0:
		return valueless("a function of nothing"), nil
	case name == "" && len(args) == 2:
		return node(power, "", args...), nil
	}
	return node(applied, "'"+name+"'", args...), nil
}

// Whole is the value of an integer that is small enough for an int64.
func (e *Expr) Whole() (n int64, ok bool) {
	if !e.isRational() || !e.rat.IsInt() || !e.rat.Num().IsInt64() {
		return 0, false
	}
	return e.rat.Num().Int64(), true
}
