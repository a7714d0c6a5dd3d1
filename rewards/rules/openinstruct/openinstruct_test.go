package openinstruct

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// The files hold what the functions of open-instruct (commit e6c3044, sympy
// 1.14.0; nltk 3.9.2, langdetect 1.0.9 with seed 0) returned: name, completion,
// gold answer, tokens, score, null where it raised or drew an argument.
// bench/rivals/rewards/compare.py compares many more.
func TestPublished(t *testing.T) {
	made := map[string]rewards.Reward{}
	if rows := published(t, "testdata/published.jsonl", made); rows < 150 {
		t.Errorf("%d rows", rows)
	}
	if rows := published(t, "testdata/ifeval.jsonl", made); rows < 400 {
		t.Errorf("%d rows of ifeval", rows)
	}
	if len(made) != len(verifiers())+1 {
		t.Errorf("%d functions", len(made))
	}
}

func published(t *testing.T, name string, made map[string]rewards.Reward) (rows int) {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); rows++ {
		var name, completion, gold string
		var tokens int
		var want *float64
		if err := json.Unmarshal(lines.Bytes(), &[]any{&name, &completion, &gold, &tokens, &want}); err != nil {
			t.Fatal(err)
		}
		if made[name] == nil {
			made[name] = ruletest.New(t, Rules(), "openinstruct."+name, nil)
		}
		got := ruletest.Score(t, made[name], rewards.Sample{Completion: completion, TokenIDs: make([]int32, tokens), Problem: rewards.Problem{Gold: gold}})
		switch {
		case want == nil && got.Status != rewards.Error && got.Status != rewards.Skipped:
			t.Errorf("%s raised on %q for %q: %v", name, completion, gold, got)
		case want != nil && (got.Status != rewards.OK || got.Score-*want > 1e-12 || *want-got.Score > 1e-12):
			t.Errorf("%s of %q for %q: %v, %v (%s); want %v", name, completion, gold, got.Status, got.Score, got.Why, *want)
		}
	}
	return rows
}

// What RewardConfig's function paid for these four completions, of which the
// last was cut.
func TestReward(t *testing.T) {
	completions := []string{"<think>a</think>\n<answer>4</answer>", "4", "x</think><answer>5</answer>", "4"}
	for _, tt := range []struct {
		params map[string]any
		want   [4]float64
	}{
		{nil, [4]float64{20, 20, 0, 20}},
		{map[string]any{"apply_r1_style_format_reward": true}, [4]float64{20, 0, 0, 0}},
		{map[string]any{"apply_r1_style_format_reward": true, "additive_format_reward": true}, [4]float64{21, 20, 1, 20}},
		{map[string]any{"apply_r1_style_format_reward": true, "r1_style_format_reward": 0.5}, [4]float64{}},
		{map[string]any{"non_stop_penalty": true}, [4]float64{20, 20, 0, -10}},
		{map[string]any{"apply_verifiable_reward": false, "apply_r1_style_format_reward": true}, [4]float64{1, 0, 1, 0}},
	} {
		r := ruletest.New(t, Rules(), "openinstruct.reward", tt.params)
		for i, c := range completions {
			s := rewards.Sample{Completion: c, Truncated: i == 3, Problem: rewards.Problem{Gold: `["4","4"]`}, Columns: map[string]json.RawMessage{"dataset": json.RawMessage(`["gsm8k","puzzle"]`)}}
			if got := ruletest.Score(t, r, s); got.Status != rewards.OK || got.Score != tt.want[i] {
				t.Errorf("%v of %q: %v, %v (%s); want %v", tt.params, c, got.Status, got.Score, got.Why, tt.want[i])
			}
		}
	}
}

