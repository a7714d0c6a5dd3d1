package reasoninggym

import (
	"math"
	"math/big"
)

func constant(name string) (number, error) {
	switch name {
	case "pi":
		return realNumber(math.Pi), nil
	case "E":
		return realNumber(math.E), nil
	case "True":
		return whole(1), nil
	case "False":
		return whole(0), nil
	}
	return number{}, errSympy
}

func call(name string, v number) (number, error) {
	switch name {
	case "sqrt":
		return power(v, exactly(big.NewRat(1, 2)))
	case "factorial":
		return factorial(v, 1)
	case "abs", "Abs":
		switch v.kind {
		case exact:
			return exactly(new(big.Rat).Abs(v.r)), nil
		case floating:
			return realNumber(math.Abs(v.f)), nil
		case undef:
			return v, nil
		}
	}
	return number{}, errSympy
}

// apply computes a binary operator; an error is what Python or float() would
// raise.
func apply(op string, a, b number) (number, error) {
	switch op {
	case "/":
		if y, _ := b.float(); a.kind == floating && b.kind <= floating && !b.zero() {
			return realNumber(a.f / y), nil
		}
		inverse, err := reciprocal(b)
		if err != nil {
			return number{}, err
		}
		return apply("*", a, inverse)
	case "//", "%":
		return floorDivision(op, a, b)
	case "^":
		if a.kind != exact || b.kind != exact || !a.r.IsInt() || !b.r.IsInt() {
			return number{}, errSympy
		}
		return exactly(new(big.Rat).SetInt(new(big.Int).Xor(a.r.Num(), b.r.Num()))), nil
	case "-":
		negative, err := apply("*", whole(-1), b)
		if err != nil {
			return number{}, err
		}
		return apply("+", a, negative)
	}
	if a.kind == undef || b.kind == undef {
		return number{kind: undef}, nil
	}
	if a.kind == infinite || b.kind == infinite {
		both := a.kind == b.kind
		if op == "+" && both || op == "*" && (a.zero() || b.zero()) {
			return number{kind: undef}, nil
		}
		return number{kind: infinite}, nil
	}
	if a.kind == exact && b.kind == exact {
		z := new(big.Rat)
		if a.r.Num().BitLen()+b.r.Num().BitLen()+a.r.Denom().BitLen()+b.r.Denom().BitLen() > 4*maxBits {
			return number{}, errSympy
		}
		if op == "*" {
			z.Mul(a.r, b.r)
		} else {
			z.Add(a.r, b.r)
		}
		if !small(z) {
			return number{}, errSympy
		}
		return exactly(z), nil
	}
	if op == "*" && (a.kind == exact && a.zero() || b.kind == exact && b.zero()) {
		return whole(0), nil
	}
	x, _ := a.float()
	y, _ := b.float()
	if op == "*" {
		return realNumber(x * y), nil
	}
	return realNumber(x + y), nil
}

func reciprocal(v number) (number, error) {
	switch {
	case v.zero():
		return number{kind: infinite}, nil
	case v.kind == infinite:
		return whole(0), nil
	case v.kind == exact:
		return exactly(new(big.Rat).Inv(v.r)), nil
	case v.kind == floating:
		return realNumber(1 / v.f), nil
	}
	return v, nil
}

// floorDivision is a // b and a % b.
func floorDivision(op string, a, b number) (number, error) {
	if a.kind > floating || b.kind > floating || b.zero() {
		return number{}, errSympy
	}
	quotient, err := apply("/", a, b)
	if err != nil {
		return number{}, err
	}
	q, ok := quotient.integer()
	if !ok {
		return number{}, errSympy
	}
	floor := exactly(new(big.Rat).SetInt(q))
	if f, _ := quotient.float(); f < 0 {
		if back, _ := floor.float(); quotient.kind == floating && back != f || quotient.kind == exact && !quotient.r.IsInt() {
			floor.r.Sub(floor.r, big.NewRat(1, 1))
		}
	}
	if op == "//" {
		return floor, nil
	}
	part, err := apply("*", floor, b)
	if err != nil {
		return number{}, err
	}
	return apply("-", a, part)
}

