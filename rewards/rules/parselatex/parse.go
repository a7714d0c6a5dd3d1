package parselatex

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"gradus/rewards/rules/pytext"
)

const (
	longest = 8192   // bytes of a text that is read
	deepest = 150    // nesting; Python's stack ends somewhere there
	work    = 20_000 // factors read
	longRow = 900    // factors in a row, which sympy joins by recursion
)

// Parse is parse_latex(s).
func Parse(s string) (*Expr, error) {
	s = pytext.Strip(s)
	if len(s) > longest || !matricesMatch(s) {
		return nil, ErrSyntax
	}
	p := &parser{in: tokens(s)}
	e, err := p.relation()
	p.peek()
	if p.raised {
		err = ErrSyntax
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// matricesMatch says whether the beginnings and ends of matrices alternate,
// which parse_latex looks at before it reads.
func matricesMatch(s string) bool {
	inside := ""
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		for _, kind := range [...]string{"pmatrix}", "bmatrix}", "vmatrix}"} {
			switch {
			case strings.HasPrefix(s[i:], `\begin{`+kind) && inside == "":
				inside = kind
			case strings.HasPrefix(s[i:], `\end{`+kind) && inside == kind:
				inside = ""
			case strings.HasPrefix(s[i:], `\begin{`+kind), strings.HasPrefix(s[i:], `\end{`+kind):
				return false
			}
		}
	}
	return inside == ""
}

type parser struct {
	in     []token
	at     int
	depth  int
	steps  int  // factors read, those read again counted again
	bars   int  // open absolute values; 0 inside brackets
	open   int  // open brackets
	stuck  int  // brackets open where what begins with a sign ended too early, and 1
	raised bool // what cannot be taken back: the lexer or sympy raises
}

// peek is the next token. The lexer fails on one that it does not know as soon
// as the parser looks at it.
func (p *parser) peek() token {
	t := p.in[p.at]
	p.raised = p.raised || t.kind == broken
	return t
}

// raise is an error that is no matter of the grammar.
func (p *parser) raise() error {
	p.raised = true
	return ErrSyntax
}

// more reads what may follow. Where it cannot be read to an end the formula
// ends before it, as ANTLR looks ahead as far as it must. Behind a sign, what
// could have ended sooner but for a point or an underscore has been chosen by
// then, and raises.
func (p *parser) more(sign bool, read func() (*Expr, error)) (e *Expr, ok bool) {
	at, bars, open := p.at, p.bars, p.open
	e, err := read()
	if err == nil && !p.raised {
		return e, true
	}
	p.at, p.bars, p.open = at, bars, open
	p.raised = p.raised || sign && p.stuck == open+1
	p.stuck = 0
	return nil, false
}

// tooEarly is the error of a point or an underscore with nothing behind it.
func (p *parser) tooEarly() error {
	p.stuck = p.open + 1
	return ErrSyntax
}

func (p *parser) next() token {
	t := p.in[p.at]
	if t.kind != finish && t.kind != broken {
		p.at++
	}
	return t
}

// sees says whether a sign stands next.
func (p *parser) sees(signs ...string) bool {
	t := p.peek()
	if t.kind != sign {
		return false
	}
	for _, s := range signs {
		if t.text == s {
			return true
		}
	}
	return false
}

// ahead is sees of the token n places on.
func (p *parser) ahead(n int, s string) bool {
	return p.at+n < len(p.in) && p.in[p.at+n].kind == sign && p.in[p.at+n].text == s
}

func (p *parser) take(s string) error {
	if !p.sees(s) {
		return ErrSyntax
	}
	p.at++
	return nil
}

// relation: relations from left to right.
func (p *parser) relation() (*Expr, error) {
	left, err := p.expr()
	for err == nil && p.peek().kind == relationSign {
		op := p.next().text
		var right *Expr
		if right, err = p.expr(); err != nil {
			break
		}
		if left, err = relate(op, left, right); err != nil {
			err = p.raise()
		}
	}
	return left, err
}

// relate makes a relation; one between numbers is decided.
func relate(op string, a, b *Expr) (*Expr, error) {
	order := op != "=" && op != "!="
	for _, e := range []*Expr{a, b} {
		if order && (e.Op == Relation || e.Op == Truth) {
			return nil, ErrSyntax // TypeError
		}
	}
	if !a.free() && !b.free() && a.Op != Relation && b.Op != Relation {
		x, y := a.at(0), b.at(0)
		if order && (imag(x) != 0 || imag(y) != 0) {
			return nil, ErrSyntax
		}
		same, less := near(x, y, 1e-14), real(x) < real(y)
		holds := map[string]bool{"=": same, "!=": !same, "<": less && !same, "<=": less || same, ">": !less && !same, ">=": !less || same}[op]
		return &Expr{Op: Truth, Name: strconv.FormatBool(holds)}, nil
	}
	if a.key() == b.key() && !order {
		return &Expr{Op: Truth, Name: strconv.FormatBool(op == "=")}, nil
	}
	return &Expr{Op: Relation, Name: op, Args: []*Expr{a, b}}, nil
}

// expr: sums from left to right.
func (p *parser) expr() (*Expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > deepest {
		return nil, p.raise()
	}
	left, err := p.product(true)
	for err == nil && p.sees("+", "-") {
		op := p.peek().text
		right, ok := p.more(true, func() (*Expr, error) {
			p.next()
			return p.product(true)
		})
		if !ok {
			break
		}
		if op == "-" {
			if right.Op == Number {
				right = negative(right)
			} else {
				right = make2(Mul, whole(-1), right)
			}
		}
		left = make2(Add, left, right)
	}
	return left, err
}

// product: factors with a sign between them. Without functions, it is the
// argument of a function that stands without brackets.
func (p *parser) product(functions bool) (*Expr, error) {
	left, err := p.unary(functions)
	for err == nil && p.sees("*", "/") {
		op := p.peek().text
		right, ok := p.more(true, func() (*Expr, error) {
			p.next()
			return p.unary(functions)
		})
		if !ok {
			break
		}
		if op == "/" {
			right = make2(Pow, right, whole(-1))
		}
		left = make2(Mul, left, right)
	}
	return left, err
}

func (p *parser) unary(functions bool) (*Expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.steps++; p.depth > deepest || p.steps > work {
		return nil, p.raise()
	}
	switch {
	case p.sees("+"):
		p.at++
		return p.unary(functions)
	case p.sees("-"):
		p.at++
		e, err := p.unary(functions)
		if err != nil {
			return nil, err
		}
		return negative(e), nil
	}
	first, err := p.postfix(true)
	if err != nil {
		return nil, err
	}
	factors := []*Expr{first}
	for p.startsFactor(functions) {
		e, ok := p.more(false, func() (*Expr, error) { return p.postfix(functions) })
		if !ok {
			break
		}
		if factors = append(factors, e); len(factors) > longRow {
			return nil, p.raise()
		}
	}
	e, err := multiply(factors)
	if err != nil {
		err = p.raise()
	}
	return e, err
}

// multiply makes a product of factors that stand side by side. An x between
// numbers is a sign of multiplication, and a derivative takes what follows.
func multiply(f []*Expr) (*Expr, error) {
	var out *Expr
	for i := len(f) - 1; i >= 0; i-- {
		e := f[i]
		switch {
		case e.Op == Apply && e.Name == "d/d" && out == nil:
			return nil, ErrSyntax
		case e.Op == Apply && e.Name == "d/d":
			out = keep("derivative", out, e.Args[0])
		case out == nil:
			out = e
		case i > 0 && e.Op == Symbol && e.Name == "x" && !hasSymbol(f[i-1]) && !hasSymbol(f[i+1]):
		default:
			out = make2(Mul, e, out)
		}
	}
	return out, nil
}

func hasSymbol(e *Expr) bool {
	if e.Op == Symbol {
		return true
	}
	for _, a := range e.Args {
		if hasSymbol(a) {
			return true
		}
	}
	return false
}

// startsFactor says whether another factor may begin here.
func (p *parser) startsFactor(functions bool) bool {
	switch t := p.peek(); t.kind {
	case letter, digit, symbolName, differential:
		return true
	case function:
		return functions
	case sign:
		switch t.text {
		case "(", "[", "{", `\{`, `\lfloor`, `\lceil`, `\frac`, `\binom`, `\mathit`, `\langle`, `\left|`:
			return true
		case "|":
			return p.bars == 0
		case `\sqrt`, `\overline`, `\sum`, `\prod`, `\int`, `\lim`:
			return functions
		}
	}
	return false
}

// postfix: a power with factorials behind it, or an evaluation |_{…}.
func (p *parser) postfix(functions bool) (*Expr, error) {
	e, err := p.power(functions)
	for err == nil {
		switch {
		case p.sees("!"):
			p.at++
			if e.Op == Apply && e.Name == "d/d" {
				return nil, p.raise()
			}
			e = function1("factorial", e)
		case p.sees("|") && (p.ahead(1, "_") || p.ahead(1, "^")) && p.ahead(2, "{"):
			evaluated, ok := p.more(false, func() (*Expr, error) { return p.evaluated(e) })
			if !ok {
				return e, nil
			}
			e = evaluated
		default:
			return e, nil
		}
	}
	return e, err
}

// evaluated reads |^{…}, |_{…} or both behind e. It is kept as written.
func (p *parser) evaluated(e *Expr) (*Expr, error) {
	p.at++
	args := []*Expr{e}
	for range 2 {
		if !p.sees("_", "^") || !p.ahead(1, "{") {
			break
		}
		p.at += 2
		at, err := p.relation()
		if err != nil {
			return nil, err
		}
		if err := p.take("}"); err != nil {
			return nil, err
		}
		args = append(args, at)
	}
	return keep("at", args...), nil
}

func (p *parser) power(functions bool) (*Expr, error) {
	base, err := p.component(functions)
	for n := 0; err == nil && p.sees("^"); n++ {
		if n > deepest {
			return nil, p.raise()
		}
		exponent, ok := p.more(true, func() (*Expr, error) {
			p.at++
			return p.script(false)
		})
		if !ok {
			break
		}
		if base.Op == Apply && base.Name == "d/d" {
			return nil, p.raise()
		}
		base = make2(Pow, base, exponent)
		if p.sees("_") { // read and forgotten
			p.at++
			if _, err = p.script(false); err != nil {
				err = p.tooEarly()
			}
		}
	}
	return base, err
}

// script is an exponent or a subscript: an atom or something in braces. Before
// an argument, the digits of a number leave one to the argument.
func (p *parser) script(beforeArgument bool) (*Expr, error) {
	if p.sees("{") {
		return p.inside("{", "}")
	}
	if p.peek().kind == digit {
		return p.number(beforeArgument)
	}
	return p.atom()
}

// inside reads an expression between two signs.
func (p *parser) inside(open, closing string) (*Expr, error) {
	if err := p.take(open); err != nil {
		return nil, err
	}
	bars := p.bars
	p.bars = 0
	p.open++
	e, err := p.expr()
	p.open--
	p.bars = bars
	if err != nil {
		return nil, err
	}
	return e, p.take(closing)
}

func (p *parser) component(functions bool) (*Expr, error) {
	t := p.peek()
	if t.kind == function {
		if !functions {
			return nil, ErrSyntax
		}
		return p.function()
	}
	if t.kind != sign {
		return p.atomOrCall(functions)
	}
	switch t.text {
	case "(":
		return p.inside("(", ")")
	case "[":
		return p.inside("[", "]")
	case "{":
		return p.inside("{", "}")
	case `\{`:
		return p.inside(`\{`, `\}`)
	case `\lfloor`:
		e, err := p.inside(`\lfloor`, `\rfloor`)
		return function1("floor", e), err
	case `\lceil`:
		e, err := p.inside(`\lceil`, `\rceil`)
		return function1("ceiling", e), err
	case "|":
		p.at++
		p.bars++
		p.open++
		e, err := p.expr()
		p.open--
		p.bars--
		if err != nil {
			return nil, err
		}
		return function1("Abs", e), p.take("|")
	}
	if functions {
		switch t.text {
		case `\sqrt`, `\overline`, `\sum`, `\prod`, `\int`, `\lim`:
			return p.operator()
		}
	}
	return p.atom()
}

// atomOrCall: a name before brackets is a function where they hold arguments.
func (p *parser) atomOrCall(functions bool) (*Expr, error) {
	start := p.at
	t := p.peek()
	e, err := p.atom()
	if err != nil || !functions || t.kind != letter && t.kind != symbolName || !p.sees("(") {
		return e, err
	}
	after := p.at
	name := t.text
	if e.Op == Symbol {
		name = e.Name
	}
	// The name of a function keeps its quotes, that of a command's symbol not.
	if q := p.in[after-1]; q.kind == quotes && !strings.HasSuffix(name, "'") {
		name += q.text
	}
	p.at++
	bars := p.bars
	p.bars = 0
	p.open++
	defer func() {
		p.bars = bars
		p.open--
	}()
	var args []*Expr
	for {
		a, err := p.expr()
		if err != nil {
			p.at = start
			_, err := p.atom()
			p.at = after
			return e, err
		}
		args = append(args, a)
		if !p.sees(",") {
			break
		}
		p.at++
	}
	if p.take(")") != nil {
		p.at = after
		return e, nil
	}
	return keep(name, args...), nil
}

func (p *parser) atom() (*Expr, error) {
	t := p.peek()
	switch t.kind {
	case letter, symbolName:
		p.at++
		name := t.text
		var subscript, primes string
		for range 2 {
			switch {
			case p.sees("_") && subscript == "":
				p.at++
				e, err := p.script(false)
				if err != nil {
					return nil, p.tooEarly()
				}
				subscript = "_{" + e.key() + "}"
			case p.peek().kind == quotes && primes == "":
				primes = p.next().text
			}
		}
		switch {
		case t.kind == letter:
			return symbolOf(name + subscript + primes), nil
		case name == "infty":
			return &Expr{Op: Infinity}, nil
		}
		return symbolOf(name + subscript), nil
	case digit:
		return p.number(false)
	case differential:
		p.at++
		return symbolOf("d" + strings.TrimLeft(strings.TrimLeft(t.text[1:], " \t\r\n"), `\`)), nil
	}
	switch {
	case p.sees(`\frac`):
		return p.fraction()
	case p.sees(`\binom`):
		p.at++
		n, err := p.inside("{", "}")
		if err != nil {
			return nil, err
		}
		k, err := p.inside("{", "}")
		return function1("binomial", n, k), err
	case p.sees(`\mathit`):
		p.at++
		if err := p.take("{"); err != nil {
			return nil, err
		}
		name := ""
		for p.peek().kind == letter {
			name += p.next().text
		}
		return symbolOf(name), p.take("}")
	case p.sees(`\langle`):
		p.at++
		p.bars++
		p.open++
		e, err := p.expr()
		p.open--
		p.bars--
		if err == nil && !p.sees("|", `\right|`) {
			err = ErrSyntax
		}
		p.at++
		return keep("bra", e), err
	case p.sees(`\left|`):
		e, err := p.inside(`\left|`, `\rangle`)
		return keep("ket", e), err
	}
	return nil, ErrSyntax
}

// number: digits, groups of three behind commas, digits behind a point. The
// point is no token of its own: \. is dropped and a bare one unknown, so it is
// looked for where the digits end.
func (p *parser) number(beforeArgument bool) (*Expr, error) {
	var text strings.Builder
	digits := func() {
		for p.peek().kind == digit {
			text.WriteString(p.next().text)
		}
	}
	start := p.at
	digits()
	end := p.at
	for p.sees(",") && p.digitAhead(1) && p.digitAhead(2) && p.digitAhead(3) {
		p.at++
		for range 3 {
			text.WriteString(p.next().text)
		}
	}
	if p.sees(".") && p.digitAhead(1) {
		p.at++
		text.WriteByte('.')
		digits()
	} else if p.sees(".") {
		// The number cannot end before a point: a group of three behind a
		// comma is left, and digits are numbers each, but for the last.
		keep := end - start
		switch {
		case p.at > end:
		case keep == 1:
			return nil, p.tooEarly()
		default:
			keep = 1
		}
		p.at = start + keep
		return p.integer(text.String()[:keep])
	}
	if beforeArgument && p.at-start > 1 && !p.startsFactor(true) && !p.sees("+", "-", "^") {
		p.at = start + (p.at - start - 1)
		s := text.String()
		text.Reset()
		text.WriteString(s[:len(s)-1])
	}
	return p.integer(text.String())
}

// integer is numberOf; sympy raises on an integer that begins with a zero.
func (p *parser) integer(text string) (*Expr, error) {
	if text[0] == '0' && !strings.Contains(text, ".") && strings.Trim(text, "0") != "" {
		return nil, p.raise()
	}
	return numberOf(text)
}

func (p *parser) digitAhead(n int) bool {
	return p.at+n < len(p.in) && p.in[p.at+n].kind == digit
}

// numberOf is sympy.Number of a text: with a point, a binary fraction of 53
// bits, or of as many as its digits need beyond 15.
func numberOf(s string) (*Expr, error) {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, ErrSyntax
	}
	if !strings.Contains(s, ".") {
		return &Expr{Op: Number, Rat: r}, nil
	}
	significant := len(strings.TrimLeft(strings.Replace(s, ".", "", 1), "0"))
	prec := uint(53)
	if significant > 15 {
		prec = uint(math.Round((float64(significant) + 1) * math.Log2(10)))
	}
	f, _ := new(big.Float).SetPrec(prec).SetRat(r).Rat(nil)
	return &Expr{Op: Number, Rat: f, Float: true}, nil
}

// fraction: each part a digit or something in braces. d/dx is a derivative.
func (p *parser) fraction() (*Expr, error) {
	p.at++
	if wrt, ok := p.derivative(); ok {
		return keep("d/d", symbolOf(wrt)), nil
	}
	var parts [2]*Expr
	for i := range parts {
		if t := p.peek(); t.kind == digit {
			p.at++
			parts[i] = whole(int64(t.text[0] - '0'))
			continue
		}
		e, err := p.inside("{", "}")
		if err != nil {
			return nil, err
		}
		parts[i] = e
	}
	inverse := make2(Pow, parts[1], whole(-1))
	if parts[0].isWhole(1) {
		return inverse, nil
	}
	return make2(Mul, parts[0], inverse), nil
}

// derivative reads {d}{dx} behind \frac.
func (p *parser) derivative() (string, bool) {
	if p.at+6 > len(p.in) || !p.ahead(0, "{") || !p.ahead(2, "}") || !p.ahead(3, "{") || !p.ahead(5, "}") {
		return "", false
	}
	top, bottom := p.in[p.at+1], p.in[p.at+4]
	if top.kind != letter || top.text != "d" || bottom.kind != differential {
		return "", false
	}
	p.at += 6
	return strings.TrimLeft(strings.TrimLeft(bottom.text[1:], " \t\r\n"), `\`), true
}
