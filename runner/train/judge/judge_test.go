package judge

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"gradus/rewards"
	"gradus/runner/recipe"
)

func problem() rewards.Problem {
	return rewards.Problem{Task: "jsonl", ID: "jsonl/1", Question: "6*7?", Gold: "42"}
}

func group(completions ...string) rewards.Group {
	var g rewards.Group
	for _, c := range completions {
		g.Samples = append(g.Samples, rewards.Sample{Completion: c, Problem: problem(), TokenIDs: []int32{1}})
	}
	return g
}

func TestJudge(t *testing.T) {
	j, err := New([]recipe.Reward{{Name: "gradus.accuracy", Weight: 2}, {Name: "gradus.format", Weight: 0.5}}, "")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		completion string
		total      float64
		correct    bool
		format     bool
		claim      string
	}{
		{"<think>six sevens</think><answer>42</answer>", 2.5, true, true, "42"},
		{"<think>six sevens</think><answer>43</answer>", 0.5, false, true, "43"},
		{"<answer>42</answer>", 2, true, false, "42"},
		{"forty-two", 0, false, false, ""},
		{"", 0, false, false, ""},
		{"\xff\xfe<answer>42", 0, false, false, ""},
	}
	for _, tt := range tests {
		got, err := j.Score(context.Background(), group(tt.completion))
		if err != nil {
			t.Fatal(err)
		}
		v := got[0]
		if v.Total != tt.total || v.Correct == nil || *v.Correct != tt.correct || v.FormatOK != tt.format || v.Claim != tt.claim || v.Unscorable || v.Failures != 0 {
			t.Errorf("%q: %+v, want %+v", tt.completion, v, tt)
		}
		if len(v.Parts) != 2 || v.Parts[0].Name != "gradus.accuracy" || v.Parts[0].Weight != 2 || v.Parts[0].Version == "" || v.Parts[0].Reason == "" || v.Parts[1].Why == "" {
			t.Errorf("%q: parts %+v", tt.completion, v.Parts)
		}
	}
}

// Accuracy and format are asked whatever the rewards are.
func TestVerdictWithoutRewards(t *testing.T) {
	j, err := New(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := j.Score(context.Background(), group("<think>a</think><answer>42</answer>"))
	if err != nil {
		t.Fatal(err)
	}
	if v := got[0]; !v.Unscorable || v.Correct == nil || !*v.Correct || !v.FormatOK || len(v.Parts) != 0 {
		t.Errorf("%+v", v)
	}
}

// A problem that cannot be judged has no verdict: neither right nor wrong.
func TestNoVerdict(t *testing.T) {
	j, err := New([]recipe.Reward{{Name: "gradus.accuracy", Weight: 1}}, "")
	if err != nil {
		t.Fatal(err)
	}
	g := group("<think>a</think><answer>42</answer>")
	g.Samples[0].Problem.Gold = ""
	got, err := j.Score(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	if v := got[0]; v.Correct != nil || !v.Unscorable || v.Parts[0].Status != "skipped" {
		t.Errorf("%+v", v)
	}
}

// What a reward says must reach the store whole, and what JSON cannot hold
// must not lose the rest.
func TestPart(t *testing.T) {
	p := part(rewards.PartResult{Name: "n", Version: "1.2.3", Weight: 3, Value: 1.5, Result: rewards.Result{
		Score: 0.5, Reason: "r", Why: "w", Spans: []rewards.Span{{From: 1, To: 2, Label: "l"}}, Facts: map[string]any{"x": 1.0}, Micros: 7,
	}})
	want := `{"name":"n","version":"1.2.3","status":"ok","score":0.5,"weight":3,"value":1.5,"reason":"r","why":"w","spans":[{"from":1,"to":2,"label":"l"}],"facts":{"x":1},"us":7}`
	if b, err := json.Marshal(p); err != nil || string(b) != want {
		t.Errorf("%s, %v\nwant %s", b, err, want)
	}
	p = part(rewards.PartResult{Name: "n", Result: rewards.Result{Facts: map[string]any{"x": math.NaN()}}})
	if b, err := json.Marshal(p); err != nil || !strings.Contains(string(b), "NaN") {
		t.Errorf("%s, %v", b, err)
	}
}

func TestUnknownReward(t *testing.T) {
	if _, err := New([]recipe.Reward{{Name: "gradus.acuracy", Weight: 1}}, ""); err == nil || !strings.Contains(err.Error(), "gradus.accuracy") {
		t.Errorf("error %v does not name the nearest reward", err)
	}
}
