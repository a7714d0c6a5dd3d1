package easyr1

import (
	"testing"

	"gradus/rewards/rules/rule/ruletest"
)

// What EasyR1's functions at b44b311 returned with mathruler 0.1.0;
// bench/rivals/rewards/compare.py --easyr1 compares many more.
func TestEasyR1(t *testing.T) {
	math, r1v := ruletest.New(t, Rules(), "easyr1.math", nil), ruletest.New(t, Rules(), "easyr1.r1v", nil)
	for _, tt := range []struct {
		completion, gold string
		math, r1v        float64
	}{
		{`<think>a</think> \boxed{\frac{1}{2}}`, `0.5`, 1, 0},
		{`\boxed{\frac{2}{4}}`, `\frac{1}{2}`, 0, 0},
		{`<think>a</think>\boxed{x^2+2x+1}`, `(x+1)^2`, 1, 0},
		{`<think>a</think>\boxed{50%}`, `50`, 1, 0},
		{`<think> a < / think > \boxed{ 3 }`, `3`, 1, 0},
		{`<think></think>no box`, `None`, 0.9, 0},
		{`<think>\boxed{3}</think>`, `3`, 0.9, 0},
		{`<think></think>\boxed{3`, `3`, 0, 0},
		{`<think></think>\boxed{(1, 2]}`, `(1,2]`, 1, 0},
		{`<think></think><answer>3</answer>`, `3`, 0, 1},
		{`<think>a</think>` + "\n" + `<answer>` + "\n" + `3</answer>`, `3`, 0, 0.5},
		{`<think></think>\boxed{3}</think>\boxed{4}`, `3`, 0.1, 0},
		{`3\text{ cm}`, `3`, 0, 0.5},
		{`<think></think>\boxed{3 hours}`, `\boxed{3}`, 1, 0},
		{`<think></think>\boxed{2/4}`, `1/2`, 0.1, 0},
	} {
		ruletest.Pays(t, math, tt.completion, tt.gold, tt.math)
		ruletest.Pays(t, r1v, tt.completion, tt.gold, tt.r1v)
	}
	ruletest.Refused(t, Rules(), "easyr1.math", map[string]any{"format_weight": 2})
}
