package train

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gradus/runner/rundir"
	"gradus/store"
	"gradus/store/eventlog"
)

// childDir in the environment makes the test binary the process of a run.
const (
	childDir  = "GRADUS_TEST_RUN_DIR"
	childKill = "GRADUS_TEST_KILL_AT" // dies by SIGKILL at event number N, counted from 1
	childPeak = "GRADUS_TEST_PEAK"    // tells at its end how much memory it took
	childFail = "GRADUS_TEST_FAIL_AT" // from event number N on system calls fail: see failFrom
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childDir); path != "" {
		os.Exit(child(path))
	}
	code := m.Run()
	if undisturbed.root != "" {
		os.RemoveAll(undisturbed.root)
	}
	os.Exit(code)
}

// child is the process body as cmd has it. It says on stdout what it has
// recorded, a line each.
func child(path string) int {
	dir, err := rundir.At(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitFailed
	}
	signals, _ := Signals() // to the end, as cmd has it
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
		if line := told(e); line != "" {
			fmt.Println(line)
		}
		if err := failFrom(seen, dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(ExitFailed)
		}
	}
	if err := Run(context.Background(), env); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitCode(err)
	}
	if os.Getenv(childPeak) != "" {
		tellPeak()
	}
	return ExitDone
}

// recorded says whether an event tells of a record: how often a long work
// tells of itself depends on time.
func recorded(e Event) bool { return e.Doing == "" }

// told is the line in which a process acknowledges a record.
func told(e Event) string {
	switch {
	case e.State != nil:
		return "state " + string(e.State.State)
	case e.Metrics != nil:
		return fmt.Sprint("metrics ", e.Metrics.Step)
	case e.Eval != nil:
		return fmt.Sprint("eval ", e.Eval.Step)
	case e.Checkpoint != nil:
		return fmt.Sprint("checkpoint ", e.Checkpoint.Step)
	}
	return ""
}

// acknowledgements are the lines that the records of the newest attempt stand
// for, each with how often.
func acknowledgements(t testing.TB, dir rundir.Dir) map[string]int {
	t.Helper()
	log := store.ReadLog(dir.Path(), eventlog.Position{})
	defer log.Close()
	lines, attempt := map[string]int{}, 0
	for {
		r, _, _, err := log.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Attempt > attempt {
			attempt = r.Attempt
			clear(lines)
		}
		var body any
		var e Event
		switch r.Kind {
		case store.KindState:
			e.State = &store.StateChange{}
			body = e.State
		case store.KindMetrics:
			e.Metrics = &store.Metrics{}
			body = e.Metrics
		case store.KindEval:
			e.Eval = &store.Eval{}
			body = e.Eval
		case store.KindCheckpoint:
			e.Checkpoint = &store.Checkpoint{}
			body = e.Checkpoint
		default:
			continue
		}
		if err := json.Unmarshal(r.Body, body); err != nil {
			t.Fatal(err)
		}
		lines[told(e)]++
	}
}

// checkTold holds the log to what a process said before it ended: every record
// that it acknowledged is there, and no step is there twice. It returns how
// many were acknowledged.
func checkTold(t testing.TB, dir rundir.Dir, out []byte) int {
	t.Helper()
	said := strings.Fields(strings.ReplaceAll(string(out), " ", "\x00"))
	have := acknowledgements(t, dir)
	for line, n := range have {
		if n > 1 && !strings.HasPrefix(line, "state ") {
			t.Errorf("%q is %d times in one attempt's record", line, n)
		}
	}
	for _, line := range said {
		line = strings.ReplaceAll(line, "\x00", " ")
		if have[line]--; have[line] < 0 {
			t.Errorf("%q was acknowledged and is not in the log; the attempt told:\n%s", line, out)
		}
	}
	return len(said)
}

