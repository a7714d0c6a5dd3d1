package latex2sympy

import (
	"strings"
	"testing"
)

// What normalize_latex with boxed="last" returned, and whether latex2sympy read it
// (latex2sympy2_extended 1.11.0, antlr 4.13.2, sympy 1.14.0).
func TestPublished(t *testing.T) {
	n, g := NewNormalizer(), NewGrammar()
	for _, c := range []struct {
		text, normal string
		read         bool
	}{
		{`\frac12`, `\frac{1}{2}`, true},
		{`\frac{1}{2}`, `\frac{1}{2}`, true},
		{`\boxed{42.}`, `42.`, false},
		{`\boxed{\sqrt{2}`, `{\sqrt{2}`, false},
		{`\boxed{a \boxed{b}}`, `b`, true},
		{`\boxed{1} and \boxed{2}`, `1,2`, true},
		{`\boxed{1}, then at last \boxed{1}`, `1`, true},
		{`\fbox{3}`, `3`, true},
		{`\boxed x`, `x`, true},
		{`x=10,\!080`, `x=10,080`, true},
		{`1 4/5`, `1 4/5`, true},
		{`2(3)`, `2(3)`, true},
		{`\infx`, `\infx`, false},
		{`\left(1,\infty\right)`, `(1,\infty)`, true},
		{`(1,2]\cup[3,4)`, `(1,2]\cup[3,4)`, true},
		{`[0,1) -1/2`, `[0,1) -1/2`, false},
		{`(1, 2]\%`, `(1, 2]\%`, false},
		{`50\%`, `50\%`, true},
		{`50 percent`, `50\%`, true},
		{`5 \text{ cm}`, `5`, true},
		{`5\text{cm}^2`, `5`, true},
		{`\frac{1}{\mathrm{e}}`, `\frac{1}{`, false},
		{`12 square units`, `12`, true},
		{`\text{even}`, `\text{even}`, true},
		{`\text{(A)}`, `\text{(A)}`, true},
		{`1 and 2`, `1, 2`, true},
		{`x or y`, `x , y`, true},
		{`\text{and}`, `,`, false},
		{`{,}5`, `,5`, false},
		{`1{,}000`, `1,000`, true},
		{`.5`, `\frac{1}{2}`, true},
		{`0.5`, `\frac{1}{2}`, true},
		{`3/4`, `\frac{3}{4}`, true},
		{`\sqrt3`, `\sqrt{3}`, true},
		{`\sqrt(2)`, `\\sqrt{2}`, false},
		{`\sqrt[3]8`, `\sqrt[3]8`, false},
		{`\log_28`, `\log_{2}{8}`, true},
		{`\ln e`, `\ln e`, true},
		{`\cotx`, `\cotx`, true},
		{`1+\cdots`, `1+\cdots`, false},
		{`\dots`, `\dots`, false},
		{`\circ`, `\circ`, false},
		{`45^\circ`, `45^\circ`, true},
		{`x'`, `x`, true},
		{`∞`, `∞`, false},
		{`√2`, `√2`, false},
		{`½`, `½`, false},
		{`α+1`, `α+1`, true},
		{`2 \times 3 ÷ 4`, `2 \times 3 ÷ 4`, true},
		{`--3`, `--3`, true},
		{`3-`, `3-`, false},
		{`3..`, `3..`, false},
		{`1e5`, `1e5`, true},
		{`1E5`, `1E5`, true},
		{`x \in (0,1)`, `x \in (0,1)`, true},
		{`2x \in A`, `2x \in A`, false},
		{`x \in \mathbb{R}`, `x \in \mathbb{R}`, true},
		{`\{1,2\}`, `\{1,2\}`, true},
		{`\{\}`, `\{\}`, true},
		{`{}`, `{}`, true},
		{`\emptyset`, `\emptyset`, true},
		{`(1;2)`, `(1;2)`, true},
		{`x<y\le 3`, `x<y\le 3`, true},
		{`y=2x+1=3`, `y=2x+1=3`, true},
		{`\pm 2`, `\pm 2`, true},
		{`1 \pm \sqrt{2}`, `1 \pm \sqrt{2}`, true},
		{`\begin{pmatrix}1&2\\3&4\end{pmatrix}`, `\begin{pmatrix}1&2\\3&4\end{pmatrix}`, true},
		{`\begin{cases}1\\2\end{cases}`, `\begin{cases}1\\2\end{cases}`, false},
		{`\begin{array}{cc}1&2\end{array}`, `\begin{array}{cc}1&2\end{array}`, true},
		{`\frac{d}{dx}`, `\frac{d}{dx}`, false},
		{`\frac{d}{dx} x`, `\frac{d}{dx} x`, true},
		{`\int_0^1 x dx`, `\int_0^1 x dx`, true},
		{`\sum_{i=1}^n i`, `\sum_{i=1}^n i`, true},
		{`\lim_{x \to 0} x`, `\lim_{x \to 0} x`, true},
		{`f(x)=x+1`, `f(x)=x+1`, true},
		{`f^{-1}(x)`, `f^{-1}(x)`, true},
		{`\operatorname{gcd}(2,4)`, `\operatorname{gcd}(2,4)`, true},
		{`tree`, `tree`, false},
		{`\overline{AB}`, `\overline{AB}`, true},
		{`\|x\|`, `\|x\|`, false},
		{`\|x\|`, `\|x\|`, false},
		{`\langle 1,2\rangle`, `\langle 1,2\rangle`, false},
		{`\lfloor x \rfloor`, `\lfloor x \rfloor`, true},
		{`a:b`, `a:b`, true},
		{`7_8`, `7_8`, true},
		{`x_{12}^2`, `x_{12}^2`, true},
		{`\left.x\right`, `\left.x\right`, false},
		{`_{y}`, `_{y}`, false},
		{`5!`, `5!`, true},
		{`e^{x`, `e^{x`, false},
		{`x}`, `x}`, false},
		{`"x"`, `x`, true},
		{`a\ b`, `a b`, true},
		{`x~y`, `x~y`, false},
		{`#`, `#`, false},
		{`d x`, `d x`, true},
		{`\binom{5}{2}`, `\binom{5}{2}`, true},
		{`{5 \choose 2}`, `{5 \choose 2}`, true},
		{`\infty \%`, `\infty \%`, false},
		{`inf`, `\infty`, true},
		{`information`, `\inftyormation`, true},
		{`\frac1{72}`, `\frac{1}{72}`, true},
		{`\frac`, `\frac`, false},
		{`\sqrt`, `\sqrt`, false},
		{`(n)_{2}`, `\frac{(n)!}{((n)-(2))!}`, true},
		{`\displaystyle x`, `x`, true},
		{`\mathbb{P}`, `\mathbb{P}`, false},
		{`a \over b`, `a \over b`, true},
		{`\variable{ab}`, `\variable{ab}`, true},
		{`1,2;3`, `1,2;3`, true},
	} {
		got := n.Normal(n.Inside(c.text, LastBoxes), Mend{Operators: true, Nits: true})
		if got != c.normal {
			t.Errorf("Normal(%q) = %q, want %q", c.text, got, c.normal)
		}
		if _, ok := g.Read(c.normal); ok != c.read {
			t.Errorf("Read(%q) = %v", c.normal, ok)
		}
	}
}

