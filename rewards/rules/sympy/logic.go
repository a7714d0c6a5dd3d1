package sympy

import (
	"math/big"
	"strings"
)

// logical says whether a word is one of Python's logic.
func logical(word string) bool {
	switch word {
	case "and", "or", "not", "True", "False", "None":
		return true
	}
	return false
}

// constantOf is what a name that is no function stands for.
func constantOf(name string) (*Expr, error) {
	switch name {
	case "pi", "E", "I", "oo", "nan":
		return &Expr{kind: constant, name: name, key: name}, nil
	case "True":
		return integer(1), nil
	case "False":
		return integer(0), nil
	case "None":
		return valueless("None"), nil
	case "and", "or", "not":
		return nil, refuse("the word %q", name)
	}
	return nil, refuse("%s, which is no finite number", name)
}

// valueless is something that is no number.
func valueless(what string) *Expr { return &Expr{kind: opaque, name: what, key: what} }

// either names the one that is no number.
func either(a, b *Expr) string {
	if a.kind == opaque {
		return a.name
	}
	return b.name
}

const relation = "a relation"

// truth is bool(e), which a relation has not.
func truth(e *Expr) (bool, error) {
	switch {
	case e.numeric():
		return e.sign() != 0, nil
	case e.kind == opaque && e.name == relation:
		return false, refuse("the truth of a relation")
	case e.kind == opaque:
		return e.name != "None" && !strings.HasPrefix(e.name, "empty"), nil
	}
	return true, nil
}

// list reads what stands up to a closing bracket, or to the end: an expression,
// or several between commas, which are no number; nor is what stands in other
// brackets than round ones.
func (p *parser) list(closing, what string) (*Expr, error) {
	closed := func() bool { return closing == "" && p.peek().kind == finish || closing != "" && p.take(closing) }
	if closing != "" && closed() {
		return valueless("empty, " + what), nil
	}
	var only *Expr
	for n := 0; ; n++ {
		e, err := p.either()
		if err == nil && closing == "}" && p.take(":") { // a dict
			_, err = p.either()
		}
		switch {
		case err != nil:
			return nil, err
		case closing == "}" && e.kind == opaque && (strings.HasSuffix(e.name, "a set") || strings.HasSuffix(e.name, "a list")):
			return nil, refuse("%s in a set", e.name) // unhashable
		case n == 0:
			only = e
		default:
			only = nil
		}
		if closed() {
			break
		}
		if !p.take(",") {
			return nil, refuse("%q where %s should end or go on", p.peek().text, what)
		}
		if closed() {
			only = nil
			break
		}
	}
	if only == nil || closing == "]" || closing == "}" {
		return valueless(what), nil
	}
	return only, nil
}

func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind == name && t.text == w {
		p.at++
		return true
	}
	return false
}

// either reads operands of "or": the first that is true, else the last.
func (p *parser) either() (*Expr, error) {
	e, err := p.both()
	for err == nil && p.word("or") {
		var o *Expr
		var holds bool
		if o, err = p.both(); err != nil {
			break
		}
		if holds, err = truth(e); err == nil && !holds {
			e = o
		}
	}
	return e, err
}

// both reads operands of "and": the first that is false, else the last.
func (p *parser) both() (*Expr, error) {
	e, err := p.negation()
	for err == nil && p.word("and") {
		var o *Expr
		var holds bool
		if o, err = p.negation(); err != nil {
			break
		}
		if holds, err = truth(e); err == nil && holds {
			e = o
		}
	}
	return e, err
}

func (p *parser) negation() (*Expr, error) {
	negative := false
	for p.word("not") {
		negative = !negative
		e, err := p.comparison()
		if err != nil && p.peek().text == "not" {
			continue
		}
		if err != nil {
			return nil, err
		}
		holds, err := truth(e)
		return boolean(holds != negative), err
	}
	return p.comparison()
}

func boolean(holds bool) *Expr {
	if holds {
		return integer(1)
	}
	return integer(0)
}

// comparison: Python's == and != compare structures and give numbers in
// disguise; the others make relations, of numbers sympy's true or false.
func (p *parser) comparison() (*Expr, error) {
	e, err := p.bits(0)
	for chained := false; err == nil; chained = true {
		var sign string
		for _, s := range [...]string{"==", "!=", "<=", ">=", "<", ">"} {
			if p.take(s) {
				sign = s
				break
			}
		}
		if sign == "" {
			return e, nil
		}
		if chained {
			return nil, refuse("two relations in a row")
		}
		var o *Expr
		if o, err = p.bits(0); err != nil {
			break
		}
		switch {
		case sign == "==" || sign == "!=":
			e = boolean((e.text() == o.text()) == (sign == "=="))
		case e.kind == opaque || o.kind == opaque:
			return nil, refuse("a relation with %s", either(e, o))
		case e.numeric() && o.numeric():
			e = valueless("a truth")
		default:
			e = valueless(relation)
		}
	}
	return nil, err
}

// bits reads Python's bitwise operators, those that bind least first: of
// integers they are numbers, of symbols logic.
func (p *parser) bits(level int) (*Expr, error) {
	signs := [...][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}}
	if level == len(signs) {
		return p.sum()
	}
	e, err := p.bits(level + 1)
	for err == nil {
		sign := ""
		for _, s := range signs[level] {
			if p.take(s) {
				sign = s
			}
		}
		if sign == "" {
			return e, nil
		}
		var o *Expr
		if o, err = p.bits(level + 1); err == nil {
			e, err = p.bitwise(sign, e, o)
		}
	}
	return nil, err
}

func (p *parser) bitwise(sign string, a, b *Expr) (*Expr, error) {
	logic := func(e *Expr) bool { return e.kind == symbol || e.kind == opaque && e.name == relation }
	switch {
	case a.isRational() && b.isRational() && a.rat.IsInt() && b.rat.IsInt():
	case len(sign) == 1 && logic(a) && logic(b):
		return valueless(relation), nil
	default:
		return nil, refuse("the operator %s", sign)
	}
	x, y, z := a.rat.Num(), b.rat.Num(), new(big.Int)
	switch sign {
	case "|":
		z.Or(x, y)
	case "^":
		z.Xor(x, y)
	case "&":
		z.And(x, y)
	default:
		switch {
		case y.Sign() < 0:
			return nil, refuse("a shift by less than nothing")
		case !y.IsInt64() || y.Int64() > mostBits:
			return nil, ErrBudget
		case sign == "<<":
			z.Lsh(x, uint(y.Int64()))
		default:
			z.Rsh(x, uint(y.Int64()))
		}
	}
	return p.weigh(rational(new(big.Rat).SetInt(z)))
}

// not is ~e.
func not(e *Expr) (*Expr, error) {
	switch {
	case e.isRational() && e.rat.IsInt():
		return rational(new(big.Rat).SetInt(new(big.Int).Not(e.rat.Num()))), nil
	case e.kind == symbol || e.kind == opaque && e.name == relation:
		return valueless(relation), nil
	}
	return nil, refuse("the operator ~")
}
