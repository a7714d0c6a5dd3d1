package equal

import (
	"errors"
	"math/big"
	"slices"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/ball"
)

// end is an end of an interval: −∞, a real constant, or ∞.
type end struct {
	inf  int
	rat  *big.Rat // when rational
	ball ball.Real
	node *ast.Node
}

// piece is an interval of the real line; a point when both ends are the same.
type piece struct {
	lo, hi         end
	loOpen, hiOpen bool
}

var errNotReal = errors.New("not a set of reals")

// end computes the place of a constant.
func (s *session) end(n *ast.Node) (end, error) {
	if k := infinite(n); k != 0 {
		return end{inf: k, node: n}, nil
	}
	if !n.Constant() || n.Collection() || n.Kind == ast.Relation || hasMatrix(n) || n.HasKind(ast.PlusMinus) {
		return end{}, errNotReal
	}
	m := s.numeric(128, 0, false)
	v, err := m.value(n)
	if err != nil {
		if tooLarge(err) {
			return end{}, err
		}
		return end{}, errNotReal
	}
	if !v.Real() {
		return end{}, errNotReal
	}
	e := end{ball: v.Re, node: n}
	if x, err := s.exactValue(n); err == nil {
		if r, ok := x.Rat(); ok {
			e.rat = r
		}
	} else if tooLarge(err) {
		return end{}, err
	}
	return e, nil
}

func infinite(n *ast.Node) int {
	k := 1
	for n.Kind == ast.Neg {
		k, n = -k, n.Args[0]
	}
	if isInfinite(n) {
		return k
	}
	return 0
}

// order compares two ends. Ends whose balls meet count as the same place.
func (s *session) order(a, b end) int {
	if a.inf != 0 || b.inf != 0 {
		return a.inf - b.inf
	}
	if a.rat != nil && b.rat != nil {
		if c := a.rat.Cmp(b.rat); c == 0 || s.opt.FloatDigits == 0 || !(decimal(a.node) || decimal(b.node)) {
			return c
		}
		return roundRat(a.rat, s.opt.digits()).Cmp(roundRat(b.rat, s.opt.digits()))
	}
	if s.opt.FloatDigits != 0 && (decimal(a.node) || decimal(b.node)) {
		x, ok1 := a.ball.Round6(s.opt.digits())
		y, ok2 := b.ball.Round6(s.opt.digits())
		if ok1 && ok2 {
			return x.Cmp(y)
		}
	}
	steps := 100
	d, err := ball.Context{Prec: 128, Steps: &steps}.Sub(a.ball, b.ball)
	if err != nil {
		return 0
	}
	sign, ok := d.Sign()
	if !ok {
		return 0
	}
	return sign
}

const maxPieces = 64

// realSet computes a set of reals as disjoint intervals in order.
func (s *session) realSet(n *ast.Node) ([]piece, error) {
	if err := s.spend(2); err != nil {
		return nil, err
	}
	switch n.Kind {
	case ast.Interval, ast.Tuple:
		if len(n.Args) != 2 {
			return nil, errNotReal
		}
		lo, err := s.end(n.Args[0])
		if err != nil {
			return nil, err
		}
		hi, err := s.end(n.Args[1])
		if err != nil {
			return nil, err
		}
		p := piece{lo, hi, n.LeftOpen || n.Kind == ast.Tuple || lo.inf != 0, n.RightOpen || n.Kind == ast.Tuple || hi.inf != 0}
		if c := s.order(lo, hi); c > 0 || c == 0 && (p.loOpen || p.hiOpen) {
			return nil, errNotReal // no interval but a pair
		}
		return []piece{p}, nil
	case ast.Set, ast.List:
		var pieces []piece
		for _, a := range n.Args {
			if len(pieces) > maxPieces {
				return nil, ErrBudget
			}
			if a.Collection() {
				return nil, errNotReal
			}
			e, err := s.end(a)
			if err != nil {
				return nil, err
			}
			if e.inf != 0 {
				return nil, errNotReal
			}
			pieces = append(pieces, piece{e, e, false, false})
		}
		return s.merge(pieces), nil
	case ast.NamedSet:
		switch n.Name {
		case "R":
			return []piece{whole()}, nil
		case "empty":
			return nil, nil
		}
		return nil, errNotReal
	case ast.Union, ast.Intersect, ast.SetMinus:
		acc, err := s.realSet(n.Args[0])
		for _, a := range n.Args[1:] {
			if err != nil {
				return nil, err
			}
			var next []piece
			if next, err = s.realSet(a); err != nil {
				return nil, err
			}
			if len(acc)+len(next) > maxPieces {
				return nil, ErrBudget
			}
			switch n.Kind {
			case ast.Union:
				acc = s.merge(append(slices.Clone(acc), next...))
			case ast.Intersect:
				acc = s.intersect(acc, next)
			default:
				acc = s.intersect(acc, s.complement(next))
			}
		}
		return acc, err
	}
	if e, err := s.end(n); err == nil && e.inf == 0 {
		return []piece{{e, e, false, false}}, nil
	}
	return nil, errNotReal
}

