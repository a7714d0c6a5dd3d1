package parse

import (
	"errors"
	"strings"
	"testing"
)

// TestParse: what is read, written back in plain text.
func TestParse(t *testing.T) {
	for _, c := range []struct{ src, want, unit string }{
		{`\frac12`, "1/2", ""},
		{`\frac{1}2`, "1/2", ""},
		{`\dfrac{-3}{4}`, "(-3)/4", ""},
		{`2\frac13`, "7/3", ""},
		{"2 1/3", "7/3", ""},
		{"1/2x", "1/(2*x)", ""},
		{"-x^2", "-x^2", ""},
		{"x^10", "x^10", ""},
		{`x^{-1}`, "x^(-1)", ""},
		{"2^3^2", "(2^3)^2", ""},
		{`\sqrt2+1`, "root(2, 2) + 1", ""},
		{`\sqrt[3]{x}`, "root(x, 3)", ""},
		{`\sin 2x\cos y`, "sin(2*x)*cos(y)", ""},
		{`\sin^{-1} x`, "arcsin(x)", ""},
		{`\log_2 8`, "log(8, 2)", ""},
		{`|x-1|`, "abs(x - 1)", ""},
		{`\lfloor x\rfloor`, "floor(x)", ""},
		{"12,345", "12345", ""},
		{"12, 345", "12, 345", ""},
		{"(12,345)", "(12, 345)", ""},
		{"[1,2)", "[1, 2)", ""},
		{"]1,2]", "(1, 2]", ""},
		{`\{1,2\}\cup(3,4)`, "{1, 2} ∪ (3, 4)", ""},
		{"a=1,b=2", "a = 1, b = 2", ""},
		{"a=1,2", "a = 1, 2", ""},
		{"1;2;3", "1, 2, 3", ""},
		{"1,2;3,4", "(1, 2), (3, 4)", ""},
		{`1\text{ and }2`, "1, 2", ""},
		{"1, 2, and 3", "1, 2, 3", ""},
		{"0<x\\le 1", "0 < x <= 1", ""},
		{`x\approx 3`, "3", ""},
		{`\pi\approx 3.14`, "pi", ""},
		{"12 cm", "12", "cm"},
		{`15\mbox{ cm}^2`, "15", "cm2"},
		{"60 km/h", "60", "km /h"},
		{"5 apples", "5", "apple"},
		{"3m", "3", "m"},
		{"11a+3c", "11*a + 3*c", ""},
		{"x^2h", "x^2*h", ""},
		{`\text{odd}`, "odd", ""},
		{`0.\overline{12}`, "4/33", ""},
		{`0.1\overline{6}`, "1/6", ""},
		{"204_5", "204_5", ""},
		{`90^\circ`, "90°", ""},
		{`50\%`, "50%", ""},
		{`\begin{pmatrix}1&2\\3&4\end{pmatrix}`, "[1, 2; 3, 4]", ""},
		{`1\pm\sqrt2`, "1±root(2, 2)", ""},
		{`\left( \frac{1}{2}, x_1 \right)`, "(1/2, x_1)", ""},
		{`3\times10^{-2}`, "3*10^(-2)", ""},
		{"f(x+1)", "f(x + 1)", ""},
		{"x(x+1)", "x*(x + 1)", ""},
		{`\mathbb{R}`, "R", ""},
		{"½", "1/2", ""},
		{"x²", "x^2", ""},
		{"√2", "root(2, 2)", ""},
	} {
		a, err := Parse(c.src, Options{})
		if err != nil {
			t.Errorf("%q: %v", c.src, err)
			continue
		}
		if got := a.Expr.String(); got != c.want || a.Unit != c.unit {
			t.Errorf("%q: read %s with unit %q, want %s with %q", c.src, got, a.Unit, c.want, c.unit)
		}
	}
}

func TestRefuse(t *testing.T) {
	for _, src := range []string{"", "+", "1+", "(", "(1", "1)", "{", `\frac{1}`, `\frac{1}{`, "2 3", "--1", "x=", `\unknown`, `\begin{pmatrix}1&2\\3\end{pmatrix}`,
		`\begin{pmatrix}1`, "|x", `\sqrt`, "^2", `\left`, "1..2", `\{1,2)`} {
		if a, err := Parse(src, Options{}); err == nil {
			t.Errorf("%q is read as %s", src, a.Expr)
		}
	}
	for _, src := range []string{"2x", "x y", "3(4)"} {
		if a, err := Parse(src, Options{Arithmetic: true}); err == nil {
			t.Errorf("arithmetic %q is read as %s", src, a.Expr)
		}
	}
	for _, src := range []string{strings.Repeat("{", 5000), strings.Repeat("1+", 5000), strings.Repeat("-(", 2000) + "1" + strings.Repeat(")", 2000)} {
		if _, err := Parse(src, Options{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%.20q…: %v, want ErrTooLarge", src, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`\frac12`, "1 1/4", `\{1,2\}`, "]a,b[", `\sum_{k=1}^n k`, `\sin^2x`, `1{,}000`, "12 cm^2", `\begin{cases}1\\2\end{cases}`, "x_{1,2}", `\text{a}`, "½²", `\left.\right|`, `p(q(x+1))`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, o := range []Options{{}, {Arithmetic: true}} {
			a, err := Parse(s, o)
			if err != nil {
				continue
			}
			if a.Expr.Size(2*maxNodes) > 4*maxNodes {
				t.Fatalf("%d nodes", a.Expr.Size(4*maxNodes))
			}
			_ = a.Expr.String()
			if c := a.Expr.Canonical(true); c == "" {
				t.Fatalf("%q has no canonical text", s)
			}
		}
		Mathematical(s)
	})
}

func FuzzLex(f *testing.F) {
	f.Add(`\\frac{1}{2}`)
	f.Add("1,234.5E-3")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := lex(s, false)
		if err != nil {
			return
		}
		at := 0
		for _, k := range l.toks {
			if k.from < at || k.to < k.from || k.to > len(s) {
				t.Fatalf("%q: token %+v after byte %d", s, k, at)
			}
			at = k.from
		}
	})
}
