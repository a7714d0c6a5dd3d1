package logicrl

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// What Logic-RL's kk.compute_score returns for these texts (Python 3.11).
func TestKnightsAndKnaves(t *testing.T) {
	const gold = "(1) Zoey is a knight\n(2) Oliver is a knave"
	for _, tt := range []struct {
		solution, prompt, completion string
		want                         float64
	}{
		{gold, "Assistant:", "<think>a</think>\n<answer>(1) Zoey is a knight\n(2) Oliver is a knave</answer>", 3},
		{gold, "Assistant: <think>", "a</think> b <answer>Oliver is a knave and zoey IS A KNIGHT.</answer> c", 3},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a knight, Oliver is a knight</answer>", -0.5},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a knight</answer>", -1},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a knight, Oliver is a knave, so both knights</answer>", -1},
		{gold, "Assistant:", "<think>a</think><answer>Zoey: knight, Oliver: knave</answer>", -1},
		{gold, "Assistant:", "<think>a</think><answer></answer>", -1},
		{gold, "Assistant:", "<answer>Zoey is a knight, Oliver is a knave</answer><think></think>", -3},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a knight, Oliver is a knave", -3},
		{gold, "Assistant:", "<think>a</think><answer>x</answer><answer>Zoey is a knight, Oliver is a knave</answer>", -3},
		{gold, "", "<think>a</think><answer>Zoey is a knight, Oliver is a knave</answer>", -1},
		{gold, "<|im_start|>assistant\n<think>", "a</think><answer>Zoey is a knight, Oliver is a knave</answer>", 3},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a \u212anight, Oliver is a knave</answer>", 3},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a kn\u0131ght, Oliver is a knave, knight</answer>", -0.5},
		{gold, "Assistant:", "<think>a</think><answer>aZoey is a knight, Oliver is a knave</answer>", -1},
		{gold, "Assistant:", "<think>a</think><answer>Zoey is a knight and Oliver\n is\u00a0a\tknave</answer>", 3},
		{"1. A: Knave\n\nB the KNIGHT\nnothing\nA knight", "Assistant:", "<think></think><answer>A is a knight. B is a knight.</answer>", 3},
		{"nothing", "Assistant:", "<think></think><answer>x</answer>", -1},
	} {
		text, err := json.Marshal(tt.solution)
		if err != nil {
			t.Fatal(err)
		}
		s := rewards.Sample{Prompt: tt.prompt, Completion: tt.completion, Columns: map[string]json.RawMessage{"solution_text_format": text}}
		got := ruletest.Score(t, ruletest.New(t, Rules(), "logicrl.kk", nil), s)
		if got.Status != rewards.OK || got.Score != tt.want {
			t.Errorf("%q, %q%q: %v, %v (%s); want %v", tt.solution, tt.prompt, tt.completion, got.Status, got.Score, got.Why, tt.want)
		}
	}
	half := ruletest.New(t, Rules(), "logicrl.kk", map[string]any{"format_reward": -0.5})
	if got := ruletest.Score(t, half, rewards.Sample{Completion: "Assistant:<think></think><answer>A is a knight</answer>", Problem: rewards.Problem{Gold: "A is a knight"}}); got.Score != 1.5 {
		t.Errorf("a negative format reward: %+v", got)
	}
	ruletest.Refused(t, Rules(), "logicrl.kk", map[string]any{"answer_reward": 2})
	ruletest.Refused(t, Rules(), "logicrl.kk", map[string]any{"format_reward": 1e300})
}

// Where the gold answer may stand.
func TestSolutionText(t *testing.T) {
	const object = `{"solution_text_format":"A is a knight","statements":"x"}`
	column := func(name, value string) rewards.Sample {
		return rewards.Sample{Columns: map[string]json.RawMessage{name: json.RawMessage(value)}}
	}
	for name, s := range map[string]rewards.Sample{
		"a column":                column("solution_text_format", `"A is a knight"`),
		"ground truth":            column("ground_truth", object),
		"ground truth as text":    column("ground_truth", `"A is a knight"`),
		"reward model":            column("reward_model", `{"style":"rule","ground_truth":`+object+`}`),
		"gold answer":             {Problem: rewards.Problem{Gold: "A is a knight"}},
		"gold answer as a object": {Problem: rewards.Problem{Gold: object}},
	} {
		if got, err := solutionText(s); err != nil || got != "A is a knight" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	got := ruletest.Score(t, ruletest.New(t, Rules(), "logicrl.kk", nil), rewards.Sample{Completion: "x", Problem: rewards.Problem{Gold: "42"}})
	if got.Status != rewards.Skipped || !strings.Contains(got.Why, "solution_text_format") {
		t.Errorf("no gold answer: %+v", got)
	}
}

// What parse_solution_text_format makes of lines.
func TestRoles(t *testing.T) {
	for text, want := range map[string]string{
		"(1) Zoey is a knight\n(2) Oliver is a KNAVE": "[Zoey Oliver] map[Oliver:knave Zoey:knight]",
		"x1 Zoey_ Ella, a knave or knight":            "[Ella] map[Ella:knave]",
		"knight":                                      "[] map[]",
		"knight knave":                                "[knight] map[knight:knave]",
		"A knights, knave\nB knight_":                 "[A] map[A:knave]",
		"É knave, B knight":                           "[knave] map[knave:knight]",
	} {
		if c := roles(text); fmt.Sprint(c.names, c.roles) != want {
			t.Errorf("%q: %v %v, want %s", text, c.names, c.roles, want)
		}
	}
}

func FuzzKnightsAndKnaves(f *testing.F) {
	f.Add("A is a knight", "Assistant: <think>a</think><answer>A is a knight</answer>")
	f.Add("(1) A is a knave\nB knight", "<|im_start|>assistant<think>ſ</think><answer>\xff is a Knight</answer>")
	f.Fuzz(func(t *testing.T, gold, completion string) {
		got := ruletest.Score(t, ruletest.New(t, Rules(), "logicrl.kk", nil), rewards.Sample{Completion: completion, Problem: rewards.Problem{Gold: gold}})
		if got.Status == rewards.OK && (got.Score < -3 || got.Score > 3) || got.Status == rewards.Error {
			t.Fatalf("%+v", got)
		}
	})
}
