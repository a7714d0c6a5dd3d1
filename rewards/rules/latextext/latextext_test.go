package latextext_test

import (
	"errors"
	"strings"
	"testing"

	"gradus/rewards/rules/latextext"
)

const fails = "fails"

// What pylatexenc 2.11 returned for each; fails where it raised.
func TestText(t *testing.T) {
	for _, c := range [][2]string{
		{`\frac{1}{2}`, `1/2`},
		{`\frac12`, `1/2`},
		{`\frac\pi2`, `π/2`},
		{`2\frac{1}{3}`, `21/3`},
		{`\sqrt[3]{5}`, `√(5)`},
		{`\frac\sqrt2 3`, fails},
		{`\frac{1}`, `%s/%s1`},
		{`\frac`, `%s/%s`},
		{`\foo{b}`, `b`},
		{`\mbox{ a}b`, `b`},
		{`\text{cm}^2`, `cm^2`},
		{`\begin{pmatrix} 1 & -20 \\ 3 & 4 \end{pmatrix}`, `[   1 -20;   3   4 ]`},
		{`\begin{pmatrix}\end{pmatrix}`, fails},
		{`\begin{align}x  =  1\\ y\end{align}`, "\n    x  =  1\n     y\n"},
		{`\(x \pi y\) z`, `x π y z`},
		{`\[1\]`, "\n    1\n"},
		{`a % b`, `a `},
		{"a%b\n c", "a\n c"},
		{`}x{`, `x`},
		{`\mathbb{R}\mathcal{F}\mathfrak Cx`, `ℝℱℭx`},
		{`\bar{xy}\not=\'e`, `x̅y̅≠é`},
		{`\'{\i}`, `í`},
		{"a--b ~``", "a–b  “"},
		{`\verb|\x| \alpha\Theta`, ` αΘ`},
		{`\textcolor{red}{x}`, `x`},
		{`\left[1,\,\infty\right)`, `[1, ∞)`},
		{`\item[a] b`, "\n  a b"},
		{`\[ [2] \\[2pt] 3\]`, "\n    [2] \n     3\n"},
		{"x\n\ny", "x\n\ny"},
		{`\`, ``},
		{`x \ `, `x  `},
		{`30^\circ`, `30^∘`},
		{`\operatorname{sgn} x`, `sgn x`},
		{`\ln2\quad3`, `ln2  3`},
	} {
		got, err := latextext.Text(c[0])
		if errors.Is(err, latextext.ErrFails) {
			got = fails
		}
		if got != c[1] {
			t.Errorf("%q: %q, %v; want %q", c[0], got, err, c[1])
		}
	}
}

func TestDeep(t *testing.T) {
	for _, piece := range []string{"{", `\begin{a}`, `\frac{`, `\(`, `\sqrt[`} {
		if _, err := latextext.Text(strings.Repeat(piece, 100_000)); !errors.Is(err, latextext.ErrDeep) {
			t.Errorf("%q again and again: %v", piece, err)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{`\frac{1}{2}`, `\begin{array}{cc}1&2\\3\end{array}`, `\[\text{a $b$}\]%c`, `\verb|x|`, `\sqrt[3]\'e--`, "\\ \n\n{["} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if out, err := latextext.Text(s); err != nil && out != "" {
			t.Errorf("%q with %v", out, err)
		}
	})
}
