package equal

import (
	"math/big"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/ball"
)

func isRelationList(n *ast.Node) bool {
	if n.Kind != ast.List && n.Kind != ast.Set || len(n.Args) == 0 {
		return false
	}
	for _, a := range n.Args {
		if a.Kind != ast.Relation {
			return false
		}
	}
	return true
}

// relations compares where at least one side is a relation. done is false
// when the general rules decide.
func (s *session) relations(gold, pred *ast.Node) (o Outcome, done bool, err error) {
	gr, pr := gold.Kind == ast.Relation, pred.Kind == ast.Relation
	if !s.opt.NamesOnly {
		g, gok := builder(gold)
		p, pok := builder(pred)
		switch {
		case gok && pred.Collection():
			o, err := s.relationAsSet(g, pred)
			return o, true, err
		case pok && gold.Collection():
			o, err := s.relationAsSet(p, gold)
			return o, true, err
		case gok && pok:
			o, err := s.relationPair(g, renameLike(g, p))
			return o, true, err
		case gok && pr:
			o, err := s.relationPair(g, pred)
			return o, true, err
		case pok && gr:
			o, err := s.relationPair(gold, p)
			return o, true, err
		}
	}
	switch {
	case gr && pr:
		o, err := s.relationPair(gold, pred)
		return o, true, err
	case pred.Collection() && !isRelationList(pred) && (gr && !isEquation(gold) || isRelationList(gold) && !equations(gold)):
		o, err := s.relationAsSet(gold, pred)
		return o, true, err
	case s.opt.RelationForSet && gold.Collection() && !isRelationList(gold) && (pr && !isEquation(pred) || isRelationList(pred) && !equations(pred)):
		o, err := s.relationAsSet(pred, gold)
		return o, true, err
	case gr || pr:
		if gold.Collection() || pred.Collection() {
			return o, false, nil
		}
		return no("relation", Exact), true, nil
	}
	return o, false, nil // lists of relations: element by element
}

func isCondition(n *ast.Node) bool { return n.Kind == ast.Func && n.Name == "condition" }

// builder is the condition of a set {x | a ≤ x < b} of reals.
func builder(n *ast.Node) (rel *ast.Node, ok bool) {
	if !isCondition(n) {
		return nil, false
	}
	head, rel := n.Args[0], n.Args[1]
	if head.Kind == ast.Relation && len(head.Ops) == 1 && head.Ops[0] == ast.IN && head.Args[1].Kind == ast.NamedSet && head.Args[1].Name == "R" {
		head = head.Args[0]
	}
	if head.Kind != ast.Sym || rel.Kind != ast.Relation {
		return nil, false
	}
	for _, op := range rel.Ops {
		if !ordering(op) && op != ast.NE {
			return nil, false
		}
	}
	free := rel.Free()
	return rel, len(free) == 1 && free[0] == head.Name
}

func equations(n *ast.Node) bool {
	for _, a := range n.Args {
		if !isEquation(a) {
			return false
		}
	}
	return true
}

// relationPair compares two relations.
func (s *session) relationPair(gold, pred *ast.Node) (Outcome, error) {
	gold, pred = upward(gold), upward(pred)
	if len(gold.Ops) != len(pred.Ops) {
		return no("relation", Heuristic), nil
	}
	if len(gold.Ops) > 1 {
		// A chain: link by link.
		for i := range gold.Ops {
			if gold.Ops[i] != pred.Ops[i] {
				return no("relation", Exact), nil
			}
		}
		return s.inOrder("relation", gold.Args, pred.Args)
	}
	g, p := gold.Ops[0], pred.Ops[0]
	if isEquation(gold) && isEquation(pred) {
		return s.equations(gold, pred)
	}
	switch {
	case g == ast.NE && p == ast.NE:
		return s.proportional(gold, pred, 0)
	case g == p && ordering(g):
		o, err := s.proportional(gold, pred, 1)
		return o, err
	case g == p.Flip() && ordering(g):
		return s.proportional(gold, pred, -1)
	case g == p:
		return s.inOrder("relation", gold.Args, pred.Args)
	}
	return no("relation", Exact), nil
}

