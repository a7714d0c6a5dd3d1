package mathans

import (
	"strings"
	"testing"
	"time"
)

// TestKinds: each kind of answer, under the rules of policy mathverify.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		gold, pred string
		equal      bool
	}{
		// Numbers, in plain text and LaTeX.
		{"5300", "5,300", true},
		{"5300", "5 300.0", true},
		{"5300", "5{,}300", true},
		{"5300", `5,\! 300`, true},
		{"3,75", "3.75", true},
		{"-0.5", `$-\frac12$`, true},
		{"$0.142857$", `$\frac17$`, true},
		{"$0.14$", `$\frac17$`, false},
		{`$0.1\overline{6}$`, `$\frac16$`, true},
		{"12.5", "We get 12,5 €", true},
		{"7/4", `$1\frac{3}{4}$`, true},
		{"7/4", "1 3/4", true},
		{"3/4", "1 3/4", false},
		{"9", `9 or \text{Evelyn}`, false}, // another answer, no remark
		{"9", `9 \text{ apples}`, true},
		{`$\frac{1}{2^{120}}$`, `$\frac{1}{2^{121}}$`, false},
		{`$\frac{1}{900!}$`, `$\frac{1}{901!}$`, false},
		{`$\frac{901}{901!}$`, `$\frac{1}{900!}$`, true},
		{"$6E3$", "$6000$", true},
		// Roots and constants.
		{`$\sqrt{8}$`, `$2\sqrt2$`, true},
		{`$\frac{1}{\sqrt3}$`, `$\frac{\sqrt3}{3}$`, true},
		{`$\sqrt{5+2\sqrt6}$`, `$\sqrt2+\sqrt3$`, true},
		{`$\frac{1}{1+\sqrt2+\sqrt3}$`, `$\frac{2+\sqrt2-\sqrt6}{4}$`, true},
		{`$\sqrt2+\sqrt3$`, `$\sqrt5$`, false},
		{`$5$`, `$5\sqrt3$`, false},
		{`$\sqrt[3]{2+\sqrt5}+\sqrt[3]{2-\sqrt5}$`, `$1$`, true},
		{`$\sin\frac{\pi}{6}$`, `$\frac12$`, true},
		{`$\ln 8$`, `$3\ln 2$`, true},
		{`$\log_8 4$`, `$\frac23$`, true},
		{`$e^{\ln 7}$`, `$7$`, true},
		{`$\pi$`, `$3.141593$`, true},
		{`$\pi$`, `$\frac{22}{7}$`, false},
		{`$\arctan 1$`, `$\frac{\pi}{4}$`, true},
		{`$45^\circ$`, `$\frac{\pi}{4}$`, true},
		{`$45^\circ$`, `$45$`, true},
		{`$\binom{7}{3}$`, "35", true},
		{`$\gcd(\frac12,\frac34)$`, `$\frac14$`, true},
		{`$\lcm(0.5,0.75)$`, `$\frac32$`, true},
		{`$\gcd(0,3)+\lcm(0,3)$`, "$3$", true},
		{`$\gcd(1.5,2)$`, `$1$`, false},
		{`$\ulcorner 2.5 \urcorner$`, "$3$", true},
		{`$\left\llcorner 2.5 \right\lrcorner$`, "$2$", true},
		{`$\variable{x}+1$`, "$x+1$", true},
		// Complex numbers.
		{`$(1+i)^2$`, `$2i$`, true},
		{`$\sqrt{-9}$`, `$3i$`, true},
		{`$e^{i\pi}$`, `$-1$`, true},
		{`$2-3i$`, `$2+3i$`, false},
		// Expressions.
		{`$(a+b)^2$`, `$a^2+2ab+b^2$`, true},
		{`$(a+b)^2$`, `$a^2+b^2$`, false},
		{`$\frac{x^2-1}{x-1}$`, `$x+1$`, true},
		{`$\sin^2 t+\cos^2 t$`, `$1$`, true},
		{`$\sqrt{1/n}$`, `$\frac{1}{\sqrt n}$`, true},
		{`$2^{n+1}$`, `$2\cdot 2^n$`, true},
		{`$\frac{\sqrt2}{2}x$`, `$\frac{x}{\sqrt2}$`, true},
		{`$n!$`, `$(n+1)!$`, false},
		{`$\sum_{k=1}^{4} k^2$`, "30", true},
		{`$\sum_{k=1}^{500}\frac{1}{k(k+1)}$`, `$\frac{500}{501}$`, true},
		{`$\sum_{k=1}^{500}\frac{1}{k(k+1)}$`, `$\frac{501}{502}$`, false},
		{`$\sum_{k=1}^{n} k^2$`, `$\sum_{j=1}^{n} j\cdot j$`, true},
		{`$\sum_{k=1}^{n} k^2$`, `$\sum_{k=0}^{n} k^3$`, false},
		{`$(x+1)^{500}$`, `$(x+1)(x+1)^{499}$`, true},
		{`e^{16}-1`, "-1 + exp(16)", true},
		{"pi/2", `$\frac{\pi}{2}$`, true},
		{`\dfrac{9}{7}`, `$\frac{9}{7}$`, true},
		// Lists, tuples, sets, intervals.
		{"$1,2,3$", `$\{3,2,1\}$`, true},
		{"$1,2,3$", `$1$, $2$ and $3$`, true},
		{"$1,2$", "$1,2,3$", false},
		{"$(1,2,3)$", "$(1,3,2)$", false},
		{"$(1,2),(3,4)$", `$\{(3,4),(1,2)\}$`, true},
		{"$(0,1]$", "$(0,1)$", false},
		{`$(-\infty,2)\cup(2,\infty)$`, `$\mathbb{R}\setminus\{2\}$`, true},
		{`$[0,3]\cup[2,5)$`, "$[0,5)$", true},
		{`$x\in[1,4]$`, "$[1,4]$", true},
		{`$1\le x<4$`, "$[1,4)$", true},
		{`$1\le x<4$`, "$[1,4]$", false},
		{`$x^2\le 4$`, "$[-2,2]$", true},
		{`$x^2<2$`, `$(-\sqrt2,\sqrt2)$`, true},
		{"$[1,4)$", `$1\le x<4$`, false},
		{`$3\pm\sqrt2$`, `$3+\sqrt2, 3-\sqrt2$`, true},
		{`$3\pm\sqrt2$`, `$3+\sqrt2$`, false},
		{`$\emptyset$`, `$\{\}$`, true},
		// Matrices.
		{`$\begin{pmatrix}1\\2\end{pmatrix}$`, `$\begin{bmatrix}1\\2\end{bmatrix}$`, true},
		{`$\begin{pmatrix}1\\2\end{pmatrix}$`, `$\begin{pmatrix}1&2\end{pmatrix}$`, false},
		{`$\begin{pmatrix}2&0\\0&2\end{pmatrix}$`, `$2\begin{pmatrix}1&0\\0&1\end{pmatrix}$`, true},
		{`$\begin{vmatrix}1&2\\3&4\end{vmatrix}$`, "$-2$", true},
		// Relations.
		{"$y=2x+1$", "$2x-y+1=0$", true},
		{"$y=2x+1$", "$2x-y-1=0$", false},
		{"$x>2$", "$2<x$", true},
		{"$x>2$", "$-2x<-4$", true},
		{"$x>2$", `$x\ge2$`, false},
		{"$f(x)=x^2$", "$f(t)=t^2$", true},
		{"$x=3$", "$3$", true},
		{"$3$", "$x=1+2=3$", true},
		{"$x=3$", "$y=3$", false},
		{"$x+z=3$", "$3$", false},
		{"$a:b=2:3$", `$\frac23$`, true},
		// Percent, money, units, bases, words, choices.
		{`$30\%$`, "30 percent", true},
		{`$28\%$`, "28.0", false},
		{"$28/100$", "28", false},
		{`$30\%$`, "$0.3$", true},
		{`$30\%$`, "$30$", true}, // as Math-Verify 0.9, unlike 0.8
		{"$30$", `$30\%$`, true},
		{`$30\%$`, "$31$", false},
		{`$\$12.50$`, "12.5", true},
		{`$12\text{ cm}^2$`, "$12$", true},
		{"$12$ miles", `$\boxed{12\text{ miles}}$`, true},
		{"$101_2$", "$101_2$", true},
		{"$101_2$", "$110_2$", false},
		{`$\text{north}$`, "$north$", true},
		{`$\text{(B)}$`, `$\text{B}$`, true},
		{`$\text{(B)}$`, `$\text{C}$`, false},
		// Functions at the ends of where they are defined, and remainders.
		{`$\pi$`, `$\arccos(-1)$`, true},
		{`$\frac{\pi}{2}$`, `$\arcsin 1$`, true},
		{`$-\frac{\pi}{2}$`, `$\arcsin 1$`, false},
		{`$\arcsinh(a)$`, `$\operatorname{asinh}(a)$`, true},
		{`$\sinh^{-1} a$`, "$acosh(a)$", false},
		{"2", `$128 \bmod 3$`, true},
		{"1", `$128 \bmod 3$`, false},
		{"4", `$-1 \bmod 5$`, true},
		{`$x \equiv 2 \pmod 3$`, `$x \equiv 1 \pmod 3$`, false},
		// An index after the exponent is part of the name.
		{"$x_1^2$", "$x^2_1$", true},
		{"$x^2_1$", "$x^2_2$", false},
		{`$\int_a^b x dx$`, `$\int^b_a x dx$`, true},
		{`$\int_a^b x dx$`, `$\int^a_b x dx$`, false},
		// Ends that are no fractions are open or closed, too.
		{`$x\ge\sqrt5$`, `$[\sqrt5,\infty)$`, true},
		{`$x\ge\sqrt5$`, `$(\sqrt5,\infty)$`, false},
		{`$-\sqrt2\le x\le 1$`, `$(-\sqrt2,1]$`, false},
		{`$x^2<2$`, `$[-\sqrt2,\sqrt2]$`, false},
		{`$x^2\le2$`, `$[-\sqrt2,\sqrt2]$`, true},
		// What agrees near 1 need not agree further out.
		{`$|x-5|$`, "$5-x$", false},
		{`$|x-5|$`, "$|5-x|$", true},
		{`$\max(x,3)$`, "$3$", false},
		{`$mn-\lfloor m/2\rfloor$`, `$mn-\lfloor m/5\rfloor$`, false},
		{`$\sqrt{(x-90)^2}$`, "$90-x$", false},
		{`$|x-5|<2$`, "$5-x<2$", false},
		{`$y\ge|x-5|$`, "$y\\ge5-x$", false},
		{`$\sin(x)e^{x}$`, `$\frac{\tan x}{\sec x}\cdot e^x$`, true},
		// Factorials of a variable are about whole numbers.
		{`$\frac{n!}{(n-2)!}$`, "$n(n-1)$", true},
		{`$\frac{n!}{(n-2)!}$`, "$n(n+1)$", false},
		{`$\binom n2$`, `$\frac{n^2-n}{2}$`, true},
		{`$\binom{2n}{n}$`, `$\frac{(2n)!}{n!\,n!}$`, true},
		{`$\binom n2$`, `$\binom n3$`, false},
		// An equation for a multiple of the unknown, and ones without unknown.
		{"5", "$-x=5$", false},
		{"10", "$2x=10$", false},
		{"10", "$x+y=10$", true},
		{"10", "$5+5=10$", true},
		{`$20\cos(\pi/6)=17.3$`, `$20\cos(\pi/6)=97.3$`, false},
		{`$\sqrt2\sqrt3=\sqrt6$`, `$\sqrt6=\sqrt2\sqrt3$`, true},
		// A digit that the base lacks; bases in words.
		{"$33_4$", "$33_3$", false},
		{"$33_4$", "$33_{82}$", false},
		{"$33_{\\text{four}} + 0$", "$15$", true},
		// Notations.
		{`$8.7\times 10^8$`, "$8.7e8$", true},
		{`$1.5\times 10^{-5}$`, "$1.5e-05$", true},
		{"$2e-7$", "$-7+2e$", true},
		{"$2.5E-7$", `$3.1\times 10^{-7}$`, false},
		{`$\$5.50$`, `$\text{\$}5.50$`, true},
		{"51", `$\boxed{\textbf{(051)}}$`, true},
		{"51", `$\boxed{\textbf{(52)}}$`, false},
		{"$3.14$", `$\approx 3.14$`, true},
		{"$111$", `$111, \! 111, \! 111$`, false},
		{"$111111111$", `$111, \! 111, \! 111$`, true},
		{`$\frac{25\pi}{144}$`, `$25\pi/144 \mathrm{~m}/\mathrm{min}$`, true},
		{`$\frac{25\pi}{144}$`, `$-25\pi/144 \mathrm{~m}/\mathrm{min}$`, false},
		// Degrees in the argument of a function.
		{`$\frac12$`, `$\sin 30^\circ$`, true},
		{`$2\sin 10^\circ$`, `$2\cos 80^\circ$`, true},
		{`$\cos x$`, `$\sin(90^\circ-x)$`, true},
		{`$\cos x$`, `$\sin(80^\circ-x)$`, false},
		{`$\frac12$`, `$\sin 60^\circ$`, false},
		// Sets by a condition.
		{`$[-2,1)$`, `$\{x\mid -2\le x<1\}$`, true},
		{`$[-2,1]$`, `$\{x\mid -2\le x<1\}$`, false},
		{`$\{x : x>3\}$`, `$(3,\infty)$`, true},
		{`$\{x\in\mathbb{R} | x>3\}$`, `$\{t\mid t>3\}$`, true},
		{`$\{x\in\mathbb{R} | x>3\}$`, `$\{t\mid t\ge3\}$`, false},
		{`$\{x\mid x\ne-1\}$`, `$(-\infty,-1)\cup(-1,\infty)$`, true},
		{`$\{|x|,2\}$`, `$\{2,|x|\}$`, true},
		// A choice with what it says.
		{"51", `$\boxed{\textbf{(C)}\ 51}$`, true},
		{"C", `$\boxed{\textbf{(C)}\ 51}$`, true},
		{"B", `$\boxed{\textbf{(C)}\ 51}$`, false},
		{"52", `$\boxed{\textbf{(C)}\ 51}$`, false},
		{`$\text{(B) }51$`, `$\boxed{(C) 51}$`, false},
		{"$x+1$", `$\text{C. }1+x$`, true},
		{"$5A$", "$(A)5$", true},
		// Solutions for several unknowns stay together.
		{"$p=5, q=2 \\text{ and } p=7, q=3$", "$p=7,q=3; q=2,p=5$", true},
		{"$p=5, q=2 \\text{ and } p=7, q=3$", "$p=5,q=3,p=7,q=2$", false},
		{"$(5,2),(7,3)$", "$p=7,q=3 \\text{ or } p=5,q=2$", true},
		{"$x=1,x=2$", "$2,1$", true},
		// A formula of several lines is not its last number.
		{"$\\begin{pmatrix}\n1\\\\\n0\n\\end{pmatrix}$", `$\begin{pmatrix}1\\0\end{pmatrix}$`, true},
		{"$\\begin{pmatrix}\n1\\\\\n0\n\\end{pmatrix}$", "0", false},
	} {
		v := PolicyMathVerify.Verify(c.gold, c.pred, Adjust{})
		if v.Equal != c.equal {
			t.Errorf("gold %q pred %q: %s by %q, want equal %v (%s)", c.gold, c.pred, v.Status, v.Rung, c.equal, v.Why)
		}
		if v.Equal != (v.Status == Equal) || v.Why == "" || v.Certainty < 0 || v.Certainty > 1 || (v.Certainty == 1) != (v.Basis == Exact) {
			t.Errorf("gold %q pred %q: %+v", c.gold, c.pred, v)
		}
	}
}

