package reasoninggym

import "slices"

// sympyParser evaluates while it parses, by Python's grammar:
//
//	comparison = xor [ ("=="|"!=") xor ]
//	xor     = sum { "^" sum }
//	sum     = product { ("+"|"-") product }
//	product = sign { ("*"|"/"|"//"|"%") sign }
//	sign    = ("+"|"-") sign | power
//	power   = postfix [ "**" sign ]
//	postfix = atom [ "!" | "!!" ]
//	atom    = number | name | name "(" xor ")" | "(" comparison ")"
type sympyParser struct {
	tokens []sympyToken
	depth  int
}

func (p *sympyParser) take() sympyToken {
	t := p.tokens[0]
	if t.op != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *sympyParser) comparison() (number, error) {
	a, err := p.xor()
	if op := p.tokens[0].op; err == nil && (op == "==" || op == "!=") {
		p.take()
		b, err := p.xor()
		if err != nil {
			return number{}, err
		}
		equal := a.kind == b.kind && (a.kind != exact || a.r.Cmp(b.r) == 0) && (a.kind != floating || a.f == b.f)
		if equal == (op == "==") {
			return whole(1), nil
		}
		return whole(0), nil
	}
	return a, err
}

// chain is operand { op operand }, from left to right.
func (p *sympyParser) chain(operand func() (number, error), ops ...string) (number, error) {
	v, err := operand()
	for err == nil && slices.Contains(ops, p.tokens[0].op) {
		op := p.take().op
		var w number
		if w, err = operand(); err == nil {
			v, err = apply(op, v, w)
		}
	}
	return v, err
}

func (p *sympyParser) xor() (number, error)     { return p.chain(p.sum, "^") }
func (p *sympyParser) sum() (number, error)     { return p.chain(p.product, "+", "-") }
func (p *sympyParser) product() (number, error) { return p.chain(p.sign, "*", "/", "//", "%") }

func (p *sympyParser) sign() (number, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 4*maxNested {
		return number{}, errSympy
	}
	switch p.tokens[0].op {
	case "+":
		p.take()
		return p.sign()
	case "-":
		p.take()
		v, err := p.sign()
		if err != nil {
			return v, err
		}
		return apply("*", whole(-1), v)
	}
	base, err := p.postfix()
	if err != nil || p.tokens[0].op != "**" {
		return base, err
	}
	p.take()
	exponent, err := p.sign()
	if err != nil {
		return number{}, err
	}
	return power(base, exponent)
}

func (p *sympyParser) postfix() (number, error) {
	v, err := p.atom()
	if op := p.tokens[0].op; err == nil && (op == "!" || op == "!!") {
		p.take()
		if next := p.tokens[0].op; next == "!" || next == "!!" {
			return number{}, errSympy
		}
		return factorial(v, len(op))
	}
	return v, err
}

func (p *sympyParser) atom() (number, error) {
	switch t := p.take(); t.op {
	case "0":
		return t.value, nil
	case "a":
		if p.tokens[0].op != "(" {
			return constant(t.name)
		}
		p.take()
		v, err := p.xor()
		if err == nil && p.take().op != ")" {
			err = errSympy
		}
		if err != nil {
			return v, err
		}
		return call(t.name, v)
	case "(":
		v, err := p.comparison()
		if err == nil && p.take().op != ")" {
			err = errSympy
		}
		return v, err
	}
	return number{}, errSympy
}
