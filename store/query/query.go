// Package query is the language in which traces are asked for, the same in
// every command and in the workbench:
//
//	step:700.. reward<.2 finish:length tag:hack "double check" -verdict:ok
//
// Terms that stand side by side must all hold. OR (or |) joins alternatives
// and is weaker; parentheses group; a minus sign or NOT excludes. A term is a
// field with a value or a range, or a word or a "quoted phrase" that occurs in
// the completion; prompt:"how many apples" occurs in the prompt. The package knows the language and nothing else: Parse makes
// a tree of a text, and Compile makes SQL of a tree, in which nothing that a
// user typed is anything but an argument.
package query

import (
	"math"
	"strconv"
	"strings"
)

// Node is a part of a query: And, Or, Not, Words, Within, Is. A nil Node asks
// for everything.
type Node interface {
	// write appends the node in the language, so that parsing it again gives
	// the same node.
	write(b *strings.Builder, inside level)
}

// level is how strongly what surrounds a node binds.
type level int

const (
	whole level = iota // the query itself, or parentheses
	inOr
	inAnd
	inNot
)

// And holds where all its nodes hold.
type And []Node

// Or holds where one of its nodes holds.
type Or []Node

// Not holds where X does not, also where X cannot be told, as with the verdict
// of a trace that has none.
type Not struct{ X Node }

// Words holds where the words of Text occur in the completion, one after the
// other, without regard to case. With Prefix the last one may go on.
type Words struct {
	Text   string
	Prefix bool
}

// Within holds where a number lies between two bounds. Field is the Name of a
// Field of kind Whole or Number, or "reward part" with the part's full name in
// Part: its score, where its status is ok.
type Within struct {
	Field, Part string
	Lo, Hi      Bound
}

// Bound is an end of a range; the zero value is no bound.
type Bound struct {
	Value float64
	Set   bool
	Open  bool // Value itself does not belong to the range
}

// Is holds where a field has one of Values. Field is the Name of a Field of
// another kind, or "reward part" with the part's full name in Part: its status.
type Is struct {
	Field, Part string
	Values      []Value
}

// Value is a value that a field can have, or with Prefix the beginning of one.
type Value struct {
	Text   string
	Prefix bool
	Author string // of a tag or verdict: who gave it; "" anybody
}

// String writes n so that Parse reads it as n again; "" for nil.
func String(n Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b, whole)
	return b.String()
}

// All joins nodes that must all hold. Nil nodes are left out; none give nil.
func All(nodes ...Node) Node {
	var out And
	for _, n := range nodes {
		switch n := n.(type) {
		case nil:
		case And:
			out = append(out, n...)
		default:
			out = append(out, n)
		}
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return out[0]
	}
	return out
}

func writeList(b *strings.Builder, nodes []Node, sep string, own, inside level) {
	if inside >= own {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, n := range nodes {
		if i > 0 {
			b.WriteString(sep)
		}
		n.write(b, own)
	}
}

func (n And) write(b *strings.Builder, inside level) { writeList(b, n, " ", inAnd, inside) }
func (n Or) write(b *strings.Builder, inside level)  { writeList(b, n, " OR ", inOr, inside) }

func (n Not) write(b *strings.Builder, inside level) {
	b.WriteByte('-')
	n.X.write(b, inNot)
}

func (n Words) write(b *strings.Builder, _ level) {
	b.WriteString(quote(n.Text))
	if n.Prefix {
		b.WriteByte('*')
	}
}

func (n Within) write(b *strings.Builder, _ level) {
	b.WriteString(fieldText(n.Field, n.Part))
	switch {
	case n.Lo.Set && n.Hi.Set && n.Lo == n.Hi:
		b.WriteString(":" + number(n.Lo.Value))
	case n.Hi.Set && !n.Lo.Set:
		b.WriteString(map[bool]string{true: "<", false: "<="}[n.Hi.Open] + number(n.Hi.Value))
	case n.Lo.Set && !n.Hi.Set:
		b.WriteString(map[bool]string{true: ">", false: ">="}[n.Lo.Open] + number(n.Lo.Value))
	default:
		b.WriteString(":" + number(n.Lo.Value) + ".." + number(n.Hi.Value))
	}
}

func (n Is) write(b *strings.Builder, _ level) {
	b.WriteString(fieldText(n.Field, n.Part) + ":")
	for i, v := range n.Values {
		if i > 0 {
			b.WriteByte(',')
		}
		text := v.Text
		if v.Text != "" || !v.Prefix {
			text = quote(v.Text)
		}
		b.WriteString(text)
		if v.Prefix {
			b.WriteByte('*')
		}
		if v.Author != "" {
			b.WriteString("@" + quote(v.Author))
		}
	}
}

func fieldText(field, part string) string {
	if field == PartField {
		return "reward." + part
	}
	return field
}

func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
