package verl

import (
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// The scores are what the functions of verl 0.9.1 return for these texts;
// bench/rivals/rewards/compare.py --verl compares many more.
func TestVerl(t *testing.T) {
	functions := []struct {
		name   string
		params map[string]any
	}{{"verl.gsm8k", nil}, {"verl.gsm8k", map[string]any{"method": "flexible", "format_score": 0.1}}, {"verl.math_reward", nil}, {"verl.math_dapo", nil}, {"verl.math_dapo", map[string]any{"strict_box_verify": true}}}
	for _, tt := range []struct {
		completion, gold string
		want             [5]float64
	}{
		{`#### 42`, `42`, [5]float64{1, 1, 0, -1, -1}},
		{`#### 42.`, `42`, [5]float64{0, 0.1, 0, -1, -1}},
		{`#### $42`, `42`, [5]float64{0, 1, 0, -1, -1}},
		{`#### 1,000`, `1000`, [5]float64{1, 0.1, 0, -1, -1}},
		{"42 " + strings.Repeat("x", 300), `42`, [5]float64{0, 0, 0, -1, -1}},
		{`so 42 or 43`, `43`, [5]float64{0, 1, 0, -1, -1}},
		{`...`, `42`, [5]float64{0, 0.1, 0, -1, -1}},
		{`\boxed{\frac12}`, `\frac{1}{2}`, [5]float64{0, 0.1, 1, -1, -1}},
		{`\boxed{1/2}`, `\frac{1}{2}`, [5]float64{0, 0.1, 1, -1, -1}},
		{`\boxed{2/4}`, `1/2`, [5]float64{0, 0.1, 0, -1, -1}},
		{`\boxed{10{,}000}`, `10000`, [5]float64{0, 0.1, 0, -1, -1}},
		{`\boxed 5$ and`, `5`, [5]float64{0, 1, 1, -1, -1}},
		{`text \boxed  in prose \boxed{5}`, `5`, [5]float64{0, 1, 0, 1, 1}},
		{`\boxed{k=3}`, `3`, [5]float64{0, 1, 1, -1, -1}},
		{`\boxed{5\text{ cm}}`, `5`, [5]float64{0, 1, 1, -1, -1}},
		{`\fbox{5}`, `5`, [5]float64{0, 1, 0, -1, -1}},
		{`\boxed{\sqrt3}`, `\sqrt{3}`, [5]float64{0, 0.1, 1, -1, -1}},
		{`\boxed{\sqrt}`, `\sqrt`, [5]float64{0, 0, 1, 1, 1}},
		{`Answer: 5`, `5`, [5]float64{0, 1, 0, 1, -1}},
		{`\boxed{5}`, `5`, [5]float64{0, 1, 1, 1, 1}},
		{`\boxed{5}` + strings.Repeat(" ", 120), `5`, [5]float64{0, 1, 1, -1, -1}},
		{`answer: $\frac12$.`, `\frac{1}{2}`, [5]float64{0, 0.1, 0, 1, -1}},
		{`Answer: 12 square units`, `12`, [5]float64{0, 1, 0, 1, -1}},
		{`Answer: 1,000`, `1000`, [5]float64{0, 0.1, 0, 1, -1}},
		{"Answer: 6\n\\boxed{5}", `5`, [5]float64{0, 1, 1, -1, 1}},
		{`nothing`, `5`, [5]float64{0, 0, 0, -1, -1}},
	} {
		for i, f := range functions {
			ruletest.Pays(t, ruletest.New(t, Rules(), f.name, f.params), tt.completion, tt.gold, tt.want[i])
		}
	}
	for _, bad := range []map[string]any{{"method": "loose"}, {"score": 1e300}, {"scores": 1}} {
		ruletest.Refused(t, Rules(), "verl.gsm8k", bad)
	}
}

// What verl's search_r1_like_qa_em returns for these texts.
func TestVerlSearch(t *testing.T) {
	tags := strings.Repeat("<answer>x</answer>", 10)
	for _, tt := range []struct {
		completion, gold string
		params           map[string]any
		want             float64
	}{
		{"<answer> The  Eiffel-Tower! </answer>", `{"target":["Paris","eiffeltower"]}`, nil, 1},
		{"<answer>a b</answer><answer>c</answer>", "a b", nil, 0},
		{"<answer>a b</answer><answer>c", "b", nil, 1},
		{"<answer></answer>", "the", nil, 1},
		{"Paris", "Paris", nil, 0},
		{"<answer>in Paris</answer>", `["Paris"]`, nil, 0},
		{"<answer>in Paris</answer>", `{"target":"Paris"}`, map[string]any{"substring": true}, 1},
		{"<answer>Rome</answer>", "Paris", map[string]any{"format_score": 0.1}, 0.1},
		{tags + "<answer>Paris</answer>", "Paris", nil, 0.25},
		{tags + "<answer>Paris</answer>", "Paris", map[string]any{"substring": true}, 1},
		{"<answer>the_a</answer>", "thea", nil, 1},
		{"<answer>\u00e9 a\u00e9</answer>", "\u00c9 a\u00c9", nil, 1},
	} {
		ruletest.Pays(t, ruletest.New(t, Rules(), "verl.search_r1", tt.params), tt.completion, tt.gold, tt.want)
	}
	ruletest.Refused(t, Rules(), "verl.search_r1", map[string]any{"score": 0})
}

// What verl's rlla returns for these texts.
func TestVerlRLLA(t *testing.T) {
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", 4.0},
		{"<think>a\nb</think>\n<tool_call>\n{\"parameters\": {\"b\": \"x\", \"a\": true}, \"name\": \"get\"}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", 4.0},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 2}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", 0.25},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", 3.25},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"put\", \"parameters\": {}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", -2.0},
		{"<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", 3.0},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", -2.0},
		{"<think>a\nb</think>\n<response>no</response>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", -3.0},
		{"<think>a\nb</think>\n<response>x</response>", "<think>a\nb</think>\n<response>hi</response>", 1.0},
		{"<think>a\nb</think>\nx", "<think>a\nb</think>\n<response>hi</response>", 0.0},
		{"<think></think>", "<think>z</think>", 1.0},
		{"<|im_start|>user hi<|im_end|><|im_start|>assistant\n<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>\n<|im_end|>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", 4.0},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>\n<response>ok</response>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>\n<response>hi</response>", 4.0},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": [\"get\"], \"parameters\": {}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n</tool_call>", -2.0},
		{"<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n{\"name\": \"get\", \"parameters\": {}}\n</tool_call>", "<think>a\nb</think>\n<tool_call>\n{\"name\": \"get\", \"parameters\": {}}\n{\"name\": \"get\", \"parameters\": {\"a\": 1, \"b\": \"x\"}}\n{\"name\": \"put\", \"parameters\": {\"q\": null}}\n</tool_call>", 1.9999999999999996},
	} {
		ruletest.Pays(t, ruletest.New(t, Rules(), "verl.rlla", nil), tt.completion, tt.gold, tt.want)
	}
	got := ruletest.Score(t, ruletest.New(t, Rules(), "verl.rlla", map[string]any{"model": "llama"}),
		rewards.Sample{Completion: "<tool_call>", Problem: rewards.Problem{Gold: "<tool_call>no JSON</tool_call>"}})
	if got.Status != rewards.Error {
		t.Errorf("a gold answer that cannot be read: %+v", got)
	}
	ruletest.Refused(t, Rules(), "verl.rlla", map[string]any{"model": "gpt"})
}

