package deepscaler

import (
	"encoding/json"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What the published functions returned (deepscaler 95ef74f, rllm 874daa4, Skywork-OR1 64e96af; sympy 1.14.0).
func TestPublished(t *testing.T) {
	for _, c := range []struct {
		name, completion, gold string
		want                   float64
	}{
		{"deepscaler.math", `<think>a</think>\boxed{\frac12}`, `0.5`, 1},
		{"deepscaler.math", `a</think>\boxed{1}`, `1`, -1},
		{"deepscaler.math", `<think>\boxed{1}`, `1`, -1},
		{"deepscaler.math", `<think>a</think>x</think>\boxed{1}`, `1`, -1},
		{"deepscaler.math", `</think>\boxed{1}<think>`, `1`, 1},
		{"deepscaler.math", `<think>a</think>\boxed{2} \boxed{1}`, `1`, 1},
		{"deepscaler.math", `<think>a</think>1`, `1`, -1},
		{"deepscaler.math", `<think>a</think>\fbox{1}`, `1`, -1},
		{"deepscaler.math", `<think>a</think>\boxed 1`, `1`, -1},
		{"deepscaler.math", `<think>a</think>\boxed{1}`, `\boxed{1`, -1},
		{"deepscaler.math", `<think>a</think>\boxed{3}`, `so \boxed{3}`, 1},
		{"deepscaler.math", `<think></think>\boxed{2/4}`, `1/2`, -1},
		{"deepscaler.math", `<think></think>\boxed{2\sqrt{2}}`, `\sqrt{8}`, 1},
		{"deepscaler.math", `<think></think>\boxed{12 cm}`, `12`, 1},
		{"deepscaler.math", `<think></think>\boxed{(1,\frac{1}{2}]}`, `(1,0.5]`, 1},
		{"deepscaler.math", `<think></think>\boxed{[1,2]}`, `(1,2)`, -1},
		{"deepscaler.math", `<think></think>\boxed{x^2-1}`, `(x-1)(x+1)`, 1},
		{"deepscaler.math", `<think></think>\boxed{3.0}`, `3`, 1},
		{"deepscaler.math", `<think></think>\boxed{6/2}`, `3`, -1},
		{"rllm.math", `a</think>\boxed{1}`, `1`, 1},
		{"rllm.math", `a\boxed{1}`, `1`, 0},
		{"rllm.math", `<think>a</think>\boxed{2}`, `1`, 0},
		{"skywork.deepscaler", `<think>a</think>\boxed{1}`, `1`, 1},
		{"skywork.deepscaler", `a</think>\boxed{1}`, `1`, 0},
	} {
		ruletest.Pays(t, ruletest.New(t, Rules(), c.name, nil), c.completion, c.gold, c.want)
	}
}

// What Skywork-OR1's math_verify_reward_function returned (64e96af, Math-Verify
// 0.9.0, antlr 4.13.2): each row is of a kind that was once judged otherwise here.
func TestSkyworkMath(t *testing.T) {
	r := ruletest.New(t, Rules(), "skywork.math", nil)
	for _, c := range []struct {
		completion, gold string
		want             float64
	}{
		{`\boxed{\text{even}}`, `\text{even}`, 1}, // words are formulas
		{`\boxed{$\text{(C)}$}`, `\text{(C)}`, 1},
		{`\boxed{\text{C}}`, `\text{(C)}`, 1},
		{`\boxed{\sqrt{2}`, `\sqrt{2}`, 0}, // a box that is never closed
		{`\boxed{42.}`, `42.`, 0},
		{`\boxed{∞}`, `∞`, 0},
		{`\boxed{x\circ}`, `x\circ`, 0},
		{`\boxed{½}`, `½`, 0},
		{`\boxed{5 1/2}`, `\frac{11}{2}`, 0}, // (5 + 1)/2
		{`\boxed{5 1/2}`, `3`, 1},
		{`\boxed{2(3)}`, `5`, 1},
		{`\boxed{2\frac{4}{3}}`, `\frac{10}{3}`, 1},
		{`\boxed{x=10,\!080}`, `10,\!080`, 0}, // x = 10 and 80
		{`\boxed{10,\!080}`, `10080`, 1},
		{`\boxed{y+0}`, `y`, 0}, // a symbol equals nothing but symbols
		{`\boxed{2*x/2}`, `x`, 0},
		{`\boxed{x=5cm}`, `5cm`, 1},
		{`\boxed{ feet\text{ cm}}`, ` feet`, 1},
		{`\boxed{(\inftyx)}`, `\infty x`, 1},
		{`\boxed{45^\circ}`, `\frac{\pi}{4}`, 0},
		{`\boxed{(1+i)^2}`, `2i`, 0}, // i is a letter
		{`\boxed{--3}`, `3`, 1},
		{`\boxed{\ln 2/3}`, `\ln(\frac{2}{3})`, 1}, // the quotient is the argument
		{`\boxed{\ln 2/3}`, `\frac{\ln(2)}{3}`, 0},
		{`\boxed{\ln(2)x/3}`, `\frac{x\ln(2)}{3}`, 1},
		{`\boxed{\sin 2 \cdot x}`, `\sin(2x)`, 1},
		{`\boxed{\sin 2\sqrt{3}}`, `\sqrt{3}\sin(2)`, 1},
		{`\boxed{\(1,2\)}`, `(1,2)`, 1},
		{`final answer is $3$. I hope \boxed{2}`, `3`, 1}, // goes before a box
		{`\frac{1}{2}\{1,2\}+0`, `\frac{1}{2}\{1,2\}`, 1},
		{`a</think>b</think>\boxed{1}`, `1`, 0},
	} {
		ruletest.Pays(t, r, c.completion, c.gold, c.want)
	}
}

// Any of several gold answers will do; a right answer with a tool call is paid
// more by rllm; the numbers can be set.
func TestColumns(t *testing.T) {
	sample := rewards.Sample{Completion: `<think></think>\boxed{2}`, Columns: map[string]json.RawMessage{"solution": json.RawMessage(`["1", 2]`), "extra_info": json.RawMessage(`{"has_toolcall": true}`)}}
	for _, c := range []struct {
		name   string
		params map[string]any
		want   float64
	}{{"deepscaler.math", nil, 1}, {"deepscaler.math", map[string]any{"correct_reward": 3}, 3}, {"rllm.math", nil, 1.5}, {"rllm.math", map[string]any{"toolcall_bonus": 0}, 1}, {"skywork.deepscaler", nil, 1}, {"skywork.math", nil, 1}} {
		if got := ruletest.Score(t, ruletest.New(t, Rules(), c.name, c.params), sample); got.Score != c.want {
			t.Errorf("%s with %v: %v (%s); want %v", c.name, c.params, got.Score, got.Why, c.want)
		}
	}
	none := rewards.Sample{Completion: sample.Completion, Columns: map[string]json.RawMessage{"solution": json.RawMessage(`[]`)}}
	for name, want := range map[string]float64{"deepscaler.math": -1, "rllm.math": 0, "skywork.math": 0} {
		if got := ruletest.Score(t, ruletest.New(t, Rules(), name, nil), none); got.Score != want {
			t.Errorf("%s without a gold answer: %v; want %v", name, got.Score, want)
		}
	}
	ruletest.Refused(t, Rules(), "deepscaler.math", map[string]any{"use_math_orm": true})
	ruletest.Refused(t, Rules(), "deepscaler.math", map[string]any{"correct_reward": -1})
}