// start starts the process of a run.
func start(t testing.TB, dir rundir.Dir, extra ...string) *exec.Cmd {
	t.Helper()
	cmd := process(dir, extra...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func process(dir rundir.Dir, extra ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childDir+"="+dir.Path()), extra...)
	cmd.Stderr = os.Stderr
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

// undisturbed is the run that nothing disturbs, made when the first test asks.
var undisturbed struct {
	sync.Mutex
	root string // TestMain removes it
	dir  rundir.Dir
}

// reference is the run that nothing disturbs. All tests compare with the same
// one and leave it alone.
func reference(t *testing.T) rundir.Dir {
	t.Helper()
	undisturbed.Lock()
	defer undisturbed.Unlock()
	if undisturbed.root == "" {
		root, err := os.MkdirTemp("", "gradus-reference-") // 0700
		if err != nil {
			t.Fatal(err)
		}
		dir := newRunIn(t, root, micro)
		mustRun(t, testEnv(t, dir))
		undisturbed.root, undisturbed.dir = root, dir
	}
	return undisturbed.dir
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
// of whatever it does. What it had acknowledged is in the log after each kill;
// in the end the log and the database are those of a run that was not killed.
// In full 300 kills and more.
func TestKillAtRandom(t *testing.T) {
	want := reference(t)
	rows := current(t, want)
	runs, least := 3, 0
	switch {
	case full():
		runs, least = 40, 300
	case testing.Short():
		runs = 1
	}
	var kills, acked atomic.Int64
	t.Run("runs", func(t *testing.T) {
		for i := range runs {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				seed := uint64(time.Now().UnixNano())
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				dir := newRun(t, micro)
				n := 0
				// The longer it goes on, the longer each attempt may live: on a
				// slow machine an attempt needs seconds before it gets anywhere.
				for limit := 60; ; limit += max(20, limit/5) {
					var out bytes.Buffer
					cmd := process(dir)
					cmd.Stdout = &out
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					time.AfterFunc(time.Duration(rng.IntN(limit*1000))*time.Microsecond, func() { cmd.Process.Kill() })
					dead := killed(t, cmd.Wait())
					acked.Add(int64(checkTold(t, dir, out.Bytes())))
					if !dead {
						break
					}
					n++
					if s := lastState(t, dir); s.State == store.StateDone {
						break // it had only its database left to complete
					}
				}
				kills.Add(int64(n))
				t.Logf("seed %d: killed %d times", seed, n)
				sameRun(t, dir, want)
				checkAttempts(t, dir)
				if got := current(t, dir); got != rows {
					t.Errorf("the rows that count differ:\n%s\nwithout kills:\n%s", got, rows)
				}
			})
		}
	})
	if int(kills.Load()) < least {
		t.Errorf("%d kills; the full form wants %d", kills.Load(), least)
	}
	if !t.Failed() {
		t.Logf("%d runs, %d kills: %d records acknowledged, 0 lost, 0 doubled; every run equals the one that was not killed", runs, kills.Load(), acked.Load())
	}
}

// current folds what is left of a run's log, holds its database to its own
// checks and to one made anew from the log, and returns how many of its rows
// count, by table, and their sums.
func current(t testing.TB, dir rundir.Dir) string {
	t.Helper()
	ctx := context.Background()
	path := store.DBPath(dir.Path())
	unlocked(t, func() error {
		_, err := store.Fold(ctx, dir.Path(), path)
		return err
	})
	live, err := store.ContentHash(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	unlocked(t, func() error { return store.Rebuild(ctx, dir.Path(), path) })
	if again, err := store.ContentHash(ctx, path); err != nil || again != live {
		t.Errorf("the database that was folded through all kills differs from one made anew from the log (%v)", err)
	}
	if check, err := store.CheckDB(ctx, path); err != nil || len(check.Problems) > 0 {
		t.Errorf("the database: %v %q", err, check.Problems)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, q := range []string{
		`SELECT count(*), count(DISTINCT step || ' ' || phase || ' ' || grp || ' ' || idx), sum(reward), sum(tokens) FROM traces WHERE phase = 'train'`,
		`SELECT count(*), count(DISTINCT step || ' ' || prompt_hash || ' ' || idx), sum(reward), sum(tokens) FROM traces WHERE phase = 'eval'`,
		`SELECT count(*), count(DISTINCT series || step), count(DISTINCT series), max(step) FROM curve`,
		`SELECT count(*), count(DISTINCT sample || name), sum(value), sum(score) FROM reward_parts WHERE sample IN (SELECT id FROM traces)`,
	} {
		var rows, distinct int
		var a, b float64
		if err := db.QueryRow(q).Scan(&rows, &distinct, &a, &b); err != nil {
			t.Fatal(err)
		}
		if rows == 0 {
			t.Errorf("no rows: %s", q)
		}
		fmt.Fprintf(&out, "%d rows, %d distinct, %.12g, %.12g\n", rows, distinct, a, b)
	}
	return out.String()
}

// unlocked does what needs the database's lock, and again while it is taken: a
// process that another test starts has this one's files until it becomes its
// own program, and their locks with them.
func unlocked(t testing.TB, do func() error) {
	t.Helper()
	err := do()
	for range 1000 {
		if !errors.Is(err, store.ErrIngestLocked) {
			break
		}
		time.Sleep(10 * time.Millisecond)
		err = do()
	}
	if err != nil {
		t.Fatal(err)
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
