package sympy_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"gradus/rewards/rules/sympy"
)

// What are_equal_under_sympy of PRM800K answered with sympy 1.14.0 and Python
// 3.11, for 10**10**10 after 4 seconds.
func TestIsZero(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`1/2`, `0.5`, true},
		{`0.1+0.2`, `0.3`, false},
		{`sqrt(8)`, `2sqrt(2)`, true},
		{`sqrt2`, `sqrt(2)`, false},
		{`sqrt2`, `2sqrt`, false},
		{`2pi`, `pi*2`, true},
		{`x^2-1`, `(x-1)(x+1)`, true},
		{`x2`, `2x`, true},
		{`xy`, `y*x`, true},
		{`xy`, `x*y+0`, true},
		{`sqrt(x^2)`, `x`, false},
		{`sqrt(x)*sqrt(y)`, `sqrt(xy)`, false},
		{`sqrt(4x)`, `2sqrt(x)`, true},
		{`sqrt(4x+4)`, `2sqrt(x+1)`, true},
		{`sqrt(3+2sqrt(2))`, `1+sqrt(2)`, true},
		{`1/(1+sqrt(2))`, `sqrt(2)-1`, true},
		{`x(2)`, `2x`, true},
		{`03/4`, `0`, true},
		{`5!`, `120`, true},
		{`3!!`, `3`, true},
		{`ln(4)`, `2ln(2)`, true},
		{`ln2`, `2nl`, true},
		{`ln^2(2)`, `ln(2)*ln(2)`, true},
		{`2e3`, `2000`, true},
		{`0x1f`, `31`, true},
		{`1_0`, `10`, true},
		{`3j`, `3i`, false},
		{`0.[3]`, `1/3`, true},
		{`1/0`, `1/0`, false},
		{`x/0`, `1`, false},
		{`(1,2)`, `(1,2)`, false},
		{`[1]`, `[1]`, false},
		{`2*`, `2`, false},
		{`x=1`, `x=1`, false},
		{`x<1`, `x<1`, false},
		{`2+3i`, `3i+2`, true},
		{`(-8)**(1/3)`, `-2`, false},
		{`8**(1/3)`, `2`, true},
		{`(-1)**(1/2)`, `(-4)**(1/2)/2`, true},
		{`x_1`, `x_1+0`, true},
		{`½`, `1/2`, false},
		{`α+1`, `1+α`, true},
		{`10**10**10`, `1`, false},
		{`oo`, `oo`, false},
		{`2(3)`, `6`, true},
		{`(2)(3)`, `6`, true},
		{`xsqrt(2)`, `sqrt(2)*x`, false},
		{`1/x+1/y`, `(x+y)/(xy)`, true},
		{`x**x*x`, `x**(x+1)`, true},
		{`4**x`, `2**(2x)`, true},
		{`sqrt(2.25)`, `1.5`, true},
		{`1.5*x`, `3x/2`, true},
		{`0.3333333333333333`, `1/3`, false},
		{`pi`, `3.141592653589793`, false},
		{`re(2)`, `2`, true},
		{`frac(7/2)`, `1/2`, true},
		{`x!`, `x!+0`, true},
		{`2**0.5`, `sqrt(2)`, false},
		{`1-`, `1`, false},
		{`f'`, `f'`, false},
		{`7//2`, `3`, true},
		{`sqrt(2)/2`, `1/sqrt(2)`, true},
		{`sqrt(pi**2)`, `pi`, true},
		{`sqrt(8+4sqrt(3))`, `2sqrt(2+sqrt(3))`, true},
		{`sqrt(2+sqrt(3))*sqrt(2-sqrt(3))`, `1`, true},
		{`2**(1/3)*4**(1/3)`, `2`, true},
		{`1/(2**(1/3)-1)`, `1+2**(1/3)+4**(1/3)`, true},
		{`(x^3-1)/(x-1)`, `x^2+x+1`, true},
		{`sqrt(x+y)^2`, `x+y`, true},
		{`xi`, `i*x`, false},
		{`x*sqrt(3+2sqrt(2))`, `x*(1+sqrt(2))`, false},
		{`(2+sqrt(5))**(1/3)`, `(1+sqrt(5))/2`, true},
		{`(-1)**(1/3)`, `1/2+sqrt(-3)/2`, false},
		{`sqrt(pi+2sqrt(pi)+1)`, `sqrt(pi)+1`, false},
		{`ln(9)/ln(3)`, `2`, true},
		{`x**2.`, `x**2`, false},
		{`3/4 !`, `3/4 !`, false},
		{`csc(1)`, `1/csc(1)`, false},
		{`floor(x+1)`, `floor(x)+1`, true},
		{`sin(x)**2+cos(x)**2`, `1`, true},
		{`sinh(x)`, `(exp(x)-exp(-x))/2`, true},
		{`asin(x)+acos(x)`, `pi/2`, false},
		{`asin(x)*2`, `asin(x)+asin(x)`, true},
	} {
		got, err := sympy.IsZero("(" + c.a + ")-(" + c.b + ")")
		if got != c.want {
			t.Errorf("(%s)-(%s): %v, %v; want %v", c.a, c.b, got, err, c.want)
		}
	}
}

