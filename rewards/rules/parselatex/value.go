package parselatex

import (
	"hash/fnv"
	"math"
	"math/big"
	"math/cmplx"
	"strconv"
)

const (
	most      = 1000   // terms of a sum or product that is worked out
	mostSteps = 50_000 // nodes of an evaluation; beyond them it has no value
)

// at is the value of e at one of the points where expressions are compared:
// its symbols are complex numbers of size about 1 that depend on the point.
// What has no value is NaN.
func (e *Expr) at(point int) complex128 {
	return newMachine(point).value(e)
}

// machine evaluates at a point. Bound holds the variables of sums.
type machine struct {
	point int
	bound map[string]complex128
	scale float64 // of the largest term of a sum met
	steps *int
}

func newMachine(point int) *machine { return &machine{point: point, steps: new(int)} }

func (m *machine) value(e *Expr) complex128 {
	if *m.steps++; *m.steps > mostSteps {
		return cmplx.NaN()
	}
	switch e.Op {
	case Number:
		v, _ := e.Rat.Float64()
		return complex(v, 0)
	case Symbol:
		if v, ok := m.bound[e.Name]; ok {
			return v
		}
		return m.random(e.Name)
	case Infinity:
		return complex(math.Inf(1), 0)
	case Add:
		a, b := m.value(e.Args[0]), m.value(e.Args[1])
		m.scale = max(m.scale, cmplx.Abs(a), cmplx.Abs(b))
		return a + b
	case Mul:
		return times(m.value(e.Args[0]), m.value(e.Args[1]))
	case Pow:
		return power(m.value(e.Args[0]), m.value(e.Args[1]))
	case Func:
		args := make([]complex128, len(e.Args))
		for i, a := range e.Args {
			args[i] = m.value(a)
		}
		return apply(e.Name, args)
	case Apply:
		return m.kept(e)
	}
	return cmplx.NaN()
}

// times multiplies real numbers as such, so that an infinity stays one.
func times(a, b complex128) complex128 {
	if imag(a) == 0 && imag(b) == 0 {
		return complex(real(a)*real(b), 0)
	}
	return a * b
}

// power is the principal value.
func power(b, x complex128) complex128 {
	if imag(b) == 0 && imag(x) == 0 {
		switch p, whole := real(x), real(x) == math.Trunc(real(x)); {
		case real(b) == 0 && p < 0:
			return cmplx.NaN() // zoo
		case real(b) >= 0, whole:
			return complex(math.Pow(real(b), p), 0)
		}
	}
	if imag(x) == 0 && real(x) == math.Trunc(real(x)) && math.Abs(real(x)) <= 64 {
		out, n := complex(1, 0), int(math.Abs(real(x)))
		for range n {
			out *= b
		}
		if real(x) < 0 {
			out = 1 / out
		}
		return out
	}
	if b == 0 {
		return 0
	}
	return cmplx.Pow(b, x)
}

// random is a number of size about 1 for a name.
func (m *machine) random(name string) complex128 {
	h := fnv.New64a()
	h.Write([]byte(name))
	h.Write([]byte(strconv.Itoa(m.point)))
	v := h.Sum64()
	v ^= v >> 31
	v *= 0x9e3779b97f4a7c15
	v ^= v >> 29
	return complex(float64(v%4096)/1500-1.3, float64(v>>20%4096)/1500-1.4)
}

// kept is the value of something kept as written: sums and products to small
// bounds are worked out; of others nothing is known but that equal arguments
// give equal values.
func (m *machine) kept(e *Expr) complex128 {
	if (e.Name == `\sum` || e.Name == `\prod`) && e.Args[1].Op == Symbol {
		if v, ok := m.series(e); ok {
			return v
		}
	}
	out := m.random(e.Name + "(")
	for i, a := range e.Args {
		v := m.value(a)
		out += m.random(e.Name+strconv.Itoa(i)) * v
		out += m.random(e.Name+strconv.Itoa(i)+"^2") * v * v
	}
	return out
}

func (m *machine) series(e *Expr) (complex128, bool) {
	from, to := m.value(e.Args[2]), m.value(e.Args[3])
	lo, hi := real(from), real(to)
	if imag(from) != 0 || imag(to) != 0 || lo != math.Trunc(lo) || hi != math.Trunc(hi) || hi < lo || hi-lo > most {
		return 0, false
	}
	inner := &machine{point: m.point, bound: map[string]complex128{}, steps: m.steps}
	for k, v := range m.bound {
		inner.bound[k] = v
	}
	var out complex128
	if e.Name == `\prod` {
		out = 1
	}
	for n := lo; n <= hi && *m.steps <= mostSteps; n++ {
		inner.bound[e.Args[1].Name] = complex(n, 0)
		v := inner.value(e.Args[0])
		if e.Name == `\prod` {
			out = times(out, v)
		} else {
			out += v
		}
	}
	return out, true
}