// What verl's math_verify returns with Math-Verify 0.9.0.
func TestVerlMathVerify(t *testing.T) {
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{{"the answer is 0.5", `\\frac{1}{2}`, 1}, {`so $\boxed{3}$`, "3", 1}, {"it is 4.", "3", 0}, {"", "3", 0}} {
		ruletest.Pays(t, ruletest.New(t, Rules(), "verl.math_verify", nil), tt.completion, tt.gold, tt.want)
	}
}

// What verl's DAPO reward manager adds for completions of these lengths.
func TestVerlOverlong(t *testing.T) {
	r := ruletest.New(t, Rules(), "verl.dapo_overlong", map[string]any{"overlong_buffer_len": 8, "penalty_factor": 0.5, "max_resp_len": 20})
	for n, want := range map[int]float64{0: 0, 12: 0, 13: -0.0625, 16: -0.25, 20: -0.5, 21: -0.5625, 60: -3} {
		if got := ruletest.Score(t, r, rewards.Sample{Completion: "x", TokenIDs: make([]int32, n)}); got.Status != rewards.OK || got.Score != want {
			t.Errorf("%d tokens: %+v; want %v", n, got, want)
		}
	}
	for _, bad := range []map[string]any{nil, {"overlong_buffer_len": 9, "max_resp_len": 8}, {"overlong_buffer_len": 1, "max_resp_len": 8, "penalty_factor": -1}} {
		ruletest.Refused(t, Rules(), "verl.dapo_overlong", bad)
	}
}

// What verl's geo3k returned with mathruler 0.1.0.
func TestVerlGeo3K(t *testing.T) {
	r := ruletest.New(t, Rules(), "verl.geo3k", nil)
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{
		{`<think>a</think> \boxed{\frac{1}{2}}`, `0.5`, 1},
		{`\boxed{\frac{2}{4}}`, `\frac{1}{2}`, 0},
		{`<think>a</think>\boxed{x^2+2x+1}`, `(x+1)^2`, 1},
		{`<think>a</think>\boxed{50%}`, `50`, 1},
		{`<think> a < / think > \boxed{ 3 }`, `3`, 0.9},
		{`<think></think>no box`, `None`, 0.9},
		{`<think>\boxed{3}</think>`, `3`, 0.9},
		{`<think></think>\boxed{3`, `3`, 0},
		{`<think></think>\boxed{(1, 2]}`, `(1,2]`, 1},
		{`<think></think><answer>3</answer>`, `3`, 0},
		{`<think>a</think>` + "\n" + `<answer>` + "\n" + `3</answer>`, `3`, 0},
		{`<think></think>\boxed{3}</think>\boxed{4}`, `3`, 0.1},
		{`3\text{ cm}`, `3`, 0},
		{`<think></think>\boxed{3 hours}`, `\boxed{3}`, 1},
		{`<think></think>\boxed{2/4}`, `1/2`, 0.1},
	} {
		ruletest.Pays(t, r, tt.completion, tt.gold, tt.want)
	}
	ruletest.Refused(t, Rules(), "verl.geo3k", map[string]any{"format_score": -1})
}
