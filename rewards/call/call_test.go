package call

import (
	"strings"
	"testing"

	"gradus/rewards"
)

func TestParse(t *testing.T) {
	c, err := Parse([]byte(`{"id":7,"completions":["a",[{"role":"assistant","content":"b"}]],
		"kwargs":{"solution":["3","4"],"completion_ids":[[1,2],[]],"prompts":["p",[{"role":"user","content":"q"}]],"language":["go","c"],"trainer_state":{"global_step":4},"other":[1]},
		"params":{"max_len":10}}`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Group.Samples[0], c.Group.Samples[1]
	if a.Completion != "a" || b.Completion != "b" || a.Problem.Gold != "3" || b.Problem.Gold != "4" || len(a.TokenIDs) != 2 || b.TokenIDs == nil || b.Prompt != "q" ||
		string(b.Columns["language"]) != `"c"` || c.Params["max_len"] != 10.0 || string(c.Rest["id"]) != "7" || a.Columns["other"] != nil {
		t.Errorf("read %+v", c)
	}
}

func TestParseCountdown(t *testing.T) {
	c, err := Parse([]byte(`{"completions":["x"],"kwargs":{"nums":[[3,5]],"target":[8]}}`))
	if err != nil || c.Group.Samples[0].Problem.Task != "countdown" || string(c.Group.Samples[0].Problem.Data) != `{"numbers":[3,5],"target":8}` {
		t.Errorf("read %+v, %v", c, err)
	}
}

func TestParseTokensOnly(t *testing.T) {
	c, err := Parse([]byte(`{"kwargs":{"completion_ids":[[1,2],[3]]}}`))
	if err != nil || len(c.Group.Samples) != 2 || len(c.Group.Samples[0].TokenIDs) != 2 {
		t.Errorf("read %+v, %v", c, err)
	}
}

// Of no completions there are no scores, as with TRL's functions.
func TestParseNone(t *testing.T) {
	for _, row := range []string{`{"completions":[]}`, `{"completions":[],"kwargs":{"solution":[],"completion_ids":[]}}`, `{"kwargs":{"completion_ids":[]}}`} {
		c, err := Parse([]byte(row))
		if err != nil {
			t.Errorf("%s: %v", row, err)
			continue
		}
		if out, err := c.Answer(nil); err != nil || string(out) != `{"results":[],"scores":[]}` {
			t.Errorf("%s: %s, %v", row, out, err)
		}
	}
}

func TestWantAndTake(t *testing.T) {
	c, err := Parse([]byte(`{"completions":["a"],"kwargs":{"answer":["1"],"reasoning_delimiters":["END","</t>"],"other":null},"params":{"score":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Want([]string{"solution"}); err != nil {
		t.Error(err)
	}
	if err := c.Want([]string{"solution", "completion_ids"}); err == nil || !strings.Contains(err.Error(), `no "completion_ids"`) {
		t.Errorf("error %v", err)
	}
	if err := c.Want([]string{"other"}); err == nil || !strings.Contains(err.Error(), `no "other"`) {
		t.Errorf("null is taken for a list: %v", err)
	}
	if err := c.Take([]string{"reasoning_delimiters", "other", "score"}); err != nil || len(c.Params) != 2 || len(c.Params["reasoning_delimiters"].([]any)) != 2 {
		t.Errorf("%v, %v", c.Params, err)
	}
}

// Prompts of other kinds than text are no reason to refuse a call.
func TestParsePrompts(t *testing.T) {
	for prompt, want := range map[string]string{`"q"`: "q", `[{"role":"user","content":"q"}]`: "q", `null`: "", `[{"role":"user","content":[{"type":"image"}]}]`: "", `[]`: "", `7`: ""} {
		c, err := Parse([]byte(`{"completions":["a"],"kwargs":{"prompts":[` + prompt + `]}}`))
		if err != nil || c.Group.Samples[0].Prompt != want {
			t.Errorf("prompt %s: %q, %v", prompt, c.Group.Samples[0].Prompt, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for row, want := range map[string]string{
		`[`: "not a JSON object", `[1]`: "not a JSON object", `{}`: `no "completions"`, `{"completions":null}`: `no "completions"`, `{"completions":3}`: `"completions" is a number`, `{"completions":[3]}`: "completion 1", `{"completions":[null]}`: "completion 1",
		`{"completions":[[]]}`: "completion 1", `{"completions":[[{"role":"x"}]]}`: "completion 1",
		`{"completions":["a"],"kwargs":{"solution":["1","2"]}}`:     "2 values for 1",
		`{"completions":["a"],"kwargs":{"solution":"1"}}`:           "no list",
		`{"completions":["a"],"kwargs":{"completion_ids":["x"]}}`:   "token ids",
		`{"completions":["a"],"kwargs":{"completion_ids":[[1.5]]}}`: "token ids",
	} {
		if _, err := Parse([]byte(row)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", row, err, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	c, err := Parse([]byte(`{"id":7,"completions":["a","b"]}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Answer([]rewards.Result{{Score: 0.5, Reason: "r", Why: "w", Spans: []rewards.Span{{From: 0, To: 1, Label: "x"}}}, {Status: rewards.Skipped, Reason: "s", Why: "v"}})
	const want = `{"id":7,"results":[{"status":"ok","score":0.5,"reason":"r","why":"w","spans":[{"from":0,"to":1,"label":"x"}]},{"status":"skipped","score":null,"reason":"s","why":"v"}],"scores":[0.5,null]}`
	if err != nil || string(out) != want {
		t.Errorf("%s, %v", out, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"completions":["a"],"kwargs":{"solution":["1"],"nums":[[1]],"target":[2]},"params":{}}`))
	f.Fuzz(func(t *testing.T, row []byte) {
		c, err := Parse(row)
		if err != nil {
			return
		}
		if _, err := c.Answer(make([]rewards.Result, len(c.Group.Samples))); err != nil {
			t.Fatalf("%q: %v", row, err)
		}
	})
}
