package equal

import (
	"math/big"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/exact"
)

// maxFactorial bounds the numbers whose factorial is computed.
const maxFactorial = 3000

// exactValue computes a constant expression without rounding. It returns
// exact.ErrNotExact when the value lies outside the field of square roots.
func (s *session) exactValue(n *ast.Node) (exact.Number, error) {
	if err := s.spend(1); err != nil {
		return exact.Number{}, err
	}
	switch n.Kind {
	case ast.Num, ast.BaseN:
		if n.Rat.Num().BitLen() > exact.MaxBits {
			return exact.Number{}, exact.ErrBudget
		}
		return exact.FromRat(n.Rat), nil
	case ast.Const:
		if n.Name == "i" {
			return exact.I(), nil
		}
		return exact.Number{}, exact.ErrNotExact
	case ast.Percent:
		x, err := s.exactValue(n.Args[0])
		if err != nil {
			return x, err
		}
		return x.Mul(exact.FromRat(big.NewRat(1, 100)))
	case ast.Degree:
		return s.exactValue(n.Args[0])
	case ast.Neg:
		x, err := s.exactValue(n.Args[0])
		return x.Neg(), err
	case ast.Add, ast.Mul:
		x, err := s.exactValue(n.Args[0])
		for _, a := range n.Args[1:] {
			if err != nil {
				return x, err
			}
			var y exact.Number
			if y, err = s.exactValue(a); err != nil {
				return x, err
			}
			if n.Kind == ast.Add {
				x, err = x.Add(y)
			} else {
				x, err = x.Mul(y)
			}
			if err == nil {
				err = s.weigh(x)
			}
		}
		return x, err
	case ast.Div:
		x, err := s.exactValue(n.Args[0])
		if err != nil {
			return x, err
		}
		y, err := s.exactValue(n.Args[1])
		if err != nil {
			return y, err
		}
		if y, err = y.Inv(); err != nil {
			return y, err
		}
		if err := s.weigh(y); err != nil {
			return y, err
		}
		return x.Mul(y)
	case ast.Pow:
		return s.exactPower(n.Args[0], n.Args[1])
	case ast.Func:
		return s.exactFunction(n)
	}
	return exact.Number{}, exact.ErrNotExact
}

// weigh charges for the size of a number.
func (s *session) weigh(x exact.Number) error {
	if r, ok := x.Rat(); ok {
		// Reducing a fraction is quadratic in its words.
		words := (r.Num().BitLen() + r.Denom().BitLen()) / 64
		return s.spend(1 + words/4 + words*words/100)
	}
	return s.spend(20)
}

func (s *session) exactPower(base, exponent *ast.Node) (exact.Number, error) {
	e, err := s.exactValue(exponent)
	if err != nil {
		return e, err
	}
	r, ok := e.Rat()
	if !ok {
		return exact.Number{}, exact.ErrNotExact
	}
	b, err := s.exactValue(base)
	if err != nil {
		return b, err
	}
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		if v, ok := b.Rat(); ok && (v.Sign() == 0 || v.IsInt() && v.Num().IsInt64() && v.Num().Int64() == 1) {
			return b, nil
		}
		return exact.Number{}, exact.ErrBudget
	}
	if err := s.weigh(b); err != nil {
		return b, err
	}
	p, q := r.Num().Int64(), r.Denom().Int64()
	if b.IsZero() && p < 0 {
		return b, exact.ErrZero
	}
	if q != 1 {
		if b, err = s.exactRoot(b, q); err != nil {
			return b, err
		}
	}
	x, err := b.Pow(p)
	if err != nil {
		return x, err
	}
	return x, s.weigh(x)
}