// Without mending, and with all boxes, as open-r1 and TRL read completions.
func TestModes(t *testing.T) {
	n := NewNormalizer()
	for text, want := range map[string]string{`\boxed{\frac12} is far away from here: \boxed{.5}`: `\frac12,.5`, `\boxed{1}\boxed{1}`: "1", `\boxed{0.5}`: "0.5"} {
		if got := n.Normal(n.Inside(text, AllBoxes), Mend{}); got != want {
			t.Errorf("Normal(%q) = %q, want %q", text, got, want)
		}
	}
	if spaced, ok := NewGrammar().Read(`2\cotx+1\cdots`); !ok || spaced != `2 \cot x + 1 \cdot s` {
		t.Errorf("%q, %v", spaced, ok)
	}
}

// What is nested or ambiguous beyond use is decided, too, and soon.
func TestBounded(t *testing.T) {
	n, g := NewNormalizer(), NewGrammar()
	for _, text := range []string{strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), strings.Repeat("(1,", 200), strings.Repeat("{", 600), strings.Repeat("1 ", 600), strings.Repeat(`\frac{`, 200), strings.Repeat("[1,2)", 120), strings.Repeat("|", 600), strings.Repeat(`\sin `, 500) + "x"} {
		g.Read(n.Normal(n.Inside(text, AllBoxes), Mend{Operators: true}))
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{`\boxed{\frac12}`, `\left(1,2\right]`, `x \in \{1,2\}`, `\text{a`, "50 %"} {
		f.Add(s)
	}
	n, g := NewNormalizer(), NewGrammar()
	f.Fuzz(func(t *testing.T, s string) {
		normal := n.Normal(n.Inside(s, LastBoxes), Mend{Operators: true, Nits: true})
		if spaced, ok := g.Read(normal); ok && strings.TrimSpace(spaced) == "" {
			t.Errorf("%q is read as nothing", s)
		}
	})
}
