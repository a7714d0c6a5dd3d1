package simplerl

import (
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What hf_math_verify.compute_score returned with Math-Verify 0.9.0;
// bench/rivals/rewards/compare.py --simplerl compares many more.
func TestZoo(t *testing.T) {
	mix, apart := ruletest.New(t, Rules(), "simplerl.zoo", nil), ruletest.New(t, Rules(), "simplerl.zoo", map[string]any{"reward_function_type": "independent", "format_penalty_value": -2})
	for _, tt := range []struct {
		completion, gold string
		mix, apart       float64
	}{
		{`so \boxed{\frac12}`, "0.5", 1, 1},
		{`the answer is 5 cm.`, "5", 1, 0.5},
		{`it is 1,000`, "1000", 1, 0.5},
		{`\boxed{twenty five}`, "25", 1, 1},
		{`\boxed{4}`, "5", 0, -0.5},
		{`nothing`, "5", 0, -2},
		{"\\boxed{5}<|im_end|>\\boxed{6}", "5", 1, 1},
		{"\\boxed{7}<|im_start|>assistant 5", "5", 1, 0.5},
		{`\boxed{5\text{ apples}}`, "5", 1, 1},
		{"The answer is 42.", "42.", 0, -2}, // its gold answer cannot be read
		{`\boxed{3. }`, "3. ", 0, -0.5},
		{`\boxed{--3}`, "+3", 1, 1},
		{`\boxed{\boxed{\cot x}}`, `\cot x`, 1, 1}, // as \cotx
		{`so (1, 2]\% is the answer`, `(1, 2]\%`, 1, 0.5},
		{`\boxed{\text{A} \cup (x+1)^2}`, `\text{A} \cup (x+1)^2`, 0, -0.5},
		{`\boxed{[0,1) -1/2}`, "[0,1) -1/2", 0, -0.5},
		{`\boxed{ \log_2 8 }`, `\log_2 8`, 1, 1},
		{`the answer is: 0.005.`, `\frac12\%`, 0, -2},
	} {
		ruletest.Pays(t, mix, tt.completion, tt.gold, tt.mix)
		ruletest.Pays(t, apart, tt.completion, tt.gold, tt.apart)
	}
	// As published, a number in the prompt is an answer.
	if got := ruletest.Score(t, mix, rewards.Sample{Prompt: "What is 2+3?", Completion: "no idea", Problem: rewards.Problem{Gold: "3"}}); got.Score != 1 {
		t.Errorf("the prompt's number: %+v", got)
	}
	ruletest.Refused(t, Rules(), "simplerl.zoo", map[string]any{"reward_function_type": "both"})
}

// What the functions with math_equal returned, of branch v0 and of v1.
func TestFirstAndSecond(t *testing.T) {
	first, second := ruletest.New(t, Rules(), "simplerl.math", nil), ruletest.New(t, Rules(), "simplerl.simplelr_math", nil)
	for _, tt := range []struct {
		completion, gold string
		first, second    float64
	}{
		{"so \\boxed{\\frac12}", "0.5", 1, 1},
		{"the answer is 5 cm.", "5", -1, -1},
		{"\\boxed{4}", "5", -0.5, -0.5},
		{"nothing boxed 5", "5", 1, -1},
		{"\\boxed{5<|im_end|>", "5", 1, -1},
		{"x", "5", -1, -1},
		{"\\boxed{{{{5}}}}", "5", 1, -1},
	} {
		ruletest.Pays(t, first, tt.completion, tt.gold, tt.first)
		ruletest.Pays(t, second, tt.completion, tt.gold, tt.second)
	}
}
