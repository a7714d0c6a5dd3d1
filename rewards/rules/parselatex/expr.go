// Package parselatex reads LaTeX as sympy 1.14's parse_latex does (its ANTLR
// grammar LaTeX.g4), and compares what it read as published graders compare
// it. What sympy does not read is an error. As there, π, e and i are symbols
// like any other, x(y+1) is a function x, what stands behind the longest
// formula at the beginning is dropped unless it holds a character that the
// lexer does not know, and no value is simplified while reading.
package parselatex

import (
	"errors"
	"math/big"
)

// ErrSyntax says that parse_latex raises on a text.
var ErrSyntax = errors.New("parse_latex refuses")

// Op is what an expression is.
type Op uint8

// The kinds of expressions.
const (
	Number   Op = iota // Rat, or Float for numbers written with a point
	Symbol             // Name
	Infinity           // oo
	Add                // two terms
	Mul                // two factors
	Pow                // base and exponent
	Func               // Name: a function sympy knows, of Args
	Apply              // Name: a function it does not know, or an operation that is kept as written
	Relation           // Name: =, !=, <, <=, >, >= between two
	Truth              // a relation between numbers, decided: Name is true or false
)

// Expr is an expression as read.
type Expr struct {
	Op    Op
	Name  string
	Rat   *big.Rat
	Float bool
	Args  []*Expr
}

func whole(n int64) *Expr                        { return &Expr{Op: Number, Rat: big.NewRat(n, 1)} }
func symbolOf(name string) *Expr                 { return &Expr{Op: Symbol, Name: name} }
func make2(op Op, a, b *Expr) *Expr              { return &Expr{Op: op, Args: []*Expr{a, b}} }
func function1(name string, args ...*Expr) *Expr { return &Expr{Op: Func, Name: name, Args: args} }
func keep(name string, args ...*Expr) *Expr      { return &Expr{Op: Apply, Name: name, Args: args} }

// isWhole says whether e is the integer n.
func (e *Expr) isWhole(n int64) bool {
	return e.Op == Number && !e.Float && e.Rat.IsInt() && e.Rat.Num().IsInt64() && e.Rat.Num().Int64() == n
}

// negative is -e, as sympy evaluates it.
func negative(e *Expr) *Expr {
	switch e.Op {
	case Number:
		return &Expr{Op: Number, Rat: new(big.Rat).Neg(e.Rat), Float: e.Float}
	case Add: // a number is multiplied into a sum
		return make2(Add, negative(e.Args[0]), negative(e.Args[1]))
	}
	return make2(Mul, whole(-1), e)
}

// free says whether a symbol or something kept as written occurs in e.
func (e *Expr) free() bool {
	if e.Op == Symbol || e.Op == Apply {
		return true
	}
	for _, a := range e.Args {
		if a.free() {
			return true
		}
	}
	return false
}

// key is e written down, the same for the same structure only.
func (e *Expr) key() string {
	s := ""
	switch e.Op {
	case Number:
		s = e.Rat.RatString()
		if e.Float {
			s += "f"
		}
		return s
	case Symbol:
		return e.Name
	case Infinity:
		return "oo"
	}
	s = string('A'+rune(e.Op)) + e.Name + "("
	for i, a := range e.Args {
		if i > 0 {
			s += ","
		}
		s += a.key()
	}
	return s + ")"
}
