package equal

import (
	"errors"
	"math"
	"math/big"
	"slices"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/ball"
)

const (
	points    = 8 // random points of an identity test
	minPoints = 5 // of them must be defined on both sides
)

// scalars compares two expressions with one value each.
func (s *session) scalars(gold, pred *ast.Node) (Outcome, error) {
	if o, done, err := s.marks(gold, pred); done || err != nil {
		return o, err
	}
	if gold.HasKind(ast.PlusMinus) || pred.HasKind(ast.PlusMinus) || gold.HasKind(ast.Ellipsis) != pred.HasKind(ast.Ellipsis) {
		return no("structure", Heuristic), nil
	}
	if gold.Constant() && pred.Constant() {
		return s.constants(gold, pred)
	}
	return s.identity(gold, pred)
}

// marks compares values of which one or both carry a percent or degree mark.
func (s *session) marks(gold, pred *ast.Node) (o Outcome, done bool, err error) {
	g, p := gold.Kind == ast.Percent, pred.Kind == ast.Percent
	switch {
	case g && p:
		o, err := s.compare(gold.Args[0], pred.Args[0])
		return o, true, err
	case g && s.opt.PercentAsNumber:
		o, err := s.compare(gold.Args[0], pred)
		if err == nil && o.Equal {
			o.Rung, o.Basis = "percent_as_number", Heuristic
		}
		if err != nil || o.Equal {
			return o, true, err
		}
	}
	if g != p && s.opt.WholePercent {
		a, b := gold, pred
		if p {
			a, b = pred, gold
		}
		if number := a.Args[0]; isWhole(number) && isWhole(b) && number.Rat.Cmp(b.Rat) == 0 {
			return yes("percent_as_number", Heuristic), true, nil
		}
	}
	if g != p && s.opt.PercentApart {
		return no("percent", Heuristic), true, nil
	}
	g, p = gold.Kind == ast.Degree, pred.Kind == ast.Degree
	if g == p || (!gold.Constant() || !pred.Constant()) {
		return Outcome{}, false, nil
	}
	// One side in degrees, the other with π: the other is in radians.
	deg, rad := gold, pred
	if p {
		deg, rad = pred, gold
	}
	if rad.Has(func(n *ast.Node) bool { return n.Kind == ast.Const && n.Name == "pi" }) {
		turned := ast.New(ast.Div, ast.New(ast.Mul, deg.Args[0], ast.Named(ast.Const, "pi")), ast.Int(180))
		o, err := s.constants(turned, rad)
		if err == nil && o.Equal {
			o.Rung = "degrees_to_radians"
		}
		return o, true, err
	}
	return Outcome{}, false, nil
}

// isWhole says whether n is a whole number, written without a decimal point.
func isWhole(n *ast.Node) bool { return n.Kind == ast.Num && !n.Decimal && n.Rat.IsInt() }

// decimal says whether n is a number, with sign or percent mark, written with
// a decimal point.
func decimal(n *ast.Node) bool {
	for n.Kind == ast.Neg || n.Kind == ast.Percent || n.Kind == ast.Degree {
		n = n.Args[0]
	}
	return n.Kind == ast.Num && n.Decimal
}

// constants compares two numbers.
func (s *session) constants(gold, pred *ast.Node) (Outcome, error) {
	if gold.Kind == ast.Const && gold.Name == "oo" || pred.Kind == ast.Const && pred.Name == "oo" || gold.Has(isInfinite) || pred.Has(isInfinite) {
		return s.infinities(gold, pred), nil
	}
	if gold.Kind == ast.BaseN && pred.Kind == ast.Num || gold.Kind == ast.Num && pred.Kind == ast.BaseN {
		return s.numeral(gold, pred), nil
	}
	g, gerr := s.exactValue(gold)
	p, perr := s.exactValue(pred)
	if gerr != nil || perr != nil {
		if s.same(gold, pred) {
			return yes("identical", Exact), nil
		}
		if tooLarge(gerr) || tooLarge(perr) {
			return Outcome{}, ErrBudget
		}
	}
	if gerr == nil && perr == nil {
		rung := "radical"
		gr, gok := g.Rat()
		pr, pok := p.Rat()
		if gok && pok {
			rung = "rational"
		}
		if g.Equal(p) {
			return yes(rung, Exact), nil
		}
		if !s.rounds(gold, pred) {
			return no(rung, Exact), nil
		}
		if gok && pok {
			if roundRat(gr, s.opt.digits()).Cmp(roundRat(pr, s.opt.digits())) == 0 && !s.vanish(gr, pr) {
				return yes("rounded", Heuristic), nil
			}
			return no(rung, Exact), nil
		}
	}
	return s.balls(gold, pred)
}

