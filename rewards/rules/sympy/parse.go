package sympy

import (
	"math/big"
	"strings"
)

// mostSteps bounds the work of one text; a step is about a microsecond.
const mostSteps = 20_000

// transformed is the list of tokens that sympy hands to Python's eval.
func transformed(s string) ([]token, error) {
	t, err := tokens(strings.ReplaceAll(s, "^", "**"))
	if err != nil {
		return nil, err
	}
	if t, err = standard(t, false); err != nil {
		return nil, err
	}
	return functionExponents(implicitApplication(implicitMultiplication(splitSymbols(t)))), nil
}

// standard are sympy's standard transformations; logic keeps Python's words of
// logic, which the implicit ones make syntax errors of.
func standard(t []token, logic bool) ([]token, error) {
	t, err := autoSymbol(t, logic)
	if err != nil {
		return nil, err
	}
	return factorials(autoNumber(repeatedDecimals(t)))
}

// parser reads the tokens as Python reads an expression.
type parser struct {
	Maker
	tokens []token
	at     int
}

func (p *parser) peek() token {
	for p.tokens[p.at].kind == lineEnd {
		p.at++
	}
	return p.tokens[p.at]
}

func (p *parser) take(text string) bool {
	if t := p.peek(); t.kind == op && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) sum() (*Expr, error) {
	e, err := p.product()
	for err == nil {
		var o *Expr
		switch {
		case p.take("+"):
			if o, err = p.product(); err == nil {
				e, err = p.Add(e, o)
			}
		case p.take("-"):
			if o, err = p.product(); err == nil {
				if o, err = p.Mul(integer(-1), o); err == nil {
					e, err = p.Add(e, o)
				}
			}
		default:
			return e, nil
		}
	}
	return nil, err
}

func (p *parser) product() (*Expr, error) {
	e, err := p.factor()
	for err == nil {
		var o *Expr
		switch {
		case p.take("*"):
			if o, err = p.factor(); err == nil {
				e, err = p.Mul(e, o)
			}
		case p.take("/"):
			if o, err = p.factor(); err == nil {
				e, err = p.Div(e, o)
			}
		case p.take("//"):
			if o, err = p.factor(); err == nil {
				if e, err = p.Div(e, o); err == nil {
					e, err = p.Function("floor", []*Expr{e})
				}
			}
		case p.take("%"):
			if o, err = p.factor(); err == nil {
				e, err = p.Function("Mod", []*Expr{e, o})
			}
		default:
			return e, nil
		}
	}
	return nil, err
}

func (p *parser) factor() (*Expr, error) {
	switch {
	case p.take("+"):
		return p.factor()
	case p.take("-"):
		e, err := p.factor()
		if err != nil {
			return nil, err
		}
		return p.Mul(integer(-1), e)
	case p.take("~"):
		e, err := p.factor()
		if err != nil {
			return nil, err
		}
		return not(e)
	}
	e, err := p.atom()
	if err != nil || !p.take("**") {
		return e, err
	}
	exponent, err := p.factor()
	if err != nil {
		return nil, err
	}
	return p.Pow(e, exponent)
}

func (p *parser) atom() (*Expr, error) {
	if p.steps--; p.steps < 0 {
		return nil, ErrBudget
	}
	t := p.peek()
	p.at++
	switch {
	case is(t, op, "("):
		return p.list(")", "a tuple")
	case is(t, op, "["):
		return p.list("]", "a list")
	case is(t, op, "{"):
		return p.list("}", "a set")
	case is(t, op, "..."):
		return valueless("an ellipsis"), nil
	case t.kind != name:
		return nil, refuse("%q where a number should stand", t.text)
	case !callable(t):
		return constantOf(t.text)
	case !p.take("("):
		return valueless("the function " + t.text), nil
	}
	inner := p.peek()
	switch t.text {
	case "Symbol", "Number", "Integer", "Float":
		if t.text == "Integer" && inner.kind == name {
			break
		}
		p.at++
		if !p.take(")") {
			return nil, refuse("%q behind a number", p.peek().text)
		}
		return literal(t.text, strings.Trim(inner.text, "'"))
	case "Function":
		if inner.kind != name || !strings.HasPrefix(inner.text, "'") {
			break
		}
		if p.at++; !p.take(")") || !p.take("(") {
			return nil, refuse("the function %s without its argument", inner.text)
		}
		args, err := p.arguments()
		if err != nil || len(args) == 0 {
			return valueless("a function of nothing"), err
		}
		return node(applied, inner.text, args...), nil
	}
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	return p.Function(t.text, args)
}

// arguments reads what stands up to a closing bracket.
func (p *parser) arguments() ([]*Expr, error) {
	var args []*Expr
	for !p.take(")") {
		e, err := p.either()
		if err != nil {
			return nil, err
		}
		if e.kind == opaque {
			return nil, refuse("%s for an argument", e.name)
		}
		args = append(args, e)
		if !p.take(",") && p.peek().text != ")" {
			return nil, refuse("%q among arguments", p.peek().text)
		}
	}
	return args, nil
}

// literal is a symbol or a number.
func literal(kind, text string) (*Expr, error) {
	if kind != "Symbol" {
		text = strings.ReplaceAll(text, "_", "")
	}
	switch kind {
	case "Symbol":
		return Symbol(text), nil
	case "Float":
		return floatLiteral(text)
	case "Number":
		if strings.Trim(text, "0123456789") != "" || text[0] == '0' && strings.Trim(text, "0") != "" {
			return nil, refuse("the digits %q", text)
		}
	}
	base := 0
	if kind == "Number" || strings.Trim(text, "0123456789") == "" {
		base = 10
	}
	n, ok := new(big.Int).SetString(text, base)
	if !ok || len(text) > 4300 {
		return nil, refuse("the number %.20s", text)
	}
	return rational(new(big.Rat).SetInt(n)), nil
}
