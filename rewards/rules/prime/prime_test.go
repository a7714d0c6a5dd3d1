package prime_test

import (
	"strings"
	"testing"
	"time"

	"gradus/rewards"
	"gradus/rewards/rules/prime"
	"gradus/rewards/rules/rule/ruletest"
)

// What compute_score of verl 0.9.1 and evaluate_math of PRIME (18ad596)
// returned, with sympy 1.14 and antlr 4.11; bench/rivals/rewards/compare.py
// --verl --prime compares many more.
func TestPublished(t *testing.T) {
	verl, own := ruletest.New(t, prime.Rules(), "verl.prime_math", nil), ruletest.New(t, prime.Rules(), "prime.evaluate_math", nil)
	for _, tt := range []struct {
		completion, gold string
		verl, own        float64
	}{
		{`Step 2: so the answer is \boxed{\frac{1}{2}}.`, `0.5`, 1, 1},
		{`The answer is: 5 liters`, `5`, 1, 1},
		{`answer: 50%`, `0.5`, 1, 1},
		{`we get 3.0001`, `3`, 1, 1},
		{`we get 3.001`, `3`, 0, 0},
		{`\boxed{2\pi}`, `6.2832`, 1, 1},
		{`\boxed{2\pi}`, `6.28`, 1, 1},
		{`\boxed{\frac{\pi}{2}}`, `\pi/2`, 1, 1},
		{`\boxed{(1, 2\pi)}`, `(1,6.28318)`, 1, 1},
		{`\boxed{[0, 2\pi]}`, `[0,2\pi]`, 1, 1},
		{`so it is 101_2`, `101_3`, 1, 1},
		{`so it is 101_2`, `101`, 1, 1},
		{`x_1`, `x_1+0`, 1, 1},
		{`\boxed{x_1}`, `x_{1}`, 0, 0},
		{`Interval.open(1, 2)`, `(1,2)`, 1, 1},
		{`Point(1, 2)`, `(1,2)`, 0, 0},
		{`Point(1, 2)`, ``, 0, 0},
		{`Matrix([[1,2],[3,4]])`, `\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}`, 1, 0},
		{`[3]`, `\begin{pmatrix}3\end{pmatrix}`, 1, 1},
		{`[[1,2],[3,4]]`, `\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}`, 0, 0},
		{`(0.5, 3]`, `(\frac{1}{2}, 3]`, 1, 1},
		{`3, 0.5`, `3,1/2`, 0, 1},
		{`(1,x_2)`, `(1,x_2+0)`, 1, 1},
		{`is 1,234`, `1234`, 1, 1},
		{`we get 1{,}000`, `1000`, 1, 1},
		{`$25`, `25`, 1, 1},
		{`\boxed{x^2+2x+1}`, `(x+1)^2`, 1, 1},
		{`\boxed{x^{2}+2x+1}`, `(x+1)^2`, 0, 1},
		{`\boxed{(x+1)(x-1)}`, `x^2-1`, 1, 1},
		{`\boxed{\sqrt{2}}`, `1.41421`, 0, 1},
		{`\boxed{y=2x+1}`, `2x+1`, 1, 1},
		{`\boxed{2x+1=y}`, `y=2x+1`, 0, 0},
		{`\boxed{\cos^2 x+\sin^2 x}`, `1`, 0, 1},
		{`\boxed{\log_2 8}`, `3`, 0, 0},
		{`2^3`, `1`, 0, 1},
		{`2 or 3`, `2`, 0, 1},
		{`oo`, `\infty`, 0, 1},
		{`\boxed{10^{400}}`, `10^{401}`, 0, 1},
		{`x==2`, `x==3`, 0, 0},
		{`1 + i`, `i+1`, 1, 1},
		{`\boxed{2i+3}`, `3+2*I`, 1, 1},
		{`\boxed{3+2i}`, `2i+3`, 1, 1},
		{`the final answer is nothing`, `nothing`, 1, 1},
		{`a. b is c. d`, `c`, 1, 1},
		{`İ is 3`, `3`, 0, 0},
		{`\fbox{7}`, `7`, 1, 1},
		{`\boxed{7`, `7`, 1, 1},
		{`so 7 is the answer, not 8`, `7`, 0, 0},
		{`\boxed{x<3}`, `x>3`, 0, 0},
		{`no box = 12`, `12`, 1, 1},
		{"x are\n4", `4`, 1, 1},
		{`3 1/2`, `7/2`, 1, 1},
		{`\boxed{2x^2+3.}`, `2x^2+3`, 1, 1},
		{`5x^2`, `5*x^2`, 1, 1},
		{`5\text{ cm}`, `5`, 1, 1},
		{`\frac{x}{7}+\frac{2}{7}`, `\frac{x+2}{7}`, 0, 1},
		{``, `5`, 0, 0},
		{`5`, ``, 0, 0},
		{`e^{i\theta}`, `e^{\theta i}`, 0, 1},
		{`\sum_{k=1}^{3} k`, `6`, 0, 0},
		{`f(x)`, `f(y)`, 0, 0},
		{`10**10**10`, `1`, 0, 0},
		{`\boxed{2\pi r}`, `2\pi*r`, 0, 1},
		{`\boxed{\text{Tuesday}}`, `tuesday`, 1, 1},
		{`(3)`, `3`, 1, 1},
		{`{3}`, `3`, 1, 1},
		{`2/4`, `1/2`, 0, 1},
		{`9.99e-1`, `1`, 0, 0},
		{`[0,2\pi)`, `[0, 2\pi]`, 0, 1},
	} {
		ruletest.Pays(t, verl, tt.completion, tt.gold, tt.verl)
		ruletest.Pays(t, own, tt.completion, tt.gold, tt.own)
	}
}

