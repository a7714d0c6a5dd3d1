package prime

import (
	"gradus/rewards/rules/parselatex"
	"gradus/rewards/rules/sympy"
	"gradus/rewards/rules/tora"
)

// symbolicEqual is symbolic_equal: simplify makes the difference of the two 0,
// or their values are close. What neither parse_expr nor parse_latex reads is a
// text and equal to nothing; so is what sympy is stopped at after a second
// there, and what is more than the allowed work here.
func symbolicEqual(claim, gold string) bool {
	a, ok := parse(claim)
	if !ok {
		return false
	}
	b, ok := parse(gold)
	if !ok {
		return false
	}
	if same, err := sympy.Same(a, b); err == nil && same {
		return true
	}
	x, ok := a.Float64()
	if !ok {
		return false
	}
	y, ok := b.Float64()
	return ok && tora.Close(x, y)
}

// parse reads a text as Python, else as LaTeX.
func parse(s string) (*sympy.Expr, bool) {
	if e, err := sympy.ParseExpr(s); err == nil {
		return e, true
	}
	l, err := parselatex.Parse(s)
	if err != nil {
		return nil, false
	}
	e, err := l.Sympy()
	return e, err == nil
}
