package sympy

// part is a token, or a function with its arguments in brackets.
type part struct {
	token
	args []token // with their brackets; nil for a token
}

func (p part) applied() bool                          { return p.args != nil }
func (p part) plain(kind tokenKind, text string) bool { return !p.applied() && is(p.token, kind, text) }
func (p part) named() bool                            { return !p.applied() && p.kind == name }

func flatten(parts []part) []token {
	var out []token
	for _, p := range parts {
		out = append(append(out, p.token), p.args...)
	}
	return out
}

// group takes what stands in brackets through step and gathers functions with
// their arguments.
func group(in []token, step func([]token) []token) []part {
	var out []part
	symbol := -1 // place of the name just before
	for i := 0; i < len(in); i++ {
		t := in[i]
		if !is(t, op, "(") {
			out = append(out, part{token: t})
			symbol = -1
			if t.kind == name {
				symbol = len(out) - 1
			}
			continue
		}
		to, depth := i, 0
		for ; ; to++ {
			if is(in[to], op, "(") {
				depth++
			} else if is(in[to], op, ")") {
				if depth--; depth == 0 {
					break
				}
			}
		}
		inner := append([]token{t}, step(in[i+1:to])...)
		inner = append(inner, in[to])
		if symbol >= 0 && callable(out[symbol].token) {
			out[symbol].args = inner
			symbol = -1
		} else {
			for _, t := range inner {
				out = append(out, part{token: t})
			}
		}
		i = to
	}
	return out
}

// implicitMultiplication puts the products in that are not written.
func implicitMultiplication(in []token) []token {
	var out []part
	parts := group(in, implicitMultiplication)
	times := part{token: token{op, "*"}}
	skip := false
	for i := range parts {
		if i == len(parts)-1 {
			out = append(out, parts[i])
			break
		}
		next := parts[i+1]
		p := parts[i]
		open := next.plain(op, "(")
		multiply := false
		switch {
		case skip:
			skip = false
		case p.plain(op, ".") && next.named():
			skip = true
		case p.applied():
			if open && p.text == "Function" {
				p.text = "Symbol"
			}
			multiply = next.applied() || open || next.named()
		case p.plain(op, ")"):
			multiply = next.applied() || open || next.named()
		case p.kind == name && !callable(p.token):
			multiply = next.applied() || open || next.named()
		}
		out = append(out, p)
		if multiply {
			out = append(out, times)
		}
	}
	return flatten(out)
}

// implicitApplication puts in the brackets that a function's argument has not.
func implicitApplication(in []token) []token {
	var out []part
	parts := group(in, implicitApplication)
	open, closing := part{token: token{op, "("}}, part{token: token{op, ")"}}
	pending, skip, exponent := 0, 0, false
	for i, p := range parts {
		out = append(out, p)
		if i == len(parts)-1 {
			break
		}
		next := parts[i+1]
		nextOp := !next.applied() && next.kind == op
		switch {
		case p.named() && !(nextOp || !next.applied() && next.kind == finish):
			if callable(p.token) {
				out = append(out, open)
				pending++
			}
		case p.named() && nextOp && next.text == "**":
			exponent = exponent || callable(p.token)
		case exponent:
			if p.applied() || p.plain(op, "*") {
				if !(nextOp && next.text == "*") {
					if !(nextOp && next.text == "(") {
						out = append(out, open)
						pending++
					}
					exponent = false
				}
			}
		case pending > 0:
			if nextOp && (next.text == "^" || next.text == "**" || next.text == "*") {
				skip = 1
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			out = append(out, closing)
			pending--
		}
	}
	for range pending {
		out = append(out, closing)
	}
	return flatten(out)
}

// functionExponents reads ln**2(x) as ln(x)**2.
func functionExponents(in []token) []token {
	var out, exponent []token
	consuming := false
	level := 0
	for i, t := range in {
		if i == len(in)-1 {
			out = append(out, t)
			break
		}
		next := in[i+1]
		switch {
		case t.kind == name && is(next, op, "**"):
			consuming = consuming || callable(t)
		case consuming:
			if is(t, name, "Function") {
				t.text = "Symbol"
			}
			exponent = append(exponent, t)
			if is(t, op, ")") && is(next, op, "(") {
				consuming = false
			}
			if is(t, op, "*") && is(next, op, "(") {
				consuming = false
				exponent = exponent[:len(exponent)-1]
			}
			continue
		case len(exponent) > 0:
			if t.kind == op {
				switch t.text {
				case "(":
					level++
				case ")":
					level--
				}
			}
			if level == 0 {
				out = append(append(out, t), exponent...)
				exponent = nil
				continue
			}
		}
		out = append(out, t)
	}
	return append(out, exponent...)
}