// apply is the value of a known function.
func apply(name string, a []complex128) complex128 {
	x := a[0]
	inReals := imag(x) == 0
	switch name {
	case "Abs":
		return complex(cmplx.Abs(x), 0)
	case "conjugate":
		return cmplx.Conj(x)
	case "exp":
		return cmplx.Exp(x)
	case "log":
		if x == 0 {
			return cmplx.NaN()
		}
		v := cmplx.Log(x)
		if len(a) > 1 {
			v /= cmplx.Log(a[1])
		}
		return v
	case "sin":
		return cmplx.Sin(x)
	case "cos":
		return cmplx.Cos(x)
	case "tan":
		return cmplx.Tan(x)
	case "csc":
		return 1 / cmplx.Sin(x)
	case "sec":
		return 1 / cmplx.Cos(x)
	case "cot":
		return 1 / cmplx.Tan(x)
	case "asin":
		return cmplx.Asin(x)
	case "acos":
		return cmplx.Acos(x)
	case "atan":
		return cmplx.Atan(x)
	case "acsc":
		return cmplx.Asin(1 / x)
	case "asec":
		return cmplx.Acos(1 / x)
	case "acot":
		return cmplx.Atan(1 / x)
	case "sinh":
		return cmplx.Sinh(x)
	case "cosh":
		return cmplx.Cosh(x)
	case "tanh":
		return cmplx.Tanh(x)
	case "asinh":
		return cmplx.Asinh(x)
	case "acosh":
		return cmplx.Acosh(x)
	case "atanh":
		return cmplx.Atanh(x)
	case "floor":
		if inReals {
			return complex(math.Floor(real(x)), 0)
		}
		return complex(math.Floor(real(x)), math.Floor(imag(x)))
	case "ceiling":
		return complex(math.Ceil(real(x)), math.Ceil(imag(x)))
	case "factorial":
		return gamma(x + 1)
	case "binomial":
		return gamma(x+1) / gamma(a[1]+1) / gamma(x-a[1]+1)
	}
	return cmplx.NaN()
}

// gamma is the gamma function, of complex numbers by Lanczos' approximation
// (g = 7, nine terms).
func gamma(z complex128) complex128 {
	if imag(z) == 0 {
		return complex(math.Gamma(real(z)), 0)
	}
	if real(z) < 0.5 {
		return math.Pi / (cmplx.Sin(math.Pi*z) * gamma(1-z))
	}
	terms := [...]float64{0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7}
	z--
	sum := complex(terms[0], 0)
	for i, c := range terms[1:] {
		sum += complex(c, 0) / (z + complex(float64(i+1), 0))
	}
	t := z + 7.5
	return complex(math.Sqrt(2*math.Pi), 0) * cmplx.Pow(t, z+0.5) * cmplx.Exp(-t) * sum
}

// near says whether two numbers differ by no more than a part of their size.
func near(a, b complex128, part float64) bool {
	if a == b {
		return true
	}
	return cmplx.Abs(a-b) <= part*max(cmplx.Abs(a), cmplx.Abs(b))
}

// rational is the exact value of an expression of rational numbers without
// roots, if it is small.
func (e *Expr) rational() (*big.Rat, bool) {
	const bits = 4096
	small := func(r *big.Rat) (*big.Rat, bool) {
		return r, r.Num().BitLen() < bits && r.Denom().BitLen() < bits
	}
	switch e.Op {
	case Number:
		return e.Rat, true
	case Add, Mul:
		a, ok := e.Args[0].rational()
		b, ok2 := e.Args[1].rational()
		switch {
		case !ok || !ok2:
			return nil, false
		case e.Op == Add:
			return small(new(big.Rat).Add(a, b))
		}
		return small(new(big.Rat).Mul(a, b))
	case Pow:
		a, ok := e.Args[0].rational()
		x, ok2 := e.Args[1].rational()
		if !ok || !ok2 || !x.IsInt() || !x.Num().IsInt64() {
			return nil, false
		}
		n := x.Num().Int64()
		if n < -512 || n > 512 || n < 0 && a.Sign() == 0 || (a.Num().BitLen()+a.Denom().BitLen())*int(max(n, -n)) > 2*bits {
			return nil, false
		}
		if n < 0 {
			a, n = new(big.Rat).Inv(a), -n
		}
		power := big.NewInt(n)
		return new(big.Rat).SetFrac(new(big.Int).Exp(a.Num(), power, nil), new(big.Int).Exp(a.Denom(), power, nil)), true
	}
	return nil, false
}

// digits writes a number down to 14 digits, which float arithmetic keeps.
func digits(v complex128) string {
	s := strconv.FormatFloat(real(v), 'e', 13, 64)
	if imag(v) != 0 {
		s += "+" + strconv.FormatFloat(imag(v), 'e', 13, 64) + "i"
	}
	return s
}