// TestPolicies: where each policy finds the claim, and what it accepts.
func TestPolicies(t *testing.T) {
	think := "<think>maybe 7</think>"
	for _, c := range []struct {
		policy     Policy
		gold, text string
		status     Status
		claim      string
	}{
		{PolicyR1, "42", think + "<answer>42</answer>", Equal, "42"},
		{PolicyR1, "42", think + `<answer>So \boxed{42}.</answer>`, Equal, "42"},
		{PolicyR1, "42", think + `The answer is \boxed{42}.`, Equal, "42"},
		{PolicyR1, "42", `<think>\boxed{42}</think> done`, NoAnswer, ""},
		{PolicyR1, "42", `<think>\boxed{42}`, NoAnswer, ""},
		{PolicyR1, "42", think + `\boxed{41} or \boxed{42}`, Ambiguous, "42"},
		{PolicyR1, "42", think + "the answer is 42", NoAnswer, ""},
		{PolicyR1, "1/3", think + `\boxed{0.333333}`, Different, "0.333333"},
		{PolicyR1, "5 cm", think + `\boxed{5\text{ m}}`, Different, `5\text{ m}`},
		{PolicyR1, "5 cm", think + `\boxed{5}`, Equal, "5"},
		{PolicyGSM8K, "42", "6*7=42\n#### 42", Equal, "42"},
		{PolicyGSM8K, "1042", "#### 1,042.", Equal, "1,042."},
		{PolicyGSM8K, "42", "#### $42\nMore text 7", Equal, "$42"},
		{PolicyGSM8K, "42", `That makes \boxed{42} apples, 3 more.`, Equal, "42"},
		{PolicyGSM8K, "42", "The answer is 42.", Equal, "42."},
		{PolicyGSM8K, "42", "First 6, then 7, so there are 42 apples.", Equal, "42"},
		{PolicyGSM8K, "-42", "a change of -42 degrees", Equal, "-42"},
		{PolicyGSM8K, "42", "no number here", NoAnswer, ""},
		{PolicyLenient, "73", "Thus we have\n**73**", Equal, "73"},
		{PolicyLenient, "x^2", `Therefore the area is $x\cdot x$.`, Equal, `x\cdot x`},
		{PolicyLenient, "1,2", `\boxed{1} and \boxed{2}`, Equal, `\boxed{1} and \boxed{2}`},
		{PolicyLenient, "[0,1]", think + `\boxed{0\le x\le 1}`, Equal, `0\le x\le 1`},
		{PolicyLenient, "0.5", think + `<answer>50\%</answer>`, Equal, `50\%`},
		{PolicyMathVerify, "42", `First \boxed{6}. ` + strings.Repeat("Then we go on. ", 10) + `\boxed{42}`, Equal, "42"},
		{PolicyMathVerify, "42", "Final Answer: The final answer is 42. I hope it is correct. Or 43?", Equal, "42"},
		{PolicyMathVerify, "42", "nothing", NoAnswer, ""},
	} {
		v := c.policy.Verify(c.gold, c.text, Adjust{})
		claim := ""
		if v.Claim != nil {
			claim = v.Claim.In(c.text)
		}
		if v.Status != c.status || claim != c.claim {
			t.Errorf("%s: gold %q text %q: %s with claim %q, want %s with %q (%s)", c.policy, c.gold, c.text, v.Status, claim, c.status, c.claim, v.Why)
		}
	}
}

