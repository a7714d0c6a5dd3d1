// Package equal decides whether two expressions mean the same. It climbs a
// ladder of methods, the first that decides wins, and says which one it was
// and what its word is worth.
package equal

import (
	"errors"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/ball"
	"gradus/rewards/mathans/exact"
)

// ErrBudget says that a comparison would take more work than it may.
var ErrBudget = errors.New("comparison too large")

// Basis is what a decision rests on, strongest first.
type Basis uint8

// The bases.
const (
	Exact     Basis = iota // arithmetic without rounding, or the same text
	Identity               // random points of a finite field, error bounded
	Numeric                // intervals of real numbers that agree to 200 bits
	Heuristic              // a rule about notation that can be wrong
)

// Outcome is a decision.
type Outcome struct {
	Equal bool
	Rung  string // method that decided
	Basis Basis
}

func yes(rung string, b Basis) Outcome { return Outcome{true, rung, b} }
func no(rung string, b Basis) Outcome  { return Outcome{false, rung, b} }

// and combines the decisions about parts: the weakest basis counts.
func (o Outcome) and(q Outcome) Outcome {
	o.Equal = o.Equal && q.Equal
	o.Basis = max(o.Basis, q.Basis)
	return o
}

// Options say which notations count as the same.
type Options struct {
	// FloatDigits: when one side is written with a decimal point, both are
	// rounded to so many decimals. 0 compares exactly, ToWhole rounds to whole
	// numbers.
	FloatDigits int
	// Fold ignores the case of symbols and words.
	Fold bool
	// PercentAsNumber accepts 28 for a gold answer of 28 %.
	PercentAsNumber bool
	// WholePercent takes 28 and 28 % for the same, either way, where both are
	// written as whole numbers, as Math-Verify does since 0.9.
	WholePercent bool
	// RelationForSet accepts -2 ≤ x ≤ 7 for a gold answer of [-2, 7]. The
	// other direction is always accepted.
	RelationForSet bool
	// Rename compares up to the names of variables.
	Rename bool
	// PercentApart keeps a percentage different from the plain number it equals.
	PercentApart bool
	// VectorForTuple accepts a row or column for a tuple and vice versa.
	VectorForTuple bool
	// NamesOnly takes a symbol for nothing but a symbol, or a product of
	// symbols, of the same letters, as Math-Verify does: x + 0 is not x.
	NamesOnly bool
	// Steps bounds the work; 0 is DefaultSteps.
	Steps int
}

// ToWhole as FloatDigits rounds to whole numbers.
const ToWhole = -1

// digits is how many decimals FloatDigits keeps.
func (o Options) digits() int { return max(o.FloatDigits, 0) }

// DefaultSteps is the work of a few ten milliseconds.
const DefaultSteps = 45_000

// Compare decides whether pred means gold. It depends only on its arguments.
func Compare(gold, pred *ast.Node, opt Options) (Outcome, error) {
	if opt.Steps == 0 {
		opt.Steps = DefaultSteps
	}
	if !opt.NamesOnly {
		g, gok := radians(gold)
		p, pok := radians(pred)
		if gok || pok {
			half := opt
			half.Steps /= 2
			if o, err := compare(g, p, half); err == nil && o.Equal {
				return o, nil
			}
			opt.Steps -= half.Steps // sin 30° is also written sin 30
		}
	}
	return compare(gold, pred, opt)
}

func compare(gold, pred *ast.Node, opt Options) (Outcome, error) {
	s := &session{opt: opt, steps: opt.Steps}
	// The points of identity tests depend on what is compared, so that no
	// expression can be made to agree at them.
	canonical := gold.Canonical(opt.Fold)
	s.seed = hash(canonical, 1)
	if pred != gold {
		canonical = pred.Canonical(opt.Fold)
	}
	s.seed ^= hash(canonical, 2)
	if opt.Rename {
		pred = renameLike(gold, pred)
	}
	o, err := s.compare(gold, pred)
	if err != nil {
		return Outcome{}, ErrBudget
	}
	return o, nil
}

type session struct {
	opt   Options
	steps int
	depth int
	seed  uint64
	known ball.Constants
}

// spend counts work.
func (s *session) spend(n int) error {
	s.steps -= n
	if s.steps < 0 {
		return ErrBudget
	}
	return nil
}

// tooLarge tells a budget error from one that only means "not this method".
func tooLarge(err error) bool {
	return errors.Is(err, ErrBudget) || errors.Is(err, ball.ErrBudget) || errors.Is(err, exact.ErrBudget)
}

func (s *session) compare(gold, pred *ast.Node) (Outcome, error) {
	s.depth++
	defer func() { s.depth-- }()
	if err := s.spend(2); err != nil || s.depth > 200 {
		return Outcome{}, ErrBudget
	}
	gold, pred = unwrapSingle(gold), unwrapSingle(pred)
	gold, pred = unwrapAssignments(gold, pred, s.opt.NamesOnly)
	if s.opt.NamesOnly && named(gold) != named(pred) && (plainValue(gold) || plainValue(pred)) {
		return printedSame(gold, pred), nil
	}
	if !(plainValue(gold) && plainValue(pred)) && s.same(gold, pred) {
		return yes("identical", Exact), nil
	}
	if gold.Kind == ast.Relation || pred.Kind == ast.Relation || isRelationList(gold) || isRelationList(pred) || isCondition(gold) || isCondition(pred) {
		if o, done, err := s.relations(gold, pred); done || err != nil {
			return o, err
		}
	}
	gold, pred = expandSigns(gold), expandSigns(pred)
	if gold.Collection() || pred.Collection() {
		return s.collections(gold, pred)
	}
	if hasMatrix(gold) || hasMatrix(pred) {
		return s.matrices(gold, pred)
	}
	if o, done := s.texts(gold, pred); done {
		return o, nil
	}
	return s.scalars(gold, pred)
}

// plainValue says that n is one constant, which arithmetic can decide.
func plainValue(n *ast.Node) bool {
	return !n.Collection() && n.Kind != ast.Relation && n.Constant()
}

// same compares canonical texts.
func (s *session) same(a, b *ast.Node) bool {
	return a == b || a.Canonical(s.opt.Fold) == b.Canonical(s.opt.Fold)
}

// unwrapSingle takes a set or list of one element for the element.
func unwrapSingle(n *ast.Node) *ast.Node {
	for (n.Kind == ast.Set || n.Kind == ast.List) && len(n.Args) == 1 && n.Args[0].Kind != ast.PlusMinus {
		n = n.Args[0]
	}
	return n
}

// renameLike gives pred's variables the names of gold's, in order of
// appearance, when there are as many.
func renameLike(gold, pred *ast.Node) *ast.Node {
	g, p := gold.Free(), pred.Free()
	if len(g) != len(p) {
		return pred
	}
	to := map[string]string{}
	for i := range p {
		to[p[i]] = g[i]
	}
	return rename(pred, to)
}

func rename(n *ast.Node, to map[string]string) *ast.Node {
	return n.Replace(func(x *ast.Node) *ast.Node {
		if name, ok := to[x.Name]; ok && x.Kind == ast.Sym && name != x.Name {
			return ast.Named(ast.Sym, name)
		}
		return x
	})
}