// exactRoot returns the q-th root: of negative reals the real one for odd q.
func (s *session) exactRoot(x exact.Number, q int64) (exact.Number, error) {
	for q%2 == 0 && q > 0 {
		var err error
		if err = s.spend(100); err != nil {
			return x, err
		}
		if x, err = x.Sqrt(); err != nil {
			return x, err
		}
		q /= 2
	}
	if q == 1 {
		return x, nil
	}
	r, ok := x.Rat()
	if !ok || q < 0 || q > 64 {
		return x, exact.ErrNotExact
	}
	num, ok1 := intRoot(r.Num(), q)
	den, ok2 := intRoot(r.Denom(), q)
	if !ok1 || !ok2 {
		return x, exact.ErrNotExact
	}
	return exact.FromRat(new(big.Rat).SetFrac(num, den)), nil
}

// intRoot returns the integer q-th root of n, q odd, if there is one.
func intRoot(n *big.Int, q int64) (*big.Int, bool) {
	if n.BitLen() > 4096 {
		return nil, false
	}
	m := new(big.Int).Abs(n)
	lo, hi := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), uint(m.BitLen()/int(q)+1))
	k := big.NewInt(q)
	for lo.Cmp(hi) < 0 {
		mid := new(big.Int).Add(lo, hi)
		mid.Rsh(mid, 1)
		if new(big.Int).Exp(mid, k, nil).Cmp(m) < 0 {
			lo = mid.Add(mid, big.NewInt(1))
		} else {
			hi = mid
		}
	}
	if new(big.Int).Exp(lo, k, nil).Cmp(m) != 0 {
		return nil, false
	}
	if n.Sign() < 0 {
		lo.Neg(lo)
	}
	return lo, true
}

func (s *session) exactFunction(n *ast.Node) (exact.Number, error) {
	if n.Name == "det" && n.Args[0].Kind == ast.Matrix {
		d, err := s.determinant(n.Args[0])
		if err != nil {
			return exact.Number{}, err
		}
		return s.exactValue(d)
	}
	if ast.Opaque(n.Name) {
		return exact.Number{}, exact.ErrNotExact
	}
	args := make([]exact.Number, len(n.Args))
	rats := make([]*big.Rat, len(n.Args))
	rational := true
	for i, a := range n.Args {
		x, err := s.exactValue(a)
		if err != nil {
			return x, err
		}
		args[i] = x
		r, ok := x.Rat()
		rats[i], rational = r, rational && ok
	}
	if len(args) == 0 {
		return exact.Number{}, exact.ErrNotExact
	}
	x := args[0]
	switch n.Name {
	case "root":
		if len(rats) == 2 && rats[1] != nil && rats[1].IsInt() && rats[1].Num().IsInt64() && rats[1].Sign() > 0 {
			return s.exactRoot(x, rats[1].Num().Int64())
		}
		return x, exact.ErrNotExact
	case "exp":
		if x.IsZero() {
			return exact.FromRat(big.NewRat(1, 1)), nil
		}
		return x, exact.ErrNotExact
	}
	if !rational {
		return x, exact.ErrNotExact
	}
	r := rats[0]
	whole := func(z *big.Int) (exact.Number, error) { return exact.FromRat(new(big.Rat).SetInt(z)), nil }
	switch n.Name {
	case "abs", "norm":
		return exact.FromRat(new(big.Rat).Abs(r)), nil
	case "floor":
		return whole(floorRat(r))
	case "ceil":
		f := floorRat(new(big.Rat).Neg(r))
		return whole(f.Neg(f))
	case "ln":
		if r.IsInt() && r.Num().IsInt64() && r.Num().Int64() == 1 {
			return exact.Number{}, nil
		}
	case "log":
		if len(rats) == 2 {
			return s.exactLog(r, rats[1])
		}
	case "factorial":
		if !r.IsInt() || r.Sign() < 0 {
			return x, exact.ErrNotExact
		}
		if !r.Num().IsInt64() || r.Num().Int64() > maxFactorial {
			return x, exact.ErrBudget
		}
		k := r.Num().Int64()
		if err := s.spend(int(k)); err != nil {
			return x, err
		}
		return whole(new(big.Int).MulRange(1, k))
	case "binom":
		if len(rats) == 2 && r.IsInt() && rats[1].IsInt() && r.Num().IsInt64() && rats[1].Num().IsInt64() && r.Sign() >= 0 && rats[1].Sign() >= 0 {
			a, b := r.Num().Int64(), rats[1].Num().Int64()
			if a > 2*maxFactorial {
				return x, exact.ErrBudget
			}
			if err := s.spend(int(a)); err != nil {
				return x, err
			}
			return whole(new(big.Int).Binomial(a, b))
		}
	case "max", "min":
		best := r
		for _, q := range rats[1:] {
			if (q.Cmp(best) > 0) == (n.Name == "max") {
				best = q
			}
		}
		return exact.FromRat(best), nil
	case "mod": // with the sign of the divisor, as in number theory
		if len(rats) == 2 && rats[1].Sign() != 0 {
			whole := new(big.Rat).SetInt(floorRat(new(big.Rat).Quo(r, rats[1])))
			return exact.FromRat(whole.Sub(r, whole.Mul(whole, rats[1]))), nil
		}
	case "gcd", "lcm":
		g := new(big.Rat).Abs(r)
		for _, q := range rats[1:] {
			if g = common(n.Name == "lcm", g, q); max(g.Num().BitLen(), g.Denom().BitLen()) > exact.MaxBits {
				return x, exact.ErrBudget
			}
		}
		return exact.FromRat(g), nil
	case "re", "conj":
		return x, nil
	case "im":
		return exact.Number{}, nil
	case "sgn":
		return exact.FromRat(big.NewRat(int64(r.Sign()), 1)), nil
	}
	return x, exact.ErrNotExact
}

