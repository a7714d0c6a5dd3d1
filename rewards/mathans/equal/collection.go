package equal

import (
	"slices"

	"gradus/rewards/mathans/ast"
)

// maxElements bounds the lists whose elements are compared with each other.
const maxElements = 64

// collections compares two values of which at least one is a set or sequence.
func (s *session) collections(gold, pred *ast.Node) (Outcome, error) {
	if s.opt.VectorForTuple {
		gold, pred = vectorTuple(gold, pred), vectorTuple(pred, gold)
	}
	gseq, gset := isSequence(gold), isFinite(gold)
	pseq, pset := isSequence(pred), isFinite(pred)
	switch {
	case gseq && pseq:
		return s.inOrder("tuple", gold.Args, pred.Args)
	case gset && pset:
		return s.sameElements(gold.Args, pred.Args)
	case gseq && pset:
		// A tuple accepts the same values listed in its order.
		return s.inOrder("tuple", gold.Args, pred.Args)
	case gset && pseq:
		// A set accepts a tuple in ascending order only.
		sorted, ok := s.ascending(gold.Args)
		if !ok {
			return no("set", Heuristic), nil
		}
		return s.inOrder("set", sorted, pred.Args)
	}
	if gold.Collection() && pred.Collection() && !(gset && hasSequence(gold)) && !(pset && hasSequence(pred)) {
		g, gerr := s.realSet(gold)
		p, perr := s.realSet(pred)
		if tooLarge(gerr) || tooLarge(perr) {
			return Outcome{}, ErrBudget
		}
		if gerr == nil && perr == nil {
			return s.sameRealSet(g, p)
		}
		return s.structure(gold, pred)
	}
	if gset && !pred.Collection() || pset && !gold.Collection() {
		// The same value listed twice is one value.
		return s.sameElements(elements(gold), elements(pred))
	}
	return no("structure", Exact), nil
}

func elements(n *ast.Node) []*ast.Node {
	if isFinite(n) {
		return n.Args
	}
	return []*ast.Node{n}
}

// vectorTuple reads a row or column as a tuple where the other side is one.
func vectorTuple(n, other *ast.Node) *ast.Node {
	if n.Kind == ast.Matrix && (n.Rows == 1 || n.Cols == 1) && isSequence(other) {
		return ast.New(ast.Tuple, n.Args...)
	}
	return n
}

// isSequence: a tuple, or an open interval (a, b) that may be meant as one.
func isSequence(n *ast.Node) bool { return n.Kind == ast.Tuple }

func isFinite(n *ast.Node) bool { return n.Kind == ast.List || n.Kind == ast.Set }

func hasSequence(n *ast.Node) bool {
	return slices.ContainsFunc(n.Args, isSequence)
}

// structure compares sets part by part, when their ends cannot be ordered.
func (s *session) structure(gold, pred *ast.Node) (Outcome, error) {
	gold, pred = openInterval(gold, pred), openInterval(pred, gold)
	if gold.Kind != pred.Kind {
		return no("structure", Heuristic), nil
	}
	switch gold.Kind {
	case ast.Interval:
		if gold.LeftOpen != pred.LeftOpen || gold.RightOpen != pred.RightOpen {
			return no("set", Exact), nil
		}
		return s.inOrder("set", gold.Args, pred.Args)
	case ast.Union, ast.Intersect:
		return s.sameElements(flat(gold), flat(pred))
	case ast.SetMinus:
		return s.inOrder("set", gold.Args, pred.Args)
	}
	return no("structure", Heuristic), nil
}

// openInterval reads (a, b) as an interval where the other side is one.
func openInterval(n, other *ast.Node) *ast.Node {
	if n.Kind == ast.Tuple && len(n.Args) == 2 && other.Kind == ast.Interval {
		return &ast.Node{Kind: ast.Interval, Args: n.Args, LeftOpen: true, RightOpen: true}
	}
	return n
}

func flat(n *ast.Node) []*ast.Node {
	var out []*ast.Node
	for _, a := range n.Args {
		if a.Kind == n.Kind {
			out = append(out, flat(a)...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

// sameElements compares two lists as sets: each element must have an equal
// one on the other side.
func (s *session) sameElements(gold, pred []*ast.Node) (Outcome, error) {
	gold, pred = s.distinct(gold), s.distinct(pred)
	if len(gold) > maxElements || len(pred) > maxElements {
		return s.sameSorted(gold, pred)
	}
	out := yes("set", Exact)
	if len(gold) != len(pred) {
		// Elements that are equal but look different may be listed twice.
		o, err := s.covers(gold, pred)
		if err != nil || !o.Equal {
			return o, err
		}
		q, err := s.covers(pred, gold)
		return o.and(q), err
	}
	used := make([]bool, len(pred))
	for i, g := range gold {
		found := false
		// The same place first: most answers keep the order.
		for k := range pred {
			j := (i + k) % len(pred)
			if used[j] {
				continue
			}
			o, err := s.compare(g, pred[j])
			if err != nil {
				return out, err
			}
			if o.Equal {
				used[j], found = true, true
				out = out.and(o)
				break
			}
		}
		if !found {
			return no("set", Exact), nil
		}
	}
	return out, nil
}

// covers says whether every element of a has an equal one in b.
func (s *session) covers(a, b []*ast.Node) (Outcome, error) {
	out := yes("set", Exact)
	for _, x := range a {
		found := false
		for _, y := range b {
			o, err := s.compare(x, y)
			if err != nil {
				return out, err
			}
			if o.Equal {
				found = true
				out = out.and(o)
				break
			}
		}
		if !found {
			return no("set", Exact), nil
		}
	}
	return out, nil
}

// distinct drops elements with the same text.
func (s *session) distinct(list []*ast.Node) []*ast.Node {
	seen := make(map[string]bool, len(list))
	var out []*ast.Node
	for _, n := range list {
		k := n.Canonical(s.opt.Fold)
		if !seen[k] {
			seen[k] = true
			out = append(out, n)
		}
	}
	return out
}

// sameSorted compares long lists by their canonical texts.
func (s *session) sameSorted(gold, pred []*ast.Node) (Outcome, error) {
	texts := func(list []*ast.Node) []string {
		out := make([]string, len(list))
		for i, n := range list {
			out[i] = n.Canonical(s.opt.Fold)
		}
		slices.Sort(out)
		return out
	}
	if slices.Equal(texts(gold), texts(pred)) {
		return yes("set", Exact), nil
	}
	return no("set", Heuristic), nil
}

// ascending sorts constants by value.
func (s *session) ascending(list []*ast.Node) ([]*ast.Node, bool) {
	if len(list) > maxElements {
		return nil, false
	}
	type item struct {
		n *ast.Node
		e end
	}
	items := make([]item, len(list))
	for i, n := range list {
		e, err := s.end(n)
		if err != nil {
			return nil, false
		}
		items[i] = item{n, e}
	}
	slices.SortStableFunc(items, func(a, b item) int { return s.order(a.e, b.e) })
	out := make([]*ast.Node, len(list))
	for i, it := range items {
		out[i] = it.n
	}
	return out, true
}
