package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRewardScore: rows in, rows out, in order; a bad row is named and loses
// only itself.
func TestRewardScore(t *testing.T) {
	s := newSession(t)
	in := filepath.Join(t.TempDir(), "rows.jsonl")
	rows := `{"id":1,"completions":[[{"role":"assistant","content":"<think>a</think>b"}],"x"]}

not json
{"id":2,"completions":["<think></think>"],"kwargs":{"solution":["3"]}}
`
	if err := os.WriteFile(in, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := s.do("reward", "score", "--reward", "trl.think_format_reward", "--in", in)
	if code != exitFailed || !strings.Contains(errs, "line 3 of") || !strings.Contains(errs, "1 of 3 rows") {
		t.Errorf("exit %d, errors %q", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d rows: %s", len(lines), out)
	}
	for i, want := range map[int]string{0: `"scores":[1,0]`, 1: `"error":"line 3 of`, 2: `"scores":[1]`} {
		if !strings.Contains(lines[i], want) || !json.Valid([]byte(lines[i])) {
			t.Errorf("row %d: %s, want %s in it", i+1, lines[i], want)
		}
	}
}

func TestRewardWrongUse(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"reward", "show", "openr1.formt"}, `did you mean "openr1.format"`},
		{[]string{"reward", "score", "--reward", "openr1.format"}, "--in FILE.jsonl"},
		{[]string{"reward", "score", "--reward", "nonesuch", "--in", "x"}, "is unknown"},
		{[]string{"reward", "score", "--reward", "openr1.format", "--in", filepath.Join(t.TempDir(), "absent")}, "no such file"},
	} {
		if code, _, errs := s.do(c.args...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q, want 2 and %q", c.args, code, errs, c.want)
		}
	}
}
