package countdown

import (
	"encoding/json"
	"testing"

	"gradus/rewards"
	"gradus/rewards/rules/rule/ruletest"
)

// TestTinyZero holds the published function's own outcomes.
func TestTinyZero(t *testing.T) {
	r := ruletest.New(t, Rules(), "tinyzero.countdown", nil)
	problem := func(data string) rewards.Problem {
		return rewards.Problem{Task: "countdown", ID: "t", Data: json.RawMessage(data)}
	}
	abc := problem(`{"numbers":[3,5,7],"target":22}`)
	cases := []struct {
		name               string
		problem            rewards.Problem
		prompt, completion string
		want               float64
	}{
		{"right", abc, "Assistant:", "<think>x</think><answer>3*5+7</answer>", 1},
		{"wrong value", abc, "Assistant:", "<answer>3+5+7</answer>", 0.1},
		{"wrong numbers", abc, "Assistant:", "<answer>22</answer>", 0.1},
		{"garbage in the tag", abc, "Assistant:", "<answer>garbage</answer>", 0.1},
		{"empty tag", abc, "Assistant:", "<answer></answer>", 0.1},
		{"no tag", abc, "Assistant:", "3*5+7", 0},
		{"no Assistant", abc, "", "<answer>3*5+7</answer>", 0},
		{"chat marker", abc, "<|im_start|>assistant\n", "<answer>3*5+7</answer>", 1},
		{"line end after the answer", abc, "Assistant:", "<answer>3*5+7</answer>\n", 0},
		{"answer on an earlier line", abc, "Assistant:", "<answer>3*5+7</answer>\nDone.", 0},
		{"answer spread over lines", abc, "Assistant:", "<answer>\n3*5+7\n</answer>", 0},
		{"last of several", abc, "Assistant:", "<answer>1</answer><answer>3*5+7</answer>", 1},
		{"several on a line, last wrong", abc, "Assistant:", "<answer>3*5+7</answer><answer>1</answer>", 0.1},
		{"power", problem(`{"numbers":[2,3],"target":8}`), "Assistant:", "<answer>2**3</answer>", 1},
		{"floor division", problem(`{"numbers":[7,2],"target":3}`), "Assistant:", "<answer>7//2</answer>", 1},
		{"3.5 from 3 and 5", problem(`{"numbers":[3,5,2],"target":7}`), "Assistant:", "<answer>3.5*2</answer>", 1},
		{"division by zero", problem(`{"numbers":[3,5,5],"target":3}`), "Assistant:", "<answer>3/(5-5)</answer>", 0.1},
		{"leading zero", problem(`{"numbers":[3,5],"target":8}`), "Assistant:", "<answer>03+5</answer>", 0.1},
		{"letters", problem(`{"numbers":[3,5],"target":8}`), "Assistant:", "<answer>x=3+5</answer>", 0.1},
		{"equals sign", problem(`{"numbers":[3,5],"target":8}`), "Assistant:", "<answer>3+5=8</answer>", 0.1},
		{"signs", problem(`{"numbers":[3,5],"target":8}`), "Assistant:", "<answer>--3+ +5</answer>", 1},
		{"close float", problem(`{"numbers":[1,3,3],"target":1}`), "Assistant:", "<answer>1/3*3</answer>", 1},
		{"power tower", problem(`{"numbers":[9,9,9,9],"target":1}`), "Assistant:", "<answer>9**9**9**9</answer>", 0.1},
		{"call", problem(`{"numbers":[3,5],"target":8}`), "Assistant:", "<answer>3(5)</answer>", 0.1},
		{"Arabic digits", problem(`{"numbers":[3,5],"target":8}`), "Assistant:", "<answer>٣+٥</answer>", 0.1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ruletest.Score(t, r, rewards.Sample{Prompt: c.prompt, Completion: c.completion, Problem: c.problem})
			if got.Status != rewards.OK || got.Score != c.want {
				t.Errorf("%v (%s), want %v", got.Score, got.Why, c.want)
			}
		})
	}
	if got := ruletest.Score(t, r, rewards.Sample{Problem: rewards.Problem{Task: "chain_sum"}}); got.Status != rewards.Skipped {
		t.Errorf("another task: %s", got.Status)
	}
}
