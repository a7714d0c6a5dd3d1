package reasoninggym

import (
	"encoding/json"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What the published functions returned (reasoning-gym 49b0713, Math-Verify 0.9.0; its
// tests/test_scoring.py has some of these).
func TestCascade(t *testing.T) {
	r := ruletest.New(t, Rules(), "reasoninggym.score_answer_cascade", nil)
	for _, c := range []struct {
		source, gold, completion string
		want                     float64
	}{
		{"gcd", "42", "<answer>42</answer>", 1},
		{"gcd", "42", `<answer>\(42\)</answer>`, 1},
		{"gcd", "42", `<answer>\text{42}</answer>`, 1},
		{"gcd", "42", `<answer>$\frac{84}{2}$</answer>`, 1},
		{"gcd", "42", `<answer>\[41.8\]</answer>`, 1}, // within a hundredth
		{"gcd", "42", "<answer>41</answer>", 0},
		{"gcd", "100", "<answer>100.05</answer>", 1},
		{"gcd", "42", "<answer>99</answer>", 0},
		{"gcd", "42", "42", 0},
		{"gcd", "42", "<answer></answer>", 0},
		{"caesar_cipher", "hello world", `<answer>\mathrm{HELLO}~\text{world} \\\\</answer>`, 1},
		{"ransom_note", "True", "<answer>TRUE</answer>", 1},
		{"gcd", "5", "<answer>the 5</answer>", 0.2},
		{"caesar_cipher", "ab", "<answer>abcd</answer>", 0.5},
	} {
		s := rewards.Sample{Completion: c.completion, Problem: rewards.Problem{Task: "jsonl"}, Columns: map[string]json.RawMessage{
			"answer": json.RawMessage(`"` + c.gold + `"`), "metadata": json.RawMessage(`{"source_dataset":"` + c.source + `"}`)}}
		if got := ruletest.Score(t, r, s); got.Status != rewards.OK || got.Score != c.want {
			t.Errorf("%s for %s: %s %v (%s), want %v", c.completion, c.gold, got.Status, got.Score, got.Why, c.want)
		}
	}
}

// What strip_latex returned.
func TestStripLatex(t *testing.T) {
	for in, want := range map[string]string{
		`\(42\)`: "42", `the value is \(x + 1\) here`: "the value is x + 1 here", `\text{hello world}`: "hello world", `\mathrm{cm}`: "cm", `a \\ b`: "a b", "a~b": "a b",
		`\alpha + \beta`: "alpha + beta", "  a   b  ": "a b", `\(\text{answer}\)`: "answer", "42": "42", `\\\\x`: "x", "": "",
	} {
		if got := stripLatex(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
