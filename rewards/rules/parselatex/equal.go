package parselatex

import (
	"cmp"
	"math"
	"math/big"
	"math/cmplx"
	"slices"
	"strconv"
	"strings"
)

// points is where formulas with symbols are compared.
const points = 4

// identical says whether two expressions have the same value wherever both
// have one, at complex points: what equals and simplify(a-b) == 0 find.
func identical(a, b *Expr) bool {
	if a.key() == b.key() {
		return true
	}
	if x, ok := a.rational(); ok {
		if y, ok := b.rational(); ok {
			return x.Cmp(y) == 0
		}
	}
	met := 0
	for point := range points {
		m := newMachine(point)
		x := m.value(a)
		y := m.value(b)
		if cmplx.IsNaN(x) || cmplx.IsNaN(y) || cmplx.IsInf(x) || cmplx.IsInf(y) {
			continue
		}
		if cmplx.Abs(x-y) > 1e-9*max(m.scale, cmplx.Abs(x), cmplx.Abs(y)) {
			return false
		}
		met++
	}
	return met > 0
}

// SymbolicEqual is symbolic_equal of ToRA's and Qwen's graders on two
// expressions: the same structure or value; relations whose sides differ by
// the same up to the sign, whatever their signs of relation; numbers that
// close says are close.
func SymbolicEqual(a, b *Expr, close func(a, b float64) bool) bool {
	if a.key() == b.key() {
		return true
	}
	switch {
	case a.Op == Truth || b.Op == Truth:
		return a.Op == b.Op && a.Name == b.Name
	case a.Op == Relation && b.Op == Relation:
		for _, e := range append(slices.Clone(a.Args), b.Args...) {
			if e.Op == Relation || e.Op == Truth {
				return false
			}
		}
		x, y := difference(a), difference(b)
		return identical(x, y) || identical(function1("Abs", x), function1("Abs", y))
	case a.Op == Relation || b.Op == Relation:
		return false
	}
	if identical(a, b) {
		return true
	}
	if a.free() || b.free() {
		return false
	}
	x, okX := a.real()
	y, okY := b.real()
	return okX && okY && close(x, y)
}

func difference(r *Expr) *Expr { return make2(Add, r.Args[0], negative(r.Args[1])) }

// Same says whether two expressions were read as the same structure.
func (e *Expr) Same(o *Expr) bool { return e.key() == o.key() }

// Value is float(N(e)); ok is false where a symbol stands in e, and of complex
// numbers and relations.
func (e *Expr) Value() (v float64, ok bool) {
	if e.free() || e.Op == Relation || e.Op == Truth {
		return 0, false
	}
	return e.real()
}

// real is float(N(e)).
func (e *Expr) real() (float64, bool) {
	if r, ok := e.rational(); ok {
		v, _ := r.Float64()
		return v, true
	}
	v := e.at(0)
	if cmplx.IsNaN(v) || math.Abs(imag(v)) > 1e-15*math.Abs(real(v)) {
		return 0, false
	}
	return real(v), true
}

// EvalfEqual says whether a == b or a.evalf() == b.evalf(): the same structure
// once every number is rounded to 53 bits and sums and products are put in
// order, like terms together. ok is false where sympy raises.
func EvalfEqual(a, b *Expr) (equal, ok bool) {
	for _, e := range []*Expr{a, b} {
		if e.Op == Truth || e.Op == Apply && e.Name == "d/d" {
			return false, false
		}
	}
	if a.key() == b.key() {
		return true, true
	}
	if !a.free() && !b.free() && a.Op != Relation && b.Op != Relation {
		return sameFloat(a, b), true
	}
	return canonical(a) == canonical(b), true
}

// sameFloat compares numbers as sympy's evalf rounds them. A sum that vanishes
// is a tiny number there, equal to no zero.
func sameFloat(a, b *Expr) bool {
	if x, ok := a.rational(); ok {
		if y, ok := b.rational(); ok {
			return !vanishes(a) && !vanishes(b) && float(x).Cmp(float(y)) == 0
		}
	}
	x, y := a.at(0), b.at(0)
	if cmplx.IsNaN(x) || cmplx.IsNaN(y) || cmplx.IsInf(x) || cmplx.IsInf(y) {
		return a.key() == b.key()
	}
	return near(x, y, 1e-15)
}

// vanishes says whether e is 0 because the terms of a sum cancel.
func vanishes(e *Expr) bool {
	if r, ok := e.rational(); !ok || r.Sign() != 0 {
		return false
	}
	switch e.Op {
	case Add:
		zero, _ := e.Args[0].rational()
		return zero.Sign() != 0 || vanishes(e.Args[0]) || vanishes(e.Args[1])
	case Mul:
		a, _ := e.Args[0].rational()
		b, _ := e.Args[1].rational()
		return (a.Sign() != 0 || vanishes(e.Args[0])) && (b.Sign() != 0 || vanishes(e.Args[1]))
	}
	return false
}

