package rules

import (
	"context"
	"strings"
	"testing"

	"gradus/rewards"
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
			r, err := New(f.name, f.params)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{{Completion: tt.completion, Problem: rewards.Problem{Gold: tt.gold}}}})
			if err != nil || got[0].Status != rewards.OK || got[0].Score != tt.want[i] || got[0].Why == "" {
				t.Errorf("%s %v of %.40q for %q: %+v, %v; want %v", f.name, f.params, tt.completion, tt.gold, got, err, tt.want[i])
			}
		}
	}
	for _, bad := range []map[string]any{{"method": "loose"}, {"score": 1e300}, {"scores": 1}} {
		if _, err := New("verl.gsm8k", bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
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
		r := mustNew(t, "verl.search_r1", tt.params)
		got, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{{Completion: tt.completion, Problem: rewards.Problem{Gold: tt.gold}}}})
		if err != nil || got[0].Status != rewards.OK || got[0].Score != tt.want || got[0].Why == "" {
			t.Errorf("%q for %q: %+v, %v; want %v", tt.completion, tt.gold, got, err, tt.want)
		}
	}
	if _, err := New("verl.search_r1", map[string]any{"score": 0}); err == nil {
		t.Error("a reward that always pays 0 was made")
	}
}
