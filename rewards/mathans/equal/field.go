package equal

import (
	"errors"
	"math/big"
	"math/bits"

	"gradus/rewards/mathans/ast"
)

// prime is 2^61 − 1.
const prime = 1<<61 - 1

var (
	errNotRational = errors.New("no rational expression")
	errPole        = errors.New("pole")
)

func addMod(a, b uint64) uint64 {
	s := a + b
	if s >= prime {
		s -= prime
	}
	return s
}

func mulMod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	// 2^61 ≡ 1: fold the product.
	return reduce(lo&prime + (hi<<3 | lo>>61))
}

func reduce(x uint64) uint64 {
	x = x&prime + x>>61
	if x >= prime {
		x -= prime
	}
	return x
}

func powMod(a, e uint64) uint64 {
	r := uint64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			r = mulMod(r, a)
		}
		a = mulMod(a, a)
	}
	return r
}

func bigMod(n *big.Int) uint64 {
	return new(big.Int).Mod(n, big.NewInt(prime)).Uint64()
}

// field evaluates rational expressions modulo prime at one point. Symbols and
// parts of which nothing is known get the residue of their name; so do π and
// e, between which and the rationals no polynomial relation is known.
type field struct {
	s     *session
	point uint64
}

func (f field) value(n *ast.Node) (uint64, error) {
	if err := f.s.spend(1); err != nil {
		return 0, err
	}
	switch n.Kind {
	case ast.Num, ast.BaseN:
		d := bigMod(n.Rat.Denom())
		if d == 0 {
			return 0, errPole
		}
		return mulMod(bigMod(n.Rat.Num()), powMod(d, prime-2)), nil
	case ast.Sym, ast.Apply:
		return f.opaque(n)
	case ast.Const:
		if n.Name == "pi" || n.Name == "e" {
			return hash("#"+n.Name, f.point) % prime, nil
		}
	case ast.Percent:
		x, err := f.value(n.Args[0])
		return mulMod(x, powMod(100, prime-2)), err
	case ast.Degree:
		return f.value(n.Args[0])
	case ast.Neg:
		x, err := f.value(n.Args[0])
		return reduce(prime - x), err
	case ast.Add, ast.Mul:
		acc, err := f.value(n.Args[0])
		for _, a := range n.Args[1:] {
			if err != nil {
				return 0, err
			}
			var x uint64
			x, err = f.value(a)
			if n.Kind == ast.Add {
				acc = addMod(acc, x)
			} else {
				acc = mulMod(acc, x)
			}
		}
		return acc, err
	case ast.Div:
		a, err := f.value(n.Args[0])
		if err != nil {
			return 0, err
		}
		b, err := f.value(n.Args[1])
		if err != nil {
			return 0, err
		}
		if b == 0 {
			return 0, errPole
		}
		return mulMod(a, powMod(b, prime-2)), nil
	case ast.Pow:
		return f.power(n)
	case ast.Func:
		if (n.Name == "sum" || n.Name == "prod") && n.Args[2].Constant() {
			return 0, errNotRational // it can be added up
		}
		if ast.Opaque(n.Name) {
			return f.opaque(n)
		}
	}
	return 0, errNotRational
}

func (f field) opaque(n *ast.Node) (uint64, error) {
	name, err := f.s.name(n)
	return hash(name, f.point) % prime, err
}

// power takes exact integer exponents of any size: they count modulo p − 1.
func (f field) power(n *ast.Node) (uint64, error) {
	if !n.Args[1].Constant() {
		return 0, errNotRational
	}
	e, err := f.s.exactValue(n.Args[1])
	if err != nil {
		if tooLarge(err) {
			return 0, err
		}
		return 0, errNotRational
	}
	r, ok := e.Rat()
	if !ok || !r.IsInt() {
		return 0, errNotRational
	}
	b, err := f.value(n.Args[0])
	if err != nil {
		return 0, err
	}
	if b == 0 {
		switch r.Sign() {
		case 0:
			return 1, nil
		case 1:
			return 0, nil
		}
		return 0, errPole
	}
	k := new(big.Int).Mod(r.Num(), big.NewInt(prime-1))
	return powMod(b, k.Uint64()), nil
}
