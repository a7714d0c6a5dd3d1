package orz

import (
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What Open-Reasoner-Zero's math_utils.py at 3fdd9a0 returned behind the
// extraction of its playground, with sympy 1.14; bench/rivals/rewards/compare.py
// --orz compares many more.
func TestOpenReasonerZero(t *testing.T) {
	r := ruletest.New(t, Rules(), "orz.math", nil)
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{
		{"<answer>so \\boxed{3}</answer>", "3", 1},
		{"\\boxed{3}", "3", 0},
		{"<answer>\\boxed{3}</answer> <answer>none</answer>", "3", 1},
		{"<answer>3</answer> \\boxed{3} <answer></answer>", "3", 1},
		{"<answer>\\boxed{1,000}</answer>", "1000", 1},
		{"<answer>\\boxed{0.50}</answer>", "0.5", 1},
		{"<answer>\\boxed{\\frac{2}{4}}</answer>", "\\frac{1}{2}", 1},
		{"<answer>\\boxed{1/3}</answer>", "\\frac13", 1},
		{"<answer>\\boxed{1+x}</answer>", "x+1", 1},
		{"<answer>\\boxed{2(x+1)}</answer>", "2x+2", 1},
		{"<answer>\\boxed{x+x}</answer>", "2x", 0},
		{"<answer>\\boxed{\\sqrt{2}, 3}</answer>", "\\sqrt{2}, 5", 1},
		{"<answer>\\boxed{(1,2)}</answer>", "(1, 2)", 1},
		{"<answer>\\boxed{(1,2)}</answer>", "(1,3)", 0},
		{"<answer>\\boxed{3\\text{ cm}}</answer>", "3", 1},
		{"<answer>\\boxed{3 ft}</answer>", "3", 1},
		{"<answer>\\boxed{2\\sqrt{2}}</answer>", "\\sqrt{8}", 1},
		{"<answer>\\boxed{0.333}</answer>", "\\frac{1}{3}", 0},
		{"<answer>\\boxed{y=3}</answer>", "3", 1},
		{"<answer>\\boxed{50\\%}</answer>", "50", 1},
		{"<answer>\\boxed{0.1+0.2}</answer>", "0.3", 0},
		{"<answer>\\boxed{\\log_2 16}</answer>", "4", 0},
		{"<answer>\\boxed{1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1}</answer>", "71", 0},
		{"<answer>\\boxed{}</answer>", "units", 1},
	} {
		ruletest.Pays(t, r, tt.completion, tt.gold, tt.want)
	}
	s := rewards.Sample{Completion: `<answer>\boxed{3}</answer>`, Truncated: true, Problem: rewards.Problem{Gold: "3"}}
	if got := ruletest.Score(t, r, s); got.Score != 0 {
		t.Errorf("cut off: %+v", got)
	}
	ruletest.Pays(t, ruletest.New(t, Rules(), "orz.math", map[string]any{"math_mode": "math_verify"}), `<answer>\boxed{$2\pi$}</answer>`, `$\pi\cdot 2$`, 1)
	ruletest.Refused(t, Rules(), "orz.math", map[string]any{"math_mode": "sympy"})
}

// What is_latex_equal returned (sympy 1.14.0, antlr 4.11.1): 1.0*x is not x to
// it, nor a sum that cancels 0; terms without a number are counted.
func TestEvalf(t *testing.T) {
	r := ruletest.New(t, Rules(), "orz.math", nil)
	for _, c := range []struct {
		claim, gold string
		want        float64
	}{
		{`-1+1`, "0", 0},
		{`5 \cdot (1-1)`, "0", 0},
		{`0 \cdot 5`, "0", 1},
		{`1 + (\frac{20000}{\pi}) - 1`, `\frac{20000}{\pi}`, 1},
		{`1+x-1`, "x", 1},
		{`\frac{2(x+1)}{2}`, "x+1", 0},
		{`\frac{2\pi}{2}`, `\pi`, 0},
		{`\frac{4x}{2}`, "2x", 1},
		{`x+x`, "2x", 0},
		{`x+2x`, "3x", 1},
		{`1x`, "x", 1},
		{`x-x`, "0", 1},
		{`3(x+1)`, "3x+3", 1},
		{`-(x+1)`, "-1-x", 1},
	} {
		ruletest.Pays(t, r, `<answer>\boxed{`+c.claim+`}</answer>`, c.gold, c.want)
	}
}
