package store_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
)

const powerVariable = "GRADUS_STORE_TEST_POWER" // dir|trace|synchronous|steps

// faultsInFull tells whether the fault tests run in full length, as make faults does.
func faultsInFull() bool { return os.Getenv("GRADUS_FAULTS") == "full" }

// buildShim compiles the library that stands between SQLite and the system.
func buildShim(t *testing.T) string {
	t.Helper()
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	out := filepath.Join(t.TempDir(), "shim.so")
	if b, err := exec.Command(cc, "-shared", "-fPIC", "-O1", "-o", out, "testdata/shim.c", "-ldl", "-lpthread").CombinedOutput(); err != nil {
		t.Skipf("no C compiler for the shim: %v\n%s", err, b)
	}
	return out
}

type traceOp struct {
	op, file byte
	off      int64
	data     []byte
}

func readTrace(t *testing.T, path string) (ops []traceOp) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for len(b) >= 14 {
		n := int(binary.LittleEndian.Uint32(b[10:]))
		o := traceOp{b[0], b[1], int64(binary.LittleEndian.Uint64(b[2:])), nil}
		if o.op == 'w' {
			o.data, b = b[14:14+n], b[14+n:]
		} else {
			b = b[14:]
		}
		ops = append(ops, o)
	}
	return ops
}

// The power fails at random moments. Of the writes to SQLite's files that were
// not synced by then each one arrives, does not arrive, is torn at a sector or
// is garbage; those to the log, which a journaling file system lengthens in
// order, arrive up to a point. Afterwards nothing acknowledged is lost and
// nothing is damaged. Without syncs the same test finds damage: it can.
func TestFaultPowerFailure(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("records another process: run without -short")
	}
	points := 16
	if faultsInFull() {
		points = 1000
	}
	shim := buildShim(t)
	corrupt, lost := powerFailures(t, shim, "FULL", points)
	t.Logf("FULL: %d points, %d damaged, %d with something acknowledged lost", points, corrupt, lost)
	if corrupt+lost > 0 {
		t.Errorf("FULL: of %d power failures %d damaged the record and %d lost what was acknowledged", points, corrupt, lost)
	}
	corrupt, lost = powerFailures(t, shim, "OFF", points)
	t.Logf("OFF: %d points, %d damaged, %d with something acknowledged lost", points, corrupt, lost)
	if corrupt+lost < points/4 {
		t.Errorf("OFF: only %d of %d power failures did harm; the test is blind", corrupt+lost, points)
	}
}

