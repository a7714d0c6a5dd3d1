package sympy

import "math/big"

// infinite says whether e is oo, -oo or nan.
func (e *Expr) infinite() bool {
	return e.kind == constant && (e.name == "oo" || e.name == "-oo" || e.name == "nan")
}

func infinity(sign int) *Expr {
	name := map[int]string{1: "oo", -1: "-oo", 0: "nan"}[sign]
	return &Expr{kind: constant, name: name, key: name}
}

// Infinity is sympy's oo.
func Infinity() *Expr { return infinity(1) }

// signOf is the sign of a number or an infinity; 0 for what is neither.
func (p *Maker) signOf(e *Expr) int {
	switch {
	case e.kind == constant && e.name == "oo":
		return 1
	case e.kind == constant && e.name == "-oo":
		return -1
	case e.numeric():
		return e.sign()
	case e.infinite() || e.free():
		return 0
	case p.positive(e):
		return 1
	}
	if minus, err := p.Mul(integer(-1), e); err == nil && p.positive(minus) {
		return -1
	}
	return 0
}

// addInfinite is a sum in which an infinity stands: that infinity, nan beside
// the other one. With symbols it has no value here.
func addInfinite(a, b *Expr) *Expr {
	if !a.infinite() {
		a, b = b, a
	}
	if b.infinite() && a.name != b.name || b.free() {
		return infinity(0)
	}
	return a
}

func (p *Maker) mulInfinite(a, b *Expr) *Expr {
	return infinity(p.signOf(a) * p.signOf(b))
}

// powInfinite knows the powers of oo and those to it of numbers above 1.
func (p *Maker) powInfinite(b, e *Expr) *Expr {
	one := big.NewRat(1, 1)
	switch {
	case p.signOf(e) < 0 && b.infinite() && b.name != "nan", e.name == "-oo" && b.isRational() && b.rat.Cmp(one) > 0:
		return integer(0)
	case b.name == "oo" && p.signOf(e) > 0, e.name == "oo" && b.isRational() && b.rat.Cmp(one) > 0:
		return infinity(1)
	}
	return infinity(0)
}
