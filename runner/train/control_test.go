package train

import (
	"context"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/store"
)

// ask puts a control file before the run.
func ask(t testing.TB, dir rundir.Dir, verb state.Verb, expires int64) string {
	t.Helper()
	id := ulid.Make().String()
	err := dir.WriteRequest(rundir.Request{ID: id, Actor: "ada", Via: "cli", Verb: string(verb), Reason: "because", AskedUS: time.Now().UnixMicro(), ExpiresUS: expires})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// onStep calls f when step s has just been recorded.
func onStep(s int, f func()) func(Event) {
	return func(e Event) {
		if e.Metrics != nil && e.Metrics.Step == s {
			f()
		}
	}
}

func statesOf(rec record) []store.State {
	var s []store.State
	for _, c := range rec.states {
		s = append(s, c.State)
	}
	return s
}

// Steering at any step must not change a bit of the run.
func TestSteering(t *testing.T) {
	want := reference(t)
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	var stale, nonsense, late string
	env.Progress = func(e Event) {
		onStep(1, func() {
			ask(t, dir, state.VerbCheckpoint, 0)
			stale = ask(t, dir, state.VerbStop, 1)
			nonsense = ulid.Make().String()
			if err := os.WriteFile(dir.CtlPath()+"/"+nonsense+".json", []byte("{"), 0o600); err != nil {
				t.Error(err)
			}
			late = ask(t, dir, state.VerbResume, 0) // nothing to resume
		})(e)
		onStep(4, func() { ask(t, dir, state.VerbPause, 0) })(e)
		if e.State != nil && e.State.State == store.StatePaused {
			ask(t, dir, state.VerbCheckpoint, 0)
			ask(t, dir, state.VerbResume, 0)
		}
	}
	mustRun(t, env)
	sameRun(t, dir, want)
	rec := readRecord(t, dir)
	if err := store.VerifyChain(rec.controls); err != nil {
		t.Error(err)
	}
	type answer struct {
		verb, outcome string
		step          int
	}
	wants := map[string]answer{stale: {"stop", "expired", 1}, nonsense: {"", "rejected", 1}, late: {"resume", "rejected", 1}}
	applied := 0
	for _, c := range rec.controls {
		if w, ok := wants[c.ID]; ok {
			if (answer{c.Verb, c.Outcome, c.AppliedStep}) != w {
				t.Errorf("answer %+v, want %+v", c, w)
			}
			delete(wants, c.ID)
		} else if c.Outcome == "applied" {
			applied++
		} else {
			t.Errorf("answer %+v", c)
		}
	}
	if len(wants) != 0 || applied != 4 {
		t.Errorf("unanswered %v, %d applied, want 4", wants, applied)
	}
	// "running" comes again with each stage.
	if got, want := asJSON(t, statesOf(rec)), `["starting","running","running","running","paused","running","running","done"]`; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	if list, err := dir.Pending(); err != nil || len(list) != 0 {
		t.Errorf("%d requests are left, %v", len(list), err)
	}
	if _, ok := rec.ckpts[1]; !ok {
		t.Error("the checkpoint that was asked for after step 1 is not recorded")
	}
	if rec.ckpts[4].Step != 4 {
		t.Error("pausing did not save")
	}
}

func TestStopAndResume(t *testing.T) {
	want := reference(t)
	for _, at := range []int{1, 3, 6, 8} {
		dir := newRun(t, micro)
		env := testEnv(t, dir)
		env.Progress = onStep(at, func() { ask(t, dir, state.VerbStop, 0) })
		mustRun(t, env)
		rec := readRecord(t, dir)
		last := rec.states[len(rec.states)-1]
		if at == 8 && last.State == store.StateDone {
			continue // the stop came during the last step; what follows is an evaluation
		}
		if last.State != store.StateStopped || last.ExitCode != 0 || last.Step != at {
			t.Errorf("stop at step %d ended in %+v", at, last)
		}
		if _, ok := rec.ckpts[at]; !ok {
			t.Errorf("stop at step %d saved no checkpoint", at)
		}
		mustRun(t, testEnv(t, dir))
		sameRun(t, dir, want)
		if n := len(readRecord(t, dir).rewinds); n != 0 {
			t.Errorf("resuming a stopped run threw %d times steps away", n)
		}
		if err := Run(context.Background(), testEnv(t, dir)); err == nil {
			t.Error("a run that is done was run again")
		}
	}
}

// A stop while an evaluation is under way breaks it off; it is made on resume.
func TestStopDuringEvaluation(t *testing.T) {
	want := reference(t)
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	clock := &fastClock{}
	env.Clock = clock
	asked := false
	env.Progress = func(e Event) {
		if e.Doing == "evaluation" && e.Step == 6 && !asked {
			asked = true
			ask(t, dir, state.VerbStop, 0)
		}
	}
	mustRun(t, env)
	rec := readRecord(t, dir)
	if last := rec.states[len(rec.states)-1]; last.State != store.StateStopped || last.Step != 6 {
		t.Fatalf("ended in %+v", last)
	}
	for _, e := range rec.evals {
		if e.Step == 6 {
			t.Error("the evaluation was finished all the same")
		}
	}
	mustRun(t, testEnv(t, dir))
	sameRun(t, dir, want)
}

// fastClock advances a second with every look, so that everything periodic is
// due.
type fastClock struct{ n atomic.Int64 }

func (c *fastClock) Now() time.Time {
	return time.UnixMicro(1_700_000_000_000_000 + c.n.Add(1)*1_000_000)
}

func (c *fastClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func TestSignals(t *testing.T) {
	want := reference(t)
	dir := newRun(t, micro)
	cmd := start(t, dir)
	// Signals are sent at whatever moment; the run has to have begun.
	waitFor(t, func() bool { return len(readRecordQuietly(dir)) > 4 })
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTERM} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("SIGTERM: %v, want exit code 0", err)
	}
	rec := readRecord(t, dir)
	last := rec.states[len(rec.states)-1].State
	if last != store.StateStopped && last != store.StateDone {
		t.Errorf("ended in %s", last)
	}
	for _, c := range rec.controls {
		if c.Via != "signal" || c.Outcome != "applied" {
			t.Errorf("answer %+v", c)
		}
	}
	if last == store.StateStopped {
		mustRun(t, testEnv(t, dir))
	}
	sameRun(t, dir, want)
}

