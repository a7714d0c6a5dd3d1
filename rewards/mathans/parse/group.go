package parse

import (
	"strings"

	"gradus/rewards/mathans/ast"
)

// group reads brackets of any kind and decides what they mean: one element is
// a group, several are a tuple, an interval or a set.
func (p *parser) group(k kind) (*ast.Node, error) {
	open := p.peek()
	p.i++
	brace := k == tLBrace
	closes := func(k kind) bool {
		return k == tClose || k == tRBrace || k == tMid || k == tOpen && open.text == "]"
	}
	// {} and \{\}
	if brace && p.take(tRBrace) || open.text == "{" && p.kind() == tClose && p.peek().text == "}" {
		if !brace {
			p.i++
		}
		return p.node(ast.Named(ast.NamedSet, "empty"))
	}
	n := 0
	if open.text == "{" && !brace {
		n = p.builder()
	}
	if n > 0 {
		head := ast.Named(ast.Sym, p.peek().text)
		if n > 1 {
			set := ast.Named(ast.NamedSet, p.toks[p.i+2].text)
			head = &ast.Node{Kind: ast.Relation, Ops: []ast.Op{ast.IN}, Args: []*ast.Node{head, set}}
		}
		p.i += n
		return p.condition([][]*ast.Node{{head}})
	}
	groups, err := p.groups(closes)
	if err != nil {
		return nil, err
	}
	if open.text == "{" && !brace && (p.kind() == tMid || p.kind() == tBar) {
		return p.condition(groups)
	}
	close := p.peek()
	switch {
	case brace:
		if close.kind != tRBrace {
			return nil, p.unexpected("}")
		}
	case close.kind == tOpen && open.text == "]" && close.text == "[":
	case close.kind != tClose:
		return nil, p.unexpected("a closing bracket")
	}
	p.i++
	var all []*ast.Node
	for _, g := range groups {
		all = append(all, g...)
	}
	switch {
	case brace && len(all) == 1:
		return all[0], nil
	case brace, open.text == "{":
		if open.text == "{" && !brace && close.text != "}" {
			return nil, p.unexpected(`\}`)
		}
		return p.node(ast.New(ast.Set, all...))
	case open.text == "<":
		return p.node(ast.New(ast.Tuple, all...))
	case len(all) == 1:
		if open.text+close.text != "()" && open.text+close.text != "[]" {
			return nil, p.unexpected("brackets of one kind")
		}
		return all[0], nil
	case len(all) == 2 && open.text+close.text != "()":
		return p.node(&ast.Node{Kind: ast.Interval, Args: all, LeftOpen: open.text != "[", RightOpen: close.text != "]"})
	case len(groups) > 1 && len(groups[0]) > 1:
		return p.node(listOf(groups))
	}
	return p.node(ast.New(ast.Tuple, all...))
}

// builder is the number of tokens of "x" or "x in S" where ":" or "|" and a
// relation follow: the set of the x for which it holds. Without a relation it
// is a ratio or an absolute value, and builder is 0.
func (p *parser) builder() int {
	at := func(n int) token {
		if p.i+n < len(p.toks) {
			return p.toks[p.i+n]
		}
		return token{kind: tEOF}
	}
	n := 1
	if at(0).kind != tSym {
		return 0
	}
	if at(1).kind == tRel && at(1).op == ast.IN && at(2).kind == tNamedSet {
		n = 3
	}
	if k := at(n).kind; k != tColon && k != tBar && k != tMid {
		return 0
	}
	for i := n + 1; ; i++ {
		switch t := at(i); {
		case t.kind == tRel:
			return n
		case t.kind == tClose && t.text == "}", t.kind == tComma, t.kind == tEOF:
			return 0
		}
	}
}

// condition reads the rest of \{x | condition\}.
func (p *parser) condition(head [][]*ast.Node) (*ast.Node, error) {
	p.i++
	tail, err := p.groups(func(k kind) bool { return k == tClose })
	if err != nil {
		return nil, err
	}
	if p.kind() != tClose || p.peek().text != "}" {
		return nil, p.unexpected(`\}`)
	}
	p.i++
	return p.node(ast.Named(ast.Func, "condition", listOf(head), listOf(tail)))
}

// environment reads a matrix, or the rows of cases and aligned equations.
func (p *parser) environment() (*ast.Node, error) {
	env := p.peek().text
	p.i++
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	matrix := strings.HasSuffix(env, "matrix") || env == "array"
	var cells, row []*ast.Node
	rows, cols := 0, -1
	endRow := func() error {
		if len(row) == 0 {
			return nil
		}
		if cols >= 0 && len(row) != cols && matrix {
			return p.unexpected("as many columns as in the first row")
		}
		cols = len(row)
		cells = append(cells, row...)
		row = nil
		rows++
		return nil
	}
	for {
		switch p.kind() {
		case tEOF:
			return nil, p.unexpected(`\end{` + env + "}")
		case tEnd:
			if p.peek().text != env {
				return nil, p.unexpected(`\end{` + env + "}")
			}
			p.i++
			if err := endRow(); err != nil {
				return nil, err
			}
			return p.environmentNode(env, matrix, cells, rows, cols)
		case tRow:
			p.i++
			if err := endRow(); err != nil {
				return nil, err
			}
		case tAmp, tComma, tPeriod, tSemi:
			p.i++
		default:
			e, err := p.element()
			if err != nil {
				return nil, err
			}
			row = append(row, e)
		}
	}
}

func (p *parser) environmentNode(env string, matrix bool, cells []*ast.Node, rows, cols int) (*ast.Node, error) {
	if len(cells) == 0 {
		return nil, p.unexpected("something in " + env)
	}
	if !matrix {
		if len(cells) == 1 {
			return cells[0], nil
		}
		return p.node(ast.New(ast.List, cells...))
	}
	m := &ast.Node{Kind: ast.Matrix, Args: cells, Rows: rows, Cols: cols}
	if env == "vmatrix" {
		return p.node(ast.Named(ast.Func, "det", m))
	}
	return p.node(m)
}
