package grader_test

import (
	"slices"
	"testing"

	"gradus/rewards/rules/grader"
)

// What normalize_answer of prm800k/grading/math_normalize.py returned.
func TestMathd(t *testing.T) {
	for _, c := range [][2]string{
		{`\text{ 5 cm}`, `5cm`},
		{`x=\frac12`, `\frac{1}{2}`},
		{`0.5`, `\frac{1}{2}`},
		{`-3/4`, `\frac{-3}{4}`},
		{`03/4`, `03/4`},
		{`\dfrac{1}{2}`, `\frac{1}{2}`},
		{`1\text{ cm}`, `1`},
		{`\text{ a}\text{ b}`, `a}`},
		{`50\%`, `50`},
		{`.5`, `\frac{1}{2}`},
		{`\sqrt3 + \sqrt{2}`, `\sqrt{3}+\sqrt{2}`},
		{`\sqrt`, `\sqrt`},
		{`90^{\circ}`, `90`},
		{`abc=3`, `abc=3`},
		{`\frac1`, `\frac1`},
		{`\frac1{72}`, `\frac{1}{72}`},
		{`\frac{72}1`, `\frac{72}1`},
	} {
		if got := grader.Mathd(c[0]); got != c[1] {
			t.Errorf("%q: %q; want %q", c[0], got, c[1])
		}
	}
}

// What _normalize of prm800k/grading/grader.py returned.
func TestNormalize(t *testing.T) {
	g := grader.New()
	for _, c := range [][2]string{
		{`\text{ 5 cm}`, `5`},
		{`5 degrees`, `5`},
		{`12 inches^2`, `12`},
		{`7 3/4`, `7+3/4`},
		{`7\frac{3}{4}`, `7+3/4`},
		{`\$1,234,567`, `1234567`},
		{`1,23`, `1,23`},
		{`3 million`, `3*10^6`},
		{`2.99999999`, `3`},
		{`2.0`, `2`},
		{`1e400`, `1e400`},
		{`- 5`, `-5`},
		{`\{1, 2\}`, `1,2`},
		{`\left(\frac{3}{5}, \sqrt{2}\right]`, `(3/5,sqrt(2)]`},
		{`x \in [1,\infty)`, `x∈[1,inf)`},
		{`30^\circ`, `30`},
		{`{a}`, `a`},
		{`{`, ``},
		{`-\frac12`, `-1/2`},
		{`50\%`, `50`},
		{`2\pi r`, `2pir`},
		{`1 and 2`, `1,2`},
		{`３`, `3`},
		{"\\text{a}\n", `a`},
		{`\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, `[1;2]`},
		{`yards`, ``},
		{`İ`, `i̇`},
		{`1 2 3`, `1+23`},
		{`10{,}000`, `10000`},
		{`1,\!000`, `1000`},
		{`nan`, `nan`},
	} {
		if got := g.Normalize(c[0]); got != c[1] {
			t.Errorf("%q: %q; want %q", c[0], got, c[1])
		}
	}
}

func TestSplitTuple(t *testing.T) {
	g := grader.New()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil}, {"1,2", []string{"1,2"}}, {"(1,2]", []string{"1", "2"}}, {"(1,234,5)", []string{"1234", "5"}}, {"((1,2),3)", []string{"((1,2),3)"}}, {"()", []string{"()"}}, {"(,)", []string{"", ""}},
	} {
		if got := g.SplitTuple(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q; want %q", c.text, got, c.want)
		}
	}
}
