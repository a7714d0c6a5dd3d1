package lightr1

import (
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What Light-R1's deepscaler_reward_fn at 48c9083 returned;
// bench/rivals/rewards/compare.py --light-r1 compares many more.
func TestLightR1(t *testing.T) {
	r := ruletest.New(t, Rules(), "lightr1.math", nil)
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{
		{`<think>a</think> \boxed{\frac{1}{2}}`, `0.5`, 1},
		{`\boxed{\frac{2}{4}}`, `\frac{1}{2}`, 0},
		{`<think>a</think>\boxed{x^2+2x+1}`, `(x+1)^2`, 1},
		{`<think>a</think>\boxed{50%}`, `50`, 1},
		{`<think> a < / think > \boxed{ 3 }`, `3`, 0},
		{`<think></think>no box`, `None`, 0},
		{`<think>\boxed{3}</think>`, `3`, 0},
		{`<think></think>\boxed{3`, `3`, 0},
		{`<think></think>\boxed{(1, 2]}`, `(1,2]`, 1},
		{`<think></think><answer>3</answer>`, `3`, 0},
		{`<think>a</think>` + "\n" + `<answer>` + "\n" + `3</answer>`, `3`, 0},
		{`<think></think>\boxed{3}</think>\boxed{4}`, `3`, 1},
		{`3\text{ cm}`, `3`, 0},
		{`<think></think>\boxed{3 hours}`, `\boxed{3}`, 1},
		{`<think></think>\boxed{2/4}`, `1/2`, 0},
	} {
		ruletest.Pays(t, r, tt.completion, tt.gold, tt.want)
	}
	// The template's <think> stands in the prompt.
	got := ruletest.Score(t, r, rewards.Sample{Prompt: "<think>", Completion: `a</think>\boxed{3}`, Problem: rewards.Problem{Gold: "3"}})
	if got.Score != 1 {
		t.Errorf("with <think> in the prompt: %+v", got)
	}
}
