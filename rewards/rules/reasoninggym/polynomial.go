package reasoninggym

import (
	"maps"
	"math/big"
	"slices"
	"strings"
)

// polynomialMultiplication is PolynomialMultiplicationDataset.score_answer: the
// answer is the oracle's polynomial as sympy leaves it when it reads both,
// which collects terms and powers and multiplies a sum by a number, but does
// not multiply sums.
func polynomialMultiplication(answer string, _ bool, e entry) (float64, error) {
	want, err := readTerms(e.answer)
	if err != nil {
		return 0, rowError("the row's answer is no polynomial")
	}
	got, err := readTerms(answer)
	return truth(err == nil && maps.EqualFunc(got, want, (*term).equal)), nil
}

// term is a product of powers with a coefficient that is not 0. A factor is a
// letter, or a sum in brackets.
type term struct {
	coefficient *big.Rat
	factors     map[string]factor
}

type factor struct {
	exponent int64
	sum      terms // nil: a letter
}

func (t *term) equal(o *term) bool { return t.coefficient.Cmp(o.coefficient) == 0 }

// terms are a sum of terms by their factors.
type terms map[string]*term

// What readTerms reads and computes at most.
const (
	maxTerms    = 2_000
	maxExponent = 1 << 40
	maxSteps    = 200_000
)

func numeral(r *big.Rat) terms {
	if r.Sign() == 0 {
		return terms{}
	}
	return terms{"": {coefficient: r}}
}

func (t *term) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t.factors)) {
		b.WriteString(name)
		b.WriteString("^")
		b.WriteString(big.NewInt(t.factors[name].exponent).String())
		b.WriteByte(' ')
	}
	return b.String()
}

// name is the same for equal sums.
func (s terms) name() string {
	var b strings.Builder
	b.WriteByte('(')
	for _, key := range slices.Sorted(maps.Keys(s)) {
		b.WriteString(s[key].coefficient.RatString())
		b.WriteByte('*')
		b.WriteString(key)
		b.WriteByte('+')
	}
	b.WriteByte(')')
	return b.String()
}

// algebra computes with terms and counts its steps.
type algebra struct{ steps int }

func (a *algebra) spend(n int) error {
	if a.steps += n; a.steps > maxSteps {
		return errSympy
	}
	return nil
}

func (a *algebra) add(x, y terms) (terms, error) {
	out := maps.Clone(x)
	for key, t := range y {
		if old := out[key]; old != nil {
			sum := new(big.Rat).Add(old.coefficient, t.coefficient)
			if !small(sum) {
				return nil, errSympy
			}
			if t = (&term{sum, t.factors}); sum.Sign() == 0 {
				delete(out, key)
				continue
			}
		}
		out[key] = t
	}
	if len(out) > maxTerms {
		return nil, errSympy
	}
	return out, a.spend(1 + len(x) + len(y))
}

// single is a sum as one term: itself, or a factor of its own.
func (s terms) single() *term {
	if len(s) == 1 {
		for _, t := range s {
			return t
		}
	}
	return &term{big.NewRat(1, 1), map[string]factor{s.name(): {1, s}}}
}

func (a *algebra) mul(x, y terms) (terms, error) {
	if err := a.spend(1 + len(x) + len(y)); err != nil || len(x) == 0 || len(y) == 0 {
		return terms{}, err
	}
	t, u := x.single(), y.single()
	out := &term{new(big.Rat).Mul(t.coefficient, u.coefficient), maps.Clone(t.factors)}
	if out.factors == nil {
		out.factors = map[string]factor{}
	}
	for name, f := range u.factors {
		f.exponent += out.factors[name].exponent
		if out.factors[name] = f; f.exponent == 0 {
			delete(out.factors, name)
		}
		if f.exponent > maxExponent || f.exponent < -maxExponent {
			return nil, errSympy
		}
	}
	return a.flat(out)
}

// flat is a term as a sum: a number multiplies a sum that stands alone beside
// it term by term.
func (a *algebra) flat(t *term) (terms, error) {
	if !small(t.coefficient) {
		return nil, errSympy
	}
	if len(t.factors) == 1 {
		for _, f := range t.factors {
			if f.sum != nil && f.exponent == 1 {
				out := terms{}
				for key, u := range f.sum {
					c := new(big.Rat).Mul(u.coefficient, t.coefficient)
					if !small(c) {
						return nil, errSympy
					}
					out[key] = &term{c, u.factors}
				}
				return out, a.spend(len(out))
			}
		}
	}
	return terms{t.key(): t}, nil
}

// pow is a power with a whole exponent.
func (a *algebra) pow(x terms, n int64) (terms, error) {
	switch {
	case n == 0:
		return numeral(big.NewRat(1, 1)), nil
	case n == 1:
		return x, nil
	case len(x) == 0 && n > 0:
		return x, nil
	case len(x) == 0 || n > maxExponent || n < -maxExponent:
		return nil, errSympy
	}
	t := x.single()
	c, err := power(exactly(t.coefficient), whole(n))
	if err != nil || c.kind != exact {
		return nil, errSympy
	}
	out := &term{c.r, map[string]factor{}}
	for name, f := range t.factors {
		if f.exponent > maxExponent/max(n, -n) || f.exponent < -maxExponent/max(n, -n) {
			return nil, errSympy
		}
		f.exponent *= n
		out.factors[name] = f
	}
	if err := a.spend(1 + len(x)); err != nil {
		return nil, err
	}
	return a.flat(out)
}

