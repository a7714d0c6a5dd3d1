package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// Of 200 files with one random byte changed, at least 180 are named as damaged
// (20 and 16 in the short form, on a smaller file). What goes unnoticed lies
// where nothing is stored: in the pages of empty tables, and behind the last
// row of a page.
func TestFaultFlippedBytes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, many files: run without -short")
	}
	ctx := context.Background()
	flips, want, traces := 20, 12, 1000 // a byte may lie where nothing is kept, and where depends on time
	if faultsInFull() {
		flips, want, traces = 200, 180, 6000
	}
	dir := t.TempDir()
	store.WriteTraces(t, dir, traces)
	foldOpen(t, dir).Close()
	whole := got[store.Check](t)(store.CheckDB(ctx, store.DBPath(dir)))
	if len(whole.Problems) > 0 || !whole.Sealed || whole.Rows == 0 || whole.Texts == 0 {
		t.Fatalf("a good database: %+v", whole)
	}
	good, err := os.ReadFile(store.DBPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 200))
	path := filepath.Join(t.TempDir(), "run.db")
	named := 0
	for range flips {
		b := append([]byte(nil), good...)
		at := rng.IntN(len(b))
		b[at] ^= byte(1 + rng.IntN(255))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := store.CheckDB(ctx, path)
		if err != nil || len(c.Problems) > 0 {
			named++
		}
		for _, s := range []string{"", "-wal", "-shm"} {
			os.Remove(path + s)
		}
	}
	t.Logf("%d of %d changed bytes were named", named, flips)
	if named < want {
		t.Errorf("%d of %d changed bytes were named, want %d", named, flips, want)
	}
}

// A seal says which rows are not as they were, and the next record breaks it.
func TestSeal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 6, Steps: 6})
	db.Close()
	for change, want := range map[string]string{
		"UPDATE sample SET reward=9 WHERE id=5":                                         "table sample: ",
		"DELETE FROM event WHERE seq=(SELECT max(seq) FROM event)":                      "table event: ",
		"UPDATE metric SET value=value+1 WHERE series=1 AND step=3":                     "table metric: ",
		"INSERT INTO note VALUES('x',1,'a','run','r','note','t',NULL,NULL,NULL,NULL,1)": "table note: ",
		"DELETE FROM seal WHERE tbl='part'":                                             "no checksum is stored",
		"INSERT INTO sample_fts(sample_fts, rowid) VALUES('delete', 3)":                 "",
		"DELETE FROM sample_fts WHERE rowid=3":                                          "table sample_fts_",
	} {
		path := spoiled(t, store.DBPath(dir), "")
		if _, err := plain(t, path).Exec(change); err != nil {
			continue // SQLite itself refuses it
		}
		c := got[store.Check](t)(store.CheckDB(ctx, path))
		if want != "" && !strings.Contains(strings.Join(c.Problems, "\n"), want) {
			t.Errorf("%s: %q", change, c.Problems)
		}
	}
	appendRecords(t, dir, record(t, store.KindHeartbeat, 2, 1, store.Heartbeat{}))
	foldOpen(t, dir)
	if c := got[store.Check](t)(store.CheckDB(ctx, store.DBPath(dir))); c.Sealed || len(c.Problems) > 0 {
		t.Errorf("after another record: %+v", c)
	}
	if _, err := store.CheckDB(ctx, filepath.Join(dir, "events-00001.log")); !errors.Is(err, store.ErrNotOurs) {
		t.Errorf("an event log: %v", err)
	}
}

// GC changes no row and leaves a file without free pages.
func TestGC(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 6, Steps: 30, Final: store.StateRunning})
	db.Close()
	path := store.DBPath(dir)
	before := contentHash(t, path)
	if err := os.WriteFile(path+".rebuild", []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := plain(t, path).Exec("CREATE TABLE x(y); INSERT INTO x VALUES(zeroblob(500000)); DROP TABLE x; PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	s := got[store.Saved](t)(store.GC(ctx, dir, path))
	if s.After >= s.Before-400_000 {
		t.Errorf("%+v", s)
	}
	if contentHash(t, path) != before {
		t.Error("rows were changed")
	}
	if _, err := os.Stat(path + ".rebuild"); err == nil {
		t.Error("what was left behind is still there")
	}
	if n := scanOne[int](t, plain(t, path), "PRAGMA freelist_count"); n != 0 {
		t.Errorf("%d free pages", n)
	}
}
