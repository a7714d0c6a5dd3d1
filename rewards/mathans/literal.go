package mathans

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/equal"
	"gradus/rewards/mathans/extract"
	"gradus/rewards/mathans/latex2sympy"
	"gradus/rewards/mathans/parse"
)

// Literal reads formulas as Math-Verify does, its refusals and misreadings
// included: what its grammar refuses is no formula here, and what it reads
// otherwise than it is meant has that meaning. Nothing changes it, so one will
// do for all.
type Literal struct {
	normal  *latex2sympy.Normalizer
	grammar *latex2sympy.Grammar
}

// NewLiteral makes it, which takes a millisecond.
func NewLiteral() *Literal {
	return &Literal{latex2sympy.NewNormalizer(), latex2sympy.NewGrammar()}
}

var errRefused = errors.New("Math-Verify's grammar refuses it")

// candidate reads one claim into r.
func (l *Literal) candidate(s string, c extract.Candidate, how search, r *reading) {
	switch c.Form {
	case extract.Number:
		r.text = numberText(r.text)
	case extract.Arithmetic:
		if r.expr != nil && (strings.ContainsAny(r.text, "×÷") || twoNumbers(r.text)) {
			r.expr, r.err = nil, errRefused
		}
	case extract.Latex:
		l.formulas(s, c, how, r)
	}
}

// numberText is a number as Math-Verify keeps it: without separators and
// leading zeros.
func numberText(s string) string {
	to := len(s)
	for k := 0; k < len(s); k++ {
		if s[k] == '.' || s[k] == ',' && !(k+4 <= len(s) && strings.Trim(s[k+1:k+4], "0123456789") == "" && (k+4 == len(s) || strings.IndexByte(",. ", s[k+4]) >= 0) && k <= 4) {
			to = k
			break
		}
	}
	whole := strings.TrimLeft(strings.NewReplacer(",", "", " ", "").Replace(s[:to]), "0")
	if whole == "" {
		whole = "0"
	}
	return whole + strings.Replace(s[to:], ",", ".", 1)
}

// formulas reads formulas joined by connectives: all as one set, where all can
// be read, else the first.
func (l *Literal) formulas(s string, c extract.Candidate, how search, r *reading) {
	boxes := how.boxes
	if c.Last {
		boxes = latex2sympy.LastBoxes
	}
	var texts []string
	var all []*ast.Node
	read := 0
	for i, p := range c.Parts {
		body := l.normal.Inside(p.Span.In(s), boxes)
		if len(body) > 4*parse.MaxBytes {
			r.text, r.err, r.large = strings.TrimSpace(body), parse.ErrTooLarge, true
			return
		}
		text := l.normal.Normal(body, how.mend)
		texts = append(texts, text)
		e, ok, err := l.formula(text)
		r.large = r.large || errors.Is(err, parse.ErrTooLarge)
		if i == 0 {
			r.text, r.err, r.opaque, r.expr = text, err, ok && e == nil, e
		}
		if !ok {
			continue
		}
		read++
		if e != nil && p.Percent {
			e = ast.New(ast.Percent, e)
			if i == 0 {
				r.expr = e
			}
		}
		all = append(all, e)
	}
	if len(c.Parts) == 1 || read < len(c.Parts) {
		return
	}
	r.text = strings.Join(texts, " and ")
	var flat []*ast.Node
	for _, n := range all {
		switch {
		case n == nil:
			r.expr, r.opaque = nil, true
			return
		case n.Kind == ast.List || n.Kind == ast.Set:
			flat = append(flat, n.Args...)
		default:
			flat = append(flat, n)
		}
	}
	r.expr, r.err, r.opaque = ast.New(ast.List, flat...), nil, false
}