// The gold answer of ifeval is a Python literal, or the JSON of a row that has
// none of JSON's own words; a list of one is the verifiers' list only where it
// holds a text.
func TestRewardOfInstructions(t *testing.T) {
	const one = `{"instruction_id": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {"N": 0}]}`
	literal := strings.ReplaceAll(strings.ReplaceAll(one, "0", "None"), `"`, `'`)
	text, err := json.Marshal([]string{"[" + literal + "]"})
	if err != nil {
		t.Fatal(err)
	}
	r := ruletest.New(t, Rules(), "openinstruct.reward", map[string]any{"verifier": "ifeval"})
	for _, gold := range []string{"[" + literal + "]", string(text), `["` + strings.ReplaceAll(strings.ReplaceAll(one, "0", "null"), `"`, `\"`) + `"]`, "[" + strings.ReplaceAll(one, `{"N": 0}`, "{}") + "]"} {
		got := ruletest.Score(t, r, rewards.Sample{Completion: "<think>, x</think>no quotes", Problem: rewards.Problem{Gold: gold}})
		if want := 5.0; got.Status != rewards.OK || got.Score != want {
			t.Errorf("%s: %v, %v (%s); want %v", gold, got.Status, got.Score, got.Why, want)
		}
	}
	s := rewards.Sample{Completion: "a, b", Problem: rewards.Problem{Gold: "[" + literal + "]"}}
	got := ruletest.Score(t, ruletest.New(t, Rules(), "openinstruct.ifeval", nil), s)
	if want := "follows 0 of 2 instructions, not punctuation:no_comma, startend:quotation"; !strings.Contains(got.Why, want) {
		t.Errorf("%q; want %q", got.Why, want)
	}
}

func TestRewardRefuses(t *testing.T) {
	ruletest.Refused(t, Rules(), "openinstruct.reward", map[string]any{"verifier": "gsm8"})
	ruletest.Refused(t, Rules(), "openinstruct.reward", map[string]any{"verification_reward": 1e300})
	ruletest.Refused(t, Rules(), "openinstruct.max_length", map[string]any{"max_length_verifier_max_length": 0})
	ruletest.Refused(t, Rules(), "openinstruct.soft_format", map[string]any{"reward_scale": 0})
	r := ruletest.New(t, Rules(), "openinstruct.reward", nil)
	for columns, why := range map[string]string{``: "dataset", `5`: "dataset", `["gsm8k","math"]`: "1 gold answers for 2", `"code"`: "not built in"} {
		s := rewards.Sample{Completion: "x", TokenIDs: []int32{1}, Problem: rewards.Problem{Gold: "x"}}
		if columns != "" {
			s.Columns = map[string]json.RawMessage{"dataset": json.RawMessage(columns)}
		}
		if got := ruletest.Score(t, r, s); got.Status != rewards.Error || !strings.Contains(got.Why, why) {
			t.Errorf("dataset %s: %+v; want %q", columns, got, why)
		}
	}
}

// No completion, gold answer or settings make a judge panic or disagree with
// itself.
func FuzzVerifiers(f *testing.F) {
	f.Add("<think>1</think> <answer>1,000</answer>", `{"func_name":"validate_paragraphs","N":1,"first_word":"","i":1}`)
	f.Add(`\boxed{\frac12}`, "1/2")
	f.Add("<finish>x</finish>", `["x", NaN, {}]`)
	f.Add("Mr. X said: \"no\". * a\n- b [c] <<d>> ***", `[{'instruction_id': ['count:count_unique', 'detectable_format:title', 'length_constraints:number_sentences'], 'kwargs': [None, {}, {'num_sentences': 2, "relation": u'less than'}]}]`)
	f.Add("a sun. Sun!", `['{"instruction_id": ["keywords:existence", "keywords:forbidden_words", "language:response_language"], "kwargs": [{"keywords": ["s(u|n)*?$", "(?=a)"]}, {"forbidden_words": ["c++"]}, {"language": "en"}]}']`)
	f.Fuzz(func(t *testing.T, completion, gold string) {
		for _, v := range verifiers() {
			s := rewards.Sample{Completion: completion, Problem: rewards.Problem{Gold: gold}}
			judge := v.judge(LengthParams{MaxLength: 100})
			a, b := judge(s), judge(s)
			if a.Status != b.Status || a.Score != b.Score {
				t.Errorf("%s: %+v, then %+v", v.name, a, b)
			}
		}
	})
}
