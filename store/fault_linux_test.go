package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gradus/store"
	"gradus/store/eventlog"
	"gradus/store/storetest"
)

const childVariable = "GRADUS_STORE_TEST_CHILD"

// TestMain lets the test binary stand in for a run that gets killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := childRun(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	for name, run := range map[string]func(string) error{failVariable: failChild, powerVariable: powerChild} {
		if v := os.Getenv(name); v != "" {
			if err := run(v); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func powerChild(spec string) error {
	p := strings.Split(spec, "|")
	steps, err := strconv.Atoi(p[len(p)-1])
	if err != nil {
		return err
	}
	return store.PowerChild(p[0], p[1], p[2], steps)
}

// childRun appends steps and folds them as a run does, and says on stdout what
// it has made durable, until it is killed.
func childRun(dir string) error {
	log, err := store.OpenLog(dir)
	if err != nil {
		return err
	}
	in, err := store.OpenIngester(context.Background(), dir, store.DBPath(dir), store.IngestOptions{})
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	wake := make(chan struct{}, 1)
	go func() { failed <- in.Follow(context.Background(), wake) }()
	for step := int(log.Position().Seq); ; step++ {
		s := sampleRecord(step, fmt.Sprint("short trace of ", step), strings.Repeat(fmt.Sprint("a long trace of step ", step, ". "), 60))
		a, err := store.NewRecord(store.KindSamples, 1, int64(step), s)
		if err != nil {
			return err
		}
		b, err := store.NewRecord(store.KindMetrics, 1, int64(step), metrics(step, float64(step)))
		if err != nil {
			return err
		}
		if err := log.Append(a, b); err != nil {
			return err
		}
		select {
		case wake <- struct{}{}:
		case err := <-failed:
			return err
		default:
		}
		if step%5 == 0 {
			if err := log.Sync(); err != nil {
				return err
			}
			fmt.Println(log.Position().Seq - 1)
		}
		time.Sleep(time.Millisecond)
	}
}

// A run killed with kill -9 at random moments: nothing it acknowledged is
// lost, nothing is there twice, the database is whole and equals one built
// from the log. 10 kills, 300 in full; GRADUS_FAULT_KILLS sets another number.
func TestFaultKill9(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	kills := 10
	if faultsInFull() {
		kills = 300
	}
	if n, err := strconv.Atoi(os.Getenv("GRADUS_FAULT_KILLS")); err == nil {
		kills = n
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	acked, torn := uint64(0), 0
	for kill := range kills {
		ack := runAndKill(t, dir, time.Duration(20+rng.IntN(230))*time.Millisecond)
		acked = max(acked, ack)
		records, repaired := countRecords(t, dir)
		if records < acked {
			t.Fatalf("kill %d: %d records in the log, %d were acknowledged", kill, records, acked)
		}
		if repaired {
			torn++
		}
		checkIntegrity(t, store.DBPath(dir))
	}
	db := foldOpen(t, dir)
	c := got[store.Counts](t)(db.Counts(context.Background()))
	if c.Records < acked || c.Samples != int64(c.Records) || c.Steps != int64(c.Records)/2 { // a step is two records and two samples
		t.Fatalf("counts %+v, %d acknowledged", c, acked)
	}
	live := contentHash(t, store.DBPath(dir))
	if err := store.Rebuild(context.Background(), dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if rebuilt := contentHash(t, store.DBPath(dir)); rebuilt != live {
		t.Fatalf("folded live: %s, rebuilt: %s", live, rebuilt)
	}
	t.Logf("%d kills, %d records, %d acknowledged, %d torn tails cut off: 0 lost, 0 doubled, 0 damaged", kills, c.Records, acked, torn)
}

// A process that is killed between the last rows of a run and the ledger and
// checksums that follow them: the next fold, which has no row to add, makes them.
func TestFaultKilledBeforeTheSeal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	if err := storetest.Write(dir, storetest.Spec{Seed: 1, Steps: 4}); err != nil {
		t.Fatal(err)
	}
	path := store.DBPath(dir)
	foldOpen(t, dir).Close()
	want := contentHash(t, path)
	db := plain(t, path)
	if _, err := db.Exec(`DELETE FROM seal; DELETE FROM cost WHERE src = 'ledger'`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if contentHash(t, path) == want {
		t.Fatal("the ledger is not part of the content")
	}
	if _, err := store.Fold(ctx, dir, path); err != nil {
		t.Fatal(err)
	}
	if contentHash(t, path) != want {
		t.Error("the next fold did not make what was missing")
	}
	if check, err := store.CheckDB(ctx, path); err != nil || !check.Sealed || len(check.Problems) > 0 {
		t.Errorf("%+v %v", check, err)
	}
}

// runAndKill starts the child, kills it after it has run for d, and returns
// the last number it acknowledged.
func runAndKill(t *testing.T, dir string, d time.Duration) uint64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var acked uint64
	for n := 0; lines.Scan(); n++ {
		if acked, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if n == 0 { // it has opened everything; now the clock runs
			time.AfterFunc(d, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || !cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Fatalf("the child ended by itself: %v\n%s", err, stderr.String())
	}
	return acked
}

func countRecords(t *testing.T, dir string) (n uint64, torn bool) {
	t.Helper()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return log.Position().Seq - 1, log.Repair().Bytes > 0
}

func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity check: %s %v", verdict, err)
	}
}

// mountTmpfs mounts a file system in memory with the given room, or skips.
func mountTmpfs(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system; the twin of this test in package eventlog always runs")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mount a small tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// The log's disk is really full: a clear error, everything acknowledged is
// still there, and once there is room the run goes on.
func TestFaultLogDiskFull(t *testing.T) {
	t.Parallel()
	dir := mountTmpfs(t, "1m")
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 300<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	add := func(step int) error {
		return log.Append(record(t, store.KindSamples, 1, 1, sampleRecord(step, strings.Repeat("x", 50_000))), record(t, store.KindMetrics, 1, 1, metrics(step, 1)))
	}
	step := 1
	for err = add(step); err == nil; err = add(step) {
		step++
	}
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("the error of a full disk: %v", err)
	}
	if n := readable(t, dir); n != 2*(step-1) {
		t.Fatalf("%d records readable, %d acknowledged", n, 2*(step-1))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := add(step); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if n := readable(t, dir); n != 2*step {
		t.Fatalf("%d records readable, %d acknowledged", n, 2*step)
	}
}

func readable(t *testing.T, dir string) int {
	t.Helper()
	r := store.ReadLog(dir, eventlog.Position{})
	defer r.Close()
	for n := 0; ; n++ {
		_, _, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The database's disk is full while the log's is not: the fold waits, tells
// why, loses nothing, and goes on when there is room.
func TestFaultDatabaseDiskFull(t *testing.T) {
	t.Parallel()
	small := mountTmpfs(t, "1m")
	dir := t.TempDir()
	if err := storetest.Write(dir, storetest.Spec{Seed: 1, Steps: 60, Generations: 16}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(small, "run.db")
	if _, err := store.Fold(context.Background(), dir, path); err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("folding onto a full disk: %v", err)
	}
	checkIntegrity(t, path)
	told := make(chan error, 100)
	in, err := store.OpenIngester(context.Background(), dir, path, store.IngestOptions{OnError: func(err error) {
		select {
		case told <- err:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Follow(ctx, nil) }()
	select {
	case err := <-told:
		t.Log(err)
	case err := <-ended:
		t.Fatalf("Follow ended on a full disk: %v", err)
	case <-time.After(2 * time.Minute):
		t.Fatal("nobody was told of the full disk")
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	foldOpen(t, dir)
	if a, b := contentHash(t, path), contentHash(t, store.DBPath(dir)); a != b {
		t.Fatal("the database that met a full disk differs from one that did not")
	}
}

// A reader in the middle of a query holds up neither the fold nor the
// emptying of the write-ahead log for longer than its query.
func TestReadersBesideAFold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	in, err := store.OpenIngester(context.Background(), dir, store.DBPath(dir), store.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	db, err := store.OpenRead(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stop, ended := make(chan struct{}), make(chan error, 3)
	for range 3 {
		go func() {
			for {
				select {
				case <-stop:
					ended <- nil
					return
				default:
				}
				rows, err := db.Samples(context.Background(), store.SampleQuery{Newest: true, Limit: 20})
				if err == nil && len(rows) > 0 {
					_, err = db.Sample(context.Background(), rows[0].ID)
				}
				if err == nil {
					_, err = db.SeriesSince(context.Background(), 0)
				}
				if err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	for step := 1; step <= 25; step++ {
		if err := log.Append(record(t, store.KindSamples, 1, 1, sampleRecord(step, strings.Repeat("y", 600), "z")), record(t, store.KindMetrics, 1, 1, metrics(step, 1))); err != nil {
			t.Fatal(err)
		}
		if _, err := in.CatchUp(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	for range 3 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

func remountReadOnly(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// A copy in a folder that nobody may write, as on a read-only medium.
func TestReadOnlyMedium(t *testing.T) {
	_, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	b, err := os.ReadFile(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	medium := mountTmpfs(t, "16m")
	path := filepath.Join(medium, "copy.db")
	if err := os.WriteFile(path, b, 0o400); err != nil {
		t.Fatal(err)
	}
	remountReadOnly(t, medium)
	db, err := store.OpenRead(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if rows, err := db.Samples(context.Background(), store.SampleQuery{Text: "maybe"}); err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
}
