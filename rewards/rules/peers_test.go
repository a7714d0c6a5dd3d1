package rules

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// TestOpenR1Functions holds what open-r1's functions return on the cases of
// the kinds that its own suite has.
func TestOpenR1Functions(t *testing.T) {
	const all = "<think>\nSome reasoning\n</think>\n<answer>\nThe answer\n</answer>"
	params := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	bigram := params("ngram_size", 2, "max_penalty", -1.0)
	for _, c := range []struct {
		rule       string
		params     map[string]any
		completion string
		want       float64
	}{
		{"openr1.tag_count", nil, all, 1},
		{"openr1.tag_count", nil, "Some reasoning\n</think>\n<answer>\nThe answer\n</answer>", 0.75},
		{"openr1.tag_count", nil, "no tags", 0},
		{"openr1.tag_count", nil, "\n</answer>\n<answer>\n\n</think>\n<think>\n", 1}, // reversed and empty
		{"openr1.tag_count", nil, all + all, 0},
		{"openr1.reasoning_steps", nil, "Step 1: a\nStep 2: b\nStep 3: c", 1},
		{"openr1.reasoning_steps", nil, "First, we do this.\nFinally, we conclude.", 2. / 3},
		{"openr1.reasoning_steps", nil, "1. a\n2. b\n3. c", 1. / 3},
		{"openr1.reasoning_steps", nil, "First,First,First,", 1},
		{"openr1.reasoning_steps", nil, "x\n- a\n* b", 2. / 3},
		{"openr1.reasoning_steps", nil, "Step ٣: in other digits", 1. / 3},
		{"openr1.repetition_penalty", bigram, "this this this this this", -0.75},
		{"openr1.repetition_penalty", bigram, "this is a this is a test", -1. / 3},
		{"openr1.repetition_penalty", bigram, "", 0},
		{"openr1.repetition_penalty", bigram, "This THIS this", -0.5},
		{"openr1.repetition_penalty", nil, "A B C A B C E F G A B C A B C", -0.38461538461538464},
		{"openr1.repetition_penalty", nil, strings.Repeat("ab", 500), 0}, // blind without spaces
		{"openr1.code_format", nil, "<think>\na\n</think>\n<answer>\n```python\nx\n```\n</answer>", 1},
		{"openr1.code_format", nil, "<think>\na\n</think>\n<answer>\n```javascript\nx\n```\n</answer>", 0},
		{"openr1.code_format", params("language", "c++"), "<think>\na\n</think>\n<answer>\n```c++\nx\n```\n</answer>", 1},
		{"openr1.soft_overlong_punishment", params("max_completion_len", 100, "soft_punish_cache", 20), strings.Repeat("x", 90), -0.5},
		{"openr1.soft_overlong_punishment", params("max_completion_len", 100, "soft_punish_cache", 0), strings.Repeat("x", 100), 0},
		// Any two integers, as published.
		{"openr1.soft_overlong_punishment", params("max_completion_len", 2, "soft_punish_cache", 10), "x", -0.9},
		{"trl.soft_overlong_punishment", params("max_completion_len", 0, "soft_punish_cache", -20), strings.Repeat("x", 20), 0},
		{"trl.soft_overlong_punishment", params("max_completion_len", 0, "soft_punish_cache", -20), strings.Repeat("x", 21), -1},
		{"trl.soft_overlong_punishment", params("max_completion_len", -5, "soft_punish_cache", 0), "", -1},
		{"openr1.repetition_penalty", params("ngram_size", 2, "max_penalty", -1e300), "a a a a b", -5e299},
		{"openr1.cosine", params("max_len", -100), `\boxed{3}`, 0.9900734214192357},
		{"trl.cosine", params("max_len", -1), `\boxed{4}`, -0.5}, // clamped at its other end only
		{"openr1.cosine", params("max_len", 100), `\boxed{3}` + strings.Repeat(" ", 11), 0.9522542485937369},
		{"openr1.cosine", params("max_len", 100), `\boxed{4}` + strings.Repeat(" ", 71), -0.5477457514062631},
		{"openr1.cosine", params("max_len", 100), `\boxed{3}` + strings.Repeat(" ", 191), 1}, // not clamped
		{"trl.cosine", params("max_len", 100), `\boxed{3}` + strings.Repeat(" ", 191), 0.5},
		{"trl.cosine", params("max_len", 100), `\boxed{4}` + strings.Repeat(" ", 41), -0.75},
		{"trl.repetition_penalty", bigram, "55555", -0.75},
		{"trl.repetition_penalty", bigram, "121212", -0.6},
		{"trl.reasoning_accuracy", nil, `<think> \boxed{3} </think> so \boxed{3}`, 1},
		{"trl.reasoning_accuracy", nil, `<think> \boxed{3} </think> so \boxed{4}`, 0},
		{"trl.reasoning_accuracy", nil, `<think> \boxed{3}`, 0},
		{"trl.reasoning_accuracy", params("reasoning_delimiters", []string{}), `</think> \boxed{3}`, 0},
		{"trl.reasoning_accuracy", params("reasoning_delimiters", []string{"END", "</think>"}), `\boxed{4} END </think> \boxed{3} END \boxed{4}`, 0},
		{"trl.reasoning_accuracy", params("reasoning_delimiters", []string{"</think>", "END"}), `a END b </think> \boxed{3}`, 1},
		{"gradus.tag_count", nil, all, 1},
		{"gradus.tag_count", nil, "<think></think><answer>3</answer>", 0.5},
		{"gradus.tag_count", nil, "</answer><answer></think><think>", 0.25},
		{"gradus.reasoning_steps", nil, "<think>1. a\n2. b\n3. c</think>", 1},
		{"gradus.reasoning_steps", nil, "<think>First,First,First,</think>", 1. / 3},
		{"gradus.reasoning_steps", nil, "<think>\n- a\n- a\n- a\n</think>\n- b", 1. / 3},
		{"gradus.language_consistency", nil, "<think>so the sum 计算 is it</think>", 5. / 7},
	} {
		r := mustNew(t, c.rule, c.params)
		ids := make([]int32, len(c.completion))
		for i, b := range []byte(c.completion) {
			ids[i] = int32(b)
		}
		got := ruletest.Score(t, r, rewards.Sample{Completion: c.completion, TokenIDs: ids, Problem: rewards.Problem{Task: "jsonl", Gold: "$3$"}})
		if got.Status != rewards.OK || math.Abs(got.Score-c.want) > 1e-15 {
			t.Errorf("%s on %.60q: %s %v (%s), want %v", c.rule, c.completion, got.Status, got.Score, got.Why, c.want)
		}
	}
}

