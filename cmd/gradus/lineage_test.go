package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A checkpoint is followed back through the run that it was started from, by
// path, to random weights, and forward to what was made of it.
func TestLineage(t *testing.T) {
	s := newSession(t)
	type started struct{ ID string }
	run := func(recipe string, sets ...string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "r.toml")
		if err := os.WriteFile(path, []byte(recipe), 0o600); err != nil {
			t.Fatal(err)
		}
		out := s.must(append([]string{"run", path, "--json", "--follow"}, sets...)...)
		var v started
		if err := json.Unmarshal([]byte(out[:strings.IndexByte(out, '\n')]), &v); err != nil {
			t.Fatal(err)
		}
		return v.ID
	}
	const stage = "\n[[stage]]\nkind = \"sft\"\nsteps = 4\nbatch_size = 4\n[checkpoint]\nsave_steps = 2\n[eval]\nmax_completion_length = 32\n"
	first := run("name = \"first\"\nthreads = 1\n" + tinyPolicy + stage)
	folder := filepath.Join(s.home, "runs", first, "ckpt", "step-000004")
	second := run("name = \"second\"\nthreads = 1\n[model]\nfrom = \"" + folder + "\"\n[limits]\nmax_prompt_length = 32\n[task]\nname = \"digit_walk\"\ntemplate = \"short\"\n[[reward]]\nname = \"gradus.accuracy\"\n" + stage)
	ask := func(args ...string) lineageOf {
		t.Helper()
		var o lineageOf
		if err := json.Unmarshal([]byte(s.must(append([]string{"lineage", "--json"}, args...)...)), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	var chain []string
	for _, e := range ask("second").Ancestors {
		if e.Parent.Kind == "dataset" {
			if e.Parent.Name != "task:digit_walk" || !strings.Contains(string(e.Detail), `"kind":"sft"`) {
				t.Errorf("data %+v", e)
			}
			continue
		}
		if e.Parent.Kind == "ckpt" && len(e.Hash) != 64 {
			t.Errorf("no hash: %+v", e)
		}
		chain = append(chain, strings.ReplaceAll(strings.ReplaceAll(e.Parent.Name, first, "first"), second, "second"))
	}
	if got := strings.Join(chain, " < "); !strings.HasPrefix(got, "second@2 < first@4 < first@2 < random weights, ") {
		t.Errorf("chain %s", got)
	}
	var down []string
	for _, e := range ask("first@2").Descendants {
		down = append(down, e.Child.Name)
	}
	if got, want := strings.Join(down, " "), first+"@4 "+second+"@2 "+second+"@4"; got != want {
		t.Errorf("descendants %s, want %s", got, want)
	}
	if o := ask("--data", "task:digit_walk"); len(o.Descendants) < 4 {
		t.Errorf("trained on the task: %+v", o.Descendants)
	}
	if out := s.must("lineage", "first@2"); !strings.Contains(out, "<- started_from  model random weights") || !strings.Contains(out, "-> started_from  ckpt "+second+"@2") {
		t.Errorf("printed:\n%s", out)
	}
	// One that is no longer on disk.
	if err := os.RemoveAll(filepath.Join(s.home, "runs", first, "ckpt", "step-000002")); err != nil {
		t.Fatal(err)
	}
	if o := ask("first@2"); len(o.Ancestors) != 2 {
		t.Errorf("%+v", o)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"lineage", "third"}, exitUsage, "fits nothing"},
		{[]string{"lineage"}, exitUsage, "wants CKPT"},
		{[]string{"lineage", "first", "--data", "x"}, exitUsage, "not both"},
		{[]string{"lineage", "--data", "nothing.jsonl"}, exitFailed, "no run was trained on"},
	} {
		if code, _, errs := s.do(c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("gradus %s: exit %d, %q", strings.Join(c.args, " "), code, errs)
		}
	}
}
