package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gradus/runner/rundir"
	"gradus/store"

	"github.com/oklog/ulid/v2"
)

func testID(n uint64) string {
	var u ulid.ULID
	_ = u.SetTime(1_700_000_000_000 + n<<20)
	return u.String()
}

// recorded makes a run with a log of these states, checkpoints and
// evaluations, and no process.
func recorded(t *testing.T, c *Client, n uint64, name string, states []store.State, ckpts []store.Checkpoint, evals []store.Eval) rundir.Dir {
	t.Helper()
	spec := rundir.Spec{ID: testID(n), Name: name, Purpose: "train", Host: c.opt.Host, CreatedUS: int64(n)}
	d, err := c.home.Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	log, err := store.OpenLog(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	write := func(kind store.Kind, body any) {
		rec, err := store.NewRecord(kind, 1, time.Now().UnixMicro(), body)
		if err == nil {
			err = log.Append(rec)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(store.KindRun, store.RunHeader{ID: spec.ID, Name: name, Purpose: "train", CreatedUS: int64(n)})
	write(store.KindAttempt, store.Attempt{N: 1})
	for _, s := range states {
		write(store.KindState, store.StateChange{State: s})
	}
	for _, k := range ckpts {
		write(store.KindCheckpoint, k)
	}
	for _, e := range evals {
		write(store.KindEval, e)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestResolveRuns(t *testing.T) {
	c := newClient(t, "")
	if _, err := c.Resolve(ctx(t), "demo"); !errors.Is(err, ErrNoMatch) || !strings.Contains(err.Error(), "there are no runs in") {
		t.Errorf("with no runs: %v", err)
	}
	done := []store.State{store.StateStarting, store.StateRunning, store.StateDone}
	recorded(t, c, 1, "demo", done, nil, nil)
	recorded(t, c, 2, "demo", done, nil, nil)
	recorded(t, c, 3, "other", done, nil, nil)
	recorded(t, c, 4, "evil\x1b[2J\n", done, nil, nil)
	for ref, want := range map[string]string{
		testID(2):                  testID(2),
		strings.ToLower(testID(3)): testID(3),
		testID(3)[:10]:             testID(3),
		"other":                    testID(3),
	} {
		r, err := c.Resolve(ctx(t), ref)
		if err != nil || r.RunID != want || r.Step != -1 || r.Path != "" || r.String() != want {
			t.Errorf("%q gives %+v, %v", ref, r, err)
		}
	}
	for ref, want := range map[string]string{
		"demo":       `"demo" fits several runs: ` + testID(2) + ` ("demo", done), ` + testID(1) + ` ("demo", done); give more of the id`,
		"01HF":       "fits several runs",
		"dmo":        `run "dmo" fits nothing; the nearest are ` + testID(2) + ` ("demo", done), ` + testID(1),
		"othr":       `("other", done)`,
		"x\x1b[2J":   `run "x\x1b[2J" fits nothing`,
		"":           "write RUN, RUN@STEP",
		"@last":      "write RUN, RUN@STEP",
		"other@":     "write RUN, RUN@STEP",
		"other@last": "has no checkpoint on disk yet",
		"..":         "fits nothing",
		"%":          "fits nothing",
		"./nowhere":  `checkpoint folder "./nowhere": no such file`,
		"/etc/hosts": "is a file",
		"no\x00/pe":  "checkpoint folder",
	} {
		_, err := c.Resolve(ctx(t), ref)
		if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q gives %v, want one line with %q", ref, err, want)
		}
	}
	for n := range uint64(10) {
		recorded(t, c, 10+n, "many", done, nil, nil)
	}
	if _, err := c.Resolve(ctx(t), "many"); err == nil || !strings.Contains(err.Error(), "and 4 more") {
		t.Errorf("ten candidates give %v", err)
	}
}

func TestResolveCheckpoints(t *testing.T) {
	c := newClient(t, "")
	outside := t.TempDir()
	ckpts := []store.Checkpoint{
		{Step: 0, Path: "ckpt/0"}, {Step: 10, Path: "ckpt/10"}, {Step: 20, Path: "ckpt/20"}, {Step: 30, Path: "ckpt/30"},
		{Step: 40, Path: "ckpt/gone"}, {Step: 50, Path: "../../../escape"}, {Step: 60, Path: outside}, {Step: 70, Path: "ckpt/link"},
	}
	evals := []store.Eval{
		{Step: 10, SuiteHash: "s", Accuracy: 0.5}, {Step: 20, SuiteHash: "s", Accuracy: 0.7}, {Step: 30, SuiteHash: "s", Accuracy: 0.7},
		{Step: 40, SuiteHash: "s", Accuracy: 0.9},                                                // no longer on disk
		{Step: 30, SuiteHash: "easier", Accuracy: 1}, {Step: 15, SuiteHash: "s", Accuracy: 0.95}, // another suite; no checkpoint
	}
	d := recorded(t, c, 1, "demo", []store.State{store.StateStarting, store.StateRunning, store.StateDone}, ckpts, evals)
	for _, name := range []string{"0", "10", "20", "30"} {
		if err := os.Mkdir(filepath.Join(d.CkptPath(), name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(d.CkptPath(), "link")); err != nil {
		t.Fatal(err)
	}
	for ref, step := range map[string]int{"demo@0": 0, "demo@10": 10, "demo@last": 30, "demo@best": 20, testID(1)[:8] + "@20": 20} {
		r, err := c.Resolve(ctx(t), ref)
		want := filepath.Join(d.CkptPath(), fmt.Sprint(step))
		if err != nil || r.Step != step || r.Path != want || r.String() != fmt.Sprintf("%s@%d", testID(1), step) {
			t.Errorf("%q gives %+v, %v", ref, r, err)
		}
	}
	if r, err := c.ResolveCheckpoint(ctx(t), "demo"); err != nil || r.Step != 30 {
		t.Errorf("demo gives %+v, %v", r, err)
	}
	if r, err := c.ResolveCheckpoint(ctx(t), outside); err != nil || r.Path != outside || r.RunID != "" || r.String() != outside {
		t.Errorf("a folder gives %+v, %v", r, err)
	}
	for ref, want := range map[string]string{
		"demo@15":    "the run has checkpoints at steps 0, 10, 20, 30",
		"demo@40":    "the run has checkpoints at steps 0, 10, 20, 30",
		"demo@50":    "the run has checkpoints at steps",
		"demo@60":    "the run has checkpoints at steps",
		"demo@70":    "the run has checkpoints at steps",
		"demo@-1":    `"-1" is not a checkpoint: write a step, last or best`,
		"demo@worst": `"worst" is not a checkpoint`,
		"demo@1@2":   `"1@2" is not a checkpoint`,
	} {
		if _, err := c.Resolve(ctx(t), ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", ref, err, want)
		}
	}
	recorded(t, c, 2, "plain", nil, ckpts[:1], nil)
	d2, err := c.Dir(testID(2))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(d2.CkptPath(), "0"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Resolve(ctx(t), "plain@best"); err == nil || !strings.Contains(err.Error(), "eval.every") {
		t.Errorf("best without evaluations gives %v", err)
	}
}

func TestRunsThatCannotBeRead(t *testing.T) {
	c := newClient(t, "")
	recorded(t, c, 1, "good", []store.State{store.StateStarting, store.StateRunning, store.StateDone}, nil, nil)
	fresh, err := c.home.Create(rundir.Spec{ID: testID(2), Name: "fresh", Host: c.opt.Host, CreatedUS: c.opt.Now().UnixMicro()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.home.Create(rundir.Spec{ID: testID(3), Name: "stale", Host: c.opt.Host, CreatedUS: 1}); err != nil {
		t.Fatal(err)
	}
	torn, err := c.home.Create(rundir.Spec{ID: testID(4), Name: "torn", Host: c.opt.Host})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(torn.SpecPath(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	junk, err := c.home.Create(rundir.Spec{ID: testID(5), Name: "junk", Host: c.opt.Host})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(junk.Path(), "events-00001.log"), []byte("not a log at all, not a log at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A copy of a run under another id.
	copied, err := c.home.Create(rundir.Spec{ID: testID(6), Name: "copy", Host: c.opt.Host})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(c.home.RunsRoot(), testID(1), "events-00001.log"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied.Path(), "events-00001.log"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	runs, err := c.Runs(ctx(t))
	if err != nil || len(runs) != 6 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	want := []struct {
		state   store.State
		problem bool
	}{{store.StateDone, false}, {store.StateSubmitted, false}, {store.StateCrashed, false}, {store.StateSubmitted, true}, {"", true}, {store.StateDone, true}}
	for i, w := range want {
		r := runs[len(runs)-1-i] // newest first
		if r.ID != testID(uint64(i+1)) || w.state != "" && r.State != w.state || (r.Problem != "") != w.problem {
			t.Errorf("run %d is %+v", i+1, r)
		}
		if strings.ContainsAny(r.Problem+r.Reason, "\n\x1b") {
			t.Errorf("run %d: %q %q", i+1, r.Problem, r.Reason)
		}
	}
	if _, err := c.OpenDB(ctx(t), fresh.ID()); !errors.Is(err, ErrNoRecord) {
		t.Errorf("the database of a run without a record: %v", err)
	}
	if db, err := c.OpenDB(ctx(t), testID(1)); err != nil {
		t.Error(err)
	} else if s, err := db.State(ctx(t)); err != nil || s.State != store.StateDone {
		t.Errorf("state %v, %v", s.State, err)
	} else if err := db.Close(); err != nil {
		t.Error(err)
	}
}
