package qwen

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"gradus/rewards/rules/parselatex"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/sympy"
	"gradus/rewards/rules/tora"
)

// parsed is what _parse makes of a text: LaTeX as parse_latex reads it, a
// number or formula of parse_expr, a Python collection, a list or a matrix of
// latex2sympy, or none of these: the text.
type parsed struct {
	text   string
	latex  *parselatex.Expr
	python *sympy.Expr
	items  []string // of a Python collection
	rows   [][]*parselatex.Expr
	list   bool // rows is a list
}

// parse reads a text with double backslashes made single, else as it is, with
// each reader in turn.
func parse(s string) parsed {
	texts := []string{strings.ReplaceAll(s, `\\`, `\`), s}
	if texts[0] == s {
		texts = texts[:1]
	}
	for _, t := range texts {
		if e, err := parselatex.Parse(t); err == nil {
			return parsed{text: s, latex: e}
		}
	}
	for _, t := range texts {
		if items, ok := collection(t); ok {
			return parsed{text: s, items: items}
		}
		if e, err := sympy.ParseExpr(t); err == nil {
			return parsed{text: s, python: e}
		}
	}
	for _, t := range texts {
		if p, ok := latex2sympy(t); ok {
			p.text = s
			return p
		}
	}
	return parsed{text: s}
}

// symbolicEqual is symbolic_equal.
func symbolicEqual(a, b string) bool {
	x, y := parse(a), parse(b)
	switch {
	case x.latex != nil && y.latex != nil:
		return parselatex.SymbolicEqual(x.latex, y.latex, tora.Close)
	case x.items != nil && y.items != nil:
		return slices.Equal(x.items, y.items)
	case x.rows != nil && y.rows != nil:
		return sameRows(x, y)
	case x.formula() && y.formula():
		return sameFormulas(x, y)
	}
	return a == b
}

func (p parsed) formula() bool { return p.latex != nil || p.python != nil }

// sameFormulas compares formulas of which Python read at least one.
func sameFormulas(x, y parsed) bool {
	var e [2]*sympy.Expr
	for i, p := range [2]parsed{x, y} {
		if e[i] = p.python; p.latex != nil {
			var err error
			if e[i], err = p.latex.Sympy(); err != nil {
				return false
			}
		}
	}
	if same, err := sympy.Same(e[0], e[1]); err == nil && same {
		return true
	}
	v, ok := e[0].Float64()
	w, okW := e[1].Float64()
	return ok && okW && tora.Close(v, w)
}

// latex2sympy reads what of latex2sympy2's own (in Qwen2.5-Math's repository)
// neither parse_latex nor Python read: lists, matrices, and numbers that begin
// with zeros.
func latex2sympy(s string) (parsed, bool) {
	s = pytext.Strip(s)
	for _, around := range [...][2]string{{"[", "]"}, {"{", "}"}} {
		inside, ok := strings.CutPrefix(s, around[0])
		if inside, closed := strings.CutSuffix(inside, around[1]); ok && closed {
			row, ok := formulas(strings.Split(inside, ","))
			return parsed{rows: [][]*parselatex.Expr{row}, list: true}, ok && len(row) > 1
		}
	}
	if inside, ok := strings.CutPrefix(s, `\begin{pmatrix}`); ok {
		inside, ok := strings.CutSuffix(inside, `\end{pmatrix}`)
		p := parsed{}
		for line := range strings.SplitSeq(strings.TrimSuffix(pytext.Strip(inside), `\\`), `\\`) {
			row, read := formulas(strings.Split(line, "&"))
			if ok = ok && read && (len(p.rows) == 0 || len(row) == len(p.rows[0])); !ok {
				return p, false
			}
			p.rows = append(p.rows, row)
		}
		return p, ok
	}
	if short := withoutZeros(s); short != s {
		e, err := parselatex.Parse(short)
		return parsed{latex: e}, err == nil
	}
	return parsed{}, false
}

func formulas(parts []string) ([]*parselatex.Expr, bool) {
	var out []*parselatex.Expr
	for _, part := range parts {
		e, err := parselatex.Parse(withoutZeros(part))
		if err != nil {
			return nil, false
		}
		out = append(out, e)
	}
	return out, true
}

// withoutZeros takes out the zeros that integers begin with.
func withoutZeros(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		leading := s[i] == '0' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
		if before := i == 0 || (s[i-1] < '0' || s[i-1] > '9') && s[i-1] != '.' && s[i-1] != ','; leading && before {
			for i+1 < len(s) && s[i] == '0' && s[i+1] >= '0' && s[i+1] <= '9' {
				i++
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// sameRows compares lists of the same structure, and matrices of the same
// numbers to three digits behind the point.
func sameRows(x, y parsed) bool {
	if x.list != y.list || len(x.rows) != len(y.rows) || len(x.rows[0]) != len(y.rows[0]) {
		return false
	}
	written, rounded := true, !x.list
	for i, row := range x.rows {
		for j, e := range row {
			o := y.rows[i][j]
			written = written && e.Same(o)
			v, ok := e.Value()
			w, okW := o.Value()
			rounded = rounded && ok && okW && math.Round(v*1000) == math.Round(w*1000)
		}
	}
	return written || rounded
}

// collection reads a Python set, tuple or list of numbers and names: its kind
// and its elements, those of a set in order and each once.
func collection(s string) ([]string, bool) {
	if len(s) < 2 || !slices.Contains([]string{"{}", "()", "[]"}, s[:1]+s[len(s)-1:]) {
		return nil, false
	}
	var out []string
	for part := range strings.SplitSeq(s[1:len(s)-1], ",") {
		part = pytext.Strip(part)
		switch v, ok := pytext.Float(part); {
		case ok && strings.Trim(part, "+-0123456789") == "":
			out = append(out, strconv.FormatFloat(v, 'g', -1, 64))
		case ok:
			out = append(out, strconv.FormatFloat(v, 'g', -1, 64)+"f")
		case name(part):
			out = append(out, part)
		default:
			return nil, false
		}
	}
	if s[0] == '{' {
		slices.Sort(out)
		out = slices.Compact(out)
	}
	return append(out, s[:1]), true
}

func name(s string) bool {
	return s != "" && !(s[0] >= '0' && s[0] <= '9') && strings.IndexFunc(s, func(r rune) bool { return !pytext.Word(r) }) < 0
}
