package ast

import (
	"slices"
	"strconv"
	"strings"
)

// Canonical writes n so that two expressions that differ only in the order of
// sums, products and sets, in grouping, or in how a number is written give the
// same text. fold ignores the case of symbols and words.
func (n *Node) Canonical(fold bool) string {
	var b strings.Builder
	n.canonical(&b, fold)
	return b.String()
}

func (n *Node) canonical(b *strings.Builder, fold bool) {
	switch n.Kind {
	case Num:
		b.WriteString(n.Rat.RatString())
	case Const:
		b.WriteString("#" + n.Name)
	case Sym, Text:
		name := n.Name
		if fold {
			name = strings.ToLower(name)
		}
		if n.Kind == Text {
			b.WriteString(strconv.Quote(name))
		} else {
			b.WriteString(name)
		}
	case BaseN:
		b.WriteString(n.Name + "_" + strconv.Itoa(n.Base))
	case NamedSet:
		b.WriteString("set:" + n.Name)
	case Ellipsis:
		b.WriteString("...")
	case Add, Mul, Set, List, Union, Intersect:
		parts := make([]string, 0, len(n.Args))
		n.flatten(n.Kind, func(x *Node) { parts = append(parts, x.Canonical(fold)) })
		slices.Sort(parts)
		b.WriteString(kindName[n.Kind] + "(" + strings.Join(parts, " ") + ")")
	case Relation:
		b.WriteString("rel(")
		for i, a := range n.Args {
			if i > 0 {
				b.WriteString(" " + n.Ops[i-1].String() + " ")
			}
			a.canonical(b, fold)
		}
		b.WriteByte(')')
	default:
		b.WriteString(kindName[n.Kind])
		if n.Name != "" {
			b.WriteString(":" + n.Name)
		}
		switch n.Kind {
		case Matrix:
			b.WriteString(strconv.Itoa(n.Rows) + "x" + strconv.Itoa(n.Cols))
		case Interval:
			b.WriteString(strconv.FormatBool(n.LeftOpen) + strconv.FormatBool(n.RightOpen))
		}
		b.WriteByte('(')
		for i, a := range n.Args {
			if i > 0 {
				b.WriteByte(' ')
			}
			a.canonical(b, fold)
		}
		b.WriteByte(')')
	}
}

// flatten visits the arguments of n, and of nested nodes of the same kind
// where grouping means nothing.
func (n *Node) flatten(k Kind, visit func(*Node)) {
	for _, a := range n.Args {
		if a.Kind == k && k != Set && k != List {
			a.flatten(k, visit)
		} else {
			visit(a)
		}
	}
}

var kindName = [...]string{
	Num: "num", Const: "const", Sym: "sym", Text: "text", Percent: "percent", Degree: "degree", BaseN: "base",
	Neg: "neg", Add: "add", Mul: "mul", Div: "div", Pow: "pow", Func: "func", Apply: "apply", PlusMinus: "plusminus",
	Tuple: "tuple", List: "list", Set: "set", Interval: "interval", Union: "union", Intersect: "intersect",
	SetMinus: "minus", NamedSet: "named", Matrix: "matrix", Relation: "relation", Ellipsis: "ellipsis",
}

// String writes n for a person, in plain text; long expressions are cut.
func (n *Node) String() string {
	var b strings.Builder
	n.show(&b, 0)
	s := b.String()
	const limit = 120
	if len(s) > limit {
		cut := limit
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		return s[:cut] + "…"
	}
	return s
}

// Binding strength for brackets in String.
const (
	looseSum = iota + 1
	looseProduct
	loosePower
)

func (n *Node) show(b *strings.Builder, outer int) {
	if b.Len() > 200 {
		return
	}
	list := func(open, sep, close string, args []*Node) {
		b.WriteString(open)
		for i, a := range args {
			if i > 0 {
				b.WriteString(sep)
			}
			a.show(b, 0)
		}
		b.WriteString(close)
	}
	bracket := func(own int, body func()) {
		if outer > own {
			b.WriteByte('(')
			body()
			b.WriteByte(')')
			return
		}
		body()
	}
	switch n.Kind {
	case Num:
		own := loosePower + 1
		if !n.Rat.IsInt() || n.Rat.Sign() < 0 {
			own = looseProduct
		}
		bracket(own, func() { b.WriteString(shortRat(n)) })
	case Const, Sym, Text, NamedSet:
		b.WriteString(n.Name)
	case BaseN:
		b.WriteString(n.Name + "_" + strconv.Itoa(n.Base))
	case Ellipsis:
		b.WriteString("...")
	case Percent:
		n.Args[0].show(b, loosePower)
		b.WriteByte('%')
	case Degree:
		n.Args[0].show(b, loosePower)
		b.WriteString("°")
	case Neg:
		bracket(looseSum, func() {
			b.WriteByte('-')
			n.Args[0].show(b, looseProduct)
		})
	case Add:
		bracket(looseSum, func() {
			for i, a := range n.Args {
				if i > 0 && a.Kind == Neg {
					b.WriteString(" - ")
					a.Args[0].show(b, looseProduct)
					continue
				}
				if i > 0 {
					b.WriteString(" + ")
				}
				a.show(b, looseSum)
			}
		})
	case Mul:
		bracket(looseProduct, func() {
			for i, a := range n.Args {
				if i > 0 {
					b.WriteByte('*')
				}
				a.show(b, looseProduct)
			}
		})
	case Div:
		bracket(looseProduct, func() {
			n.Args[0].show(b, looseProduct)
			b.WriteByte('/')
			n.Args[1].show(b, loosePower)
		})
	case Pow:
		bracket(loosePower, func() {
			n.Args[0].show(b, loosePower+1)
			b.WriteByte('^')
			n.Args[1].show(b, loosePower+1)
		})
	case Func, Apply:
		list(n.Name+"(", ", ", ")", n.Args)
	case PlusMinus:
		bracket(looseSum, func() {
			if len(n.Args) == 2 {
				n.Args[0].show(b, looseSum)
			}
			b.WriteString("±")
			n.Args[len(n.Args)-1].show(b, looseProduct)
		})
	case Tuple:
		list("(", ", ", ")", n.Args)
	case List:
		list("", ", ", "", n.Args)
	case Set:
		list("{", ", ", "}", n.Args)
	case Interval:
		open, close := "[", "]"
		if n.LeftOpen {
			open = "("
		}
		if n.RightOpen {
			close = ")"
		}
		list(open, ", ", close, n.Args)
	case Union:
		list("", " ∪ ", "", n.Args)
	case Intersect:
		list("", " ∩ ", "", n.Args)
	case SetMinus:
		list("", " \\ ", "", n.Args)
	case Matrix:
		b.WriteByte('[')
		for r := 0; r < n.Rows; r++ {
			if r > 0 {
				b.WriteString("; ")
			}
			list("", ", ", "", n.Args[r*n.Cols:(r+1)*n.Cols])
		}
		b.WriteByte(']')
	case Relation:
		for i, a := range n.Args {
			if i > 0 {
				b.WriteString(" " + n.Ops[i-1].String() + " ")
			}
			a.show(b, 0)
		}
	}
}

func shortRat(n *Node) string {
	if n.Rat.Num().BitLen()+n.Rat.Denom().BitLen() > 600 {
		return "(number of " + strconv.Itoa(n.Rat.Num().BitLen()*30103/100000+1) + " digits)"
	}
	return n.Rat.RatString()
}