// rounds says whether the two are compared after rounding.
func (s *session) rounds(gold, pred *ast.Node) bool {
	return s.opt.FloatDigits != 0 && (decimal(gold) || decimal(pred))
}

// roundRat rounds to so many decimals, half away from zero, as an integer
// count of the last place.
func roundRat(r *big.Rat, digits int) *big.Int {
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n.Mul(n, r.Num())
	n.Mul(n, big.NewInt(2))
	d := new(big.Int).Mul(r.Denom(), big.NewInt(2))
	if n.Sign() < 0 {
		n.Sub(n, r.Denom())
	} else {
		n.Add(n, r.Denom())
	}
	return n.Quo(n, d)
}

// vanish says whether rounding makes both of two different small numbers 0,
// so that it says nothing about them: 2.5e-7 is not 3.1e-7. Who asks for few
// decimals means that.
func (s *session) vanish(a, b *big.Rat) bool {
	if s.opt.NamesOnly || s.opt.FloatDigits < 6 || a.Sign() == 0 || b.Sign() == 0 || roundRat(a, s.opt.FloatDigits).Sign() != 0 {
		return false
	}
	x, _ := a.Float64()
	y, _ := b.Float64()
	return math.Abs(x-y) > 1e-6*math.Max(math.Abs(x), math.Abs(y))
}

// numeral compares a numeral with a base to one without: the digits count.
func (s *session) numeral(gold, pred *ast.Node) Outcome {
	based, plain := gold, pred
	if pred.Kind == ast.BaseN {
		based, plain = pred, gold
	}
	if plain.Rat.IsInt() && plain.Rat.Num().String() == based.Name {
		return yes("base_left_out", Heuristic)
	}
	if based.Base == 10 {
		return no("rational", Exact)
	}
	return no("base", Heuristic)
}

func isInfinite(n *ast.Node) bool { return n.Kind == ast.Const && n.Name == "oo" }

func (s *session) infinities(gold, pred *ast.Node) Outcome {
	sign := func(n *ast.Node) int {
		k := 1
		for n.Kind == ast.Neg {
			k, n = -k, n.Args[0]
		}
		if isInfinite(n) {
			return k
		}
		return 0
	}
	g, p := sign(gold), sign(pred)
	if g != 0 && g == p {
		return yes("infinity", Exact)
	}
	return no("infinity", Exact)
}

// balls compares two constants by intervals, at rising precision: disjoint
// ones are different, ones that agree to 200 bits count as equal.
func (s *session) balls(gold, pred *ast.Node) (Outcome, error) {
	for _, prec := range []uint{128, 320, 600} {
		m := s.numeric(prec, 0, false)
		g, err := m.value(gold)
		if err != nil {
			return s.undefined(err)
		}
		p, err := m.value(pred)
		if err != nil {
			return s.undefined(err)
		}
		if s.rounds(gold, pred) && g.Real() && p.Real() {
			a, ok1 := g.Re.Round6(s.opt.digits())
			b, ok2 := p.Re.Round6(s.opt.digits())
			if ok1 && ok2 {
				if a.Cmp(b) == 0 {
					return yes("rounded", Heuristic), nil
				}
				return no("interval", Exact), nil
			}
		}
		equal, certain, err := s.close(m, g, p, 200)
		if err != nil {
			return s.undefined(err)
		}
		if certain {
			if equal {
				return yes("interval", Numeric), nil
			}
			return no("interval", Exact), nil
		}
	}
	return no("interval", Heuristic), nil
}

