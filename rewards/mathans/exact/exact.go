// Package exact computes with numbers of the form Σ qᵢ·√nᵢ, qᵢ rational and
// nᵢ square-free integers, negative ones included (√−1 is i). Such numbers
// form a field with a unique normal form, so equality is decided, not
// estimated.
package exact

import (
	"errors"
	"math/big"
	"slices"
)

// Limits, so that a short text cannot ask for long work.
const (
	MaxBits  = 60000 // of a numerator or denominator
	maxTerms = 64
	maxPrime = 6 // primes under roots that an inverse may meet
)

var (
	// ErrBudget says that a result passes a limit.
	ErrBudget = errors.New("number too large")
	// ErrNotExact says that a value lies outside the field.
	ErrNotExact = errors.New("no sum of square roots")
	// ErrZero says that a divisor is 0.
	ErrZero = errors.New("division by zero")
)

// Number is one element, its terms sorted by radicand. The zero value is 0.
// Numbers are never changed.
type Number struct{ terms []term }

type term struct {
	n int64 // square-free, not 0; 1 for the rational part
	q *big.Rat
}

// FromRat makes a rational number.
func FromRat(r *big.Rat) Number {
	if r.Sign() == 0 {
		return Number{}
	}
	return Number{[]term{{1, r}}}
}

// I is the imaginary unit.
func I() Number { return Number{[]term{{-1, big.NewRat(1, 1)}}} }

// IsZero says whether x is 0.
func (x Number) IsZero() bool { return len(x.terms) == 0 }

// Rat returns x when it is rational.
func (x Number) Rat() (*big.Rat, bool) {
	switch {
	case len(x.terms) == 0:
		return new(big.Rat), true
	case len(x.terms) == 1 && x.terms[0].n == 1:
		return x.terms[0].q, true
	}
	return nil, false
}

// Equal says whether x and y are the same number.
func (x Number) Equal(y Number) bool {
	return slices.EqualFunc(x.terms, y.terms, func(a, b term) bool { return a.n == b.n && a.q.Cmp(b.q) == 0 })
}

func within(r *big.Rat) bool {
	return r.Num().BitLen() <= MaxBits && r.Denom().BitLen() <= MaxBits
}

// build sorts and merges terms.
func build(terms []term) (Number, error) {
	slices.SortFunc(terms, func(a, b term) int {
		switch {
		case a.n < b.n:
			return -1
		case a.n > b.n:
			return 1
		}
		return 0
	})
	out := terms[:0]
	for _, t := range terms {
		if k := len(out); k > 0 && out[k-1].n == t.n {
			out[k-1].q = new(big.Rat).Add(out[k-1].q, t.q)
		} else {
			out = append(out, t)
		}
	}
	out = slices.DeleteFunc(out, func(t term) bool { return t.q.Sign() == 0 })
	if len(out) > maxTerms {
		return Number{}, ErrBudget
	}
	for _, t := range out {
		if !within(t.q) {
			return Number{}, ErrBudget
		}
	}
	return Number{out}, nil
}

// Add returns x + y.
func (x Number) Add(y Number) (Number, error) {
	return build(append(slices.Clone(x.terms), y.terms...))
}

// Neg returns -x.
func (x Number) Neg() Number {
	terms := make([]term, len(x.terms))
	for i, t := range x.terms {
		terms[i] = term{t.n, new(big.Rat).Neg(t.q)}
	}
	return Number{terms}
}

// Mul returns x·y.
func (x Number) Mul(y Number) (Number, error) {
	terms := make([]term, 0, len(x.terms)*len(y.terms))
	for _, a := range x.terms {
		for _, b := range y.terms {
			n, c, ok := mulRoots(a.n, b.n)
			if !ok {
				return Number{}, ErrNotExact
			}
			q := new(big.Rat).Mul(a.q, b.q)
			if c != 1 {
				q.Mul(q, new(big.Rat).SetInt64(c))
			}
			terms = append(terms, term{n, q})
		}
	}
	return build(terms)
}

