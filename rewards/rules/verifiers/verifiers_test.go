package verifiers

import (
	"strings"
	"testing"

	"gradus/rewards/rules/rule/ruletest"
)

// What MathRubric's parser and verify_response returned with Math-Verify 0.9.0;
// bench/rivals/rewards/compare.py --verifiers compares many more.
func TestMathRubric(t *testing.T) {
	r := ruletest.New(t, Rules(), "verifiers.MathRubric", nil)
	for _, tt := range []struct {
		completion, gold string
		want             float64
	}{
		{`<think>\boxed{3}</think> so \boxed{4}`, "4", 1},
		{`<think>\boxed{4}</think> so 4`, "4", 0},
		{`\boxed{4}</think>`, "4", 0},
		{`a</think>\boxed{3}</think>\boxed{4} `, "4", 1},
		{`\boxed{\frac{1}{2}}`, "0.5", 1},
		{`\boxed{\boxed{4}}`, "4", 1},
		{`\boxed{4`, "4", 0},
		{`\boxed{}`, "4", 0},
		{`\boxed{4} and \boxed{5`, "4", 0},
		{`\boxed{50\%}`, "50", 1},
		{`\boxed{3}`, "", 0},
		{`\boxed{x+1}`, "1+x", 1},
		{`\boxed{` + strings.Repeat(" ", 50_000) + `4}`, "4", 0},
	} {
		ruletest.Pays(t, r, tt.completion, tt.gold, tt.want)
	}
	ruletest.Refused(t, Rules(), "verifiers.math", map[string]any{"max_verify_chars": 0})
}
