package sympy

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

type kind uint8

const (
	rationalNumber kind = iota
	floatNumber
	symbol
	constant // pi, E, I, and oo, -oo and nan, which have no finite value
	sum
	product
	power
	applied
	opaque // what is no number: a tuple, a relation
)

// Expr is an expression as sympy's constructors leave it, as far as its value
// needs: numbers are folded. It is never changed.
type Expr struct {
	kind  kind
	rat   *big.Rat   // of a rational number
	float *big.Float // of a float, in its precision
	name  string
	args  []*Expr
	key   string // of what is no number: the same for equal ones
}

// node makes an expression of others.
func node(k kind, name string, args ...*Expr) *Expr {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.text()
	}
	if k == sum || k == product {
		slices.Sort(parts)
	}
	return &Expr{kind: k, name: name, args: args, key: fmt.Sprintf("%d%s(%s)", k, name, strings.Join(parts, ","))}
}

func (e *Expr) text() string {
	switch e.kind {
	case rationalNumber:
		return e.rat.RatString()
	case floatNumber:
		return e.float.Text('p', 0)
	}
	return e.key
}

func integer(n int64) *Expr      { return rational(big.NewRat(n, 1)) }
func rational(r *big.Rat) *Expr  { return &Expr{kind: rationalNumber, rat: r} }
func float(f *big.Float) *Expr   { return &Expr{kind: floatNumber, float: f} }
func (e *Expr) numeric() bool    { return e.kind <= floatNumber }
func (e *Expr) isRational() bool { return e.kind == rationalNumber }
func (e *Expr) isInt(n int64) bool {
	return e.isRational() && e.rat.IsInt() && e.rat.Num().IsInt64() && e.rat.Num().Int64() == n
}

// mostBits bounds the size of a number.
const mostBits = 60_000

// floatLiteral is Float of a text: 15 digits or, when more are written
// without an exponent, as many.
func floatLiteral(text string) (*Expr, error) {
	digits := 15
	if !strings.ContainsAny(text, "eE") {
		digits = max(digits, len(strings.TrimLeft(strings.ReplaceAll(text, ".", ""), "0")))
	}
	f, _, err := big.ParseFloat(text, 10, bitsOf(digits), big.ToNearestEven)
	if err != nil || f.IsInf() {
		return nil, refuse("the number %.20s", text)
	}
	return float(f), nil
}

// bitsOf is mpmath's dps_to_prec.
func bitsOf(digits int) uint {
	const bitsPerDigit = 3.3219280948873626
	return uint(float64(digits+1)*bitsPerDigit + 0.5)
}

// in is the number in the precision of a float.
func (e *Expr) in(prec uint) *big.Float {
	if e.isRational() {
		return new(big.Float).SetPrec(prec).SetRat(e.rat)
	}
	return e.float
}

// rounded does arithmetic of two numbers of which one is a float, in the
// larger precision.
func rounded(a, b *Expr, do func(z, x, y *big.Float)) *Expr {
	var prec uint
	for _, e := range []*Expr{a, b} {
		if e.kind == floatNumber {
			prec = max(prec, e.float.Prec())
		}
	}
	z := new(big.Float).SetPrec(prec)
	do(z, a.in(prec), b.in(prec))
	return float(z)
}

// Maker makes expressions as sympy's constructors do: what comes of them is
// folded as far as its value needs. It makes as many as its work allows, then
// it returns ErrBudget. NewMaker makes it; it is for one goroutine.
type Maker struct{ steps int }

// NewMaker makes a maker for the expressions of one comparison.
func NewMaker() *Maker { return &Maker{steps: mostSteps} }

func (p *Maker) weigh(e *Expr) (*Expr, error) {
	if e.isRational() {
		bits := e.rat.Num().BitLen() + e.rat.Denom().BitLen()
		if p.steps -= 1 + bits/200; p.steps < 0 || bits > 2*mostBits {
			return nil, ErrBudget
		}
	}
	return e, nil
}

// Add is a + b.
func (p *Maker) Add(a, b *Expr) (*Expr, error) {
	if p.steps--; p.steps < 0 {
		return nil, ErrBudget
	}
	switch {
	case a.kind == opaque || b.kind == opaque:
		return nil, refuse("a sum with %s", either(a, b))
	case a.infinite() || b.infinite():
		return addInfinite(a, b), nil
	case a.isRational() && b.isRational():
		return p.weigh(rational(new(big.Rat).Add(a.rat, b.rat)))
	case a.numeric() && b.numeric():
		return rounded(a, b, func(z, x, y *big.Float) { z.Add(x, y) }), nil
	case a.isInt(0):
		return b, nil
	case b.isInt(0):
		return a, nil
	}
	return p.gather(sum, a, b, p.Add)
}