// expand multiplies all sums out, as sympy's expand does.
func (a *algebra) expand(x terms) (terms, error) {
	out := terms{}
	for _, t := range x {
		product := numeral(t.coefficient)
		for name, f := range t.factors {
			by := terms{}
			if f.sum == nil || f.exponent < 0 {
				by[(&term{nil, map[string]factor{name: f}}).key()] = &term{big.NewRat(1, 1), map[string]factor{name: f}}
				f.exponent = 1
			} else {
				var err error
				if by, err = a.expand(f.sum); err != nil {
					return nil, err
				}
			}
			for range f.exponent {
				sum := terms{}
				for _, p := range product {
					for _, q := range by {
						r, err := a.mul(terms{p.key(): p}, terms{q.key(): q})
						if err == nil {
							sum, err = a.add(sum, r)
						}
						if err != nil {
							return nil, err
						}
					}
				}
				product = sum
			}
		}
		var err error
		if out, err = a.add(out, product); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readTerms is parse_expr of a polynomial of letters with whole exponents:
// + - * / **, expand and Rational, without decimal numbers and other functions.
func readTerms(text string) (terms, error) {
	if len(text) > maxText {
		return nil, errSympy
	}
	tokens, err := sympyTokens(text)
	if err != nil {
		return nil, err
	}
	p := termParser{tokens: tokens}
	v, err := p.sum()
	if err == nil && p.tokens[0].op != "" {
		err = errSympy
	}
	return v, err
}

// termParser evaluates while it parses, by the grammar of sympyParser.
type termParser struct {
	algebra
	tokens []sympyToken
	depth  int
}

func (p *termParser) take(ops ...string) string {
	op := p.tokens[0].op
	if op == "" || !slices.Contains(ops, op) {
		return ""
	}
	p.tokens = p.tokens[1:]
	return op
}

func (p *termParser) sum() (terms, error) {
	v, err := p.product()
	for err == nil {
		op := p.take("+", "-")
		if op == "" {
			break
		}
		var w terms
		if w, err = p.product(); err == nil && op == "-" {
			w, err = p.mul(numeral(big.NewRat(-1, 1)), w)
		}
		if err == nil {
			v, err = p.add(v, w)
		}
	}
	return v, err
}

func (p *termParser) product() (terms, error) {
	v, err := p.sign()
	for err == nil {
		op := p.take("*", "/")
		if op == "" {
			break
		}
		var w terms
		if w, err = p.sign(); err == nil && op == "/" {
			w, err = p.pow(w, -1)
		}
		if err == nil {
			v, err = p.mul(v, w)
		}
	}
	return v, err
}

func (p *termParser) sign() (terms, error) {
	if p.depth++; p.depth > 4*maxNested {
		return nil, errSympy
	}
	defer func() { p.depth-- }()
	if op := p.take("+", "-"); op != "" {
		v, err := p.sign()
		if err == nil && op == "-" {
			v, err = p.mul(numeral(big.NewRat(-1, 1)), v)
		}
		return v, err
	}
	base, err := p.atom()
	if err != nil || p.take("**") == "" {
		return base, err
	}
	exponent, err := p.sign()
	if err != nil {
		return nil, err
	}
	n := new(big.Rat)
	if len(exponent) > 0 {
		t := exponent[""]
		if t == nil || len(exponent) > 1 {
			return nil, errSympy
		}
		n = t.coefficient
	}
	if !n.IsInt() || !n.Num().IsInt64() {
		return nil, errSympy
	}
	return p.pow(base, n.Num().Int64())
}

func (p *termParser) atom() (terms, error) {
	t := p.tokens[0]
	switch p.take("0", "a", "(") {
	case "0":
		if t.value.kind != exact {
			return nil, errSympy
		}
		return numeral(t.value.r), nil
	case "a":
		if p.tokens[0].op != "(" {
			if len(t.name) == 1 && !strings.Contains("EINOQS", t.name) {
				return terms{t.name + "^1 ": {big.NewRat(1, 1), map[string]factor{t.name: {exponent: 1}}}}, nil
			}
			return nil, errSympy
		}
		return p.call(t.name)
	case "(":
		v, err := p.sum()
		if err == nil && p.take(")") == "" {
			err = errSympy
		}
		return v, err
	}
	return nil, errSympy
}

// call reads the arguments of a function and applies it.
func (p *termParser) call(name string) (terms, error) {
	p.take("(")
	v, err := p.sum()
	if err == nil && name == "Rational" && p.take(",") != "" {
		var w terms
		if w, err = p.sum(); err == nil {
			if w, err = p.pow(w, -1); err == nil {
				v, err = p.mul(v, w)
			}
		}
	}
	if err != nil || p.take(")") == "" {
		return nil, errSympy
	}
	number := len(v) == 0 || len(v) == 1 && v[""] != nil
	switch {
	case name == "expand":
		return p.expand(v)
	case name == "Rational" && number:
		return v, nil
	}
	return nil, errSympy
}
