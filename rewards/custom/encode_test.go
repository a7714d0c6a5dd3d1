package custom

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gradus/rewards"
)

// A call holds what TRL's trainer would hand over, one value a completion;
// with same, a shared text once.
func TestRequest(t *testing.T) {
	g := rewards.Group{Samples: []rewards.Sample{
		{Prompt: "p", Completion: "a\n\"b\\", TokenIDs: []int32{1, -2}, Step: 7, Problem: rewards.Problem{Task: "t", ID: "t/1", Question: "q", Gold: "g", Data: json.RawMessage("{\"x\":\n 1}")},
			Columns: map[string]json.RawMessage{"language": json.RawMessage(`"en"`), "answer": json.RawMessage(`[1]`), "prompts": json.RawMessage(`"no"`)}},
		{Prompt: "p", Completion: "\xff\x00é", Step: 7, Problem: rewards.Problem{Task: "t", ID: "t/1", Question: "q", Gold: "h"}},
	}}
	tests := []struct {
		r    request
		want string
	}{
		{request{}, `{"prompts":["p","p"],"completions":["a\n\"b\\","` + "\ufffd" + `\u0000é"],"completion_ids":[[1,-2],[]],"question":["q","q"],"solution":["g","h"],
			"task":["t","t"],"problem_id":["t/1","t/1"],"problem":[{"x":1},null],"answer":[[1],null],"language":["en",null],"trainer_state":{"global_step":7}}`},
		{request{conversational: true, only: map[string]bool{"prompts": true, "completions": true}}, `{"prompts":[[{"role":"user","content":"p"}],[{"role":"user","content":"p"}]],
			"completions":[[{"role":"assistant","content":"a\n\"b\\"}],[{"role":"assistant","content":"` + "\ufffd" + `\u0000é"}]],"trainer_state":{"global_step":7}}`},
		{request{same: true, only: map[string]bool{"completion_ids": true, "question": true, "solution": true}}, `{"completion_ids":[[1,-2],[]],"solution":["g","h"],"trainer_state":{"global_step":7}}`},
	}
	for _, tt := range tests {
		tt.r.id, tt.r.function, tt.r.deadlineMS, tt.r.group = 3, "f", 50, g
		line, err := tt.r.append(nil)
		if err != nil || strings.Contains(string(line), "\n") {
			t.Fatalf("%s, %v", line, err)
		}
		var got struct {
			Type   string
			ID     int
			Func   string
			MS     int `json:"deadline_ms"`
			N      int
			Kwargs any
			Same   map[string]string
		}
		var want any
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Kwargs, want) || got.Type != "score" || got.ID != 3 || got.Func != "f" || got.MS != 50 {
			t.Errorf("%s\nwant %s", line, tt.want)
		}
		if tt.r.same && (got.N != 2 || !reflect.DeepEqual(got.Same, map[string]string{"question": "q"})) {
			t.Errorf("%s", line)
		}
	}
	g.Samples[0].Problem.Data = json.RawMessage("{")
	if _, err := (request{group: g}).append(nil); err == nil {
		t.Error("half a value was sent")
	}
}

func FuzzAppendText(f *testing.F) {
	for _, s := range []string{"", "a\"b\\c\n\t\x00", "\xff\xfe", "é\u2028😀", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got, want string
		if err := json.Unmarshal(appendText(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		b, err := json.Marshal(s)
		if err == nil {
			err = json.Unmarshal(b, &want)
		}
		if err != nil || got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	})
}