// mulRoots returns √a·√b as c·√n, with √−k = i√k.
func mulRoots(a, b int64) (n, c int64, ok bool) {
	sign := int64(1)
	negative := false
	if a < 0 {
		a, negative = -a, true
	}
	if b < 0 {
		b = -b
		if negative {
			sign, negative = -1, false
		} else {
			negative = true
		}
	}
	g := gcd(a, b)
	a, b = a/g, b/g
	if a > (1<<62)/b {
		return 0, 0, false
	}
	n, c = a*b, sign*g
	if negative {
		n = -n
	}
	return n, c, true
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Inv returns 1/x, by multiplying with conjugates until nothing but a rational
// is left: (a + b√p)(a − b√p) = a² − pb².
func (x Number) Inv() (Number, error) {
	if x.IsZero() {
		return Number{}, ErrZero
	}
	num, den := FromRat(big.NewRat(1, 1)), x
	for range maxPrime + 1 {
		if r, ok := den.Rat(); ok {
			return num.Mul(FromRat(new(big.Rat).Inv(r)))
		}
		conj := den.conjugate(den.rootPrime())
		var err error
		if num, err = num.Mul(conj); err != nil {
			return Number{}, err
		}
		if den, err = den.Mul(conj); err != nil {
			return Number{}, err
		}
	}
	return Number{}, ErrBudget
}

// rootPrime returns a prime (or -1) under one of the roots.
func (x Number) rootPrime() int64 {
	for _, t := range x.terms {
		switch {
		case t.n < 0:
			return -1
		case t.n > 1:
			for p := int64(2); p*p <= t.n && p < trial; p++ {
				if t.n%p == 0 {
					return p
				}
			}
			return t.n
		}
	}
	return 1
}

// conjugate changes the sign of every root that holds p.
func (x Number) conjugate(p int64) Number {
	terms := make([]term, len(x.terms))
	for i, t := range x.terms {
		if p == -1 && t.n < 0 || p > 1 && t.n%p == 0 {
			t.q = new(big.Rat).Neg(t.q)
		}
		terms[i] = t
	}
	return Number{terms}
}

// Pow returns x to an integer power.
func (x Number) Pow(e int64) (Number, error) {
	if e < -1<<62 {
		return Number{}, ErrBudget
	}
	if e < 0 {
		inv, err := x.Inv()
		if err != nil {
			return Number{}, err
		}
		return inv.Pow(-e)
	}
	if r, ok := x.Rat(); ok {
		bits := int64(max(r.Num().BitLen(), r.Denom().BitLen()))
		if bits > 1 && (e > MaxBits || bits*e > MaxBits) {
			return Number{}, ErrBudget
		}
		num, den := new(big.Int), new(big.Int)
		if bits <= 1 { // 0, 1, -1
			odd := e&1 == 1
			switch {
			case e == 0:
				return FromRat(big.NewRat(1, 1)), nil
			case r.Sign() < 0 && !odd:
				return FromRat(big.NewRat(1, 1)), nil
			}
			return x, nil
		}
		k := big.NewInt(e)
		num.Exp(r.Num(), k, nil)
		den.Exp(r.Denom(), k, nil)
		return FromRat(new(big.Rat).SetFrac(num, den)), nil
	}
	if e > 2000 {
		return Number{}, ErrBudget
	}
	result, square := FromRat(big.NewRat(1, 1)), x
	for {
		var err error
		if e&1 == 1 {
			if result, err = result.Mul(square); err != nil {
				return Number{}, err
			}
		}
		if e >>= 1; e == 0 {
			return result, nil
		}
		if square, err = square.Mul(square); err != nil {
			return Number{}, err
		}
	}
}

// trial bounds the primes that are divided out of a radicand.
const trial = 1 << 16

// Sqrt returns the principal root of a rational number, or of a number
// a + b√n whose root lies in the field (denesting √(5+2√6) to √2+√3).
func (x Number) Sqrt() (Number, error) {
	r, ok := x.Rat()
	if !ok {
		return x.denest()
	}
	if r.Sign() == 0 {
		return Number{}, nil
	}
	// √(a/b) = √(ab)/b
	ab := new(big.Int).Mul(r.Num(), r.Denom())
	if ab.BitLen() > 512 {
		return Number{}, ErrNotExact
	}
	negative := ab.Sign() < 0
	ab.Abs(ab)
	outside, inside, ok := squareFree(ab)
	if !ok {
		return Number{}, ErrNotExact
	}
	if negative {
		inside = -inside
	}
	q := new(big.Rat).SetFrac(outside, r.Denom())
	return Number{[]term{{inside, q}}}, nil
}

// squareFree splits n = outside²·inside with inside square-free. It gives up
// when the part without small primes is not known to be square-free.
func squareFree(n *big.Int) (outside *big.Int, inside int64, ok bool) {
	outside = big.NewInt(1)
	rest := new(big.Int).Set(n)
	if root := new(big.Int).Sqrt(rest); new(big.Int).Mul(root, root).Cmp(rest) == 0 {
		return root, 1, true
	}
	inside = 1
	if !rest.IsUint64() {
		// Take squares of small primes out of a large number first.
		var q, m big.Int
		for p := int64(2); p < 1000 && !rest.IsUint64(); p++ {
			pp := big.NewInt(p * p)
			for {
				q.QuoRem(rest, pp, &m)
				if m.Sign() != 0 {
					break
				}
				rest.Set(&q)
				outside.Mul(outside, big.NewInt(p))
			}
		}
		if !rest.IsUint64() {
			return nil, 0, false
		}
	}
	v := rest.Uint64()
	for p := uint64(2); p < trial && p*p <= v; p++ {
		for v%(p*p) == 0 {
			v /= p * p
			outside.Mul(outside, new(big.Int).SetUint64(p))
		}
		if v%p == 0 {
			v /= p
			if uint64(inside) > (1<<62)/p {
				return nil, 0, false
			}
			inside *= int64(p)
		}
	}
	if v > 1 {
		root := new(big.Int).Sqrt(new(big.Int).SetUint64(v))
		if root.Uint64()*root.Uint64() == v {
			outside.Mul(outside, root)
			return outside, inside, true
		}
		// What is left has at most two primes above trial, and is no square,
		// as long as it is below trial³.
		if v >= 1<<48 || uint64(inside) > (1<<62)/v {
			return nil, 0, false
		}
		inside *= int64(v)
	}
	return outside, inside, true
}

// denest finds √(a + b√n) = √x + √y with rational x and y when
// a² − b²n is a square.
func (x Number) denest() (Number, error) {
	if len(x.terms) > 2 {
		return Number{}, ErrNotExact
	}
	a, root := new(big.Rat), term{}
	for _, t := range x.terms {
		if t.n == 1 {
			a = t.q
		} else {
			root = t
		}
	}
	if root.q == nil || root.n < 0 || a.Sign() <= 0 {
		return Number{}, ErrNotExact
	}
	d := new(big.Rat).Mul(root.q, root.q)
	d.Mul(d, new(big.Rat).SetInt64(root.n))
	d.Sub(new(big.Rat).Mul(a, a), d)
	if d.Sign() < 0 {
		return Number{}, ErrNotExact
	}
	s, ok := ratSqrt(d)
	if !ok {
		return Number{}, ErrNotExact
	}
	half := big.NewRat(1, 2)
	p := new(big.Rat).Mul(new(big.Rat).Add(a, s), half)
	q := new(big.Rat).Mul(new(big.Rat).Sub(a, s), half)
	rp, err := FromRat(p).Sqrt()
	if err != nil {
		return Number{}, err
	}
	rq, err := FromRat(q).Sqrt()
	if err != nil {
		return Number{}, err
	}
	if root.q.Sign() < 0 {
		rq = rq.Neg()
	}
	return rp.Add(rq)
}

func ratSqrt(r *big.Rat) (*big.Rat, bool) {
	n, d := new(big.Int).Sqrt(r.Num()), new(big.Int).Sqrt(r.Denom())
	s := new(big.Rat).SetFrac(n, d)
	return s, new(big.Rat).Mul(s, s).Cmp(r) == 0
}
