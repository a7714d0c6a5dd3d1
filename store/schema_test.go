package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"

	"gradus/store"
	"gradus/store/storetest"
)

// SQLite before 3.51.3 can lose commits when two connections reset the
// write-ahead log at once.
func TestSQLiteIsRecentEnough(t *testing.T) {
	text, number, _ := sqlite3.Version()
	if number < 3051003 {
		t.Fatalf("SQLite %s; 3.51.3 is the oldest without the WAL-reset race. Was it built with the libsqlite3 tag?", text)
	}
}

// plain opens a database as any program would, without our settings.
func plain(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func scanOne[T any](t *testing.T, db *sql.DB, query string, args ...any) T {
	t.Helper()
	var v T
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestFileFormat(t *testing.T) {
	_, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	db := plain(t, store.DBPath(dir))
	for query, want := range map[string]string{
		"PRAGMA application_id": fmt.Sprint(0x47524144), "PRAGMA user_version": "4", "PRAGMA page_size": "8192", "PRAGMA journal_mode": "wal", "PRAGMA auto_vacuum": "2",
	} {
		if v := scanOne[string](t, db, query); v != want {
			t.Errorf("%s is %s, want %s", query, v, want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode())
		}
	}
}

// The questions a reader asks with plain SQL.
func TestPlainSQL(t *testing.T) {
	t.Parallel()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 1, RewindAt: 20})
	p := plain(t, store.DBPath(dir))
	if n := scanOne[int](t, p, "SELECT count(*) FROM traces WHERE phase='train'"); n != 40*8 {
		t.Errorf("%d traces, want 320: the rewound ones must not count", n)
	}
	if n := scanOne[int](t, p, "SELECT count(DISTINCT step) FROM traces"); n != 41 {
		t.Errorf("traces of %d steps, want 40 and step 0", n)
	}
	if n := scanOne[int](t, p, "SELECT count(*) FROM curve WHERE series='reward'"); n != 40 {
		t.Errorf("%d points of reward, want 40", n)
	}
	text := scanOne[string](t, p, "SELECT completion FROM traces WHERE correct=1 AND completion LIKE '%double check%' LIMIT 1")
	if !strings.Contains(text, "<answer>") {
		t.Errorf("a right completion reads %q", text)
	}
	// The mean reward per step from traces is the reward curve.
	if n := scanOne[int](t, p, `SELECT count(*) FROM (SELECT step, avg(reward) r FROM traces WHERE phase='train' GROUP BY step) t
		JOIN curve c ON c.series='reward' AND c.step=t.step WHERE abs(t.r-c.value) < 1e-9`); n != 40 {
		t.Errorf("the mean of the traces' rewards agrees with the curve at %d of 40 steps", n)
	}
	if n := scanOne[int](t, p, `SELECT count(*) FROM reward_parts r JOIN traces t ON t.id=r.sample WHERE r.name='accuracy' AND r.value=1 AND t.correct=0`); n != 0 {
		t.Errorf("%d wrong completions have the accuracy reward", n)
	}
	if v := scanOne[string](t, p, "SELECT value FROM meta WHERE key='name'"); v != "countdown-1" {
		t.Errorf("name %q", v)
	}
	if _, err := db.Counts(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	db, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	db.Close()
	path := store.DBPath(dir)
	if _, err := plain(t, path).Exec("PRAGMA user_version=5"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenRead(path); err == nil || !strings.Contains(err.Error(), "newer gradus") {
		t.Errorf("reading: %v", err)
	}
	if _, err := store.Fold(context.Background(), dir, path); err == nil || !strings.Contains(err.Error(), "newer gradus") {
		t.Errorf("folding: %v", err)
	}
	if _, err := plain(t, path).Exec("PRAGMA application_id=5"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fold(context.Background(), dir, path); err == nil || !strings.Contains(err.Error(), "not a gradus run database") {
		t.Errorf("folding into another program's database: %v", err)
	}
}

// A path may hold what a URI gives a meaning.
func TestPathsWithOddNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "q?mode=memory", "h#x", "p%20q", "ü", "semi;colon&amp", "quote'\""} {
		dir := filepath.Join(t.TempDir(), name)
		if err := storetest.Write(dir, storetest.Spec{Steps: 2, EvalPrompts: 1}); err != nil {
			t.Fatal(err)
		}
		db := foldOpen(t, dir)
		if h, err := db.Header(context.Background()); err != nil || h.Steps != 2 {
			t.Errorf("%q: %+v, %v", name, h, err)
		}
		if _, err := os.Stat(store.DBPath(dir)); err != nil {
			t.Errorf("%q: the database is not where it should be: %v", name, err)
		}
	}
}
