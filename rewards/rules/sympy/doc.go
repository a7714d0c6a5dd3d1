// Package sympy answers the question that published graders put to sympy
// (1.14): is simplify(parse_expr(text)) zero? The text is cut, transformed
// and parsed as sympy.parsing.sympy_parser and Python's eval do it, but
// nothing is executed, and the answer comes from arithmetic: rationals and
// rounded floats as sympy computes them, the rest by evaluation at random
// complex points to 110 bits.
//
// What simplify cannot see must not count as equal. To it x√(3+2√2) and
// x(1+√2) are different, because beside a symbol or π a root of something that
// is no rational number is a letter that it knows by its power alone; so each
// evaluation takes any of the values that such a root could have. Symbols are
// complex, so that √(x²) is not x. Of real algebraic numbers without symbols
// it knows all.
//
// The work is counted: sympy can hang on 10**10**10, this answers that it
// does not know, which the graders take for different.
package sympy

import (
	"errors"
	"fmt"
)

// ErrRefused says that Python or sympy refuse a text, or that its value is no
// finite number; the graders take it for different.
var ErrRefused = errors.New("sympy refuses")

// ErrBudget says that the value would take more work than it may.
var ErrBudget = errors.New("too much work")

func refuse(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, a...))
}

// IsZero says whether simplify(parse_expr(s)) == 0, with the standard
// transformations and implicit multiplication and application, and ^ for **.
func IsZero(s string) (bool, error) {
	e, err := Parse(s)
	if err != nil {
		return false, err
	}
	return e.IsZero()
}

// Parse is parse_expr of the text with the standard transformations and
// implicit multiplication and application, and ^ for **.
func Parse(s string) (*Expr, error) {
	in, err := transformed(s)
	if err != nil {
		return nil, err
	}
	return read(in)
}

// ParseExpr is parse_expr of the text with the standard transformations alone:
// products must be written, and ^ is Python's exclusive or.
func ParseExpr(s string) (*Expr, error) {
	in, err := tokens(s)
	if err == nil {
		in, err = standard(in, true)
	}
	if err != nil {
		return nil, err
	}
	return read(in)
}

func read(in []token) (*Expr, error) {
	p := &parser{tokens: in, Maker: Maker{steps: mostSteps}}
	e, err := p.list("", "a tuple")
	if err != nil {
		return nil, err
	}
	if p.peek().kind != finish {
		return nil, refuse("%q where the expression should end", p.peek().text)
	}
	return e, nil
}