// What match_answer returned.
func TestExtract(t *testing.T) {
	for _, c := range [][2]string{
		{"The answer is: 5. I hope so. ", "5"}, {`so \boxed{x = 3}. Done`, "3"}, {"3 is the answer", "3"}, {"it must be\n7", "7"}, {"nothing", "nothing"}, {`\boxed{\fbox{2}`, `\boxed{\fbox{2}`},
		{"İİ answer is 42", "2"}, {"", ""},
	} {
		if got := prime.Extract(c[0]); got != c[1] {
			t.Errorf("%q: %q; want %q", c[0], got, c[1])
		}
	}
}

// No text takes long.
func TestHostile(t *testing.T) {
	own := ruletest.New(t, prime.Rules(), "prime.math", nil)
	for _, s := range []string{
		"10**10**10*1", `9**9**9**9\pi`, `\pi` + strings.Repeat("+1", 5_000), strings.Repeat("(", 3000) + `\pi` + strings.Repeat(")", 3000), strings.Repeat("[", 900), strings.Repeat("(1,", 300) + "x",
		strings.Repeat("answer is ", 5_000), strings.Repeat(`\boxed{`, 5_000), strings.Repeat(`\pi`, 5_000), "99999!!!", "2<<99999999", "(x+1)**99999", "sin(" + strings.Repeat("sin(", 40) + "1", strings.Repeat("9", 20_000),
		strings.Repeat(`\sum_{i=1}^{1000} `, 10) + "i", strings.Repeat("not ", 300) + "1", strings.Repeat("~", 900) + "1", "x" + strings.Repeat("^x", 400),
	} {
		start := time.Now()
		for _, gold := range []string{"7", `x^{3}, 2`, s + "+y"} {
			ruletest.Score(t, own, rewards.Sample{Completion: s, Problem: rewards.Problem{Gold: gold}})
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%.20q… takes %v", s, d)
		}
	}
}

func FuzzMath(f *testing.F) {
	for _, s := range [][2]string{{`2\pi`, "6.28"}, {"(1,[2,3])", `(1_2, \pi)`}, {"Matrix([[1,2]])", `\begin{pmatrix} 1 & 2 \end{pmatrix}`}, {"Point(1,2)", "(1,2)"}, {"2 or x<3, ~4", `x_1^2. + \sin 3.`}, {"is 3j^2", "[0.[3],...]"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, claim, gold string) {
		for _, e := range []*prime.Equal{prime.NewEqual(true, false), prime.NewEqual(false, true)} {
			e.Same(prime.Extract(claim), gold)
		}
		if claim == gold && len(claim) < 1000 && !strings.ContainsAny(claim, "_\\$") && !prime.NewEqual(true, true).Same(claim, gold) && strings.TrimSpace(claim) != "nan" {
			t.Errorf("%q is not itself", claim)
		}
	})
}
