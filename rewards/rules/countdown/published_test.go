package countdown

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// columns are the numbers and the target as TRL hands them on.
func columns(nums, target string) map[string]json.RawMessage {
	return map[string]json.RawMessage{"nums": json.RawMessage(nums), "target": json.RawMessage(target)}
}

// What GRPO-Zero's, nano-aha-moment's and mini-R1's functions return for these
// texts, of the numbers 3, 5, 7 and the target 22 (Python 3.11).
func TestPublishedCountdowns(t *testing.T) {
	names := [7]string{"grpozero.countdown", "grpozero.answer", "grpozero.format", "nanoaha.format", "nanoaha.equation", "minir1.format", "minir1.equation"}
	for _, tt := range []struct {
		completion string
		want       [7]float64
	}{
		{"work</think>\n<answer>3*5+7</answer>", [7]float64{1.1, 1, 0.5, 1, 1, 1, 1}},
		{"work</think>\n<answer>3*5+7</answer>\n", [7]float64{1.1, 1, 0.5, 1, 1, 1, 1}},
		{"work</think><answer>3*5+7</answer>", [7]float64{1.06, 1, 0.5, 0, 1, 0, 1}},
		{"work</think>\n<answer>3*5+7=22</answer>", [7]float64{0.1, 0, 0.5, 0.5, 0, 1, 0}},
		{"work</think>\n<answer>22</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"work</think>\n<answer>\n3*5+7\n</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"work</think>\n<answer>3*5+7\n</answer>", [7]float64{1.1, 1, 0.5, 1, 0, 1, 0}},
		{"work</think>\n<answer></answer>", [7]float64{0.1, 0, 0.5, 0.5, 0, 1, 0}},
		{"<answer>3*5+7</answer>", [7]float64{1.05, 1, 0.5, 0, 1, 0, 1}},
		{"<answer>1</answer></think>\n<answer>3*5+7</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"work</think>\n<answer>3*5+7</answer> done", [7]float64{1.06, 1, 0.5, 0, 1, 0, 1}},
		{"<think>work</think>\n<answer>3*5+7</answer>", [7]float64{1.1, 1, 1, 0, 1, 0, 1}},
		{"a</think>b</think>\n<answer>3*5+7</answer>", [7]float64{1.1, 1, 0.5, 0, 1, 0, 1}},
		{"a</think>\n<answer>x<answer>3*5+7</answer></answer>", [7]float64{0.1, 0, 0.5, 0.5, 0, 1, 0}},
		{"</think>\n<answer>7.+5*3</answer>", [7]float64{0.1, 0, 0.5, 1, 1, 1, 1}},
		{"</think>\n<answer>(7)+(5)*(3)\t</answer>", [7]float64{0.1, 0, 0.5, 1, 1, 1, 1}},
		{"no tags", [7]float64{0, 0, 0, 0, 0, 0, 0}},
		{"</think>\n<answer>3*5.7</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"a</think>\n<answer>3/(5-5)</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"</think>\n<answer>\u0663*5+7</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"</think>\n<answer>07+5*3</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"</think>\n<answer>3(5)+7</answer>", [7]float64{0.1, 0, 0.5, 1, 0, 1, 0}},
		{"</think>\n<answer>-(-7)+5*3</answer>\n\n", [7]float64{1.06, 1, 0.5, 0, 1, 0, 1}},
	} {
		for i, name := range names {
			r := ruletest.New(t, Rules(), name, nil)
			got := ruletest.Score(t, r, rewards.Sample{Completion: tt.completion, Columns: columns("[3,5,7]", "22")})
			if got.Status != rewards.OK || got.Score != tt.want[i] {
				t.Errorf("%s of %q: %v, %v (%s); want %v", name, tt.completion, got.Status, got.Score, got.Why, tt.want[i])
			}
		}
	}
	for _, tt := range []struct {
		equation, nums, target string
		grpo, nano             float64
	}{{"2**3", "[2,3]", "8", 1, 1}, {"7//2", "[7,2]", "3", 1, 1}, {"3.5*2", "[3,5,2]", "7", 0, 1}, {"1/3*3", "[1,3,3]", "1", 1, 1}, {"9**9**9**9", "[9,9,9,9]", "1", 0, 0}} {
		s := rewards.Sample{Completion: "</think>\n<answer>" + tt.equation + "</answer>", Columns: columns(tt.nums, tt.target)}
		for name, want := range map[string]float64{"grpozero.answer": tt.grpo, "nanoaha.equation": tt.nano, "minir1.equation": tt.nano} {
			if got := ruletest.Score(t, ruletest.New(t, Rules(), name, nil), s); got.Score != want {
				t.Errorf("%s of %s: %v, want %v", name, tt.equation, got.Score, want)
			}
		}
	}
}

// The tokens at the end that the publishers take off, and what GRPO-Zero's
// prompt begins.
func TestPublishedCountdownParameters(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params map[string]any
		text   string
		want   float64
	}{
		{"grpozero.format", map[string]any{"end_token": "<|end|>"}, "<think>a</think>\n<answer>b</answer><|end|>", 1},
		{"grpozero.format", map[string]any{"prefix": "<think>"}, "a</think>\n<answer>b</answer>", 1},
		{"grpozero.format", map[string]any{"prefix": "<think>"}, "a</think>\n<answer>b</answer><|end|>", 0.6},
		{"grpozero.countdown", map[string]any{"end_token": "<|end|>"}, "a</think>\n<answer>b</answer><|end|>", 0.1},
		{"nanoaha.format", map[string]any{"eos_token": "<|end|>"}, "a</think>\n<answer>3</answer><|end|>", 1},
		{"nanoaha.format", nil, "a</think>\n<answer>3</answer><|end|>", 0},
	} {
		got := ruletest.Score(t, ruletest.New(t, Rules(), tt.name, tt.params), rewards.Sample{Completion: tt.text, Columns: columns("[3]", "3")})
		if got.Status != rewards.OK || got.Score != tt.want {
			t.Errorf("%s %v of %q: %v, %v; want %v", tt.name, tt.params, tt.text, got.Status, got.Score, tt.want)
		}
	}
	for name, params := range map[string]map[string]any{"grpozero.countdown": {"prefix": "x"}, "grpozero.format": {"endtoken": "x"}, "nanoaha.format": {"eos_token": 3},
		"nanoaha.equation": {"score": 1}, "minir1.format": {"score": 1}, "minir1.equation": {"x": 1}, "grpozero.answer": {"x": 1}, "tinyzero.multiply": {"method": "strict"}} {
		ruletest.Refused(t, Rules(), name, params)
	}
}