func ordering(o ast.Op) bool { return o == ast.LT || o == ast.LE || o == ast.GT || o == ast.GE }

// upward writes chains of > and ≥ from the other end.
func upward(n *ast.Node) *ast.Node {
	if len(n.Ops) < 2 {
		return n
	}
	for _, op := range n.Ops {
		if op != ast.GT && op != ast.GE {
			return n
		}
	}
	r := &ast.Node{Kind: ast.Relation}
	for i := len(n.Args) - 1; i >= 0; i-- {
		r.Args = append(r.Args, n.Args[i])
		if i > 0 {
			r.Ops = append(r.Ops, n.Ops[i-1].Flip())
		}
	}
	return r
}

// equations compares two equations: as assignments, or by their solutions.
func (s *session) equations(gold, pred *ast.Node) (Outcome, error) {
	if isAssignment(gold) && isAssignment(pred) {
		gl, pl := gold.Args[0], pred.Args[0]
		// f(x) = … and f(t) = … define the same function.
		if gl.Kind == ast.Apply && pl.Kind == ast.Apply && gl.Name == pl.Name && len(gl.Args) == len(pl.Args) {
			to := map[string]string{}
			for i := range gl.Args {
				if gl.Args[i].Kind == ast.Sym && pl.Args[i].Kind == ast.Sym {
					to[pl.Args[i].Name] = gl.Args[i].Name
				}
			}
			pred = rename(pred, to)
			pl = pred.Args[0]
		}
		if s.same(gl, pl) {
			o, err := s.compare(gold.Args[1], pred.Args[1])
			if err == nil && o.Equal {
				o.Rung = "relation"
			}
			return o, err
		}
	}
	for _, n := range []*ast.Node{gold.Args[0], gold.Args[1], pred.Args[0], pred.Args[1]} {
		if n.Collection() || n.Kind == ast.Text || n.HasKind(ast.PlusMinus) {
			return s.inOrder("relation", gold.Args, pred.Args)
		}
	}
	if hasMatrix(gold) || hasMatrix(pred) {
		return s.inOrder("relation", gold.Args, pred.Args)
	}
	return s.proportional(gold, pred, 0)
}

// proportional says whether lhs − rhs of the two differ by a constant factor,
// of the given sign if that is not 0. Such relations have the same solutions.
func (s *session) proportional(gold, pred *ast.Node, sign int) (Outcome, error) {
	for _, n := range []*ast.Node{gold.Args[0], gold.Args[1], pred.Args[0], pred.Args[1]} {
		if n.Collection() || hasMatrix(n) || n.Kind == ast.Text || n.HasKind(ast.PlusMinus) || n.Has(isInfinite) {
			return s.inOrder("relation", gold.Args, pred.Args)
		}
	}
	if !s.opt.NamesOnly && settled(gold) && settled(pred) {
		// Without a variable nothing is solved: 4000 cos(π/6) = 3464.1 is not
		// 4000 cos(π/6) = 3484.1.
		o, err := s.inOrder("relation", gold.Args, pred.Args)
		if err != nil || o.Equal || sign == 1 {
			return o, err
		}
		return s.inOrder("relation", gold.Args, []*ast.Node{pred.Args[1], pred.Args[0]})
	}
	g := ast.New(ast.Add, gold.Args[0], ast.New(ast.Neg, gold.Args[1]))
	p := ast.New(ast.Add, pred.Args[0], ast.New(ast.Neg, pred.Args[1]))
	// The factor is read off at one point, and g·p₀ = p·g₀ tested at others.
	var g0, p0 ball.Complex
	found := false
	var m *numeric
	for k := range uint64(points) {
		m = s.numeric(192, 100+k, false)
		var err error
		if g0, err = m.value(g); err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		if p0, err = m.value(p); err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		if (g0.Re.Zero() && g0.Im.Zero()) != (p0.Re.Zero() && p0.Im.Zero()) {
			return no("relation", Exact), nil
		}
		if !g0.Re.Zero() || !g0.Im.Zero() {
			found = true
			break
		}
	}
	if !found {
		return s.inOrder("relation", gold.Args, pred.Args)
	}
	if sign != 0 {
		gs, ok1 := g0.Re.Sign()
		ps, ok2 := p0.Re.Sign()
		if !ok1 || !ok2 || gs*ps != sign {
			return no("relation", Exact), nil
		}
	}
	basis := Numeric
	agreed := 0
	for k := range uint64(2 * points) {
		if agreed >= points {
			break
		}
		m2 := s.numeric(192, 1+k, k%2 == 1)
		gk, err := m2.value(g)
		if err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		pk, err := m2.value(p)
		if err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			continue
		}
		a, err := m2.c.CMul(gk, p0)
		if err != nil {
			return Outcome{}, err
		}
		b, err := m2.c.CMul(pk, g0)
		if err != nil {
			return Outcome{}, err
		}
		same, certain, err := s.close(m2, a, b, 100)
		if err != nil {
			return Outcome{}, err
		}
		if !certain {
			continue
		}
		if !same {
			return no("relation", Exact), nil
		}
		agreed++
	}
	if agreed < minPoints {
		return no("undefined", Heuristic), nil
	}
	if s.differFarOut(true, func(m *numeric) (a, b ball.Complex, err error) {
		if a, err = m.value(g); err == nil {
			a, err = m.c.CMul(a, p0)
		}
		if err == nil {
			b, err = m.value(p)
		}
		if err == nil {
			b, err = m.c.CMul(b, g0)
		}
		return a, b, err
	}) {
		return no("relation", Exact), nil
	}
	return yes("relation", basis), nil
}

