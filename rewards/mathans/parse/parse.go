// Package parse reads an answer, in LaTeX or in plain text, as an expression.
//
// The grammar is that of written mathematics: implicit products bind closer
// than explicit ones (1/2x is 1/(2x)), an integer before a proper fraction is
// a mixed number, commas and semicolons list elements. What cannot be read is
// an error; nothing is guessed. Time is linear in the source but for bounded
// look-ahead, and source, tokens, nodes and depth are limited.
package parse

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gradus/rewards/mathans/ast"
)

// Answer is an answer as read.
type Answer struct {
	Expr  *ast.Node
	Unit  string // what was dropped after the value: "cm2", "mile per h"
	Money bool   // a currency sign was dropped
	// Choice is the letter of a multiple choice that stood before the value.
	Choice string
}

// Options change how a source is read.
type Options struct {
	// Arithmetic reads only what a calculator would: two values side by side
	// are an error, except for a mixed number.
	Arithmetic bool
	// Sympy reads juxtaposed numbers and signs as latex2sympy2_extended does:
	// 2(3) and 2 \frac{4}{3} are sums, and --3 is 3.
	Sympy bool
}

// Parse reads a whole source. The error says what stood where something else
// was expected; it wraps ErrTooLarge when a limit was passed.
func Parse(src string, opt Options) (Answer, error) {
	l, err := lex(src, opt.Sympy)
	if err != nil {
		return Answer{}, err
	}
	toks, unit, choice := l.toks, "", ""
	if opt.Sympy {
		toks = sympyLetters(toks)
	} else {
		choice, toks = label(toks)
		toks, unit = resolve(toks)
	}
	if len(toks) == 0 {
		return Answer{}, errors.New("nothing to read")
	}
	p := &parser{toks: toks, opt: opt}
	if op := p.peek().op; p.kind() == tRel && (op == ast.EQ || op == ast.APPROX && !opt.Sympy) {
		p.i++ // "= 5", "\approx 5"
	}
	e, err := p.answer()
	if err != nil {
		return Answer{}, err
	}
	return Answer{Expr: e, Unit: unit, Money: l.money, Choice: choice}, nil
}

type parser struct {
	toks  []token
	i     int
	depth int
	nodes int
	bars  int // open | of an absolute value
	opt   Options
}

func (p *parser) peek() token {
	if p.i < len(p.toks) {
		return p.toks[p.i]
	}
	end := 0
	if len(p.toks) > 0 {
		end = p.toks[len(p.toks)-1].to
	}
	return token{kind: tEOF, from: end, to: end}
}

func (p *parser) kind() kind { return p.peek().kind }

func (p *parser) peekAt(n int) token {
	if p.i+n < len(p.toks) {
		return p.toks[p.i+n]
	}
	return token{kind: tEOF}
}

func (p *parser) take(k kind) bool {
	if p.kind() != k {
		return false
	}
	p.i++
	return true
}

func (p *parser) unexpected(want string) error {
	t := p.peek()
	if t.kind == tEOF {
		return fmt.Errorf("the expression ends where %s is expected", want)
	}
	return fmt.Errorf("at byte %d stands %q where %s is expected", t.from, t.show(), want)
}

func (t token) show() string {
	if t.text != "" {
		if len(t.text) > 24 {
			return t.text[:24]
		}
		return t.text
	}
	return kindNames[t.kind]
}

var kindNames = [...]string{
	tEOF: "end", tPlus: "+", tMinus: "-", tTimes: "*", tSlash: "/", tColon: ":", tMod: "mod", tCaret: "^", tUnder: "_",
	tBang: "!", tPercent: "%", tDegree: "°", tPrime: "'", tLBrace: "{", tRBrace: "}", tBar: "|", tNorm: "||", tFloorL: "⌊",
	tFloorR: "⌋", tCeilL: "⌈", tCeilR: "⌉", tComma: ",", tSemi: ";", tAmp: "&", tRow: `\\`, tRel: "relation", tUnion: "∪",
	tInter: "∩", tSetMinus: "∖", tEllipsis: "...", tFrac: "fraction", tBinom: "binomial", tChoose: "choose",
	tOver: "over", tSqrt: "root", tMid: "|", tPeriod: ".", tUnknown: "?",
}

// node counts what is built.
func (p *parser) node(n *ast.Node) (*ast.Node, error) {
	p.nodes++
	if p.nodes > maxNodes {
		return nil, fmt.Errorf("%w: more than %d parts", ErrTooLarge, maxNodes)
	}
	return n, nil
}

func (p *parser) enter() error {
	p.depth++
	if p.depth > maxDepth {
		return fmt.Errorf("%w: nested deeper than %d", ErrTooLarge, maxDepth)
	}
	return nil
}

// answer reads the whole source.
func (p *parser) answer() (*ast.Node, error) {
	groups, err := p.groups(func(k kind) bool { return k == tEOF })
	if err != nil {
		return nil, err
	}
	if p.kind() != tEOF {
		return nil, p.unexpected("the end")
	}
	if !p.opt.Sympy {
		if r := solutions(slices.Concat(groups...)); r != nil {
			return p.node(r)
		}
	}
	return p.node(listOf(groups))
}