// Mul is a · b.
func (p *Maker) Mul(a, b *Expr) (*Expr, error) {
	if p.steps--; p.steps < 0 {
		return nil, ErrBudget
	}
	switch {
	case a.kind == opaque || b.kind == opaque:
		return nil, refuse("a product with %s", either(a, b))
	case a.infinite() || b.infinite():
		return p.mulInfinite(a, b), nil
	case a.isRational() && b.isRational():
		return p.weigh(rational(new(big.Rat).Mul(a.rat, b.rat)))
	case a.numeric() && b.numeric():
		return rounded(a, b, func(z, x, y *big.Float) { z.Mul(x, y) }), nil
	case a.isInt(0) || b.isInt(0):
		return integer(0), nil
	case a.isInt(1):
		return b, nil
	case b.isInt(1):
		return a, nil
	case a.numeric() && b.kind == sum:
		return p.distribute(a, b)
	case b.numeric() && a.kind == sum:
		return p.distribute(b, a)
	}
	return p.gather(product, a, b, p.Mul)
}

// distribute multiplies every term of a sum by a number.
func (p *Maker) distribute(num, e *Expr) (*Expr, error) {
	out := integer(0)
	for _, a := range e.args {
		t, err := p.Mul(num, a)
		if err == nil {
			out, err = p.Add(out, t)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// gather makes one sum or product of two: numbers are folded, and so are the
// coefficients of equal terms of a sum.
func (p *Maker) gather(k kind, a, b *Expr, fold func(a, b *Expr) (*Expr, error)) (*Expr, error) {
	var parts []*Expr
	for _, e := range []*Expr{a, b} {
		if e.kind == k {
			parts = append(parts, e.args...)
		} else {
			parts = append(parts, e)
		}
	}
	if p.steps -= len(parts); p.steps < 0 {
		return nil, ErrBudget
	}
	var num *Expr
	var rest []*Expr
	place := map[string]int{}
	for _, e := range parts {
		var err error
		switch {
		case e.numeric() && num == nil:
			num = e
		case e.numeric():
			num, err = fold(num, e)
		case k == product:
			rest = append(rest, e)
		default:
			_, body := e.coefficient()
			at, seen := place[body.key]
			if !seen {
				place[body.key] = len(rest)
				rest = append(rest, e)
				break
			}
			rest[at], err = p.merge(rest[at], e)
		}
		if err != nil {
			return nil, err
		}
	}
	rest = slices.DeleteFunc(rest, func(e *Expr) bool { return e.numeric() && e.sign() == 0 })
	switch {
	case num == nil || num.isInt(0) && k == sum || num.isInt(1) && k == product:
		if len(rest) == 0 {
			return integer(0), nil
		}
		if len(rest) == 1 {
			return rest[0], nil
		}
	case len(rest) == 0:
		return num, nil
	default:
		rest = append([]*Expr{num}, rest...)
	}
	return node(k, "", rest...), nil
}

// coefficient splits a term into its number and the rest.
func (e *Expr) coefficient() (num, body *Expr) {
	if e.kind != product || !e.args[0].numeric() {
		return integer(1), e
	}
	if len(e.args) == 2 {
		return e.args[0], e.args[1]
	}
	return e.args[0], node(product, "", e.args[1:]...)
}

// merge adds two terms of the same body; 0 stays a number.
func (p *Maker) merge(a, b *Expr) (*Expr, error) {
	x, body := a.coefficient()
	y, _ := b.coefficient()
	num, err := p.Add(x, y)
	switch {
	case err != nil:
		return nil, err
	case num.sign() == 0:
		return integer(0), nil
	case num.isInt(1):
		return body, nil
	case body.kind == product:
		return node(product, "", append([]*Expr{num}, body.args...)...), nil
	}
	return node(product, "", num, body), nil
}

// Div is a / b; ErrRefused where b is 0.
func (p *Maker) Div(a, b *Expr) (*Expr, error) {
	switch {
	case b.numeric() && b.sign() == 0:
		return nil, refuse("division by zero")
	case a.kind == floatNumber && b.numeric():
		return rounded(a, b, func(z, x, y *big.Float) { z.Quo(x, y) }), nil
	}
	inverse, err := p.Pow(b, integer(-1))
	if err != nil {
		return nil, err
	}
	return p.Mul(a, inverse)
}

func (e *Expr) sign() int {
	if e.kind == floatNumber {
		return e.float.Sign()
	}
	return e.rat.Sign()
}

// Pow is b to the power of e.
func (p *Maker) Pow(b, e *Expr) (*Expr, error) {
	if p.steps--; p.steps < 0 {
		return nil, ErrBudget
	}
	switch {
	case b.kind == opaque || e.kind == opaque:
		return nil, refuse("a power with %s", either(b, e))
	case b.infinite() || e.infinite():
		return p.powInfinite(b, e), nil
	case e.isInt(0), b.isInt(1):
		return integer(1), nil
	case e.isInt(1):
		return b, nil
	case b.numeric() && b.sign() == 0 && e.numeric():
		if e.sign() < 0 {
			return nil, refuse("division by zero")
		}
		return b, nil
	case b.isRational() && e.isRational() && e.rat.IsInt():
		return p.rationalPower(b.rat, e.rat.Num())
	case b.kind == floatNumber && e.numeric() || b.isRational() && e.kind == floatNumber:
		if b.sign() > 0 || e.isRational() && e.rat.IsInt() {
			return p.floatPower(b, e)
		}
	case b.isRational() && e.isRational():
		if root, ok := rationalRoot(b.rat, e.rat); ok {
			return p.rationalPower(root, e.rat.Num())
		}
	case b.kind == power && e.isRational():
		inner := b.args[1]
		one := big.NewRat(1, 1)
		if e.rat.IsInt() || inner.isRational() && (inner.rat.Cmp(one) <= 0 && inner.rat.Cmp(big.NewRat(-1, 1)) > 0 || p.positive(b.args[0])) {
			exponent, err := p.Mul(inner, e)
			if err != nil {
				return nil, err
			}
			return p.Pow(b.args[0], exponent)
		}
	case b.kind == product && e.isRational() && !e.rat.IsInt():
		return p.splitPower(b, e)
	}
	return node(power, "", b, e), nil
}

// splitPower takes the positive numbers out of a root, and the sign of a
// negative one away from its size.
func (p *Maker) splitPower(b, e *Expr) (*Expr, error) {
	out, rest := integer(1), integer(1)
	var err error
	for _, f := range b.args {
		outside := f
		switch {
		case f.numeric() && f.sign() < 0:
			if outside, err = p.Mul(f, integer(-1)); err == nil {
				rest, err = p.Mul(rest, integer(-1))
			}
		case !p.positive(f):
			outside = nil
			rest, err = p.Mul(rest, f)
		}
		if err == nil && outside != nil {
			if outside, err = p.Pow(outside, e); err == nil {
				out, err = p.Mul(out, outside)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case rest.isInt(1):
		return out, nil
	case out.isInt(1):
		return node(power, "", rest, e), nil
	}
	if rest, err = p.Pow(rest, e); err != nil {
		return nil, err
	}
	return p.Mul(out, rest)
}

func (p *Maker) rationalPower(b *big.Rat, n *big.Int) (*Expr, error) {
	bits := int64(max(b.Num().BitLen(), b.Denom().BitLen()))
	if bits > 1 && (!n.IsInt64() || n.Int64() > mostBits || n.Int64() < -mostBits || bits*max(n.Int64(), -n.Int64()) > mostBits) {
		return nil, ErrBudget
	}
	if bits <= 1 { // 1 or -1
		n = new(big.Int).And(n, big.NewInt(1))
	}
	k := new(big.Int).Abs(n)
	num, den := new(big.Int).Exp(b.Num(), k, nil), new(big.Int).Exp(b.Denom(), k, nil)
	if n.Sign() < 0 {
		num, den = den, num
	}
	return p.weigh(rational(new(big.Rat).SetFrac(num, den)))
}

// rationalRoot is the root of a positive rational number that is one again.
func rationalRoot(b, e *big.Rat) (*big.Rat, bool) {
	if b.Sign() < 0 || !e.Denom().IsInt64() || b.Num().BitLen()+b.Denom().BitLen() > 4096 {
		return nil, false
	}
	q := e.Denom().Int64()
	num, ok := wholeRoot(b.Num(), q)
	if !ok {
		return nil, false
	}
	den, ok := wholeRoot(b.Denom(), q)
	return new(big.Rat).SetFrac(num, den), ok
}

// wholeRoot is the q-th root of n ≥ 0, if it is whole.
func wholeRoot(n *big.Int, q int64) (*big.Int, bool) {
	if q > int64(n.BitLen()) {
		return n, n.IsInt64() && n.Int64() <= 1
	}
	low, high := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), uint(int64(n.BitLen())/q+1))
	exponent := big.NewInt(q)
	for low.Cmp(high) < 0 {
		mid := new(big.Int).Add(low, high)
		mid.Rsh(mid, 1)
		if new(big.Int).Exp(mid, exponent, nil).Cmp(n) < 0 {
			low = mid.Add(mid, big.NewInt(1))
		} else {
			high = mid
		}
	}
	return low, new(big.Int).Exp(low, exponent, nil).Cmp(n) == 0
}

// Function applies a function of sympy's name space.
func (p *Maker) Function(name string, args []*Expr) (*Expr, error) {
	want := 1
	switch name {
	case "ff", "rf", "binomial", "Rational", "gcd", "lcm", "Mod", "Integral", "integrate":
		want = 2
	}
	if len(args) != want && !(name == "log" && len(args) == 2) {
		return nil, refuse("%s of %d arguments", name, len(args))
	}
	x := args[0]
	for _, a := range args {
		if a.kind == opaque {
			return nil, refuse("%s of %s", name, a.name)
		}
	}
	switch name {
	case "binomial", "Mod":
		return p.ofIntegers(name, x, args[1])
	case "Integer":
		if !x.isRational() {
			return nil, refuse("Integer of an expression")
		}
		return x, nil
	case "Rational":
		return p.Div(x, args[1])
	case "expand": // which changes no value
		return x, nil
	case "integrate": // which nothing is known of but its derivative
		name = "Integral"
	case "sqrt":
		return p.Pow(x, rational(big.NewRat(1, 2)))
	case "cbrt":
		return p.Pow(x, rational(big.NewRat(1, 3)))
	case "factorial", "factorial2":
		return p.factorial(name, x)
	case "floor", "ceiling", "frac":
		return wholePart(name, x)
	case "ln", "log":
		return p.logarithm(args)
	case "abs", "Abs":
		if x.numeric() {
			if x.sign() < 0 {
				return p.Mul(x, integer(-1))
			}
			return x, nil
		}
		name = "abs"
	case "re", "im":
		if x.numeric() {
			if name == "im" {
				return integer(0), nil
			}
			return x, nil
		}
	case "exp":
		return p.Pow(&Expr{kind: constant, name: "E", key: "E"}, x)
	case "Function", "S", "N", "Q", "O", "all", "id", "eye", "fft", "ntt", "fu", "gcd", "lcm", "max", "min":
		return nil, refuse("%s is read by sympy, not here", name)
	}
	return node(applied, name, args...), nil
}

func (p *Maker) logarithm(args []*Expr) (*Expr, error) {
	x := args[0]
	switch {
	case len(args) == 2:
		a, err := p.logarithm(args[:1])
		if err != nil {
			return nil, err
		}
		b, err := p.logarithm(args[1:])
		if err != nil {
			return nil, err
		}
		return p.Div(a, b)
	case x.numeric() && x.sign() == 0:
		return nil, refuse("the logarithm of 0")
	case x.isInt(1):
		return integer(0), nil
	case x.kind == constant && x.name == "E":
		return integer(1), nil
	case x.kind == floatNumber && x.sign() > 0:
		return p.roundedValue(node(applied, "ln", rational(exactRat(x.float))), x.float.Prec())
	}
	return node(applied, "ln", args...), nil
}

func exactRat(f *big.Float) *big.Rat {
	r, _ := f.Rat(nil)
	return r
}

// mostFactorial bounds the numbers whose factorial is computed.
const mostFactorial = 3000

func (p *Maker) factorial(name string, x *Expr) (*Expr, error) {
	if !x.isRational() || !x.rat.IsInt() {
		return node(applied, name, x), nil
	}
	if x.rat.Sign() < 0 {
		return nil, refuse("the factorial of a negative number")
	}
	if !x.rat.Num().IsInt64() || x.rat.Num().Int64() > mostFactorial {
		return nil, ErrBudget
	}
	n := x.rat.Num().Int64()
	if p.steps -= int(n); p.steps < 0 {
		return nil, ErrBudget
	}
	if name == "factorial" {
		return p.weigh(rational(new(big.Rat).SetInt(new(big.Int).MulRange(1, n))))
	}
	f := big.NewInt(1)
	for ; n > 1; n -= 2 {
		f.Mul(f, big.NewInt(n))
	}
	return p.weigh(rational(new(big.Rat).SetInt(f)))
}

func wholePart(name string, x *Expr) (*Expr, error) {
	switch {
	case x.isRational():
	case !x.numeric():
		return node(applied, name, x), nil
	case name == "frac":
		return nil, refuse("%s of a float", name)
	default:
		x = rational(exactRat(x.float))
	}
	n := new(big.Int)
	if name == "ceiling" {
		n.Neg(n.Div(new(big.Int).Neg(x.rat.Num()), x.rat.Denom()))
	} else {
		n.Div(x.rat.Num(), x.rat.Denom())
	}
	whole := new(big.Rat).SetInt(n)
	if name == "frac" {
		whole.Sub(x.rat, whole)
	}
	return rational(whole), nil
}