// What TinyZero's multiply returns for these texts.
func TestMultiply(t *testing.T) {
	r := ruletest.New(t, Rules(), "tinyzero.multiply", nil)
	for _, tt := range []struct {
		prompt, completion string
		want               float64
	}{
		{"Assistant:", "<answer>998001</answer>", 1},
		{"Assistant:", "<answer> +998_001 </answer> done\n", 1},
		{"Assistant:", "<answer>٩٩٨٠٠١</answer>", 1},
		{"Assistant:", "<answer>0998001</answer>", 1},
		{"Assistant:", "<answer>998002</answer>", 0.1},
		{"Assistant:", "<answer>998001.0</answer>", 0},
		{"Assistant:", "<answer>998001</answer><answer>x</answer>", 0},
		{"Assistant:", "<answer>\n998001</answer>", 0},
		{"Assistant:", "<answer>1</answer>\n<answer>998001</answer>", 1},
		{"<|im_start|>assistant", "<answer>998001</answer>", 0},
		{"", "Assistant: <answer>998001</answer>", 1},
		{"Assistant:", "<answer>" + strings.Repeat("9", 4301) + "</answer>", 0},
	} {
		got := ruletest.Score(t, r, rewards.Sample{Prompt: tt.prompt, Completion: tt.completion, Problem: rewards.Problem{Gold: "998001"}})
		if got.Status != rewards.OK || got.Score != tt.want {
			t.Errorf("%q %.60q: %v, %v (%s); want %v", tt.prompt, tt.completion, got.Status, got.Score, got.Why, tt.want)
		}
	}
	if got := ruletest.Score(t, r, rewards.Sample{Prompt: "Assistant:", Problem: rewards.Problem{Gold: "3*4"}}); got.Status != rewards.Skipped {
		t.Errorf("a gold answer that is no number: %+v", got)
	}
}

