package parselatex

import (
	"strings"
	"testing"
	"time"
)

// What parse_latex of sympy 1.14 read; "" where it raised.
func TestParse(t *testing.T) {
	for s, want := range map[string]string{
		`\log_2 16`: "log(6,21)", `\log_28`: "log(8,2)", `x(y+1)`: "x(y+1)", `\sin x * y`: `\sin(xy)`, `2 x 3`: "2*3", `|x||y|`: "|x||y|", `x^2 3`: "x^{23}",
		`\frac{d}{dx}`: "", `2\pi`: `2 \pi`, `[1,2]`: "", `\{1\}`: "1", `\sin`: "", `3, 4`: "3", `1,234`: "1234", `1,23`: "1", `\frac1x`: "", `50\%`: "", `\frac12`: `\frac{1}{2}`,
		`\sqrt2`: "", `\begin{pmatrix}1&2\end{pmatrix}`: "", `1<x<2`: "", `x+`: "x", `x=`: "", `x_`: "", `2(x_`: "2", `2x_`: "2", `3.`: "", `2+3.`: "", `2+(3.)`: "2", `42.`: "4", `142.`: "14", `12,345.`: "12", `x^42.`: "x^4", `01`: "", `x+y_`: "", `x\sqrt3`: "x", `2+(3`: "2", `x^{2)`: "x", `\end{pmatrix}`: "", `1{,}000-x`: "1", `(x`: "", `5!`: `5!`, `x\,y`: "xy", `\left(x\right)`: "x", `2:3`: "2/3",
	} {
		got, err := Parse(s)
		if want == "" {
			if err == nil {
				t.Errorf("%s is read as %s", s, got.key())
			}
			continue
		}
		like, err2 := Parse(want)
		switch {
		case want == "log(6,21)":
			like, err2 = function1("log", whole(6), whole(21)), nil
		case want == "log(8,2)":
			like, err2 = function1("log", whole(8), whole(2)), nil
		case want == "14":
			like, err2 = make2(Mul, whole(1), whole(4)), nil
		case want == "2*3":
			like, err2 = make2(Mul, whole(2), whole(3)), nil
		}
		if err != nil || err2 != nil || got.key() != like.key() {
			t.Errorf("%s: %v, %v; want %s", s, got, err, want)
		}
	}
}

// No text takes long.
func TestHostile(t *testing.T) {
	for _, s := range []string{strings.Repeat(`\sin(`, 1000), strings.Repeat("x(", 2000), strings.Repeat("f(x,", 2000), strings.Repeat("|x", 2000), strings.Repeat("x^", 2000) + "2",
		strings.Repeat(`\sqrt{`, 1000), strings.Repeat("-", 5000), `\sum_{k=1}^{1000} \sum_{j=1}^{1000} \sum_{i=1}^{1000} i`, "9^{9^{9^9}}", strings.Repeat("99999!", 3), strings.Repeat("2(x+", 70) + "1" + strings.Repeat(")", 70)} {
		start := time.Now()
		if e, err := Parse(s); err == nil {
			EvalfEqual(e, symbolOf("x"))
			SymbolicEqual(e, whole(9), func(a, b float64) bool { return a == b })
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%.20s… takes %v", s, d)
		}
	}
}

// What is read can be compared, and brought into sympy's form.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`\log_2 16+x(y+1)`, `|x||y|^{2}!`, `\sum_{k=1}^{3} k\frac{d}{dx} x'_1`, `\sin^{-1} 42.`, `x^2_3 \le \lfloor 2.5 \rfloor`, `\begin{pmatrix}1\end{pmatrix}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			return
		}
		if same, ok := EvalfEqual(e, e); ok && !same {
			t.Errorf("%q is not itself", s)
		}
		if v, err := e.Sympy(); err == nil {
			v.Float64()
		}
	})
}
