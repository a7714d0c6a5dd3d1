package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// stored puts a recorded run into the session's home and returns its id.
func (s *session) stored(spec storetest.Spec) string {
	s.t.Helper()
	s.must("runs") // makes the home
	id := "01JHM" + strings.Repeat("0", 20) + string(rune('0'+spec.Seed))
	dir := filepath.Join(s.home, "runs", id)
	if err := storetest.Write(dir, spec); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// A run is handed over as a file that opens where nothing can be written.
func TestShareAndOpen(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	id := s.stored(storetest.Spec{Seed: 4, Steps: 12})
	dir := t.TempDir()
	file := filepath.Join(dir, "paper.db")
	var m struct {
		Path string
		store.Manifest
	}
	if err := json.Unmarshal([]byte(s.must("share", "countdown-4", "-o", file, "--json")), &m); err != nil {
		t.Fatal(err)
	}
	if m.RunID != id || m.Path != file || m.Traces == 0 || m.Traces != m.Of {
		t.Errorf("%+v", m)
	}
	if err := os.Chmod(file, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	out := s.must("open", file)
	for _, want := range []string{id, "countdown-4", "done, step 12 of 12", "content as in its manifest (sha256 " + m.SHA256 + ")", "eval after at step 12"} {
		if !strings.Contains(out, want) {
			t.Errorf("open does not say %q:\n%s", want, out)
		}
	}
	var o opened
	if err := json.Unmarshal([]byte(s.must("open", "--json", "--expect", m.SHA256, dir)), &o); err != nil {
		t.Fatal(err)
	}
	if !o.Shared || o.Run.ID != id || o.Run.State != store.StateDone || o.Counts.Samples != m.Traces || len(o.Evals) != 2 || o.Run.Reward == nil {
		t.Errorf("%+v", o)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"open", "--expect", strings.Repeat("0", 64), file}, exitFailed, "is not the file that was sent"},
		{[]string{"open", filepath.Join(dir, "none.db")}, exitUsage, "no such file"},
		{[]string{"open", filepath.Join(s.home, "runs", id, "events-00001.log")}, exitFailed, "not a gradus run database"},
		{[]string{"open", file, file}, exitFailed, "hold the same run"},
		{[]string{"share", id}, exitUsage, "wants -o FILE"},
		{[]string{"share", id, "-o", file}, exitFailed, "exists already; --force replaces it"},
		{[]string{"share", id, "-o", "x.db", "--redact", "names"}, exitUsage, "cannot redact"},
		{[]string{"share", "nothing", "-o", "x.db"}, exitUsage, "fits nothing"},
		{[]string{"share", id, "-o", filepath.Join(t.TempDir(), "no", "x.db")}, exitFailed, "no such file"},
		{[]string{"share", id, "-o", filepath.Join(t.TempDir(), "q.db"), "finish:never"}, exitUsage, "finish"},
		{[]string{"share", id, "-o", filepath.Join(t.TempDir(), "q.db"), "zanzibar"}, exitFailed, "nothing was written"},
	} {
		code, _, errs := s.do(c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "gradus: ") < 1 {
			t.Errorf("gradus %s: exit %d, %q; want %d with %q", strings.Join(c.args, " "), code, errs, c.code, c.want)
		}
	}
}

// A run whose database is something else says how it is made again.
func TestForeignDatabaseOfARun(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	id := s.stored(storetest.Spec{Seed: 4, Steps: 3})
	path := filepath.Join(s.home, "runs", id, "run.db")
	count := s.must("traces", id, "--count")
	for name, content := range map[string]string{"empty": "", "no database": "hello"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := s.do("traces", id, "--count"); code != exitFailed || !strings.Contains(errs, "not a gradus run database") || !strings.Contains(errs, "'gradus db rebuild "+id+"'") {
			t.Errorf("%s: exit %d, %q", name, code, errs)
		}
		s.must("db", "rebuild", id)
		if got := s.must("traces", id, "--count"); got != count {
			t.Errorf("%s: %s traces after it was made again, want %s", name, got, count)
		}
	}
}

// A query and redaction leave a smaller file; several runs go into a folder.
func TestShareSomeOfSeveral(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	a, b := s.stored(storetest.Spec{Seed: 5, Steps: 10}), s.stored(storetest.Spec{Seed: 6, Steps: 6})
	dir := t.TempDir()
	part := filepath.Join(dir, "part.db")
	s.must("share", a, "-o", part, "--redact", "all", "step:3..4", "phase:train")
	var o opened
	if err := json.Unmarshal([]byte(s.must("open", "--json", part)), &o); err != nil {
		t.Fatal(err)
	}
	if o.Manifest.Traces != 16 || o.Manifest.Query != "step:3..4 phase:train" || len(o.Manifest.Redacted) != 4 {
		t.Errorf("%+v", o.Manifest)
	}
	all := filepath.Join(t.TempDir(), "all")
	s.must("share", a, "--also", b, "-o", all)
	out := s.must("open", all)
	if !strings.Contains(out, a) || !strings.Contains(out, b) {
		t.Errorf("open of a folder:\n%s", out)
	}
	if code, out, _ := s.do("open", "--json", filepath.Join(s.home, "runs", a, "run.db")); code != exitDone || !strings.Contains(out, "has no manifest") {
		t.Errorf("a run's own database: exit %d\n%s", code, out)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	id := s.stored(storetest.Spec{Seed: 7, Steps: 4})
	dir := t.TempDir()
	for _, format := range []string{"jsonl", "csv", "parquet"} {
		out := s.must("export", id, "--format", format, "-o", filepath.Join(dir, format), "step:2", "phase:train")
		if !strings.Contains(out, "traces."+format+"  8 rows") || !strings.Contains(out, "run.json") {
			t.Errorf("%s:\n%s", format, out)
		}
	}
	out := s.must("export", id, "--format", "tensorboard", "-o", filepath.Join(dir, "tb"), "--json")
	if !strings.Contains(out, "events.out.tfevents.") {
		t.Errorf("tensorboard: %s", out)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"export", id}, exitUsage, "wants -o FOLDER"},
		{[]string{"export", id, "--format", "xml", "-o", dir}, exitUsage, "want one of jsonl, csv, parquet, tensorboard"},
		{[]string{"export", id, "--format", "tensorboard", "-o", dir, "step:1"}, exitUsage, "leave out the query"},
		{[]string{"export", id, "-o", dir}, exitFailed, "is not empty"},
		{[]string{"export", id, "-o", filepath.Join(dir, "q"), "step:x"}, exitUsage, "step"},
	} {
		if code, _, errs := s.do(c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("gradus %s: exit %d, %q", strings.Join(c.args, " "), code, errs)
		}
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	alone(t)
	s := newSession(t)
	id := s.stored(storetest.Spec{Seed: 8, Steps: 10, RewindAt: 4})
	var l store.Ledger
	if err := json.Unmarshal([]byte(s.must("cost", id, "--json", "--price-per-hour", "3600")), &l); err != nil {
		t.Fatal(err)
	}
	if l.Steps != 10 || l.Total.Steps != 15 || l.Price == nil || *l.Price <= 0 || *l.Price-l.Total.DeviceS > 1e-6 || l.Currency != "USD" || l.Gaps < 59 {
		t.Errorf("%+v", l)
	}
	out := s.must("cost", id)
	for _, want := range []string{"ATTEMPT", "grpo", "s between attempts", "1000 right answers: "} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code, _, errs := s.do("cost", id, "--price-per-hour", "-1"); code != exitUsage || !strings.Contains(errs, "what an hour costs") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
