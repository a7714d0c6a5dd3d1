package traces

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	below := func(v float64) float64 { return math.Nextafter(v, math.Inf(-1)) }
	above := func(v float64) float64 { return math.Nextafter(v, math.Inf(1)) }
	type fields map[string]any
	for _, tt := range []struct {
		in   string
		want fields
	}{
		{"", fields{}},
		{"  wait  ", fields{"Text": "wait"}},
		{`"double check" wait`, fields{"Text": `"double check" wait`}},
		{"step:10..20", fields{"MinStep": 10, "MaxStep": 20}},
		{"step:700.. finish:length", fields{"MinStep": 700, "Finish": "length"}},
		{"step:..20", fields{"MaxStep": 20}},
		{"step:7", fields{"MinStep": 7, "MaxStep": 7}},
		{"step>7 step<=9", fields{"MinStep": 8, "MaxStep": 9}},
		{"reward<.2", fields{"MaxReward": below(0.2)}},
		{"reward>=0.5", fields{"MinReward": 0.5}},
		{"reward>-1", fields{"MinReward": above(-1)}},
		{"reward:0..1", fields{"MinReward": 0.0, "MaxReward": 1.0}},
		{"correct:no", fields{"Correct": false}},
		{"correct:RIGHT phase:eval stage:grpo task:chain group:3", fields{"Correct": true, "Phase": "eval", "Stage": "grpo", "Task": "chain", "Group": 3}},
		{`"a:b"`, fields{"Text": `"a:b"`}},
		{`task:"gsm 8k"`, fields{"Task": "gsm 8k"}},
	} {
		q, err := Parse(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		b, _ := json.Marshal(q)
		var got map[string]any
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		for k, v := range got { // leave out what is not set
			if v == nil || v == "" || v == false && k != "Correct" || v == 0.0 && k != "MinReward" {
				delete(got, k)
			}
		}
		want, _ := json.Marshal(tt.want)
		have, _ := json.Marshal(got)
		if string(want) != string(have) {
			t.Errorf("%q: got %s, want %s", tt.in, have, want)
		}
	}
}

func TestParseErrorsSayWhatToDo(t *testing.T) {
	for in, want := range map[string]string{
		"stpe:3":       "did you mean step?",
		"tag:hack":     `quote it: "tag:hack"`,
		"finish:end":   "stop or length",
		"correct:may":  "yes or no",
		"step:x":       "whole number",
		"step:..":      "needs an end",
		"reward<low":   "wants a number",
		`"open`:        "close it",
		"finish<stop":  "takes a colon",
		"step:":        "wants a value",
		"step:1.5":     "whole number",
		"reward:1..x":  "wants a number",
		"http://x y":   "quote it",
		"group:three":  "whole number",
		"reward:NaN":   "wants a number",
		"phase:rollin": "train or eval",
	} {
		if _, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", `step:1.."`, `"`, "a:b:c", "reward<=<", "step:..", "::", "=", `x"y z"w`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err == nil && strings.Count(q.Text, `"`)%2 != 0 {
			t.Errorf("%q: text %q has an open quote", s, q.Text)
		}
	})
}