// settled says whether a relation holds constants only, so that it is true or
// false and says nothing about an unknown.
func settled(rel *ast.Node) bool {
	for _, a := range rel.Args {
		if !a.Constant() {
			return false
		}
	}
	return true
}

// relationAsSet says whether the reals for which rel holds are those of set.
// Both are tested at and around every end of the set and at other points, so
// equality is an estimate and difference a proof.
func (s *session) relationAsSet(rel, set *ast.Node) (Outcome, error) {
	pieces, err := s.realSet(set)
	if err != nil {
		if tooLarge(err) {
			return Outcome{}, err
		}
		return no("relation", Heuristic), nil
	}
	name, ok := unknown(rel)
	if !ok {
		return no("relation", Heuristic), nil
	}
	var ends []end
	for _, x := range s.probes(rel, pieces) {
		e, err := s.end(ast.Rational(x))
		if err != nil {
			return Outcome{}, err
		}
		ends = append(ends, e)
	}
	// Ends that are not rational: the relation must be an equality there.
	for _, p := range pieces {
		for _, e := range []end{p.lo, p.hi} {
			if e.inf != 0 || e.rat != nil {
				continue
			}
			if ok, err := s.boundary(rel, name, e.node); err != nil || !ok {
				return no("relation", Heuristic), err
			}
			ends = append(ends, e)
		}
	}
	// Several relations mean that one of them holds, or that all do.
	anyHolds, allHold := true, true
	for _, e := range ends {
		in := s.holds(pieces, e)
		some, every, err := s.truth(rel, name, e.node)
		if err != nil {
			if tooLarge(err) {
				return Outcome{}, err
			}
			return no("relation", Heuristic), nil
		}
		anyHolds, allHold = anyHolds && some == in, allHold && every == in
		if !anyHolds && !allHold {
			return no("relation", Exact), nil
		}
	}
	return yes("relation_as_set", Numeric), nil
}

// unknown returns the one quantity that a relation is about: a variable, or a
// function of one.
func unknown(rel *ast.Node) (string, bool) {
	names := map[string]bool{}
	var walk func(n *ast.Node)
	walk = func(n *ast.Node) {
		if n.Kind == ast.Apply || n.Kind == ast.Sym {
			names[n.Canonical(false)] = true
			return
		}
		for _, a := range n.Args {
			walk(a)
		}
	}
	walk(rel)
	for n := range names {
		return n, len(names) == 1
	}
	return "", false
}

