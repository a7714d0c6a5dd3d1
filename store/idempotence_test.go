package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gradus/store"
	"gradus/store/storetest"
)

func contentHash(t testing.TB, path string) string {
	t.Helper()
	h, err := store.ContentHash(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A log folded in any number of sittings, each cut short anywhere, with
// rebuilds in between, gives the content that one fold of the whole gives.
// GRADUS_FAULT_ROUNDS sets how many.
func TestFoldInAnySittings(t *testing.T) {
	t.Parallel()
	records := storetest.Records(storetest.Spec{Seed: 9, Steps: 14, RewindAt: 5, Hostile: true, EvalPrompts: 4, CheckpointEvery: 4})
	whole := t.TempDir()
	for _, step := range records {
		appendStep(t, whole, step)
	}
	foldOpen(t, whole)
	want := contentHash(t, store.DBPath(whole))
	rounds := 2
	if n, err := strconv.Atoi(os.Getenv("GRADUS_FAULT_ROUNDS")); err == nil {
		rounds = n
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		dir := t.TempDir()
		db := store.DBPath(dir)
		log, err := store.OpenLog(dir)
		if err != nil {
			t.Fatal(err)
		}
		for next := 0; next < len(records); {
			switch rng.IntN(12) {
			case 0, 1, 2: // fold, perhaps cut short
				ctx, cancel := context.WithCancel(context.Background())
				if rng.IntN(2) == 0 {
					time.AfterFunc(time.Duration(rng.IntN(3000))*time.Microsecond, cancel)
				}
				_, err := store.Fold(ctx, dir, db)
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Fatalf("seed %d: %v", seed, err)
				}
			case 3:
				if err := store.Rebuild(context.Background(), dir, db); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			default:
				if err := log.Append(records[next]...); err != nil {
					t.Fatal(err)
				}
				next++
			}
		}
		log.Close()
		if _, err := store.Fold(context.Background(), dir, db); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if n, err := store.Fold(context.Background(), dir, db); n != 0 || err != nil {
			t.Fatalf("seed %d: a second fold took %d records, %v", seed, n, err)
		}
		if got := contentHash(t, db); got != want {
			t.Fatalf("seed %d: content hash %s, want %s", seed, got, want)
		}
	}
}

func appendStep(t testing.TB, dir string, recs []store.Record) {
	t.Helper()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Append(recs...); err != nil {
		t.Fatal(err)
	}
}

// The hash sees every kind of change, or comparing hashes would prove nothing.
func TestContentHashSeesChanges(t *testing.T) {
	t.Parallel()
	base := storetest.Spec{Seed: 2, Steps: 6}
	hashes := map[string]string{}
	for name, spec := range map[string]storetest.Spec{
		"base": base, "seed": {Seed: 3, Steps: 6}, "steps": {Seed: 2, Steps: 7}, "hostile": {Seed: 2, Steps: 6, Hostile: true}, "state": {Seed: 2, Steps: 6, Final: store.StateStopped},
	} {
		_, dir := storetest.Open(t, spec)
		h := contentHash(t, store.DBPath(dir))
		for other, o := range hashes {
			if o == h {
				t.Errorf("%s and %s have the same hash", name, other)
			}
		}
		hashes[name] = h
	}
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 2, Steps: 8})
	path := store.DBPath(dir)
	want := contentHash(t, path)
	v1, err := db.DataVersion(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Damage that a reader would meet, and a reader that has the file open.
	flip(t, path, 8192*3+100)
	if err := store.Rebuild(ctx, dir, path); err != nil {
		t.Fatal(err)
	}
	if h := contentHash(t, path); h != want {
		t.Fatalf("rebuilt content %s, want %s", h, want)
	}
	v2, err := db.DataVersion(ctx)
	if err != nil || v1 == v2 {
		t.Fatalf("the open handle did not notice the new file: %d, %d, %v", v1, v2, err)
	}
	if rows, err := db.Samples(ctx, store.SampleQuery{Text: "maybe"}); err != nil || len(rows) == 0 {
		t.Fatalf("the open handle after the rebuild: %d rows, %v", len(rows), err)
	}
	left, err := filepath.Glob(path + ".*")
	if err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestRebuildKeepsTheOldFileWhenTheLogIsDamaged(t *testing.T) {
	_, dir := storetest.Open(t, storetest.Spec{Seed: 2, Steps: 8})
	want := contentHash(t, store.DBPath(dir))
	flip(t, filepath.Join(dir, "events-00001.log"), 5000)
	if err := store.Rebuild(context.Background(), dir, store.DBPath(dir)); err == nil {
		t.Fatal("rebuilding from a damaged log succeeded")
	} else {
		t.Log(err)
	}
	if h := contentHash(t, store.DBPath(dir)); h != want {
		t.Fatal("the old database changed")
	}
}

func TestDataVersionTellsOfNews(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	appendRecords(t, dir, record(t, store.KindMetrics, 1, 1, metrics(1, 1)))
	db := foldOpen(t, dir)
	v1 := got[int64](t)(db.DataVersion(ctx))
	if v := got[int64](t)(db.DataVersion(ctx)); v != v1 {
		t.Fatalf("version went from %d to %d without a change", v1, v)
	}
	appendRecords(t, dir, record(t, store.KindMetrics, 1, 2, metrics(2, 1)))
	foldOpen(t, dir)
	if v := got[int64](t)(db.DataVersion(ctx)); v == v1 {
		t.Fatal("the version did not change with a commit")
	}
}

func TestOneIngesterAtATime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	path := store.DBPath(dir)
	in, err := store.OpenIngester(ctx, dir, path, store.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(ctx, dir, path); !errors.Is(err, store.ErrIngestLocked) {
		t.Fatalf("a second fold got %v, want ErrIngestLocked", err)
	}
	if err := store.Rebuild(ctx, dir, path); !errors.Is(err, store.ErrIngestLocked) {
		t.Fatalf("a rebuild beside a fold got %v, want ErrIngestLocked", err)
	}
	opened := make(chan error, 1)
	go func() {
		second, err := store.OpenIngester(ctx, dir, path, store.IngestOptions{Wait: true})
		if err == nil {
			second.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("the waiting ingester did not wait: %v", err)
	case <-time.After(120 * time.Millisecond):
	}
	in.Close()
	if err := <-opened; err != nil {
		t.Fatalf("the waiting ingester got %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 80*time.Millisecond)
	defer cancel()
	in, err = store.OpenIngester(ctx, dir, path, store.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := store.OpenIngester(short, dir, path, store.IngestOptions{Wait: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("waiting past the deadline got %v", err)
	}
}

// Follow shows what is appended while it runs and takes the rest when told to end.
func TestFollow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := store.OpenLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	in, err := store.OpenIngester(context.Background(), dir, store.DBPath(dir), store.IngestOptions{Poll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ctx, cancel := context.WithCancel(context.Background())
	wake, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() { ended <- in.Follow(ctx, wake) }()
	db, err := store.OpenRead(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	add := func(step int) {
		if err := log.Append(record(t, store.KindMetrics, 1, int64(step), metrics(step, 1))); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	wake <- struct{}{}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if m, err := db.LatestMetrics(context.Background()); err == nil && m.Step == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the step never arrived")
		}
	}
	add(2)
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if m := got[store.StepMetrics](t)(db.LatestMetrics(context.Background())); m.Step != 2 {
		t.Fatalf("after the end the last step is %d, want 2", m.Step)
	}
}