// TestParameters: the parameters that Math-Verify's verify takes.
// TestAnswersInSentences: policy lenient looks for the answer of a sentence,
// unless the gold answer is words itself.
func TestAnswersInSentences(t *testing.T) {
	for _, c := range []struct {
		gold, pred string
		equal      bool
	}{
		{"4", "The answer is 4", true},
		{"4", "The answer is 5", false},
		{"$x \\geq 5$", "Therefore $x \\geq 5$ is the solution.", true},
		{"$9$", `Answer \[ 9 \]`, true},
		{"18", "16, 17, 18", false},
		{"the north", "north of the river, 4 miles", false},
		{"8 apples", "there are 8 apples", true},
	} {
		if v := PolicyLenient.VerifyAnswer(c.gold, c.pred, Adjust{}); v.Equal != c.equal {
			t.Errorf("gold %q pred %q: %s by %q, want equal %v (%s)", c.gold, c.pred, v.Status, v.Rung, c.equal, v.Why)
		}
	}
}

func TestParameters(t *testing.T) {
	literal := NewLiteral()
	two, none := 2, 0
	for _, c := range []struct {
		gold, pred string
		adjust     Adjust
		equal      bool
	}{
		{`$\frac13$`, "$0.33$", Adjust{}, false},
		{`$\frac13$`, "$0.33$", Adjust{Decimals: &two}, true},
		{"$1.42$", "$1.41$", Adjust{Decimals: &none}, true}, // verify(…, float_rounding=0) of Math-Verify 0.9.0
		{"$3.2$", "$2.9$", Adjust{Decimals: &none}, true},
		{"$0.4$", `$\frac13$`, Adjust{Decimals: &none}, true},
		{"$1.2$", `$\sqrt2$`, Adjust{Decimals: &none}, true},
		{"$2.5$", "$2$", Adjust{Decimals: &none}, false},
		{"$150$", "$151$", Adjust{Decimals: &none}, false},
		{"$[0.4,1]$", "$[0.3,1]$", Adjust{Decimals: &none}, true},
		{"$[1,4)$", `$1\le x<4$`, Adjust{RelationForSet: true}, true},
		{"$g(x)$", "$g(y)$", Adjust{}, false},
		{"$g(x)$", "$g(y)$", Adjust{Lax: true}, true},
		{"9", "so it is 9", Adjust{Targets: []string{"latex"}}, false},
		{"9", "so it is 9", Adjust{Targets: []string{"expr"}}, true},
		{"9", "so it is $9$", Adjust{}, true},
		{"9", "so it is $9$", Adjust{Anchored: true}, false},
		{"9", "the answer is $9$", Adjust{Anchored: true}, true},
		{"9", `$9$ and \boxed{1+}`, Adjust{}, true},
		{"9", `$9$ and \boxed{1+}`, Adjust{FirstMatch: true}, false},
		{`\dfrac{x}{7}`, `$\frac{x}{7}$`, Adjust{}, true},
		{`\dfrac{x}{7}`, `$\frac{x}{7}$`, Adjust{Literal: literal}, false}, // only so read is the bare one no formula
		{"9", "$9$", Adjust{Targets: []string{"latex"}, Literal: literal}, false},
		{"9", "$9$", Adjust{Targets: []string{"latex"}, GoldTargets: []string{"latex", "expr"}, Literal: literal}, true},
	} {
		if v := PolicyMathVerify.Verify(c.gold, c.pred, c.adjust); v.Equal != c.equal {
			t.Errorf("gold %q pred %q %+v: %s, want equal %v (%s)", c.gold, c.pred, c.adjust, v.Status, c.equal, v.Why)
		}
	}
}