func powerFailures(t *testing.T, shim, synchronous string, points int) (corrupt, lost int) {
	t.Helper()
	dir, trace := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	// The files exist and are whole before the recording begins.
	appendRecords(t, dir, record(t, store.KindRun, 1, 1, store.RunHeader{ID: "01R"}))
	foldOpen(t, dir).Close()
	base := make([][]byte, 3)
	for i, path := range store.PowerFiles(dir) {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		base[i] = b
	}
	if err := os.WriteFile(trace, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LD_PRELOAD="+shim, "SHIM_TRACE="+trace, fmt.Sprintf("%s=%s|%s|%s|%d", powerVariable, dir, trace, synchronous, 120))
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the recorded process: %v\n%s", err, b)
	}
	ops := readTrace(t, trace)
	syncs := [3]int{}
	for _, o := range ops {
		if o.op == 'e' {
			syncs[o.file]++
		}
	}
	if syncs[2] == 0 || (synchronous == "FULL") != (syncs[0] > 2 && syncs[1] > 20) {
		t.Fatalf("%s: %d operations, syncs %v: the recording is not what it should be", synchronous, len(ops), syncs)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for range points {
		at := rng.IntN(len(ops) + 1)
		image := t.TempDir()
		ackLog, ackDB := powerImage(t, rng, ops[:at], base, image)
		switch err := afterPower(image, ackLog, ackDB); {
		case errors.Is(err, errAckLost):
			lost++
		case err != nil:
			corrupt++
			if synchronous == "FULL" {
				t.Logf("at operation %d: %v", at, err)
			}
		}
		os.RemoveAll(image)
	}
	return corrupt, lost
}

// powerImage writes the files as they may be found after the power failed
// behind ops, and returns what was acknowledged by then.
func powerImage(t *testing.T, rng *rand.Rand, ops []traceOp, base [][]byte, dir string) (ackLog, ackDB uint64) {
	t.Helper()
	var began, durable [3]int // operations before this one are on the disk
	for i, o := range ops {
		switch o.op {
		case 'b':
			began[o.file] = i
		case 'e':
			durable[o.file] = began[o.file]
		case 'L':
			ackLog = uint64(o.off)
		case 'D':
			ackDB = uint64(o.off)
		}
	}
	files := make([][]byte, 3)
	for i := range files {
		files[i] = append([]byte(nil), base[i]...)
	}
	logEnds := false
	for i, o := range ops {
		f := &files[min(int(o.file), 2)]
		switch {
		case o.op != 'w' && o.op != 't', logEnds && o.file == 2:
			continue
		case i < durable[o.file]:
			*f = applyOp(*f, o)
			continue
		}
		fate := rng.IntN(4)
		if fate > 0 && o.file == 2 {
			logEnds = true // nothing of the log after what did not wholly arrive
		}
		switch fate {
		case 0:
			*f = applyOp(*f, o)
		case 1: // lost
		case 2: // torn at a sector
			if o.op == 'w' {
				o.data = o.data[:min(len(o.data), 512*rng.IntN(len(o.data)/512+1))]
				*f = applyOp(*f, o)
			}
		case 3:
			if o.op == 'w' {
				o.data = append([]byte(nil), o.data...)
				for k := range o.data {
					o.data[k] = byte(rng.Uint32())
				}
				*f = applyOp(*f, o)
			}
		}
	}
	for i, path := range store.PowerFiles(dir) {
		if len(files[i]) == 0 && i == 1 {
			continue
		}
		if err := os.WriteFile(path, files[i], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return ackLog, ackDB
}

func applyOp(f []byte, o traceOp) []byte {
	if o.op == 't' {
		if int(o.off) <= len(f) {
			return f[:o.off]
		}
		return append(f, make([]byte, int(o.off)-len(f))...)
	}
	if end := int(o.off) + len(o.data); len(o.data) > 0 && end > len(f) {
		f = append(f, make([]byte, end-len(f))...)
	}
	copy(f[min(int(o.off), len(f)):], o.data)
	return f
}

var errAckLost = errors.New("something acknowledged is lost")

// afterPower does what a new process does: it opens the log for appending,
// looks at the database, folds, and checks all of it.
func afterPower(dir string, ackLog, ackDB uint64) error {
	ctx := context.Background()
	path := store.DBPath(dir)
	log, err := store.OpenLog(dir)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	have := log.Position().Seq - 1
	if err := log.Close(); err != nil {
		return err
	}
	if have < ackLog {
		return fmt.Errorf("%w: %d records of the log, %d were acknowledged", errAckLost, have, ackLog)
	}
	db, err := store.OpenRead(path)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	c, err := db.Counts(ctx)
	db.Close()
	if err != nil {
		return err
	}
	if c.Records < ackDB {
		return fmt.Errorf("%w: %d records in the database, %d were acknowledged", errAckLost, c.Records, ackDB)
	}
	if _, err := store.Fold(ctx, dir, path); err != nil {
		return err
	}
	check, err := store.CheckDB(ctx, path)
	if err != nil {
		return err
	}
	if len(check.Problems) > 0 {
		return fmt.Errorf("%s", strings.Join(check.Problems, "; "))
	}
	live, err := store.ContentHash(ctx, path)
	if err != nil {
		return err
	}
	if err := store.Rebuild(ctx, dir, path); err != nil {
		return err
	}
	if again, err := store.ContentHash(ctx, path); err != nil || again != live {
		return fmt.Errorf("a database built anew from the log differs (%v)", err)
	}
	return nil
}

// SQLite's writes or syncs fail now and then: the fold says so, goes on, and in
// the end has everything once.
func TestFaultIOErrors(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("records another process: run without -short")
	}
	shim := buildShim(t)
	// A new database takes some 170 writes, the last 50 of them to the file
	// that is put in its place.
	faults, step := []string{"SHIM_SYNC_EIO=20", "SHIM_WRITE_EIO=90"}, 144
	if faultsInFull() {
		step = 6
	}
	for n := 1; n < 150; n += step {
		faults = append(faults, fmt.Sprintf("SHIM_NEW_EIO=%d", n))
	}
	for _, fault := range faults {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "LD_PRELOAD="+shim, fault, failVariable+"="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", fault, err, out)
		}
		errs := strings.Count(string(out), "disk I/O error")
		if errs == 0 {
			t.Errorf("%s: no error was told:\n%s", fault, out)
		}
		t.Logf("%s: %d clear errors", fault, errs)
		if err := afterPower(dir, failSteps*2, failSteps*2); err != nil {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

const (
	failVariable = "GRADUS_STORE_TEST_FAIL"
	failSteps    = 40
)

// failChild appends steps and folds each, trying again after an error as a run
// does, until all are folded.
func failChild(dir string) error {
	ctx := context.Background()
	log, err := store.OpenLog(dir)
	if err != nil {
		return err
	}
	defer log.Close()
	for step := 1; step <= failSteps; step++ {
		a, err := store.NewRecord(store.KindSamples, 1, int64(step), sampleRecord(step, "short", strings.Repeat("a longer trace, ", 60)))
		if err != nil {
			return err
		}
		b, err := store.NewRecord(store.KindMetrics, 1, int64(step), metrics(step, 1))
		if err != nil {
			return err
		}
		if err := log.Append(a, b); err != nil {
			return err
		}
		if _, err := store.Fold(ctx, dir, store.DBPath(dir)); err != nil {
			fmt.Println(err)
		}
	}
	for range 100 {
		if _, err = store.Fold(ctx, dir, store.DBPath(dir)); err == nil {
			return nil
		}
		fmt.Println(err)
	}
	return fmt.Errorf("never came to an end: %w", err)
}

// Two that want to fold: one does, the other waits or is told, and nothing is
// there twice.
func TestFaultTwoIngesters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	appendRecords(t, dir, record(t, store.KindRun, 1, 1, store.RunHeader{ID: "01R"}))
	first, err := store.OpenIngester(ctx, dir, store.DBPath(dir), store.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(ctx, dir, store.DBPath(dir)); !errors.Is(err, store.ErrIngestLocked) {
		t.Errorf("a second fold: %v", err)
	}
	if err := store.Rebuild(ctx, dir, store.DBPath(dir)); !errors.Is(err, store.ErrIngestLocked) {
		t.Errorf("a rebuild: %v", err)
	}
	if _, err := store.GC(ctx, dir, store.DBPath(dir)); !errors.Is(err, store.ErrIngestLocked) {
		t.Errorf("tidying: %v", err)
	}
	waited := make(chan error, 1)
	go func() {
		second, err := store.OpenIngester(ctx, dir, store.DBPath(dir), store.IngestOptions{Wait: true})
		if err == nil {
			_, err = second.CatchUp(ctx)
			err = errors.Join(err, second.Close())
		}
		waited <- err
	}()
	if _, err := first.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-waited:
		t.Fatalf("the second did not wait: %v", err)
	default:
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	db := foldOpen(t, dir)
	if c := got[store.Counts](t)(db.Counts(ctx)); c.Records != 1 {
		t.Errorf("%+v", c)
	}
}
