package equal

import (
	"strings"
	"testing"

	"gradus/rewards/mathans/ast"
	"gradus/rewards/mathans/parse"
)

func read(t testing.TB, s string) *ast.Node {
	t.Helper()
	a, err := parse.Parse(s, parse.Options{})
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return a.Expr
}

// TestRungs: the method that decides, and what its word is worth.
func TestRungs(t *testing.T) {
	for _, c := range []struct {
		gold, pred string
		equal      bool
		rung       string
		basis      Basis
	}{
		{"1/2", "2/4", true, "rational", Exact},
		{"1/2", "1/3", false, "rational", Exact},
		{`\sqrt{12}`, `2\sqrt3`, true, "radical", Exact},
		{`\sqrt{2}`, `\sqrt3`, false, "radical", Exact},
		{`\frac{i}{1+i}`, `\frac{1+i}{2}`, true, "radical", Exact},
		{`\cos\frac{\pi}{3}`, `\frac12`, true, "interval", Numeric},
		{`e`, `\pi`, false, "interval", Exact},
		{`e^{-200}`, `e^{-201}`, false, "interval", Exact},
		{"(x+1)^2", "x^2+2x+1", true, "field_identity", Identity},
		{"(x+1)^2", "x^2+2x+2", false, "field_identity", Exact},
		{`\frac{1}{x}+\frac1y`, `\frac{x+y}{xy}`, true, "field_identity", Identity},
		{"x^{12345678901234567890}", "x^{12345678901234567889}x", true, "field_identity", Identity},
		{`\sqrt{x^2}`, "x", false, "numeric_identity", Exact},
		{`\sqrt{x^2}`, "|x|", true, "numeric_identity", Numeric},
		{`\ln(xy)`, `\ln x+\ln y`, true, "numeric_identity", Numeric},
		{"x+y", "y+x", true, "identical", Exact},
		{"1/0", "2/0", false, "undefined", Heuristic},
		{"(1,2)", "(1,3)", false, "tuple", Exact},
		{`\text{yes}`, `\text{Yes}`, true, "text", Heuristic},
	} {
		o, err := Compare(read(t, c.gold), read(t, c.pred), Options{})
		if err != nil || o.Equal != c.equal || o.Rung != c.rung || o.Basis != c.basis {
			t.Errorf("%s against %s: %+v, %v; want %v by %s, basis %d", c.gold, c.pred, o, err, c.equal, c.rung, c.basis)
		}
	}
}

// TestSymmetry: scalar verdicts do not depend on the order, nor do they change
// when both sides are swapped under any of the options.
func TestSymmetry(t *testing.T) {
	forms := []string{"1/2", "0.5", `\sqrt2`, `\frac{2}{\sqrt2}`, "x+1", "1+x", `\pi`, "3i", "-x", `\sin x`, "x^2", `\frac{x}{y}`, "2^{-3}", "1/8", "5!", "120"}
	for _, a := range forms {
		for _, b := range forms {
			x, err1 := Compare(read(t, a), read(t, b), Options{FloatDigits: 6})
			y, err2 := Compare(read(t, b), read(t, a), Options{FloatDigits: 6})
			if err1 != nil || err2 != nil || x.Equal != y.Equal {
				t.Errorf("%s, %s: %+v %v against %+v %v", a, b, x, err1, y, err2)
			}
			if a == b && !x.Equal {
				t.Errorf("%s is not itself: %+v", a, x)
			}
		}
	}
}

// TestSteps: with little work allowed the comparison says so.
func TestSteps(t *testing.T) {
	if _, err := Compare(read(t, `\sin x+\cos y`), read(t, `\cos y+\sin(x+1)`), Options{Steps: 10}); err != ErrBudget {
		t.Errorf("10 steps: %v, want ErrBudget", err)
	}
}

// TestEveryBudget: wherever the work runs out, a comparison ends with a verdict
// or says so.
func TestEveryBudget(t *testing.T) {
	many := strings.Repeat(`\sqrt[3]{-7}+`, 60) + "1"
	for _, c := range [][2]string{
		{many, many + `+\ln 2`},
		{`\sqrt[7]{\sqrt[5]{-2-\pi}}`, `(-2-\pi)^{1/35}+\ln 2`},
		{`n^{5/3}`, `\sqrt[3]{n^5}`},
		{`\arcsin\frac{x}{9}+\operatorname{arctanh}\frac1x`, `\arccos\sqrt{x}-\sinh x`},
		{`|x-3|+\lfloor e^x\rfloor`, `\max(x,3)-\lceil\tan x\rceil`},
		{`\binom{n}{3}+\sum_{k=1}^{9}\sqrt{k}`, `\frac{n!}{6(n-3)!}+\prod_{k=1}^{9}\ln(k+1)`},
		{`\{1,\sqrt2,\sqrt[3]{-5}\}`, `\{\sqrt[3]{-5},\frac{2}{\sqrt2},1\}`},
		{`x^2<\sqrt[3]{-5}+9`, `(-\sqrt{9-\sqrt[3]5},\sqrt{9-\sqrt[3]5})`},
		{`\{x\mid x>\sqrt2\}`, `(\sqrt2,3]\cup(3,\infty)`},
		{`y\ge|x-5|`, `2y-2|5-x|\ge0`},
		{`\begin{pmatrix}\sin 30^\circ&1\\\pi&i\end{pmatrix}`, `\begin{pmatrix}\frac12&1\\\pi&\sqrt{-1}\end{pmatrix}`},
		{`1\pm\sqrt[3]{-2}`, `1+\sqrt[3]{2},1-\sqrt[3]2`},
	} {
		gold, pred := read(t, c[0]), read(t, c[1])
		for steps := 1; steps < DefaultSteps; steps += 1 + steps/5 {
			o, err := Compare(gold, pred, Options{Steps: steps, FloatDigits: 6})
			if err != nil && err != ErrBudget || err == nil && o.Rung == "" {
				t.Fatalf("%s against %s with %d steps: %+v, %v", c[0], c[1], steps, o, err)
			}
		}
	}
}

func FuzzCompare(f *testing.F) {
	for _, s := range []string{`\frac{x}{y}`, `\sqrt{2}+\sqrt[3]{5}`, "[1,2)", `\{1,2\}\cup(3,4)`, "x<3", "1\\pm2", `\begin{pmatrix}1&2\\3&4\end{pmatrix}^T`, "0<|x|<2", `\sum_{k=1}^{9}k`, "2^{2^{2^{2^{2}}}}", `\arcsin(2)`, "5!!", `\log_{-1}3`} {
		f.Add(s, "1")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, gold, pred string) {
		g, err := parse.Parse(gold, parse.Options{})
		if err != nil {
			return
		}
		p, err := parse.Parse(pred, parse.Options{})
		if err != nil {
			return
		}
		for _, o := range []Options{{}, {Steps: 300}, {Steps: 3000}, {FloatDigits: 6, Fold: true, RelationForSet: true, VectorForTuple: true, Rename: true}} {
			out, err := Compare(g.Expr, p.Expr, o)
			if err == nil && out.Rung == "" {
				t.Fatal("an outcome without a rung")
			}
		}
	})
}