// undefined is the outcome when a value cannot be computed.
func (s *session) undefined(err error) (Outcome, error) {
	if tooLarge(err) {
		return Outcome{}, err
	}
	return no("undefined", Heuristic), nil
}

// close compares two values: certain when they are disjoint, or agree to so
// many bits.
func (s *session) close(m *numeric, a, b ball.Complex, agree int) (equal, certain bool, err error) {
	same := true
	for _, part := range [2][2]ball.Real{{a.Re, b.Re}, {a.Im, b.Im}} {
		d, err := m.c.Sub(part[0], part[1])
		if err != nil {
			return false, false, err
		}
		if !d.Zero() {
			return false, true, nil
		}
		same = same && d.Width(agree, part[0])
	}
	return same, same, nil
}

// identity compares two expressions with variables.
func (s *session) identity(gold, pred *ast.Node) (Outcome, error) {
	if closed(gold) && closed(pred) {
		return s.balls(gold, pred)
	}
	if o, err := s.binders(gold, pred); err != nil || o.Equal {
		return o, err
	}
	o, err := s.fieldIdentity(gold, pred)
	if err == nil || tooLarge(err) {
		return o, err
	}
	if o, err = s.numericIdentity(gold, pred); err != nil || o.Equal || s.opt.NamesOnly || !counts(gold) && !counts(pred) {
		return o, err
	}
	return s.integerIdentity(gold, pred, o)
}

// counts says whether n holds a factorial or a binomial coefficient of a
// variable, which is about whole numbers.
func counts(n *ast.Node) bool {
	return n.Has(func(x *ast.Node) bool {
		return x.Kind == ast.Func && (x.Name == "factorial" || x.Name == "binom") && !x.Constant()
	})
}

// integerIdentity compares expressions with factorials at random whole
// numbers: n!/(n−2)! is n(n−1). It gives back otherwise where they differ or
// have no value.
func (s *session) integerIdentity(gold, pred *ast.Node, otherwise Outcome) (Outcome, error) {
	defined := 0
	for k := range uint64(2 * points) {
		if err := s.spend(gold.Size(10_000) + pred.Size(10_000)); err != nil {
			return Outcome{}, err
		}
		at := func(x *ast.Node) *ast.Node {
			if x.Kind != ast.Sym {
				return x
			}
			return ast.Int(int64(3 + hash(x.Canonical(s.opt.Fold), s.seed^(300+k))%(12+2*k)))
		}
		g, p := gold.Replace(at), pred.Replace(at)
		if !g.Constant() || !p.Constant() {
			return otherwise, nil
		}
		o, err := s.constants(g, p)
		if err != nil {
			return o, err
		}
		if o.Rung == "undefined" {
			continue
		}
		if !o.Equal {
			return otherwise, nil
		}
		defined++
	}
	if defined < minPoints {
		return otherwise, nil
	}
	return yes("numeric_identity", Numeric), nil
}

// fieldIdentity compares rational expressions at random points of F_p. A
// difference is a proof; agreement is wrong with a probability below
// (d/p)^points for expressions of degree d (Schwartz 1980, Zippel 1979).
func (s *session) fieldIdentity(gold, pred *ast.Node) (Outcome, error) {
	defined := 0
	for k := range uint64(points) {
		f := field{s, s.seed ^ (k + 1)}
		g, err := f.value(gold)
		if errors.Is(err, errPole) {
			continue
		}
		if err != nil {
			return Outcome{}, err
		}
		p, err := f.value(pred)
		if errors.Is(err, errPole) {
			continue
		}
		if err != nil {
			return Outcome{}, err
		}
		if g != p {
			return no("field_identity", Exact), nil
		}
		defined++
	}
	if defined < minPoints {
		return no("undefined", Heuristic), nil
	}
	return yes("field_identity", Identity), nil
}

