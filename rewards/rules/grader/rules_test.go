package grader_test

import (
	"testing"

	"gradus/rewards/rules/grader"
	"gradus/rewards/rules/rule/ruletest"
)

// What the published functions returned (openai/prm800k 7ecc794, sympy 1.14.0; the last after 4 seconds).
func TestPublished(t *testing.T) {
	for _, c := range []struct {
		name, completion, gold string
		want                   float64
	}{
		{"prm800k.grade_answer", `\frac{1}{2}`, `0.5`, 1},
		{"prm800k.grade_answer", `5 cm`, `5`, 1},
		{"prm800k.grade_answer", `x \in [1,2]`, `[1,2]`, 0},
		{"prm800k.grade_answer", `2/4`, `1/2`, 0},
		{"prm800k.grade_answer", `pi/2`, `\frac{\pi}{2}`, 1},
		{"prm800k.grade_answer", `1,000`, `1000`, 1},
		{"prm800k.grade_answer", `x+y+z`, `z+y+x`, 0},
		{"prm800k.grade_answer", ``, `1`, 0},
		{"prm800k.grade_answer", `10**10**10`, `3.5`, 0},
	} {
		ruletest.Pays(t, ruletest.New(t, grader.Rules(), c.name, nil), c.completion, c.gold, c.want)
	}
}
