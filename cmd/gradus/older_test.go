package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store/storetest"
)

// Every reading command takes a file that an older gradus shared, where nothing
// but a temporary folder can be written, and leaves nothing behind.
func TestOlderSharedFile(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "old.db")
	storetest.WriteV3(t, "../../store", path)
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	var o struct {
		Shared      bool `json:"shared"`
		OlderSchema int  `json:"older_schema"`
		Counts      struct{ Samples int }
	}
	if err := json.Unmarshal([]byte(s.must("open", path, "--json")), &o); err != nil || !o.Shared || o.OlderSchema != 3 || o.Counts.Samples != 22 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"open", path}, "schema version 3"},
		{[]string{"open", path, "--expect", "8B6E77B4ECDA45485749C241CCC63AFA77E463FD6F86F577F3BC49E66B79DC1D"}, "content as in its manifest"},
		{[]string{"traces", path, "--limit", "2"}, "reward"},
		{[]string{"traces", path, "entropy>0", "--json", "--limit", "1"}, `"mean_ent"`},
		{[]string{"cost", path}, "all"},
		{[]string{"lineage", path}, "@"},
		{[]string{"notes", path}, ""},
		{[]string{"db", "check", path}, "is whole"},
		{[]string{"db", "check", path, "--json"}, `"problems":[]`},
		{[]string{"lineage", path + "@0", "--json"}, `"ancestors":[]`},
		{[]string{"note", "add", path + "@3", "no checkpoint is here"}, "step 3"},
		{[]string{"notes", path + "@3"}, "no checkpoint is here"},
		{[]string{"note", "add", path + "@last", "the end"}, "step 4"},
		{[]string{"export", path, "-o", filepath.Join(t.TempDir(), "out")}, "traces"},
	} {
		if out := s.must(c.args...); !strings.Contains(out, c.want) {
			t.Errorf("%v prints %q", c.args, out)
		}
	}
	for _, bad := range [][]string{
		{"note", "add", path + "@5", "beyond the end"}, {"note", "add", path + "@x", "no step"}, {"notes", path + "x"}, {"notes", "gone.db@3"},
		{"traces", path, "--id", "0"}, {"db", "check", "gone.db"},
	} {
		if code, out, errs := s.do(bad...); code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, %q, %q", bad, code, out, errs)
		}
	}
	if code, _, errs := s.do("db", "check", "/etc/passwd"); code != exitFailed || !strings.Contains(errs, "not an SQLite file") {
		t.Errorf("db check of no database: exit %d, %s", code, errs)
	}
	if left, _ := filepath.Glob(filepath.Join(s.home, ".cache", "gradus", "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if code, _, errs := s.do("open", path, "--expect", strings.Repeat("0", 64)); code != exitFailed || !strings.Contains(errs, "is not the file that was sent") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
