package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRewardCode: code rewards score the same completions, ours strictly and
// open-r1's with its quirks.
func TestRewardCode(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for other programs")
	}
	s := newSession(t)
	if out := s.must("doctor", "--json"); !strings.Contains(out, `"name":"sandbox","ok":true`) {
		t.Skip("no sandbox here")
	}
	info := `{"language":"python","test_cases":[{"input":"1 2","output":"3\nend"},{"input":"2 2","output":"4\nend"}]}`
	programs := []string{
		"print(sum(map(int, input().split())))\nprint('end')", // right
		"print(sum(map(int, input().split())))",               // right as far as it goes
		"print(3)\nprint('end')",                              // right once
		"if input() == '1 2': print('3\\nend')\nelse:\n    raise ValueError",
	}
	var completions, infos []string
	for _, p := range programs {
		text, err := json.Marshal("<think>t</think>\n```python\n" + p + "\n```")
		if err != nil {
			t.Fatal(err)
		}
		completions, infos = append(completions, string(text)), append(infos, info)
	}
	in := filepath.Join(t.TempDir(), "rows.jsonl")
	row := `{"completions":[` + strings.Join(completions, ",") + `,"no code"],"kwargs":{"verification_info":[` + strings.Join(append(infos, info), ",") + `]},"params":{"timeout_ms":60000`
	for _, c := range []struct{ reward, params, want string }{
		{"gradus.code", `}}`, `"scores":[1,0,0,0,0]`},
		{"gradus.code", `,"mode":"fraction"}}`, `"scores":[1,0,0.5,0.5,0]`},
		{"openr1.code", `}}`, `"scores":[1,1,0.5,0.5,0]`},
		{"openr1.get_binary_code_reward", `}}`, `"scores":[1,1,0,0,0]`},
	} {
		if err := os.WriteFile(in, []byte(row+c.params), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := s.must("reward", "score", "--reward", c.reward, "--in", in); !strings.Contains(out, c.want) {
			t.Errorf("%s: %s, want %s", c.reward, out, c.want)
		}
	}
}

func TestCodeWrongUse(t *testing.T) {
	s := newSession(t)
	in := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(in, []byte(`{"completions":["x"],"params":{"sandbox":"docker"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := s.do("reward", "score", "--reward", "gradus.code", "--in", in); code == exitDone || !strings.Contains(out+errs, "userns, landlock, bwrap, none") {
		t.Errorf("exit %d, %q %q", code, out, errs)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"reward", "attack", "--sandbox", "none"}, "without isolation"},
		{[]string{"reward", "attack", "--sandbox", "docker"}, "is unknown"},
		{[]string{"reward", "attack", "--json", "--markdown"}, "choose one"},
	} {
		if code, _, errs := s.do(c.args...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q, want %q", c.args, code, errs, c.want)
		}
	}
}