// TestCodeLanguageColumn: the data set's column wins over the parameter.
func TestCodeLanguageColumn(t *testing.T) {
	r := mustNew(t, "openr1.code_format", nil)
	s := rewards.Sample{Completion: "<think>\na\n</think>\n<answer>\n```rust\nx\n```\n</answer>"}
	for _, c := range []struct {
		column string
		want   float64
		status rewards.Status
	}{{`"rust"`, 1, rewards.OK}, {`"go"`, 0, rewards.OK}, {`null`, 0, rewards.OK}, {`3`, 0, rewards.OK}, {`["rust"]`, 0, rewards.Invalid}, {`"("`, 0, rewards.Error},
		{`"rust|x"`, 1, rewards.OK}, {`"go|x"`, 0, rewards.OK}} {
		s.Columns = map[string]json.RawMessage{"language": json.RawMessage(c.column)}
		if got := ruletest.Score(t, r, s); got.Status != c.status || got.Score != c.want {
			t.Errorf("language %s: %s %v (%s)", c.column, got.Status, got.Score, got.Why)
		}
	}
}

// TestCodeFormatAgainstTheExpression compares the searches with the published
// expression on random arrangements of its pieces.
func TestCodeFormatAgainstTheExpression(t *testing.T) {
	expression, err := codeFormatExpression("go")
	if err != nil {
		t.Fatal(err)
	}
	pieces := []string{"```", "```go", "go", "\n", "\n", "</answer>", "\n</answer>", "<answer>\n", "\n</think>\n<answer>\n", "x"}
	rng := rand.New(rand.NewPCG(5, 6))
	paid := 0
	for range 50_000 {
		b := "<think>\n"
		for range rng.IntN(12) {
			b += pieces[rng.IntN(len(pieces))]
		}
		want, got := expression.FindStringIndex(b), codeFormatMatch(expression, "go", b)
		if (got == nil) != (want == nil) || got != nil && got[1] != want[1] {
			t.Fatalf("%q: %v, the expression says %v", b, got, want)
		}
		if got != nil {
			paid++
		}
	}
	if paid < 200 {
		t.Errorf("only %d matches among the cases", paid)
	}
}

