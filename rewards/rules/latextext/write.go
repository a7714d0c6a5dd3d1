package latextext

import (
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// writer turns nodes into text.
type writer struct {
	equation     bool // inside mathematics: white space as in the source
	depth        int
	deep, failed bool
}

func (t *writer) fail() string {
	t.failed = true
	return ""
}

func (t *writer) list(nodes []*node) string {
	t.depth++
	defer func() { t.depth-- }()
	if t.depth > mostDepth {
		t.deep = true
		return ""
	}
	var b strings.Builder
	var before *node
	for _, n := range nodes {
		if t.equation && n.kind == charsNode && before != nil && before.kind == macroNode && before.bare {
			b.WriteString(before.post)
		}
		b.WriteString(t.node(n))
		before = n
	}
	return b.String()
}

func (t *writer) node(n *node) string {
	if n == nil {
		return ""
	}
	switch n.kind {
	case charsNode:
		if t.equation && strings.TrimFunc(n.text, pytext.Space) == "" {
			return ""
		}
		return n.text
	case commentNode:
		return n.post
	case groupNode:
		return t.list(n.list)
	case macroNode:
		return t.macro(n)
	case environmentNode:
		return t.environment(n)
	case specialNode:
		for _, s := range specials {
			if s[0] == n.text {
				return s[1]
			}
		}
	case mathNode:
		return t.math(n, n.display)
	}
	return ""
}

// math is the text of mathematics.
func (t *writer) math(n *node, display bool) string {
	outer := t.equation
	t.equation = true
	text := strings.TrimFunc(t.list(n.list), pytext.Space)
	t.equation = outer
	if display {
		return indented(text)
	}
	return text
}

func indented(s string) string {
	return "\n    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n"
}

func (t *writer) environment(n *node) string {
	switch n.text {
	case "center", "flushleft", "flushright":
		return "\n" + t.list(n.list) + "\n"
	case "array", "pmatrix", "bmatrix", "smallmatrix", "psmallmatrix", "bsmallmatrix":
		return t.matrix(n)
	case "equation", "equation*", "eqnarray", "eqnarray*", "align", "multline", "gather", "align*", "multline*", "gather*", "dmath", "dmath*":
		return t.math(n, true)
	}
	return t.list(n.list)
}

// matrix writes rows between semicolons, cells flush right; cells without
// anything in them are left out.
func (t *writer) matrix(n *node) string {
	rows, cells, width := [][]string{}, []string{}, -1
	var cell []*node
	column := func() {
		if len(cell) > 0 {
			text := strings.TrimFunc(t.list(cell), pytext.Space)
			cells, width = append(cells, text), max(width, utf8.RuneCountInString(text))
		}
		cell = nil
	}
	row := func() {
		column()
		rows, cells = append(rows, cells), nil
	}
	for _, n := range n.list {
		switch {
		case n.kind == specialNode && n.text == "&":
			column()
		case n.kind == macroNode && n.text == `\`:
			row()
		default:
			cell = append(cell, n)
		}
	}
	row()
	if width < 0 {
		return t.fail()
	}
	texts := make([]string, len(rows))
	for i, row := range rows {
		for j, c := range row {
			row[j] = strings.Repeat(" ", width-utf8.RuneCountInString(c)) + c
		}
		texts[i] = strings.Join(row, " ")
	}
	return "[ " + strings.Join(texts, "; ") + " ]"
}

// argument is the text of the k-th argument; "" where there is none.
func (t *writer) argument(n *node, k int) string {
	if k >= len(n.args) {
		return ""
	}
	return t.node(n.args[k])
}

func (t *writer) macro(n *node) string {
	if text, ok := symbols()[n.text]; ok {
		return text
	}
	if form, ok := forms[n.text]; ok {
		return t.form(n, form)
	}
	if first, ok := alphabets[n.text]; ok {
		return alphabet(t.argument(n, 0), first)
	}
	if mark, ok := accents[n.text]; ok {
		return t.accented(n, mark)
	}
	switch n.text {
	case "mathrm", "emph", "textrm", "textit", "textbf", "textsc", "textsl", "text":
		var b strings.Builder
		for _, a := range n.args {
			b.WriteString(t.node(a))
		}
		return b.String()
	case "%":
		return "%"
	case "texorpdfstring":
		if n.alone {
			return t.fail()
		}
		return t.argument(n, 1)
	case "input", "include":
		if n.alone {
			return t.fail()
		}
	case "href":
		return t.fail()
	case "item":
		if mark := t.argument(n, 0); len(n.args) > 0 && n.args[0] != nil {
			return "\n  " + mark
		}
		return "\n  * "
	case "part":
		return "\n\nPART: \n"
	case "chapter":
		return "\n\nCHAPTER: " + strings.ToUpper(t.argument(n, 2)) + "\n"
	case "section":
		return "\n\n§ " + strings.ToUpper(t.argument(n, 2)) + "\n"
	case "subsection":
		return "\n\n §.§ " + t.argument(n, 2) + "\n"
	case "subsubsection":
		return "\n\n  §.§.§ " + t.argument(n, 2) + "\n"
	case "paragraph":
		return "\n\n  \n"
	case "subparagraph":
		return "\n\n    " + t.argument(n, 2) + "\n"
	case "includegraphics":
		return indented("< g r a p h i c s >")
	}
	return ""
}

// form fills in a template. One with %s wants all arguments, else it stands
// as it is; one that names its argument fails without it.
func (t *writer) form(n *node, form string) string {
	if named := strings.Index(form, "%("); named >= 0 {
		k := int(form[named+2] - '1')
		if k >= len(n.args) {
			return t.fail()
		}
		return strings.Replace(form, form[named:named+5], t.argument(n, k), 1)
	}
	if strings.Count(form, "%s") != len(n.args) {
		return form
	}
	parts := strings.Split(form, "%s")
	var b strings.Builder
	for i, p := range parts {
		if b.WriteString(p); i < len(n.args) {
			b.WriteString(t.argument(n, i))
		}
	}
	return b.String()
}

// accented puts a combining mark on every character.
func (t *writer) accented(n *node, mark rune) string {
	text := " "
	if len(n.args) > 0 {
		text = strings.TrimFunc(t.argument(n, 0), pytext.Space)
	}
	var b strings.Builder
	for _, r := range text {
		switch r {
		case 'ı':
			r = 'i'
		case 'ȷ':
			r = 'j'
		}
		if one, ok := composed[string(r)+string(mark)]; ok {
			b.WriteRune(one)
			continue
		}
		b.WriteRune(r)
		b.WriteRune(mark)
	}
	return b.String()
}