func float(r *big.Rat) *big.Float { return new(big.Float).SetPrec(53).SetRat(r) }

// canonical is e.evalf() written down.
func canonical(e *Expr) string {
	if !e.free() && e.Op != Relation && e.Op != Truth {
		return constant(e)
	}
	if terms := distributed(e); len(terms) > 1 {
		like := map[string]factor{}
		var number complex128
		for _, t := range terms {
			if !t.free() {
				number += t.at(0)
				continue
			}
			f, rest := coefficient(t)
			if before, ok := like[rest]; ok {
				f = factor{before.value + f.value, before.count && f.count}
			}
			like[rest] = f
		}
		var out []string
		for rest, f := range like {
			if f.value != 0 {
				out = append(out, f.times(rest))
			}
		}
		if number != 0 {
			out = append(out, digits(number))
		}
		switch len(out) {
		case 0:
			return digits(0)
		case 1:
			return out[0]
		}
		return "(" + sorted(out, "+") + ")"
	}
	switch e.Op {
	case Symbol:
		return e.Name
	case Mul:
		f, rest := coefficient(e)
		return f.times(rest)
	case Pow:
		return canonicalPower(e)
	}
	s := string('A'+rune(e.Op)) + e.Name + "("
	for _, a := range e.Args {
		s += canonical(a) + ","
	}
	return s + ")"
}

func canonicalPower(e *Expr) string {
	b, x := canonical(e.Args[0]), canonical(e.Args[1])
	switch {
	case e.Args[1].isWhole(1):
		return b
	case e.Args[1].isWhole(0):
		return "1"
	}
	return "[" + b + "^" + x + "]"
}

// factor is the number before a term. A count is an integer in sympy: of terms
// that are written without a number, or with 1 or -1. Others are floats, and
// 1.0*x is not x.
type factor struct {
	value complex128
	count bool
}

// times writes down a term.
func (f factor) times(rest string) string {
	switch {
	case f.value == 0:
		return digits(0)
	case !f.count:
		return digits(f.value) + "*" + rest
	case f.value == 1:
		return rest
	}
	return strconv.Itoa(int(real(f.value))) + "*" + rest
}

// coefficient parts a product into its number and the rest, written down.
func coefficient(e *Expr) (factor, string) {
	number := factor{1, true}
	powers := map[string]complex128{}
	var others []string
	for _, f := range flat(e, Mul) {
		if !f.free() {
			number.value = times(number.value, f.at(0))
			number.count = number.count && (f.isWhole(1) || f.isWhole(-1))
			continue
		}
		base, exponent := f, complex(1, 0)
		if f.Op == Pow {
			if f.Args[1].free() {
				others = append(others, canonicalPower(f))
				continue
			}
			base, exponent = f.Args[0], f.Args[1].at(0)
		}
		powers[canonical(base)] += exponent
	}
	for base, exponent := range powers {
		switch exponent {
		case 0:
		case 1:
			others = append(others, base)
		default:
			others = append(others, "["+base+"^"+digits(exponent)+"]")
		}
	}
	return number, sorted(others, "*")
}

// distributed lists the terms of nested sums. A number times one sum is
// multiplied into it, as sympy does by itself.
func distributed(e *Expr) []*Expr {
	switch e.Op {
	case Add:
		return append(distributed(e.Args[0]), distributed(e.Args[1])...)
	case Mul:
		var sum *Expr
		number := whole(1)
		for _, f := range flat(e, Mul) {
			switch {
			case !f.free():
				number = make2(Mul, number, f)
			case sum == nil && f.Op == Add:
				sum = f
			default:
				return []*Expr{e}
			}
		}
		if sum == nil {
			return []*Expr{e}
		}
		var out []*Expr
		for _, t := range distributed(sum) {
			out = append(out, make2(Mul, number, t))
		}
		return out
	}
	return []*Expr{e}
}

// flat lists the terms of nested sums, or factors of nested products.
func flat(e *Expr, op Op) []*Expr {
	if e.Op != op {
		return []*Expr{e}
	}
	return append(flat(e.Args[0], op), flat(e.Args[1], op)...)
}

func sorted(parts []string, sign string) string {
	slices.SortFunc(parts, cmp.Compare[string])
	return strings.Join(parts, sign)
}

// constant is a number as evalf rounds it.
func constant(e *Expr) string {
	if r, ok := e.rational(); ok {
		v, _ := r.Float64()
		return digits(complex(v, 0))
	}
	v := e.at(0)
	if cmplx.IsNaN(v) {
		return e.key()
	}
	return digits(v)
}