// TestHostile: texts made to be slow are judged, or refused, in bounded time.
// The bound here is loose, since tests share the machine; 'gradus bench
// verify' measures.
func TestHostile(t *testing.T) {
	literal := NewLiteral()
	nest := func(open, body, close string, n int) string {
		return strings.Repeat(open, n) + body + strings.Repeat(close, n)
	}
	for name, s := range map[string]string{
		"power tower":       "9^{9^{9^{9^9}}}",
		"odd roots":         strings.Repeat(`\sqrt[7]{\sqrt[5]{-2-\pi}}+`, 60) + "1",
		"sines of degrees":  strings.Repeat(`\sin 30^\circ `, 100),
		"conditions":        nest(`\{x | x >`, "1", `\}`, 60),
		"undecided ceiling": `\lceil 2y-y-y \rceil+\operatorname{ceil}(10^{400}x)`,
		"unknown powers":    strings.Repeat(`(\arctan(100!))^{307} `, 150),
		"deep tower":        nest("2^{", "2", "}", 200),
		"factorials":        "((((100!)!)!)!)!",
		"big power":         "(x+1)^{123456789}-7^{7654321}",
		"braces":            nest("{", "x", "}", 4000),
		"roots":             nest(`\sqrt{2+`, "1", "}", 100),
		"logs":              nest(`\ln(2+`, "1", ")", 100),
		"calls":             nest("p(", "x+1", ")", 60),
		"long sum":          strings.Repeat("1+", 1<<16) + "1",
		"sum of sums":       `\sum_{a=1}^{999}\sum_{b=1}^{999}\sum_{c=1}^{999} abc`,
		"boxes":             strings.Repeat(`\boxed{`, 1<<15),
		"open brackets":     strings.Repeat("(", 1<<16),
		"dollars":           strings.Repeat("$", 1<<16),
		"escapes":           strings.Repeat(`\(`, 1<<16),
		"answers":           strings.Repeat("answer ", 1<<16),
		"finals":            strings.Repeat("final answer is ", 1<<15),
		"bytes":             strings.Repeat("\xff\x00\xc3", 1<<16),
		"many numbers":      strings.Repeat(" 12.5", 1<<16),
		"digits":            strings.Repeat("7", 1<<16),
		"spaces":            strings.Repeat(" ", 1<<16) + "1",
		"long set":          `\{` + strings.Repeat(`\sqrt{2}+\sqrt{3},`, 300) + `1\}`,
		"big matrix":        `\begin{pmatrix}` + strings.Repeat("1&", 500) + `1\end{pmatrix}`,
		"interval of roots": `[` + nest(`\sqrt{2+`, "1", "}", 40) + `,\infty)`,
	} {
		for _, p := range append(Policies(), literally) {
			for _, form := range []string{s, "$" + s + "$", `\boxed{` + s + `}`, "<answer>" + s + "</answer>"} {
				v, d := timed(p, literal, "$x^2+1$", form)
				if d > slow {
					t.Errorf("%s, %s: %v", name, p, d)
				}
				if v.Equal || v.Why == "" {
					t.Errorf("%s, %s: %+v", name, p, v)
				}
				w, d := timed(p, literal, form, "$x$")
				if d > slow || w.Equal || w.Why == "" {
					t.Errorf("%s, %s as gold: %v, %+v", name, p, d, w)
				}
			}
		}
	}
}

