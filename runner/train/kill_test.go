package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"gradus/runner/rundir"
	"gradus/store"
)

// childDir in the environment makes the test binary the process of a run.
const (
	childDir  = "GRADUS_TEST_RUN_DIR"
	childKill = "GRADUS_TEST_KILL_AT" // dies by SIGKILL at event number N, counted from 1
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childDir); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

// child is the process body as cmd has it.
func child(path string) int {
	dir, err := rundir.At(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitFailed
	}
	signals, stop := Signals()
	defer stop()
	env := testEnv(nil, dir)
	env.Complain = func(err error) { fmt.Fprintln(os.Stderr, err) }
	env.Signals = signals
	killAt, _ := strconv.Atoi(os.Getenv(childKill))
	seen := 0
	env.Progress = func(e Event) {
		if !recorded(e) {
			return
		}
		if seen++; seen == killAt {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := Run(context.Background(), env); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitCode(err)
	}
	return ExitDone
}

// recorded says whether an event tells of a record: how often a long work
// tells of itself depends on time.
func recorded(e Event) bool { return e.Doing == "" }

// start starts the process of a run.
func start(t testing.TB, dir rundir.Dir, extra ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childDir+"="+dir.Path()), extra...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// killed says whether the process ended by SIGKILL; any other end but success
// fails the test.
func killed(t testing.TB, err error) bool {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("the run's process: %v", err)
	}
	return false
}

func full() bool { return os.Getenv("GRADUS_FAULTS") == "full" }

// reference is the run that nothing disturbs.
func reference(t *testing.T) rundir.Dir {
	t.Helper()
	dir := newRun(t, micro)
	mustRun(t, testEnv(t, dir))
	return dir
}

// TestKillAtEveryRecord kills a run by SIGKILL right after each thing it
// records, resumes it, and wants the bits of the run that was not killed.
func TestKillAtEveryRecord(t *testing.T) {
	want := reference(t)
	events := 0
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	env.Progress = func(e Event) {
		if recorded(e) {
			events++
		}
	}
	mustRun(t, env)
	sameRun(t, dir, want)

	stride := 5
	switch {
	case full():
		stride = 1
	case testing.Short():
		stride = 12
	}
	for at := 1 + rand.IntN(stride); at < events; at += stride {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			dir := newRun(t, micro)
			if !killed(t, start(t, dir, childKill+"="+fmt.Sprint(at)).Wait()) {
				t.Fatalf("the run ended before event %d", at)
			}
			if killed(t, start(t, dir).Wait()) {
				t.Fatal("killed without a reason")
			}
			sameRun(t, dir, want)
			checkAttempts(t, dir)
		})
	}
}

// TestKillAtRandom kills a run again and again at random times, in the middle
// of whatever it does.
func TestKillAtRandom(t *testing.T) {
	want := reference(t)
	runs := 3
	switch {
	case full():
		runs = 100
	case testing.Short():
		runs = 1
	}
	for i := range runs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			dir := newRun(t, micro)
			kills := 0
			// The longer it goes on, the longer each attempt may live.
			for limit := 60; ; limit += 20 {
				cmd := start(t, dir)
				time.AfterFunc(time.Duration(rng.IntN(limit*1000))*time.Microsecond, func() { cmd.Process.Kill() })
				if !killed(t, cmd.Wait()) {
					break
				}
				kills++
				if s := lastState(t, dir); s.State == store.StateDone {
					break // it had only its database left to complete
				}
			}
			t.Logf("seed %d: killed %d times", seed, kills)
			sameRun(t, dir, want)
			checkAttempts(t, dir)
		})
	}
}

// checkAttempts holds the record of a run that was killed to its rules.
func checkAttempts(t *testing.T, dir rundir.Dir) {
	t.Helper()
	rec := readRecord(t, dir)
	for i, a := range rec.attempts {
		if a.N != i+1 {
			t.Errorf("attempt %d is numbered %d", i+1, a.N)
		}
	}
	if rec.header == nil || rec.header.ID != dir.ID() {
		t.Errorf("header %+v", rec.header)
	}
	if last := rec.states[len(rec.states)-1]; last.State != store.StateDone || last.ExitCode != 0 {
		t.Errorf("the last state is %+v", last)
	}
	if err := store.VerifyChain(rec.controls); err != nil {
		t.Error(err)
	}
}
