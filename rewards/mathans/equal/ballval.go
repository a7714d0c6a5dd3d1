package equal

import (
	"hash/fnv"
	"math/big"
	"strconv"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/ball"
)

// numeric evaluates expressions over balls. Symbols, and parts of which
// nothing is known, get the value of their name at a point.
type numeric struct {
	s      *session
	c      ball.Context
	point  uint64
	signed bool  // points may be negative
	scale  int64 // symbols are this many times larger; 0 is 1
	seen   map[string]ball.Complex
}

func (s *session) numeric(prec uint, point uint64, signed bool) *numeric {
	return &numeric{s: s, c: ball.Context{Prec: prec, Steps: &s.steps, Known: &s.known}, point: s.seed ^ point, signed: signed, seen: map[string]ball.Complex{}}
}

func hash(name string, point uint64) uint64 {
	h := fnv.New64a()
	h.Write(strconv.AppendUint(nil, point, 16))
	h.Write([]byte(name))
	return ball.Scatter(h.Sum64())
}

// symbol returns the value of a name: a fraction between 1/4 and 9/4, times
// the scale.
func (m *numeric) symbol(name string) (ball.Complex, error) {
	if v, ok := m.seen[name]; ok {
		return v, nil
	}
	h := hash(name, m.point)
	r := big.NewRat(int64(h%2048)+257, 1024)
	if m.scale > 1 {
		r.Mul(r, big.NewRat(m.scale, 1))
	}
	if m.signed && h>>40&1 == 1 {
		r.Neg(r)
	}
	x, err := m.c.Rat(r)
	if err != nil {
		return ball.Complex{}, err
	}
	v := m.c.FromReal(x)
	m.seen[name] = v
	return v, nil
}

// opaque returns the value of the name of a part of which nothing is known.
func (m *numeric) opaque(n *ast.Node) (ball.Complex, error) {
	name, err := m.s.name(n)
	if err != nil {
		return ball.Complex{}, err
	}
	return m.symbol(name)
}

// name is the canonical text of n. Writing it costs as much as n is large.
func (s *session) name(n *ast.Node) (string, error) {
	if n.Kind != ast.Sym {
		if err := s.spend(n.Size(10_000)); err != nil {
			return "", err
		}
	}
	return n.Canonical(s.opt.Fold), nil
}

func (m *numeric) value(n *ast.Node) (ball.Complex, error) {
	c := m.c
	fold := func(f func(a, b ball.Complex) (ball.Complex, error)) (ball.Complex, error) {
		x, err := m.value(n.Args[0])
		for _, a := range n.Args[1:] {
			if err != nil {
				return x, err
			}
			var y ball.Complex
			if y, err = m.value(a); err == nil {
				x, err = f(x, y)
			}
		}
		return x, err
	}
	switch n.Kind {
	case ast.Num, ast.BaseN:
		x, err := c.Rat(n.Rat)
		return c.FromReal(x), err
	case ast.Sym:
		return m.symbol(n.Canonical(m.s.opt.Fold))
	case ast.Const:
		switch n.Name {
		case "i":
			return ball.Complex{Re: c.Int(0), Im: c.Int(1)}, nil
		case "pi":
			x, err := c.Pi()
			return c.FromReal(x), err
		case "e":
			x, err := c.Exp(c.Int(1))
			return c.FromReal(x), err
		}
		return ball.Complex{}, ball.ErrUndefined
	case ast.Percent:
		x, err := m.value(n.Args[0])
		if err != nil {
			return x, err
		}
		return c.CDiv(x, c.FromReal(c.Int(100)))
	case ast.Degree:
		return m.value(n.Args[0])
	case ast.Neg:
		x, err := m.value(n.Args[0])
		if err != nil {
			return x, err
		}
		return c.CNeg(x), nil
	case ast.Add:
		return fold(c.CAdd)
	case ast.Mul:
		return fold(c.CMul)
	case ast.Div:
		return fold(c.CDiv)
	case ast.Pow:
		return m.power(n)
	case ast.Func:
		return m.function(n)
	case ast.Apply:
		return m.opaque(n)
	}
	return ball.Complex{}, ball.ErrUndefined
}

func (m *numeric) power(n *ast.Node) (ball.Complex, error) {
	c := m.c
	base, err := m.value(n.Args[0])
	if err != nil {
		return base, err
	}
	if n.Args[1].Constant() {
		e, err := m.s.exactValue(n.Args[1])
		if err != nil && tooLarge(err) {
			return base, err
		}
		if r, ok := e.Rat(); err == nil && ok && r.Num().IsInt64() && r.Denom().IsInt64() {
			p, q := r.Num().Int64(), r.Denom().Int64()
			if q == 1 && p < 1<<20 && p > -1<<20 {
				return c.CPowInt(base, p)
			}
			if q%2 == 1 && base.Real() {
				// An odd root of a negative real is real.
				if s, ok := base.Re.Sign(); ok && s < 0 {
					x, err := c.CPow(c.CNeg(base), c.FromReal(m.rat(r)))
					if err != nil || p%2 == 0 {
						return x, err
					}
					return c.CNeg(x), nil
				}
			}
			if q == 2 && p > 0 && p < 1<<20 {
				x, err := c.CSqrt(base)
				if err != nil {
					return x, err
				}
				return c.CPowInt(x, p)
			}
		}
	}
	if base.Real() && base.Re.ExactZero() {
		return base, ball.ErrUndefined
	}
	e, err := m.value(n.Args[1])
	if err != nil {
		return e, err
	}
	return c.CPow(base, e)
}

func (m *numeric) rat(r *big.Rat) ball.Real {
	x, err := m.c.Rat(r)
	if err != nil {
		return m.c.Int(0)
	}
	return x
}
