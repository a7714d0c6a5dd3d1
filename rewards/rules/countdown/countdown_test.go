package countdown

import (
	"encoding/json"
	"math"
	"strings"
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

// TestPythonArithmetic holds values that CPython 3.11 prints.
func TestPythonArithmetic(t *testing.T) {
	for _, c := range []struct {
		expr string
		want float64
	}{
		{"2**3**2", 512}, {"-2**2", -4}, {"2**-1", 0.5}, {"2**-2**2", 0.0625}, {"0**0", 1},
		{"3//2", 1}, {"-3//2", -2}, {"3.5//0.7", 5}, {"7//-2", -4}, {"-7.5//2", -4},
		{"00+5", 5}, {"03.5", 3.5}, {".5", 0.5}, {"5.", 5}, {"5.-3", 2}, {"5.*3", 15}, {"1.5.", math.NaN()},
		{"3/4/5", 0.15}, {"(3\r+5)", 8}, {"3\f+5", 8}, {"3\t+ 5", 8}, {"3+-+-5", 8}, {"--3", 3},
		{"10**400/10**399", 10}, {"(-8)**3", -512}, {"1-0.9", 0.09999999999999998},
		{"(-1)**7", -1}, {"(-1)**8", 1}, {"0**5", 0}, {"1**999999999999999999999", 1},
		{"3*(4+(2-(1)))", 15}, {"(((2)))", 2},
	} {
		v, err := pyEval(c.expr)
		if math.IsNaN(c.want) {
			if err == nil {
				t.Errorf("%q gives %+v, want an error", c.expr, v)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.expr, err)
			continue
		}
		f, err := v.float()
		if err != nil || f != c.want {
			t.Errorf("%q = %v, want %v", c.expr, f, c.want)
		}
	}
	for _, expr := range []string{"", "03", "3 .", "3..", "...", ".", "3\r+5", "3\v+5", "3(5)", "()", "1 2", "3* *2", "3/ /2", "3***2",
		"10**400/3", "10.0**400", "10**400*1.0", "0**-1", "0.0**-1", "1/0", "1//0", "1.0/0", "(1", "1)", ")(", "*3", "3*", "(-8)**0.5",
		"9**9**9**9", strings.Repeat("(", 201) + "3" + strings.Repeat(")", 201), strings.Repeat("-", 1<<20) + "3"} {
		if v, err := pyEval(expr); err == nil {
			t.Errorf("%.40q gives %+v, want an error", expr, v)
		}
	}
	if _, err := pyEval(strings.Repeat("(", 200) + "3" + strings.Repeat(")", 200)); err != nil {
		t.Error("CPython evaluates 200 nested parentheses")
	}
}

func FuzzPythonArithmetic(f *testing.F) {
	for _, s := range []string{"2**3**2", "-2**-2", "(1)//0.5", "((((1))))", "3..", "9**9**9", "03.5*.5", "1\r+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := pyEval(s)
		if err == nil && v.i != nil && v.i.BitLen() > 2*maxPythonBits {
			t.Fatalf("%q has %d bits", s, v.i.BitLen())
		}
	})
}