// common is the greatest common divisor of two rational numbers, as sympy
// has it: that of their numerators by the least common multiple of their
// denominators; or the least common multiple, which is 0 where one of them is.
func common(multiple bool, a, b *big.Rat) *big.Rat {
	num := new(big.Int).GCD(nil, nil, new(big.Int).Abs(a.Num()), new(big.Int).Abs(b.Num()))
	den := new(big.Int).GCD(nil, nil, a.Denom(), b.Denom())
	den.Mul(a.Denom(), new(big.Int).Quo(b.Denom(), den))
	g := new(big.Rat).SetFrac(num, den)
	if multiple && g.Sign() != 0 {
		g.Quo(new(big.Rat).Abs(new(big.Rat).Mul(a, b)), g)
	}
	return g
}

// exactLog finds a rational logarithm: log_8 4 = 2/3.
func (s *session) exactLog(x, base *big.Rat) (exact.Number, error) {
	if x.Sign() <= 0 || base.Sign() <= 0 || base.Cmp(big.NewRat(1, 1)) == 0 {
		return exact.Number{}, exact.ErrNotExact
	}
	if x.Num().BitLen()+x.Denom().BitLen() > 300 || base.Num().BitLen()+base.Denom().BitLen() > 300 {
		return exact.Number{}, exact.ErrNotExact
	}
	if err := s.spend(50); err != nil {
		return exact.Number{}, err
	}
	one := big.NewRat(1, 1)
	for q := int64(1); q <= 6; q++ {
		xq := powRat(x, q) // x^q = base^p
		v := new(big.Rat).Set(one)
		inv := new(big.Rat).Set(one)
		for p := int64(0); p <= 64; p++ {
			if v.Cmp(xq) == 0 {
				return exact.FromRat(big.NewRat(p, q)), nil
			}
			if inv.Cmp(xq) == 0 {
				return exact.FromRat(big.NewRat(-p, q)), nil
			}
			v.Mul(v, base)
			inv.Quo(inv, base)
			if v.Num().BitLen()+v.Denom().BitLen() > 2000 {
				break
			}
		}
	}
	return exact.Number{}, exact.ErrNotExact
}

func powRat(x *big.Rat, n int64) *big.Rat {
	k := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(x.Num(), k, nil), new(big.Int).Exp(x.Denom(), k, nil))
}

func floorRat(r *big.Rat) *big.Int {
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	_ = m
	return q
}