// Where the numbers and the target may stand.
func TestReadGiven(t *testing.T) {
	const truth = `{"numbers":[7,3,5],"target":22}`
	raw := func(name, value string) map[string]json.RawMessage {
		return map[string]json.RawMessage{name: json.RawMessage(value)}
	}
	for name, s := range map[string]rewards.Sample{
		"columns":               {Columns: columns("[7,3,5]", "22")},
		"a target as text":      {Columns: columns("[7,3,5]", `"22"`)},
		"ground truth":          {Columns: raw("ground_truth", truth)},
		"reward model":          {Columns: raw("reward_model", `{"style":"rule","ground_truth":`+truth+`}`)},
		"a problem of the task": {Problem: rewards.Problem{Task: "countdown", Data: json.RawMessage(truth)}},
		"a row's columns":       {Problem: rewards.Problem{Task: "jsonl", Gold: "22", Data: json.RawMessage(`{"nums":[7,3,5],"target":22}`)}},
		"a row of verl's":       {Problem: rewards.Problem{Task: "jsonl", Gold: "22", Data: json.RawMessage(`{"reward_model":{"ground_truth":` + truth + `}}`)}},
		"a row's answer":        {Problem: rewards.Problem{Task: "jsonl", Gold: `{"nums":[7,3,5],"target":22}`}},
	} {
		if g, err := readGiven(s); err != nil || fmt.Sprint(g.numbers, g.target) != "[3 5 7] 22" {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
	for name, s := range map[string]rewards.Sample{
		"nothing":          {},
		"no numbers":       {Columns: columns("[]", "22")},
		"numbers of text":  {Columns: columns(`["x"]`, "22")},
		"a broken number":  {Columns: columns("[3.5]", "22")},
		"no list":          {Columns: columns("3", "22")},
		"no target number": {Columns: columns("[3]", `[1]`)},
		"too many":         {Columns: columns("["+strings.Repeat("1,", maxGiven)+"1]", "1")},
		"broken gold":      {Problem: rewards.Problem{Gold: `{"nums":`}},
		"another task":     {Problem: rewards.Problem{Task: "chain_sum", Gold: "3"}},
	} {
		g, err := readGiven(s)
		if err == nil {
			t.Errorf("%s: %+v", name, g)
		}
		if got := ruletest.Score(t, ruletest.New(t, Rules(), "grpozero.countdown", nil), s); got.Status != rewards.Skipped {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// No text makes the functions hang or fail but for GRPO-Zero's own failure.
func TestHostileEquations(t *testing.T) {
	for name, text := range map[string]string{
		"power tower": "9**9**9**9", "parentheses": strings.Repeat("(", 1<<18), "signs": strings.Repeat("-", 1<<18) + "9", "digits": strings.Repeat("9", 1<<18),
		"tags": strings.Repeat("<answer>", 1<<15), "thoughts": strings.Repeat("<think></think>\n<answer>", 1<<15), "bytes": "\xff\xfe\x00",
	} {
		for _, r := range Rules() {
			s := rewards.Sample{Prompt: "Assistant:", Completion: "</think>\n<answer>" + text + "</answer>", Columns: columns("[9,9,9,9]", "22"), Problem: rewards.Problem{Gold: "3"}}
			got := ruletest.Score(t, ruletest.New(t, Rules(), r.Name, nil), s)
			if fails := name == "digits" && (r.Name == "grpozero.answer" || r.Name == "grpozero.countdown"); got.Status != rewards.OK && !(fails && got.Status == rewards.Error) {
				t.Errorf("%s of %s: %v, %s", r.Name, name, got.Status, got.Why)
			}
		}
	}
}
