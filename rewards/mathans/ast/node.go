// Package ast holds mathematical expressions as they were written: nothing is
// evaluated or simplified here.
package ast

import "math/big"

// Kind is what a node is.
type Kind uint8

// The kinds. Args are named in the order they stand.
const (
	Num       Kind = iota // Rat; Decimal says that it was written with a point
	Const                 // Name: "pi", "e", "i", "oo"
	Sym                   // Name, with subscript and accent: "x", "a_1", "vec{v}"
	Text                  // Name: words
	Percent               // of Args[0]
	Degree                // Args[0] degrees
	BaseN                 // Rat is the value, Name the digits, Base the base
	Neg                   // Args[0]
	Add                   // n terms
	Mul                   // n factors
	Div                   // Args[0] over Args[1]
	Pow                   // Args[0] to Args[1]
	Func                  // Name: a known function of Args
	Apply                 // Name: an unknown function of Args
	PlusMinus             // Name "pm" or "mp": Args[0] ± Args[1], or ± Args[0]
	Tuple                 // ordered
	List                  // elements with commas and no brackets
	Set                   // elements in braces
	Interval              // Args[0], Args[1]; LeftOpen, RightOpen
	Union                 // n sets
	Intersect             // n sets
	SetMinus              // Args[0] without Args[1]
	NamedSet              // Name: "N", "Z", "Q", "R", "C", "empty"
	Matrix                // Rows, Cols, Args row by row
	Relation              // Args[0] Ops[0] Args[1] Ops[1] …
	Ellipsis              // three dots in a list
)

// Op is a relation sign.
type Op uint8

// The relation signs.
const (
	EQ Op = iota
	NE
	LT
	LE
	GT
	GE
	IN
	NOTIN
	APPROX
	SUBSET
)

// Flip returns the sign seen from the other side: a < b is b > a.
func (o Op) Flip() Op {
	switch o {
	case LT:
		return GT
	case LE:
		return GE
	case GT:
		return LT
	case GE:
		return LE
	}
	return o
}

// String is the sign in plain text.
func (o Op) String() string {
	return [...]string{"=", "!=", "<", "<=", ">", ">=", "in", "notin", "~", "subset"}[o]
}

// Node is one node of an expression. Nodes are never changed once made, so
// they may be shared.
type Node struct {
	Kind                Kind
	Args                []*Node
	Name                string
	Rat                 *big.Rat
	Ops                 []Op
	Rows, Cols          int
	Base                int
	Decimal             bool
	LeftOpen, RightOpen bool
}

// New makes a node with arguments.
func New(k Kind, args ...*Node) *Node { return &Node{Kind: k, Args: args} }

// Named makes a node with a name.
func Named(k Kind, name string, args ...*Node) *Node { return &Node{Kind: k, Name: name, Args: args} }

// Int makes an integer.
func Int(n int64) *Node { return &Node{Kind: Num, Rat: big.NewRat(n, 1)} }

// Rational makes a number.
func Rational(r *big.Rat) *Node { return &Node{Kind: Num, Rat: r} }

// Size counts nodes, up to a limit.
func (n *Node) Size(limit int) int {
	total := 1
	for _, a := range n.Args {
		if total >= limit {
			return limit
		}
		total += a.Size(limit - total)
	}
	return total
}

// Has says whether a node below n (or n) satisfies f.
func (n *Node) Has(f func(*Node) bool) bool {
	if f(n) {
		return true
	}
	for _, a := range n.Args {
		if a.Has(f) {
			return true
		}
	}
	return false
}

// HasKind says whether n holds a node of kind k.
func (n *Node) HasKind(k Kind) bool { return n.Has(func(x *Node) bool { return x.Kind == k }) }

// Free collects the names of the symbols in n, each once, in order.
func (n *Node) Free() []string {
	var names []string
	seen := map[string]bool{}
	n.Has(func(x *Node) bool {
		if x.Kind == Sym && !seen[x.Name] {
			seen[x.Name] = true
			names = append(names, x.Name)
		}
		return false
	})
	return names
}

// Constant says that n holds no symbol, text or unknown function, so that it
// has one value.
func (n *Node) Constant() bool {
	return !n.Has(func(x *Node) bool {
		switch x.Kind {
		case Sym, Text, Apply, Ellipsis:
			return true
		case Func:
			return Opaque(x.Name)
		}
		return false
	})
}

// Opaque says whether a known function is only compared by its arguments,
// because it binds a variable.
func Opaque(name string) bool {
	switch name {
	case "sum", "prod", "int", "lim", "deriv", "condition":
		return true
	}
	return false
}

// Collection says that n is a set or a sequence, not one value.
func (n *Node) Collection() bool {
	switch n.Kind {
	case Tuple, List, Set, Interval, Union, Intersect, SetMinus, NamedSet:
		return true
	}
	return false
}

// Replace returns n with every node that f maps to another one replaced,
// from the leaves up. It shares what did not change.
func (n *Node) Replace(f func(*Node) *Node) *Node {
	out := n
	for i, a := range n.Args {
		b := a.Replace(f)
		if b == a {
			continue
		}
		if out == n {
			c := *n
			c.Args = append([]*Node(nil), n.Args...)
			out = &c
		}
		out.Args[i] = b
	}
	return f(out)
}