// formula reads a normal form, or what follows the last = of a chain. ok says
// whether Math-Verify reads it; e is nil where it does and gradus does not.
func (l *Literal) formula(text string) (e *ast.Node, ok bool, err error) {
	spaced, ok := l.grammar.Read(text)
	if last := latex2sympy.LastLink(text); !ok && last != text {
		text = last
		spaced, ok = l.grammar.Read(text)
	}
	if !ok {
		return nil, false, fmt.Errorf("%w: %.60q", errRefused, text)
	}
	if commaNumber(text) {
		spaced = strings.ReplaceAll(text, ",", "")
	}
	a, err := parse.Parse(unboxed(spaced), parse.Options{Sympy: true})
	if err != nil {
		return nil, true, err
	}
	if chainOfSet(a.Expr) {
		return nil, true, errChainOfSet
	}
	return asSympy(a.Expr), true, nil
}

var errChainOfSet = errors.New("a chain that ends in a set equals nothing in Math-Verify")

// chainOfSet says whether an expression is a = b = {1, 2}: the second equation
// is the right side of the first there, and no set.
func chainOfSet(n *ast.Node) bool {
	if n.Kind != ast.Relation || len(n.Args) < 3 {
		return false
	}
	switch n.Args[len(n.Args)-1].Kind {
	case ast.Set, ast.Interval, ast.Tuple, ast.Union, ast.Intersect, ast.SetMinus:
		return true
	}
	return false
}

// unboxed is a formula whose tokens stand apart without its boxes: one that
// holds all of it goes with its braces, for it may hold a list, and others
// leave them.
func unboxed(spaced string) string {
	const box = `\boxed { `
	for {
		inside, ok := strings.CutPrefix(spaced, box)
		if !ok || !strings.HasSuffix(inside, " }") {
			break
		}
		depth := 1
		fields := strings.Fields(inside)
		for i, f := range fields {
			switch f {
			case "{":
				depth++
			case "}":
				depth--
			}
			if depth == 0 && i < len(fields)-1 {
				return strings.ReplaceAll(spaced, box, "{ ")
			}
		}
		spaced = strings.TrimSuffix(inside, " }")
	}
	return strings.ReplaceAll(spaced, box, "{ ")
}

// commaNumber says whether a whole text is one number with commas at its
// thousands; elsewhere each comma parts two elements.
func commaNumber(s string) bool {
	whole, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "-"), ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if strings.Trim(g, "0123456789") != "" || len(g) != 3 && (i > 0 || g == "" || len(g) > 3) {
			return false
		}
	}
	return len(groups) > 1
}

// asSympy gives an expression the meaning it has in Math-Verify: i is a
// letter and I the imaginary unit, degrees mean nothing, nor does the base of a
// numeral.
func asSympy(n *ast.Node) *ast.Node {
	return n.Replace(func(x *ast.Node) *ast.Node {
		switch {
		case x.Kind == ast.Degree:
			return x.Args[0]
		case x.Kind == ast.Const && x.Name == "I":
			return ast.Named(ast.Const, "i")
		case x.Kind == ast.BaseN:
			if v, ok := new(big.Rat).SetString(x.Name); ok {
				return ast.Rational(v)
			}
		}
		return x
	})
}

// judgeLiteral compares two readings as verify does: the expressions, and the
// texts, where those are kept.
func (p Policy) judgeLiteral(gold, pred reading, a Adjust) Verdict {
	if gold.text != "" && strings.TrimSpace(gold.text) == strings.TrimSpace(pred.text) && !a.NoFallback {
		v := Verdict{Gold: gold.show(), Pred: pred.show()}
		if pred.span.Len() > 0 {
			span := pred.span
			v.Claim = &span
		}
		return v.decide(equal.Outcome{Equal: true, Rung: "identical", Basis: equal.Exact})
	}
	v := p.judge(gold, pred, a)
	if v.Equal && (gold.expr == nil || pred.expr == nil) {
		return Verdict{Status: Different, Rung: "text", Basis: Heuristic, Certainty: Heuristic.Certainty(), Claim: v.Claim, Gold: v.Gold, Pred: v.Pred, Why: "what cannot be read equals nothing"}
	}
	if gold.found() && v.Status == GoldUnparsed {
		v.Status = Different // a gold answer that is there and cannot be read pays nothing, and is not skipped
	}
	return v
}