// groups reads elements separated by commas, in groups separated by
// semicolons, up to a closing token that is left in place.
func (p *parser) groups(closes func(kind) bool) ([][]*ast.Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	bars := p.bars
	p.bars = 0
	defer func() { p.bars = bars }()
	groups := [][]*ast.Node{nil}
	for {
		e, err := p.element()
		if err != nil {
			return nil, err
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], e)
		switch k := p.kind(); {
		case k == tComma:
			p.i++
			for p.kind() == tComma {
				p.i++
			}
			if closes(p.kind()) {
				return groups, nil // a comma at the end
			}
		case k == tSemi:
			p.i++
			if closes(p.kind()) {
				return groups, nil
			}
			groups = append(groups, nil)
		default:
			return groups, nil
		}
	}
}

// listOf builds what elements without brackets mean: "a, b" is a list,
// "a, b; c, d" a list of tuples, "x = 1, 2" an equation with a list.
func listOf(groups [][]*ast.Node) *ast.Node {
	if len(groups) == 1 {
		g := groups[0]
		if len(g) == 1 {
			return g[0]
		}
		if r := assignedList(g); r != nil {
			return r
		}
		return ast.New(ast.List, g...)
	}
	longest := 0
	for _, g := range groups {
		longest = max(longest, len(g))
	}
	var all []*ast.Node
	for _, g := range groups {
		if longest == 1 {
			all = append(all, g[0])
		} else if len(g) > 0 {
			all = append(all, ast.New(ast.Tuple, g...))
		}
	}
	return ast.New(ast.List, all...)
}

// solutions reads "p = 5, q = 2, p = 7, q = 2" as two solutions, each the tuple
// of its equations in the order of their names: which values go together
// matters, not how they are separated.
func solutions(g []*ast.Node) *ast.Node {
	names := map[string]bool{}
	for _, e := range g {
		if e.Kind != ast.Relation || len(e.Ops) != 1 || e.Ops[0] != ast.EQ || e.Args[0].Kind != ast.Sym {
			return nil
		}
		names[e.Args[0].Name] = true
	}
	unknowns := len(names)
	if unknowns < 2 || len(g) < 2*unknowns || len(g)%unknowns != 0 {
		return nil
	}
	var all []*ast.Node
	for one := range slices.Chunk(g, unknowns) {
		one = slices.Clone(one)
		slices.SortFunc(one, func(a, b *ast.Node) int { return strings.Compare(a.Args[0].Name, b.Args[0].Name) })
		for k := 1; k < unknowns; k++ {
			if one[k-1].Args[0].Name == one[k].Args[0].Name {
				return nil // one unknown twice, so another is missing
			}
		}
		all = append(all, ast.New(ast.Tuple, one...))
	}
	return ast.New(ast.List, all...)
}

// assignedList reads "x = 1, 2, 3" as one equation: only the first element is
// a relation, its left side a name.
func assignedList(g []*ast.Node) *ast.Node {
	head := g[0]
	if head.Kind != ast.Relation || len(head.Args) != 2 || head.Ops[0] != ast.EQ && head.Ops[0] != ast.IN {
		return nil
	}
	switch head.Args[0].Kind {
	case ast.Sym, ast.Text, ast.Apply, ast.Tuple:
	default:
		return nil
	}
	for _, e := range g[1:] {
		if e.Kind == ast.Relation {
			return nil
		}
	}
	all := append([]*ast.Node{head.Args[1]}, g[1:]...)
	return &ast.Node{Kind: ast.Relation, Ops: []ast.Op{ast.EQ}, Args: []*ast.Node{head.Args[0], ast.New(ast.List, all...)}}
}

// element reads one relation, or a value.
func (p *parser) element() (*ast.Node, error) {
	for p.kind() == tAmp {
		p.i++
	}
	first, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if p.kind() != tRel {
		return first, nil
	}
	args := []*ast.Node{first}
	var ops []ast.Op
	for p.kind() == tRel {
		op := p.peek().op
		p.i++
		for p.kind() == tAmp {
			p.i++
		}
		next, err := p.expr(0)
		if err != nil {
			return nil, err
		}
		args, ops = append(args, next), append(ops, op)
	}
	return p.node(relation(args, ops))
}

// relation drops approximations: "x ≈ 3" claims 3, "x = 1/3 ≈ 0.33" claims
// x = 1/3.
func relation(args []*ast.Node, ops []ast.Op) *ast.Node {
	for i, op := range ops {
		if op != ast.APPROX {
			continue
		}
		if i == 0 && IsName(args[0]) {
			return relation(args[1:], ops[1:])
		}
		args, ops = args[:i+1], ops[:i]
		break
	}
	if len(ops) == 0 {
		return args[0]
	}
	return &ast.Node{Kind: ast.Relation, Args: args, Ops: ops}
}

// IsName says whether n names a quantity rather than computing one: x, f(x),
// (p, q), |AB|, A:B, AB.
func IsName(n *ast.Node) bool {
	switch n.Kind {
	case ast.Sym, ast.Text:
		return true
	case ast.Const:
		return n.Name == "e" || n.Name == "i"
	case ast.Apply:
		return true
	case ast.Tuple, ast.Mul, ast.Div:
	case ast.Func:
		if n.Name != "abs" && n.Name != "max" && n.Name != "min" && n.Name != "deg" && n.Name != "norm" && n.Name != "Pr" {
			return false
		}
	default:
		return false
	}
	for _, a := range n.Args {
		if !IsName(a) {
			return false
		}
	}
	return len(n.Args) > 0
}
