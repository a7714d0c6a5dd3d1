package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gradus/runner/rundir"
	"gradus/store"
	"gradus/store/storetest"
)

// A dry run removes nothing; --apply removes what it said, and nothing of a
// run that is held.
func TestRetention(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	id := s.stored(storetest.Spec{Seed: 9, Steps: 40, Created: time.Now().Add(-90 * 24 * time.Hour)})
	dir := filepath.Join(s.home, "runs", id)
	for _, step := range []string{"010", "020", "030", "040"} {
		folder := filepath.Join(dir, "ckpt", "step-000"+step)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "model.safetensors"), make([]byte, 1000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rules := filepath.Join(s.home, "retention.toml")
	if code, _, errs := s.do("db", "gc", id, "--retention"); code != exitUsage || !strings.Contains(errs, "docs/retention.md") {
		t.Errorf("no rules: exit %d, %s", code, errs)
	}
	if err := os.WriteFile(rules, []byte("[checkpoints]\nkeep_last = 1\nkeep_best = 1\nmetric = \"reward\"\nlower_is_better = true\n[traces]\nolder_than = \"30d\"\nkeep_last_steps = 10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(args ...string) retained {
		t.Helper()
		var out retained
		if err := json.Unmarshal([]byte(s.must(append([]string{"db", "gc", id, "--retention", "--json"}, args...)...)), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	left := func() string {
		t.Helper()
		entries, err := os.ReadDir(filepath.Join(dir, "ckpt"))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return strings.Join(names, " ")
	}
	dry := ask()
	if dry.Applied || len(dry.Checkpoints) != 4 || dry.Texts.Rows == 0 || dry.Saved != nil || strings.Count(left(), "step-") != 4 {
		t.Errorf("%+v, left %s", dry, left())
	}
	if out := s.must("db", "gc", id, "--retention"); !strings.Contains(out, "remove  ckpt/step-000020") || !strings.Contains(out, "nothing was removed") || !strings.Contains(out, "one of the best 1 by reward") {
		t.Errorf("dry run:\n%s", out)
	}
	d, err := rundir.At(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := d.Lock(rundir.Self())
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errs := s.do("db", "gc", id, "--retention", "--apply"); code != exitTryAgain || !strings.Contains(errs, "runs that have ended") {
		t.Errorf("a run that is held: exit %d, %s", code, errs)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	done := ask("--apply")
	if !done.Applied || done.Texts.Rows != dry.Texts.Rows || left() != "step-000010 step-000040" {
		t.Errorf("%+v, left %s", done, left())
	}
	if again := ask("--apply"); again.Texts.Rows != 0 || len(again.Checkpoints) != 2 {
		t.Errorf("a second time %+v", again)
	}
	if out := s.must("db", "check", id); !strings.Contains(out, "is whole") {
		t.Errorf("after it:\n%s", out)
	}
	var row store.SampleDetail
	if err := json.Unmarshal([]byte(s.must("traces", id, "--json", "step:5", "--limit", "1")), &row); err != nil || !row.Removed {
		t.Errorf("%v, %+v", err, row)
	}
	for _, args := range [][]string{{"db", "gc", id, "--apply"}, {"db", "gc", id, "--rules", rules}, {"db", "gc", id, "--retention", "--rules", filepath.Join(s.home, "none")}} {
		if code, _, _ := s.do(args...); code != exitUsage {
			t.Errorf("gradus %s: exit %d", strings.Join(args, " "), code)
		}
	}
}