// numericIdentity compares expressions with roots and functions at random
// rational points, positive ones and ones of either sign. Points where one
// side is undefined are left out, so the equality is one on the common domain.
func (s *session) numericIdentity(gold, pred *ast.Node) (Outcome, error) {
	defined := 0
	for k := range uint64(2 * points) {
		if defined >= points {
			break
		}
		m := s.numeric(192, k+1, k%2 == 1)
		g, err := m.value(gold)
		if err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		p, err := m.value(pred)
		if err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		if k%2 == 1 && (!g.Real() || !p.Real()) && !hasI(gold) && !hasI(pred) {
			continue // outside the real domain
		}
		equal, certain, err := s.close(m, g, p, 100)
		if err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		if !certain {
			continue
		}
		if !equal {
			return no("numeric_identity", Exact), nil
		}
		defined++
	}
	if defined < minPoints {
		return no("undefined", Heuristic), nil
	}
	if s.differFarOut(hasI(gold) || hasI(pred), func(m *numeric) (g, p ball.Complex, err error) {
		if g, err = m.value(gold); err == nil {
			p, err = m.value(pred)
		}
		return g, p, err
	}) {
		return no("numeric_identity", Exact), nil
	}
	return yes("numeric_identity", Numeric), nil
}

// farSteps bounds the work of looking at points far out.
const farSteps = DefaultSteps / 8

// differFarOut says whether two values that agree near 1 differ where the
// variables are larger, as |x − 5| and 5 − x do, or ⌊m/2⌋ and ⌊m/5⌋. What
// cannot be computed there says nothing.
func (s *session) differFarOut(complex bool, at func(*numeric) (g, p ball.Complex, err error)) bool {
	before := s.steps
	s.steps = min(before, farSteps)
	given := s.steps
	defer func() { s.steps = before - (given - max(s.steps, 0)) }()
	for k, scale := range [...]int64{4, 4, 16, 16, 256, 256, 1 << 20, 1 << 20} {
		m := s.numeric(192, uint64(200+k), k%2 == 1)
		m.scale = scale
		g, p, err := at(m)
		if err != nil {
			if s.steps <= 0 {
				return false
			}
			continue
		}
		if k%2 == 1 && (!g.Real() || !p.Real()) && !complex {
			continue // outside the real domain
		}
		if equal, certain, err := s.close(m, g, p, 60); err == nil && certain && !equal {
			return true
		}
	}
	return false
}

// binders compares two sums, products, integrals or limits part by part, up to
// the name of the bound variable.
func (s *session) binders(gold, pred *ast.Node) (Outcome, error) {
	if gold.Kind != ast.Func || pred.Kind != ast.Func || gold.Name != pred.Name || !ast.Opaque(gold.Name) || len(gold.Args) != len(pred.Args) {
		return Outcome{}, nil
	}
	if g, p := bound(gold), bound(pred); g != "" && p != "" && g != p && !slices.Contains(pred.Free(), g) {
		pred = rename(pred, map[string]string{p: g})
	}
	return s.inOrder("parts", gold.Args, pred.Args)
}

// bound is the variable that a sum or product runs over.
func bound(n *ast.Node) string {
	if len(n.Args) > 1 && n.Args[1].Kind == ast.Relation && n.Args[1].Args[0].Kind == ast.Sym {
		return n.Args[1].Args[0].Name
	}
	return ""
}

// closed says that n has one value although it binds a variable: its sums and
// products run over numbers and hold no other variable.
func closed(n *ast.Node) bool {
	rest := n.Replace(func(x *ast.Node) *ast.Node {
		if x.Kind != ast.Func || x.Name != "sum" && x.Name != "prod" {
			return x
		}
		low := x.Args[1]
		if low.Kind != ast.Relation || len(low.Args) != 2 || !low.Args[1].Constant() || !x.Args[2].Constant() {
			return x
		}
		for _, name := range x.Args[0].Free() {
			if low.Args[0].Kind != ast.Sym || name != low.Args[0].Name {
				return x
			}
		}
		if !x.Args[0].Replace(func(y *ast.Node) *ast.Node {
			if y.Kind == ast.Sym {
				return ast.Int(1)
			}
			return y
		}).Constant() {
			return x
		}
		return ast.Int(1)
	})
	return rest.Constant()
}

func hasI(n *ast.Node) bool {
	return n.Has(func(x *ast.Node) bool { return x.Kind == ast.Const && x.Name == "i" })
}