// probes are rationals at, between and around the ends of pieces and the
// numbers in rel, and some far out.
func (s *session) probes(rel *ast.Node, pieces []piece) []*big.Rat {
	var marks []*big.Rat
	add := func(r *big.Rat) {
		if len(marks) < 40 && r.Num().BitLen()+r.Denom().BitLen() < 400 {
			marks = append(marks, r)
		}
	}
	for _, p := range pieces {
		for _, e := range []end{p.lo, p.hi} {
			if e.inf == 0 {
				if e.rat != nil {
					add(e.rat)
				} else if f, _ := new(big.Float).SetFloat64(e.ball.Float64()).Rat(nil); f != nil {
					add(f)
				}
			}
		}
	}
	rel.Has(func(n *ast.Node) bool {
		if n.Kind == ast.Num {
			add(n.Rat)
			add(new(big.Rat).Neg(n.Rat))
		}
		return false
	})
	add(new(big.Rat))
	out := append([]*big.Rat(nil), marks...)
	eps := big.NewRat(1, 1<<40)
	for i, r := range marks {
		out = append(out, new(big.Rat).Add(r, eps), new(big.Rat).Sub(r, eps))
		if i > 0 {
			mid := new(big.Rat).Add(r, marks[i-1])
			out = append(out, mid.Mul(mid, big.NewRat(1, 2)))
		}
	}
	for _, far := range []int64{3, 97, 100003, 1 << 40} {
		out = append(out, big.NewRat(far, 7), big.NewRat(-far, 7))
	}
	return out
}

// truth evaluates rel, or each of a list of relations, where the unknown is x.
func (s *session) truth(rel *ast.Node, name string, x *ast.Node) (some, every bool, err error) {
	list := []*ast.Node{rel}
	if rel.Kind != ast.Relation {
		list = rel.Args
	}
	every = true
	for _, r := range list {
		at := substitute(r, name, x)
		ok := true
		for i, op := range at.Ops {
			t, err := s.link(at.Args[i], op, at.Args[i+1])
			if err != nil {
				return false, false, err
			}
			ok = ok && t
		}
		some, every = some || ok, every && ok
	}
	return some, every, nil
}

func substitute(n *ast.Node, name string, by *ast.Node) *ast.Node {
	return n.Replace(func(v *ast.Node) *ast.Node {
		if (v.Kind == ast.Sym || v.Kind == ast.Apply) && v.Canonical(false) == name {
			return by
		}
		return v
	})
}

// link decides a op b for constants. Where a side is undefined it is false.
func (s *session) link(a *ast.Node, op ast.Op, b *ast.Node) (bool, error) {
	if op == ast.IN || op == ast.NOTIN {
		set, err := s.realSet(b)
		if err != nil {
			return false, err
		}
		e, err := s.end(a)
		if err != nil {
			return false, err
		}
		return s.holds(set, e) == (op == ast.IN), nil
	}
	x, err := s.end(a)
	if err == nil {
		var y end
		if y, err = s.end(b); err == nil {
			c := s.order(x, y)
			switch op {
			case ast.LT:
				return c < 0, nil
			case ast.LE:
				return c <= 0, nil
			case ast.GT:
				return c > 0, nil
			case ast.GE:
				return c >= 0, nil
			case ast.EQ:
				return c == 0, nil
			case ast.NE:
				return c != 0, nil
			}
		}
	}
	if tooLarge(err) {
		return false, err
	}
	return false, nil
}

// boundary says whether some link of rel is an equality at e.
func (s *session) boundary(rel *ast.Node, name string, e *ast.Node) (bool, error) {
	list := []*ast.Node{rel}
	if rel.Kind != ast.Relation {
		list = rel.Args
	}
	for _, r := range list {
		at := substitute(r, name, e)
		for i := range at.Ops {
			a, b := at.Args[i], at.Args[i+1]
			if !a.Constant() || !b.Constant() || a.Has(isInfinite) || b.Has(isInfinite) {
				continue
			}
			o, err := s.scalars(a, b)
			if err != nil {
				return false, err
			}
			if o.Equal {
				return true, nil
			}
		}
	}
	return false, nil
}