func waitFor(t testing.TB, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited 2 minutes in vain")
		}
	}
}

// endsSeen is a context without an end that says when the one made of it ended.
type endsSeen struct {
	context.Context
	ended chan struct{}
}

func (e endsSeen) Done() <-chan struct{} { return make(chan struct{}) }

// AfterFunc is what package context calls in place of waiting for Done; it
// calls the result when it no longer needs to know.
func (e endsSeen) AfterFunc(func()) (stop func() bool) {
	return sync.OnceValue(func() bool { close(e.ended); return true })
}

// The second request to stop does not wait for a checkpoint.
func TestSecondSignal(t *testing.T) {
	dir := newRun(t, micro, "sft.steps=400", "eval.every=0")
	env := testEnv(t, dir)
	signals := make(chan os.Signal) // unbuffered: sent when heard
	env.Signals = signals
	sent := false
	ctx := endsSeen{context.Background(), make(chan struct{})}
	env.Progress = func(e Event) {
		if e.Metrics != nil && e.Step == 5 && !sent {
			sent = true
			signals <- syscall.SIGTERM
			signals <- syscall.SIGTERM
			select { // heard is not yet obeyed: the run might come to its boundary first
			case <-ctx.ended:
			case <-time.After(2 * time.Minute):
				t.Error("the second signal ends nothing")
			}
		}
	}
	if err := Run(ctx, env); err != nil {
		t.Fatal(err)
	}
	rec := readRecord(t, dir)
	last := rec.states[len(rec.states)-1]
	if last.State != store.StateStopped || last.Step != 5 {
		t.Errorf("ended in %+v", last)
	}
	if _, saved := rec.ckpts[last.Step]; saved {
		t.Error("a checkpoint was saved")
	}
}

// A request that was answered by an attempt that died before it removed the
// file must not be answered twice.
func TestAnsweredRequestIsNotAnsweredAgain(t *testing.T) {
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	var id string
	env.Progress = onStep(2, func() { id = ask(t, dir, state.VerbStop, 0) })
	mustRun(t, env)
	err := dir.WriteRequest(rundir.Request{ID: id, Actor: "ada", Via: "cli", Verb: "stop"})
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, testEnv(t, dir))
	rec := readRecord(t, dir)
	if len(rec.controls) != 1 || rec.states[len(rec.states)-1].State != store.StateDone {
		t.Errorf("controls %+v, states %v", rec.controls, statesOf(rec))
	}
	if list, _ := dir.Pending(); len(list) != 0 {
		t.Error("the request is still there")
	}
}

// multiplier is a device whose products a library does.
type multiplier struct {
	kernels.Device
	library string
}

func (m multiplier) Blas() (string, error) { return m.library, nil }

// Other kernels round otherwise: whoever resumes on them is told, once for each
// thing that differs, and not of a library's path or of threads.
func TestResumeOnOtherKernels(t *testing.T) {
	for name, c := range map[string]struct {
		path, about string
		library     string
		version     string
		want        string
	}{
		"path":    {path: "generic", about: "cpu-generic, 2 threads", library: "cuBLASLt 12.9.3, /a/libcublasLt.so.12", want: "resume.device"},
		"library": {about: "one thread, GPU A", library: "cuBLASLt 13.4.0, /a/libcublasLt.so.13", want: "resume.products"},
		"gone":    {about: "one thread, GPU A", library: "", want: "resume.products"},
		"gpu":     {about: "one thread, GPU B", library: "cuBLASLt 12.9.3, /a/libcublasLt.so.12", want: "resume.products"},
		"version": {about: "one thread, GPU A", library: "cuBLASLt 12.9.3, /a/libcublasLt.so.12", version: "v9", want: "resume.version"},
		"same":    {about: "one thread, GPU A", library: "cuBLASLt 12.9.3, /b/libcublasLt.so.12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newRun(t, micro)
			device := func(path, about, library string) func(*recipe.Recipe) (kernels.Device, string, error) {
				return func(*recipe.Recipe) (kernels.Device, string, error) {
					dev, err := cpu.Open(cpu.Options{Threads: 1, Path: path})
					return multiplier{dev, library}, about, err
				}
			}
			env := testEnv(t, dir)
			env.OpenDevice = device("", "one thread, GPU A", "cuBLASLt 12.9.3, /a/libcublasLt.so.12")
			env.Progress = onStep(2, func() { ask(t, dir, state.VerbStop, 0) })
			mustRun(t, env)
			env = testEnv(t, dir)
			env.OpenDevice = device(c.path, c.about, c.library)
			if c.version != "" {
				env.Version = c.version
			}
			mustRun(t, env)
			var codes []string
			for _, a := range readRecord(t, dir).alerts {
				if strings.HasPrefix(a.Code, "resume.") && (name != "path" || a.Code == "resume.device") {
					codes = append(codes, a.Code)
				}
			}
			if got := strings.Join(codes, " "); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}
