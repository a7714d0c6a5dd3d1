package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/eventlog"

	"golang.org/x/sys/unix"
)

const small = `
name = "demo"
[task]
name = "chain_sum"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "grpo"
`

func aRecipe(t *testing.T, sets ...string) *recipe.Recipe {
	t.Helper()
	r, err := recipe.Parse("demo.toml", []byte(small), sets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newClient makes a client whose runs behave as how says.
func newClient(t *testing.T, how string) *Client {
	t.Helper()
	return clientAt(t, filepath.Join(t.TempDir(), "home"), how)
}

func clientAt(t *testing.T, root, how string) *Client {
	t.Helper()
	c, err := Open(Options{
		Root: root, Version: "test", Actor: "tester@here", Poll: 2 * time.Millisecond,
		Environ: func() []string {
			return []string{"PATH=/bin", "HOME=/nowhere", "SECRET_TOKEN=hush", "AWS_KEY=hush", "GRADUS_TEST_RUN=" + how, "GRADUS_HOME=/elsewhere", "LC_ALL=C", "TMPDIR=/tmp", "GORACE=", "noequals"}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// started starts a run and kills its process when the test ends.
func started(t *testing.T, c *Client) (string, rundir.Dir) {
	t.Helper()
	return startedAs(t, c, aRecipe(t))
}

func startedAs(t *testing.T, c *Client, r *recipe.Recipe) (string, rundir.Dir) {
	t.Helper()
	id, err := c.Start(ctx(t), r, StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Dir(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(t, d) })
	return id, d
}

// patience is for machines that are busy and disks that are slow.
const patience = 3 * time.Minute

// until looks again and again until ok.
func until(t *testing.T, ok func() bool, want string) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: " + want)
		}
	}
}

// alive says whether a process holds a run.
func alive(t *testing.T, d rundir.Dir) bool {
	t.Helper()
	is, err := d.Alive()
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func ctx(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// kill ends the process that holds a run, if one does, and waits until it has.
func kill(t *testing.T, d rundir.Dir) {
	t.Helper()
	until(t, func() bool {
		if !alive(t, d) {
			return true
		}
		if pid := d.Holder().PID; pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return false
	}, "the process dies")
}

func runOf(t *testing.T, c *Client, id string) Run {
	t.Helper()
	r, err := c.Run(ctx(t), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func waitState(t *testing.T, c *Client, id string, want store.State) Run {
	t.Helper()
	var r Run
	until(t, func() bool {
		r = runOf(t, c, id)
		return r.State == want
	}, "the run is "+string(want))
	return r
}

func TestStartedRunIsOnItsOwn(t *testing.T) {
	c := newClient(t, "forever")
	id, d := started(t, c)
	r := runOf(t, c, id)
	if r.State != store.StateRunning || r.Live != Alive || r.Name != "demo" || r.Attempt != 1 || r.Dir != d.Path() {
		t.Errorf("run is %+v", r)
	}
	pid := d.Holder().PID
	if sid, err := unix.Getsid(pid); err != nil || sid != pid {
		t.Errorf("session of process %d is %d, %v; want its own", pid, sid, err)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		for fd, want := range map[string]string{"0": "/dev/null", "1": d.StderrPath(), "2": d.StderrPath()} {
			if got, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd)); err != nil || got != want {
				t.Errorf("descriptor %s is %q, %v; want %q", fd, got, err, want)
			}
		}
		if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || cwd != d.Path() {
			t.Errorf("it works in %q, %v", cwd, err)
		}
	}
	env, err := os.ReadFile(filepath.Join(d.Path(), "env.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(env), "\n")
	slices.Sort(got)
	want := []string{"GORACE=", "GRADUS_HOME=" + c.Home().Root(), "GRADUS_TEST_RUN=forever", "HOME=/nowhere", "LC_ALL=C", "PATH=/bin", "TMPDIR=/tmp"}
	if !slices.Equal(got, want) {
		t.Errorf("it sees %q, want %q", got, want)
	}
	if info, err := os.Stat(d.StderrPath()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("stderr.log: %v, %v", info, err)
	}
	spec, err := d.Spec()
	if err != nil {
		t.Fatal(err)
	}
	back, err := recipe.FromJSON(spec.Config)
	if err != nil || string(back.JSON()) != string(aRecipe(t).JSON()) || spec.ConfigTOML != aRecipe(t).TOML() || spec.Purpose != "train" || spec.Version != "test" {
		t.Errorf("run.json is %+v, %v", spec, err)
	}
}

// TestStartHandsTokensOn: of the secrets in the environment a run gets those
// that a reward of its recipe names.
func TestStartHandsTokensOn(t *testing.T) {
	t.Setenv("SECRET_TOKEN", "hush") // a recipe without it is refused
	c := newClient(t, "forever")
	r, err := recipe.Parse("demo.toml", []byte(small+"\n[[reward]]\nname = \"http\"\nlabel = \"web\"\nparams = { url = \"http://127.0.0.1:9/\", token_env = \"SECRET_TOKEN\" }\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, d := startedAs(t, c, r)
	env, err := os.ReadFile(filepath.Join(d.Path(), "env.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(env), "SECRET_TOKEN=hush") || strings.Contains(string(env), "AWS_KEY") {
		t.Errorf("it sees %q", env)
	}
	spec, err := os.ReadFile(d.SpecPath())
	if err != nil || strings.Contains(string(spec), "hush") {
		t.Errorf("run.json: %s, %v", spec, err)
	}
}

func TestStartFailures(t *testing.T) {
	for how, c := range map[string]struct {
		want string
		id   bool // something of the run remains
	}{
		"dumb":     {"the run did not start: open /x: not a checkpoint?[2J", false},
		"silent":   {"the run did not start: its process ended (exit status 3) and said nothing", false},
		"early":    {"the run did not start: died before the log", false},
		"fail":     {"failed: config.json has no hidden_size", true},
		"starting": {"ended while it was starting: killed while loading", true},
	} {
		t.Run(how, func(t *testing.T) {
			cl := newClient(t, how)
			id, err := cl.Start(ctx(t), aRecipe(t), StartOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
			runs, listErr := cl.Runs(ctx(t))
			if listErr != nil {
				t.Fatal(listErr)
			}
			if (id != "") != c.id || (len(runs) == 1) != c.id {
				t.Errorf("id %q, runs %+v", id, runs)
			}
			if c.id {
				want := store.StateFailed
				if how == "starting" {
					want = store.StateCrashed
				}
				if runs[0].State != want || runs[0].Reason == "" {
					t.Errorf("run is %s (%s), want %s with a reason", runs[0].State, runs[0].Reason, want)
				}
				d, err := cl.Dir(id)
				if err != nil {
					t.Fatal(err)
				}
				if alive(t, d) {
					t.Error("Start returned while the failed run's process still held its folder")
				}
			}
		})
	}
	cl := newClient(t, "")
	cl.opt.Executable = "/nonexistent/gradus"
	if id, err := cl.Start(ctx(t), aRecipe(t), StartOptions{}); err == nil || id != "" || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing program gives %q, %v", id, err)
	}
	if ids, err := cl.home.Runs(); err != nil || len(ids) != 0 {
		t.Errorf("runs %v, %v are left", ids, err)
	}
	if id, err := cl.Start(ctx(t), aRecipe(t, "model.from=nothing@3"), StartOptions{}); err == nil || id != "" || !strings.Contains(err.Error(), "model.from: ") {
		t.Errorf("a missing checkpoint gives %q, %v", id, err)
	}
}

func TestStartDoesNotWaitForEver(t *testing.T) {
	c := newClient(t, "slow")
	id, err := c.Start(ctx(t), aRecipe(t), StartOptions{Wait: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Dir(id)
	if err != nil {
		t.Fatal(err)
	}
	defer kill(t, d)
	if r := waitState(t, c, id, store.StateStarting); r.Live != Alive {
		t.Errorf("run is %+v", r)
	}
	soon, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	id2, err := c.Start(soon, aRecipe(t), StartOptions{})
	if !errors.Is(err, context.DeadlineExceeded) || id2 == "" {
		t.Errorf("%q, %v", id2, err)
	}
	d2, err := c.Dir(id2)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return alive(t, d2) }, "the process takes the run")
	kill(t, d2)
}

func TestKilledRunIsSeenAndResumed(t *testing.T) {
	c := newClient(t, "forever")
	id, d := started(t, c)
	kill(t, d)
	r := runOf(t, c, id)
	if r.State != store.StateCrashed || r.Live != Gone || !strings.Contains(r.Reason, "while it was running") {
		t.Errorf("right after kill -9 the run is %s, %s (%s)", r.State, r.Live, r.Reason)
	}
	if _, err := c.Send(ctx(t), id, state.VerbStop, ""); err == nil || !strings.Contains(err.Error(), "is crashed; there is nothing to stop") {
		t.Errorf("stopping it gives %v", err)
	}
	if list, err := d.Pending(); err != nil || len(list) != 0 {
		t.Errorf("requests are left: %v, %v", list, err)
	}
	again := clientAt(t, c.Home().Root(), "")
	if err := again.Resume(ctx(t), id, StartOptions{}); err != nil {
		t.Fatal(err)
	}
	if r := waitState(t, again, id, store.StateDone); r.Attempt != 2 || r.Step != 50 {
		t.Errorf("resumed run is %+v", r)
	}
	waitGone(t, d)
	if err := again.Resume(ctx(t), id, StartOptions{}); err == nil || !strings.Contains(err.Error(), "it is done; only a run that was stopped") {
		t.Errorf("resuming a finished run gives %v", err)
	}
	if _, err := again.Send(ctx(t), id, state.VerbPause, ""); err == nil || !strings.Contains(err.Error(), "it has ended") {
		t.Errorf("pausing a finished run gives %v", err)
	}
	if err := again.Resume(ctx(t), "01ARZ3NDEKTSV4RRFFQ69G5FAV", StartOptions{}); !errors.Is(err, rundir.ErrNoRun) {
		t.Errorf("resuming no run gives %v", err)
	}
}

func waitGone(t *testing.T, d rundir.Dir) {
	t.Helper()
	until(t, func() bool { return !alive(t, d) }, "the process ends")
}

// However many ask for it at once, one attempt begins.
func TestResumeTwiceAtOnce(t *testing.T) {
	c := newClient(t, "forever")
	id, d := started(t, c)
	if err := c.Resume(ctx(t), id, StartOptions{}); !errors.Is(err, rundir.ErrHeld) {
		t.Errorf("resuming a running run gives %v", err)
	}
	kill(t, d)
	errs := make(chan error)
	for range 4 {
		go func() { errs <- c.Resume(ctx(t), id, StartOptions{}) }()
	}
	won := 0
	for range 4 {
		if err := <-errs; err == nil {
			won++
		} else if !strings.Contains(err.Error(), "held by another process") && !strings.Contains(err.Error(), "; only a run that was stopped, failed or crashed can be taken up again") {
			t.Errorf("a loser is told %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 4 resumed the run", won)
	}
	if r := runOf(t, c, id); r.State != store.StateRunning || r.Attempt != 2 {
		t.Errorf("run is %s, attempt %d", r.State, r.Attempt)
	}
}

func TestSteering(t *testing.T) {
	c := newClient(t, "forever")
	id, d := started(t, c)
	send := func(v state.Verb, want store.State) {
		t.Helper()
		a, err := c.Send(ctx(t), id, v, "because")
		if err != nil {
			t.Fatal(err)
		}
		if a.Outcome != "applied" || a.Actor != "tester@here" || a.Via != "cli" || a.Reason != "because" || a.Verb != string(v) {
			t.Errorf("answer is %+v", a)
		}
		waitState(t, c, id, want)
	}
	send(state.VerbPause, store.StatePaused)
	if _, err := c.Send(ctx(t), id, state.VerbPause, ""); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "a run that is paused cannot pause") {
		t.Errorf("pausing twice gives %v", err)
	}
	send(state.VerbCheckpoint, store.StatePaused)
	send(state.VerbResume, store.StateRunning)
	send(state.VerbStop, store.StateStopped)
	if _, err := c.Send(ctx(t), id, "explode", ""); err == nil || !strings.Contains(err.Error(), "not a steering verb") {
		t.Errorf("an unknown verb gives %v", err)
	}
	waitGone(t, d)
	if list, err := d.Pending(); err != nil || len(list) != 0 {
		t.Errorf("requests are left: %v, %v", list, err)
	}
	var chain []store.Control
	err := c.Follow(ctx(t), id, eventlog.Position{}, func(_ uint64, rec store.Record) error {
		if rec.Kind == store.KindControl {
			var a store.Control
			if err := decode(rec, &a); err != nil {
				return err
			}
			chain = append(chain, a)
		}
		return nil
	})
	if err != nil || len(chain) != 5 {
		t.Fatalf("%d answers, %v", len(chain), err)
	}
	if err := store.VerifyChain(chain); err != nil {
		t.Error(err)
	}
}

func TestRequestThatIsNotAnswered(t *testing.T) {
	c := newClient(t, "deaf")
	id, d := started(t, c)
	soon, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	_, err := c.Send(soon, id, state.VerbStop, "")
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "was taken back") {
		t.Errorf("got %v", err)
	}
	if list, err := d.Pending(); err != nil || len(list) != 0 {
		t.Errorf("requests are left: %v, %v", list, err)
	}
	// The process dies while somebody waits for its answer.
	go func() {
		for {
			if list, err := d.Pending(); err != nil || len(list) > 0 {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		_ = syscall.Kill(d.Holder().PID, syscall.SIGKILL)
	}()
	_, err = c.Send(ctx(t), id, state.VerbStop, "")
	if !errors.Is(err, errDied) || !strings.Contains(err.Error(), "was taken back") {
		t.Errorf("got %v", err)
	}
}

func TestFollow(t *testing.T) {
	c := newClient(t, "")
	id, d := started(t, c)
	var kinds []store.Kind
	steps, next := 0, uint64(1)
	err := c.Follow(ctx(t), id, eventlog.Position{}, func(seq uint64, rec store.Record) error {
		if seq != next {
			t.Errorf("record %d follows %d", seq, next-1)
		}
		next++
		if rec.Kind == store.KindMetrics {
			steps++
		} else {
			kinds = append(kinds, rec.Kind)
		}
		return nil
	})
	if err != nil || steps != 50 || !slices.Equal(kinds, []store.Kind{store.KindRun, store.KindAttempt, store.KindState, store.KindState, store.KindState}) {
		t.Errorf("%d steps, %v, %v", steps, kinds, err)
	}
	if alive(t, d) {
		t.Error("Follow returned before the process was gone")
	}
	stop := errors.New("enough")
	if err := c.Follow(ctx(t), id, eventlog.Position{}, func(uint64, store.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	// From the end of a log that has ended.
	log := store.ReadLog(d.Path(), eventlog.Position{})
	defer log.Close()
	var end eventlog.Position
	for {
		_, _, after, err := log.Next()
		if err != nil {
			break
		}
		end = after
	}
	if err := c.Follow(ctx(t), id, end, func(uint64, store.Record) error { return stop }); err != nil {
		t.Errorf("following from the end gives %v", err)
	}

	f := newClient(t, "forever")
	id, d = started(t, f)
	done := make(chan error, 1)
	go func() {
		done <- f.Follow(ctx(t), id, eventlog.Position{}, func(uint64, store.Record) error { return nil })
	}()
	time.Sleep(50 * time.Millisecond)
	kill(t, d)
	if err := <-done; !errors.Is(err, ErrCrashed) || !strings.Contains(err.Error(), "while it was running") {
		t.Errorf("following a run that is killed gives %v", err)
	}
	short, cancel := context.WithCancel(context.Background())
	id, _ = started(t, f)
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := f.Follow(short, id, eventlog.Position{}, func(uint64, store.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRunsOfAnotherMachine(t *testing.T) {
	c := newClient(t, "")
	d := recorded(t, c, 1, "far", []store.State{store.StateStarting, store.StateRunning}, nil, nil)
	spec, err := d.Spec()
	if err != nil {
		t.Fatal(err)
	}
	spec.Host = "elsewhere"
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := rundir.WriteFile(d.SpecPath(), b); err != nil {
		t.Fatal(err)
	}
	if r := runOf(t, c, d.ID()); r.State != store.StateRunning || r.Live != Unknown || r.Host != "elsewhere" {
		t.Errorf("run is %+v", r)
	}
	if _, err := c.Send(ctx(t), d.ID(), state.VerbStop, ""); !errors.Is(err, ErrElsewhere) || !strings.Contains(err.Error(), `"elsewhere"`) {
		t.Errorf("got %v", err)
	}
	if err := c.Resume(ctx(t), d.ID(), StartOptions{}); !errors.Is(err, ErrElsewhere) {
		t.Errorf("got %v", err)
	}
}

func TestIDsAscend(t *testing.T) {
	c := newClient(t, "")
	var last string
	for range 1000 {
		id, err := c.newID()
		if err != nil {
			t.Fatal(err)
		}
		if id <= last || !rundir.ValidID(id) {
			t.Fatalf("%s follows %s", id, last)
		}
		last = id
	}
}
