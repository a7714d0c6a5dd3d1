package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDataCheck(t *testing.T) {
	s := newSession(t)
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	clean := write("a.jsonl", `{"question":"1+1","answer":"2"}`+"\n")
	if out := s.must("data", "check", clean); !strings.Contains(out, "nothing that must be mended") {
		t.Errorf("%s", out)
	}
	same := write("b.jsonl", `{"question":"1+1?","answer":"2"}`+"\n"+`{"question":"\u001b[31m","answer":""}`+"\n")
	code, out, errs := s.do("data", "check", clean, same, "--json")
	var r struct {
		Files    []struct{ Rows int }
		Overlaps []struct{ Exact struct{ N int } }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitFailed || len(r.Files) != 2 || r.Overlaps[0].Exact.N != 1 || strings.Count(errs, "\n") != 2 {
		t.Errorf("exit %d, %s%s, %v", code, out, errs, err)
	}
	for _, bad := range [][]string{{"data", "check"}, {"data", "check", clean + ".none"}, {"data", "check", clean, "--preset", "x"}, {"data", "check", clean, "--examples", "-1"}} {
		if code, _, errs := s.do(bad...); code != exitUsage || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, %q", bad, code, errs)
		}
	}
}
