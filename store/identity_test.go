package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// A database must not go on with the log of another run.
func TestLogOfAnotherRun(t *testing.T) {
	ctx := context.Background()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	for i, dir := range dirs {
		if err := storetest.Write(dir, storetest.Spec{Seed: uint64(i), Steps: 3 + 5*i}); err != nil {
			t.Fatal(err)
		}
	}
	path := store.DBPath(dirs[0])
	if _, err := store.Fold(ctx, dirs[0], path); err != nil {
		t.Fatal(err)
	}
	before := contentHash(t, path)
	if _, err := store.Fold(ctx, dirs[1], path); err == nil || !strings.Contains(err.Error(), "of run") {
		t.Fatalf("folding another run's log: %v", err)
	}
	// The same run with a log that ends before the database does.
	short := t.TempDir()
	if err := storetest.Write(short, storetest.Spec{Seed: 0, Steps: 3, Final: store.StateRunning}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(ctx, short, path); err == nil || !strings.Contains(err.Error(), "less than were already read") {
		t.Fatalf("folding a log that is shorter than what was folded: %v", err)
	}
	if _, err := store.Fold(ctx, t.TempDir(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("folding a directory without a log into a database that has rows: %v", err)
	}
	if contentHash(t, path) != before {
		t.Fatal("a refused log changed the database")
	}
}

// Sentences that differ for every completion do not fill the table of verdicts.
func TestManyDifferentSentences(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	const n = 6000
	texts := make([]string, n)
	s := sampleRecord(1, texts...)
	for i := range s.Rows {
		s.Rows[i].Rewards = []store.RewardPart{{Name: "a", Version: "1", Status: "ok", Score: 0.25, Weight: 2, Value: 0.5, Reason: "a.quote", Why: fmt.Sprint("It says ", i, "."), Spans: []store.Span{{From: i, To: i + 1, Label: "l\"'"}}}}
	}
	appendRecords(t, dir, record(t, store.KindSamples, 1, 1, s))
	db := foldOpen(t, dir)
	for _, id := range []int64{1, 4095, 4096, 4097, 4098, n} {
		d := got[store.SampleDetail](t)(db.Sample(ctx, id))
		if fmt.Sprint(d.Rewards) != fmt.Sprint(s.Rows[id-1].Rewards) {
			t.Errorf("trace %d: %+v", id, d.Rewards)
		}
	}
	if v := scanOne[int](t, plain(t, store.DBPath(dir)), "SELECT count(*) FROM verdict"); v > 5000 {
		t.Errorf("%d verdicts", v)
	}
	if v := scanOne[string](t, plain(t, store.DBPath(dir)), "SELECT why FROM reward_parts WHERE sample=5999"); v != "It says 5998." {
		t.Errorf("plain SQL says %q", v)
	}
}