// literally stands for policy mathverify with Adjust.Literal.
const literally Policy = "literally"

const slow = 2 * time.Second // a verdict takes milliseconds

// timed is a verdict and the time it takes, once more where that was long: a
// machine may stand still for a while.
func timed(p Policy, literal *Literal, gold, pred string) (v Verdict, took time.Duration) {
	var a Adjust
	if p == literally {
		p, a.Literal = PolicyMathVerify, literal
	}
	for range 3 {
		start := time.Now()
		v = p.Verify(gold, pred, a)
		if took = time.Since(start); took <= slow {
			break
		}
	}
	return v, took
}

// TestDeterministic: a verdict depends on its arguments only.
func TestDeterministic(t *testing.T) {
	const gold, pred = `$\frac{\sin 2x}{2}$`, `$\sin x\cos x$`
	first := PolicyMathVerify.Verify(gold, pred, Adjust{})
	if !first.Equal || first.Basis != Numeric {
		t.Fatalf("%+v", first)
	}
	for range 20 {
		if v := PolicyMathVerify.Verify(gold, pred, Adjust{}); v.Why != first.Why || v.Status != first.Status {
			t.Fatalf("%+v, then %+v", first, v)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, s := range []string{`$\frac{1}{2}$`, `\boxed{1,2}`, "answer: 3 = 4", "final answer is $x$. I hope", `$x\in[1,2)\cup\{3\}$`,
		`\begin{pmatrix}1&2\\3&4\end{pmatrix}`, `$f(x)<3\%$`, "1 1/4", `\sqrt[3]{2}^{x!}`, `$|x|\pm\infty$`, "<answer>7</answer>", "#### 9"} {
		f.Add("1", s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, gold, pred string) {
		for _, p := range Policies() {
			v, d := timed(p, nil, gold, pred)
			if v.Why == "" || v.Equal != (v.Status == Equal) {
				t.Fatalf("%s: %+v", p, v)
			}
			if v.Claim != nil && (v.Claim.From < 0 || v.Claim.To > len(pred) || v.Claim.From > v.Claim.To) {
				t.Fatalf("%s: claim %+v of %d bytes", p, *v.Claim, len(pred))
			}
			if d > slow {
				t.Fatalf("%s: %v for gold %q pred %q", p, d, gold, pred)
			}
		}
	})
}