func whole() piece {
	return piece{end{inf: -1}, end{inf: 1}, true, true}
}

// merge sorts pieces and joins those that touch.
func (s *session) merge(pieces []piece) []piece {
	slices.SortStableFunc(pieces, func(a, b piece) int {
		if c := s.order(a.lo, b.lo); c != 0 {
			return c
		}
		switch {
		case a.loOpen == b.loOpen:
			return 0
		case a.loOpen:
			return 1
		}
		return -1
	})
	var out []piece
	for _, p := range pieces {
		if k := len(out) - 1; k >= 0 {
			last := &out[k]
			c := s.order(p.lo, last.hi)
			if c < 0 || c == 0 && !(p.loOpen && last.hiOpen) {
				switch d := s.order(p.hi, last.hi); {
				case d > 0:
					last.hi, last.hiOpen = p.hi, p.hiOpen
				case d == 0:
					last.hiOpen = last.hiOpen && p.hiOpen
				}
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func (s *session) complement(pieces []piece) []piece {
	var out []piece
	lo, open := end{inf: -1}, true
	for _, p := range pieces {
		if c := s.order(lo, p.lo); c < 0 || c == 0 && !open && p.loOpen {
			out = append(out, piece{lo, p.lo, open, !p.loOpen})
		}
		lo, open = p.hi, !p.hiOpen
	}
	if lo.inf != 1 {
		out = append(out, piece{lo, end{inf: 1}, open, true})
	}
	return out
}

func (s *session) intersect(a, b []piece) []piece {
	// The complement of the union of the complements.
	return s.complement(s.merge(append(s.complement(a), s.complement(b)...)))
}

// sameRealSet compares two sets piece by piece.
func (s *session) sameRealSet(g, p []piece) (Outcome, error) {
	if len(g) != len(p) {
		return no("set", Exact), nil
	}
	out := yes("set", Exact)
	for i := range g {
		if g[i].loOpen != p[i].loOpen || g[i].hiOpen != p[i].hiOpen {
			return no("set", Exact), nil
		}
		for _, e := range [2][2]end{{g[i].lo, p[i].lo}, {g[i].hi, p[i].hi}} {
			if e[0].inf != e[1].inf {
				return no("set", Exact), nil
			}
			if e[0].inf != 0 {
				continue
			}
			o, err := s.compare(e[0].node, e[1].node)
			if err != nil {
				return out, err
			}
			if out = out.and(o); !out.Equal {
				return out, nil
			}
		}
	}
	return out, nil
}

// holds says whether x lies in one of the pieces.
func (s *session) holds(pieces []piece, x end) bool {
	for _, p := range pieces {
		a, b := s.order(x, p.lo), s.order(x, p.hi)
		if (a > 0 || a == 0 && !p.loOpen) && (b < 0 || b == 0 && !p.hiOpen) {
			return true
		}
	}
	return false
}
