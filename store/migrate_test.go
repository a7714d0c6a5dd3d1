package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"gradus/store"
	"gradus/store/eventlog"
	"gradus/store/storetest"
)

// v1Spec is the run that testdata/v1_rows.sql was written of, by the gradus
// that had schema version 1.
func v1Spec() storetest.Spec {
	return storetest.Spec{Seed: 11, Steps: 12, RewindAt: 6, Groups: 1, Generations: 3, EvalPrompts: 2, Hostile: true, CheckpointEvery: 3}
}

func writeV1(t *testing.T, path string) {
	t.Helper()
	db := plain(t, path)
	for _, name := range []string{"schema_v1.sql", "testdata/v1_rows.sql"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("BEGIN;" + string(text) + "COMMIT"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if _, err := db.Exec(fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=1; PRAGMA journal_mode=WAL", 0x47524144)); err != nil {
		t.Fatal(err)
	}
	db.Close()
}

// atEndOf sets the cursor of a database to the end of the log in dir: records
// had another form, and so other lengths, when the database was written.
func atEndOf(t *testing.T, path, dir string) {
	t.Helper()
	r := store.ReadLog(dir, eventlog.Position{})
	defer r.Close()
	var end eventlog.Position
	for {
		_, _, after, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		end = after
	}
	db := plain(t, path)
	defer db.Close()
	if _, err := db.Exec("UPDATE cursor SET offset=? WHERE src='log' AND seq=?", end.Offset, end.Seq); err != nil {
		t.Fatal(err)
	}
}

// A database that an older gradus wrote has, once migrated, the rows of one
// that is folded anew, and the old file is kept.
func TestMigrateVersion1(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if err := storetest.Write(dir, v1Spec()); err != nil {
		t.Fatal(err)
	}
	path := store.DBPath(dir)
	writeV1(t, path)
	atEndOf(t, path, dir)
	if _, err := store.OpenRead(path); err == nil {
		t.Fatal("a database of version 1 was opened without being migrated")
	}
	if n, err := store.Fold(ctx, dir, path); err != nil || n != 0 {
		t.Fatalf("migrating: %d records folded, %v", n, err)
	}
	fresh := t.TempDir()
	if err := storetest.Write(fresh, v1Spec()); err != nil {
		t.Fatal(err)
	}
	db := foldOpen(t, fresh)
	if a, b := contentHash(t, path), contentHash(t, store.DBPath(fresh)); a != b {
		t.Errorf("the migrated database has not the content of a fresh one%s", differences(t, path, store.DBPath(fresh)))
	}
	migrated, err := store.OpenRead(path)
	if err != nil {
		t.Fatal(err)
	}
	defer migrated.Close()
	for _, q := range []store.SampleQuery{{Text: `"double check"`}, {Newest: true, Limit: 100}} {
		a, b := got[[]store.SampleRow](t)(migrated.Samples(ctx, q)), got[[]store.SampleRow](t)(db.Samples(ctx, q))
		if len(a) == 0 || asJSON(t, a) != asJSON(t, b) {
			t.Errorf("%+v finds %d traces, and %d in a fresh database", q, len(a), len(b))
		}
	}
	if v := scanOne[int](t, plain(t, path+".v1"), "PRAGMA user_version"); v != 1 {
		t.Errorf("the copy has version %d", v)
	}
	if n := scanOne[int](t, plain(t, path+".v1"), "SELECT count(*) FROM sample"); n == 0 {
		t.Error("the copy has no traces")
	}
}

// differences lists the tables whose rows differ.
func differences(t *testing.T, a, b string) (out string) {
	t.Helper()
	one, two := plain(t, a), plain(t, b)
	rows, err := one.Query("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sample_fts%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if x, y := dump(t, one, name), dump(t, two, name); x != y {
			out += fmt.Sprintf("\n%s:\n%s--- and\n%s", name, x, y)
		}
	}
	return out
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func dump(t *testing.T, db *sql.DB, table string) (out string) {
	t.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	vals, refs := make([]any, len(cols)), make([]any, len(cols))
	for i := range vals {
		refs[i] = &vals[i]
	}
	for n := 0; rows.Next() && n < 400; n++ {
		if err := rows.Scan(refs...); err != nil {
			t.Fatal(err)
		}
		out += fmt.Sprintf("%.200v\n", vals)
	}
	return out
}