// What parse_expr read and N made of it; ok is false where float(N(…)) raises.
func TestParseExpr(t *testing.T) {
	for _, c := range []struct {
		text string
		read bool
		want float64
		ok   bool
	}{
		{"2^3", true, 1, true}, {"3|6", true, 7, true}, {"6&3", true, 2, true}, {"~5", true, -6, true}, {"2<<3", true, 16, true}, {"x^2", false, 0, false}, {"x^y", true, 0, false}, {"2(3)", false, 0, false}, {"2x", false, 0, false},
		{"3 or 4", true, 3, true}, {"0 or 5", true, 5, true}, {"1 and 2", true, 2, true}, {"not 3", true, 0, true}, {"x==2", true, 0, true}, {"x!=3", true, 1, true}, {"7 % 2 == 1", true, 1, true}, {"x<3", true, 0, false},
		{"1<x<2", false, 0, false}, {"(1,2)", true, 0, false}, {"{1:2}", true, 0, false}, {"{{3}}", false, 0, false}, {"{(1,2)}", true, 0, false}, {"[1,2]", true, 0, false}, {"()", true, 0, false}, {"2*3,4", true, 0, false}, {"...", true, 0, false}, {"None", true, 0, false}, {"N+1", false, 0, false},
		{"oo", true, math.Inf(1), true}, {"-oo", true, math.Inf(-1), true}, {"oo-oo", true, 0, false}, {"3*oo+1", true, math.Inf(1), true}, {"7%3", true, 1, true}, {"7//2", true, 3, true}, {"5%0", false, 0, false}, {"03", false, 0, false},
		{"5!", true, 120, true}, {"4 !", false, 0, false}, {"sin(0)", true, 0, true}, {"f(x)", true, 0, false}, {"f(x)(y)", false, 0, false}, {"binomial(5,2)", true, 10, true}, {"E", true, math.E, true}, {"I", true, 0, false},
		{"atan(1)*4", true, math.Pi, true}, {"asin(1)*2", true, math.Pi, true}, {"cosh(1)", true, math.Cosh(1), true}, {"acosh(2)", true, math.Acosh(2), true}, {"floor(sqrt(2)*10)", true, 14, true}, {"floor(2.5)", true, 2, true}, {"ceiling(-2.5)", true, -2, true}, {"sec(1)", true, 1 / math.Cos(1), true},
		{"log(8,2)", true, 3, true}, {"0.[3]", true, 1. / 3, true}, {"1e400", true, math.Inf(1), true}, {"lambda", false, 0, false}, {"x'", false, 0, false}, {"", false, 0, false}, {"a\nb", false, 0, false},
	} {
		e, err := sympy.ParseExpr(c.text)
		if (err == nil) != c.read {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if err != nil {
			continue
		}
		if v, ok := e.Float64(); ok != c.ok || ok && v != c.want && math.Abs(v-c.want) > 1e-13*math.Abs(c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", c.text, v, ok, c.want, c.ok)
		}
	}
}

// TestBounded: what sympy would not come to an end with does not hang here.
func TestBounded(t *testing.T) {
	for _, s := range []string{
		"10**10**10", "9**9**9**9", "99999!", "2**(x**(x**(x**99999)))", strings.Repeat("(x+1)*", 300) + "1", strings.Repeat("sqrt(", 150) + "x" + strings.Repeat(")", 150),
		strings.Repeat("(", 5000), strings.Repeat("1+", 1900) + "x", "(x+y)**99999-(x+y)**99998", strings.Repeat("ln(", 100) + "x" + strings.Repeat(")", 100), strings.Repeat("x", 3900),
	} {
		start := time.Now()
		if _, err := sympy.IsZero(s); err != nil && !errors.Is(err, sympy.ErrRefused) && !errors.Is(err, sympy.ErrBudget) {
			t.Errorf("%.40s: %v", s, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%.40s took %v", s, took)
		}
	}
}

func FuzzIsZero(f *testing.F) {
	for _, s := range []string{"(1/2)-(0.5)", "(xsqrt(2)+3!!)-(0.[3])", "ln**2(x)y(2)", "x_1**-2/3jpi", "2**(1/2)*(-1)**(1/3)-x**y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := sympy.ParseExpr(s); err == nil {
			e.Float64()
			if _, err := sympy.Same(e, e); err != nil && !errors.Is(err, sympy.ErrRefused) && !errors.Is(err, sympy.ErrBudget) {
				t.Error(err)
			}
		}
		zero, err := sympy.IsZero(s)
		if err != nil && (zero || !errors.Is(err, sympy.ErrRefused) && !errors.Is(err, sympy.ErrBudget)) {
			t.Errorf("%v, %v", zero, err)
		}
	})
}