// power is a ** b. A complex value is an error: float() refuses it.
func power(a, b number) (number, error) {
	switch {
	case b.kind == exact && b.zero():
		return whole(1), nil
	case a.kind == undef || b.kind == undef || b.kind == infinite:
		return number{kind: undef}, nil
	case a.kind == infinite || a.zero():
		f, _ := b.float()
		if (f < 0) == (a.kind == infinite) {
			return whole(0), nil
		}
		return number{kind: infinite}, nil
	}
	if a.kind == exact && b.kind == exact {
		if b.r.IsInt() {
			return wholePower(a.r, b.r.Num())
		}
		if root, ok := rootOf(a.r, b.r.Denom()); ok {
			return wholePower(root, b.r.Num())
		}
	}
	x, _ := a.float()
	y, _ := b.float()
	if x < 0 && y != math.Trunc(y) {
		return number{}, errSympy
	}
	return realNumber(math.Pow(x, y)), nil
}

func wholePower(base *big.Rat, exponent *big.Int) (number, error) {
	size := max(base.Num().BitLen(), base.Denom().BitLen())
	if size > 1 && (!exponent.IsInt64() || new(big.Int).Abs(exponent).Int64() > int64(maxBits/size)) {
		return number{}, errSympy
	}
	e := new(big.Int).Abs(exponent)
	if size <= 1 { // 1 and -1: only "is it even" matters
		e.SetInt64(2 - int64(e.Bit(0)))
	}
	num, denom := new(big.Int).Exp(base.Num(), e, nil), new(big.Int).Exp(base.Denom(), e, nil)
	if exponent.Sign() < 0 {
		if num.Sign() < 0 {
			num.Neg(num)
			denom.Neg(denom)
		}
		num, denom = denom, num
	}
	return exactly(new(big.Rat).SetFrac(num, denom)), nil
}

// rootOf is the root of that degree if it is a rational number.
func rootOf(r *big.Rat, degree *big.Int) (*big.Rat, bool) {
	if r.Sign() <= 0 || !degree.IsInt64() || degree.Int64() > 64 || r.Num().BitLen() > 900 || r.Denom().BitLen() > 900 {
		return nil, false
	}
	root := func(z *big.Int) (*big.Int, bool) {
		f, _ := new(big.Float).SetInt(z).Float64()
		g, _ := big.NewFloat(math.Round(math.Pow(f, 1/float64(degree.Int64())))).Int(nil)
		return g, new(big.Int).Exp(g, degree, nil).Cmp(z) == 0
	}
	num, ok := root(r.Num())
	denom, ok2 := root(r.Denom())
	if !ok || !ok2 {
		return nil, false
	}
	return new(big.Rat).SetFrac(num, denom), true
}

// factorial is v! for step 1, v!! for step 2.
func factorial(v number, step int) (number, error) {
	switch {
	case v.kind == exact && v.r.IsInt():
		if v.r.Sign() < 0 && step == 1 {
			return number{kind: infinite}, nil
		}
		n := v.r.Num()
		if n.Sign() < 0 || !n.IsInt64() || n.Int64() > maxFactorial {
			return number{}, errSympy
		}
		z := big.NewInt(1)
		for k := n.Int64(); k > 1; k -= int64(step) {
			z.Mul(z, big.NewInt(k))
		}
		return exactly(new(big.Rat).SetInt(z)), nil
	case v.kind > floating || step > 1:
		return number{}, errSympy
	}
	x, _ := v.float()
	if x < 0 && x == math.Trunc(x) {
		return number{kind: infinite}, nil
	}
	return realNumber(math.Gamma(x + 1)), nil
}
