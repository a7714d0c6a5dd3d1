package retention

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	r, err := Parse([]byte("[checkpoints]\nkeep_last = 2\n[traces]\nolder_than = \"1.5d\"\nkeep_every = 10\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Checkpoints.Metric != "eval/accuracy" || time.Duration(r.Traces.OlderThan) != 36*time.Hour {
		t.Errorf("%+v %+v", r.Checkpoints, r.Traces)
	}
	if q := r.Traces.Texts(time.Unix(200_000, 0)); q.Before.Unix() != 200_000-36*3600 || q.KeepEvery != 10 {
		t.Errorf("%+v", q)
	}
	for in, want := range map[string]string{
		"":                                   "nothing would be removed",
		"[checkpoints]\n":                    "at least the newest must stay",
		"[checkpoints]\nkeep_lst = 3\n":      "line 2: unknown key checkpoints.keep_lst",
		"[checkpoints]\nkeep_last = \"a\"\n": "line 2, column",
		"[checkpoints]\nkeep_last = 1\nkeep_best = -1\n":        "cannot be negative",
		"[traces]\nkeep_best = 1\n":                             "older_than is missing",
		"[traces]\nolder_than = \"yesterday\"\n":                "is no age",
		"[traces]\nolder_than = \"-5d\"\n":                      "is no age",
		"[traces]\nolder_than = \"NaNd\"\n":                     "is no age",
		"[traces]\nolder_than = \"5d\"\nkeep_last_steps = -1\n": "cannot be negative",
		"[traces\n":                     "line 1",
		strings.Repeat("#", maxRules+1): "at most",
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("[checkpoints]\nkeep_last = 2\n[traces]\nolder_than = \"1.5d\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		if r.Checkpoints != nil && r.Checkpoints.KeepLast < 1 || r.Traces != nil && r.Traces.OlderThan <= 0 {
			t.Errorf("%q gives %+v", b, r)
		}
	})
}

// The newest always stays, whatever the rules; each rule keeps what it says.
func TestJudge(t *testing.T) {
	var list []Checkpoint
	for i, acc := range []float64{0.1, 0.9, 0.3, 0.9, 0.2, 0.5} {
		k := Checkpoint{Bytes: 7}
		k.Step, k.Stage, k.Path = (i+1)*10, map[bool]string{true: "sft", false: "grpo"}[i < 3], fmt.Sprint("ckpt/", i)
		k.Metrics = map[string]float64{"eval/accuracy": acc, "loss": acc}
		list = append(list, k)
	}
	delete(list[5].Metrics, "eval/accuracy")
	for _, c := range []struct {
		rules Checkpoints
		inUse map[int]string
		want  string
	}{
		{Checkpoints{KeepLast: 1}, nil, "30 60"}, // 30 ends its stage
		{Checkpoints{KeepLast: 3}, nil, "30 40 50 60"},
		{Checkpoints{KeepLast: 99}, nil, "10 20 30 40 50 60"},
		{Checkpoints{KeepLast: 1, KeepBest: 1, Metric: "eval/accuracy"}, nil, "20 30 60"}, // the earlier of equals
		{Checkpoints{KeepLast: 1, KeepBest: 2, Metric: "loss", Lower: true}, nil, "10 30 50 60"},
		{Checkpoints{KeepLast: 1, KeepBest: 2, Metric: "nothing"}, nil, "30 60"},
		{Checkpoints{KeepLast: 1, KeepEvery: 20}, nil, "20 30 40 60"},
		{Checkpoints{KeepLast: 1}, map[int]string{10: "run X was started from it"}, "10 30 60"},
	} {
		var kept []string
		for _, v := range c.rules.Judge(list, c.inUse) {
			if v.Why == "" || v.Bytes != 7 {
				t.Errorf("%+v", v)
			}
			if v.Keep {
				kept = append(kept, fmt.Sprint(v.Step))
			}
		}
		if got := strings.Join(kept, " "); got != c.want {
			t.Errorf("%+v keeps %s, want %s", c.rules, got, c.want)
		}
	}
	if v := (&Checkpoints{KeepLast: 1}).Judge(nil, nil); len(v) != 0 {
		t.Errorf("no checkpoints: %+v", v)
	}
}