// TestKimiLength holds the definition (arXiv 2501.12599, section 2.3.3) on a
// group of lengths 10, 20 and 30: λ = 0.5, 0, −0.5.
func TestKimiLength(t *testing.T) {
	sample := func(answer string, n int) rewards.Sample {
		c := `<think>x</think><answer>\boxed{` + answer + `}</answer>`
		return rewards.Sample{Completion: c + strings.Repeat(" ", n-len(c)), TokenIDs: make([]int32, n), Problem: rewards.Problem{Task: "jsonl", Gold: "$3$"}}
	}
	for _, name := range []string{"openr1.length", "gradus.kimi_length"} {
		r := mustNew(t, name, nil)
		out, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{sample("3", 50), sample("3", 100), sample("4", 50), sample("4", 100), sample("3", 75)}})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{0.5, -0.5, 0, -0.5, 0} {
			if out[i].Status != rewards.OK || out[i].Score != want {
				t.Errorf("%s: completion %d is paid %v (%s), want %v", name, i, out[i].Score, out[i].Why, want)
			}
		}
		out, err = r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{sample("3", 50), sample("4", 50)}})
		if err != nil || out[0].Score != 0 || out[1].Score != 0 {
			t.Errorf("%s: equal lengths are paid %+v, %v", name, out, err)
		}
	}
}

// TestUnreadableGold: what each publisher does with it.
func TestUnreadableGold(t *testing.T) {
	s := rewards.Sample{Completion: `</think>\boxed{42}`, TokenIDs: make([]int32, 18), Problem: rewards.Problem{Task: "jsonl", Gold: ""}}
	for name, want := range map[string]rewards.Result{
		"trl.accuracy": {Status: rewards.Skipped}, "openr1.accuracy": {Status: rewards.Skipped}, "trl.reasoning_accuracy": {Status: rewards.Skipped},
		"openr1.cosine": {Score: 1},
	} {
		if got := ruletest.Score(t, mustNew(t, name, nil), s); got.Status != want.Status || got.Score != want.Score {
			t.Errorf("%s: %s %v, want %s %v", name, got.Status, got.Score, want.Status, want.Score)
		}
	}
	if got := ruletest.Score(t, mustNew(t, "trl.cosine", map[string]any{"max_len": 100}), s); got.Status != rewards.Skipped {
		t.Errorf("trl.cosine: %s", got.Status)
	}
}

// TestSolutionThatIsNoText: Math-Verify's parse fails on a number, a list or an
// object, and the functions go on as with any gold answer that yields nothing.
func TestSolutionThatIsNoText(t *testing.T) {
	for _, solution := range []string{"3", "3.0", "null", "true", `["3"]`, ` {"a":"$3$"}`} {
		s := rewards.Sample{Completion: `</think>\boxed{3}`, TokenIDs: make([]int32, 17), Problem: rewards.Problem{Task: "jsonl", Gold: "3"},
			Columns: map[string]json.RawMessage{"solution": json.RawMessage(solution)}}
		for _, name := range []string{"openr1.accuracy", "trl.accuracy", "trl.reasoning_accuracy"} {
			if got := ruletest.Score(t, mustNew(t, name, nil), s); got.Status != rewards.Skipped || !strings.Contains(got.Why, "not a text") {
				t.Errorf("%s with %s: %s %v (%s)", name, solution, got.Status, got.Score, got.Why)
			}
		}
		if got := ruletest.Score(t, mustNew(t, "openr1.cosine", nil), s); got.Status != rewards.OK || got.Score != 1 {
			t.Errorf("openr1.cosine with %s: %s %v (%s), want the 1 of a gold answer that cannot be read", solution, got.Status, got.Score, got.Why)
		}
		s.Columns["solution"] = json.RawMessage(`"3"`)
		if got := ruletest.Score(t, mustNew(t, "trl.accuracy", nil), s); got.Status != rewards.OK || got.Score != 1 {
			t.Errorf("trl.accuracy: %s %v (%s)", got.Status, got.Score, got.Why)
		}
	}
}

// TestStepsAgainstTheExpression compares the scanner with the published
// expression, run by Go's regexp, on random arrangements of its pieces.
func TestStepsAgainstTheExpression(t *testing.T) {
	pattern := regexp.MustCompile(`Step \p{Nd}+:|\A\p{Nd}+\.|\n-|\n\*|First,|Second,|Next,|Finally,`)
	pieces := []string{"Step ", "1", "23", "٣", ":", ".", "\n", "-", "*", "First", "Second", "Next,", "Finally,", ",", " ", "S", "F", "\xff"}
	rng := rand.New(rand.NewPCG(3, 4))
	matches, cases := 0, 100_000
	if testing.Short() {
		cases = 10_000
	}
	for range cases {
		var b strings.Builder
		for range rng.IntN(12) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		want := pattern.FindAllStringIndex(b.String(), -1)
		got := openR1Markers(b.String())
		if len(got) != len(want) {
			t.Fatalf("%q: %v, the expression finds %v", b.String(), got, want)
		}
		for i, m := range want {
			if got[i].From != m[0] || got[i].To != m[1] {
				t.Fatalf("%q: %v, the expression finds %v", b.String(), got, want)
			}
		}
		matches += len(want)
	}
	if matches < cases/10 {
		t.Errorf("only %d matches among the cases", matches)
	}
}
