package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// The connections of this process, also those that gradus has not made, are
// defensive: a database cannot be made to rewrite its own schema.
func TestConnectionsAreDefensive(t *testing.T) {
	_, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 3})
	db := plain(t, store.DBPath(dir))
	if _, err := db.Exec("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE meta(x)' WHERE name='meta'"); err == nil {
		t.Error("the schema could be rewritten")
	}
	if _, err := db.Exec("UPDATE sample_fts_data SET block=x'00'"); err == nil {
		t.Error("the tables below the search index could be written")
	}
}

// hostile copies a good database and lets change spoil it.
func spoiled(t *testing.T, good string, change string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "theirs.db")
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if change != "" {
		db, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(change + "; PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
	}
	return path
}

func TestStrangersFiles(t *testing.T) {
	t.Parallel()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 4})
	db.Close()
	good := store.DBPath(dir)
	for change, want := range map[string]string{
		"": "",
		"CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM sample; END":      `trigger "t" that gradus does not make`,
		"DROP VIEW traces; CREATE VIEW traces AS SELECT load_extension('x') AS id": `view "traces" is not as gradus makes it`,
		"DROP VIEW curve": `no view "curve"`,
		"ALTER TABLE meta ADD COLUMN x BLOB AS (zeroblob(1000000000))": `table "meta" is not as gradus makes it`,
		"CREATE INDEX i ON sample(abs(id))":                            `index "i" that gradus does not make`,
		"DROP TABLE note":                                              `no `,
		"CREATE TABLE \"\x1b]52;c;x\x07\"(x)":                          `that gradus does not make`,
		"PRAGMA application_id=7":                                      "not a gradus run database",
		"PRAGMA user_version=99":                                       "use a newer gradus",
	} {
		db, err := store.Open(spoiled(t, good, change), store.RoleUntrusted)
		if err == nil {
			if _, err := db.Samples(context.Background(), store.SampleQuery{Text: "maybe"}); err != nil {
				t.Errorf("%q: %v", change, err)
			}
			db.Close()
		}
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v; want %q", change, err, want)
		case err != nil && strings.ContainsRune(err.Error(), 0x1b):
			t.Errorf("%q: the error holds an escape character", change)
		}
	}
}

// Values of a stranger that are meant to exhaust or to mislead.
func TestStrangersValues(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 4})
	db.Close()
	for change, want := range map[string]string{
		"INSERT INTO meta VALUES('big', zeroblob(100000000)); UPDATE meta SET value=zeroblob(100000000) WHERE key='header'":                  "too big",
		"UPDATE sample_text SET text=text||'.' WHERE sample=1":                                                                               "does not match its checksum",
		"DELETE FROM sample_text WHERE sample=1; INSERT INTO text_block VALUES(1, x'28b52ffd'); UPDATE sample SET block=1, off=0 WHERE id=1": "block 1",
		"DELETE FROM sample_text WHERE sample=1; UPDATE sample SET block=77, off=0 WHERE id=1":                                               "missing",
		"UPDATE sample_tok SET pos=99999 WHERE sample=1":                                                                                     "token data",
		"UPDATE tok_block SET z=x'ffffffffff7f'":                                                                                             "token data",
		"UPDATE verdict SET labels='[1'; UPDATE reward SET spans='0,1' WHERE sample=1":                                                       "labels",
		"UPDATE reward SET spans='0,x' WHERE sample=1; UPDATE verdict SET labels='[\"a\"]'":                                                  "spans",
	} {
		db, err := store.Open(spoiled(t, store.DBPath(dir), change), store.RoleUntrusted)
		if err != nil {
			t.Errorf("%s: %v", change, err)
			continue
		}
		_, err1 := db.Header(ctx)
		_, err2 := db.Sample(ctx, 1)
		if err := errors.Join(err1, err2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", change, err, want)
		}
		db.Close()
	}
}

// What is no database at all says so, in every role.
func TestFilesThatAreNotOurs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	if _, err := plain(t, other).Exec("CREATE TABLE t(x)"); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"text": "hello, this is no database at all", "empty": "", "cut": "SQLite format 3\x00"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"other.db", "text", "empty", "cut", "."} {
		for _, role := range []store.Role{store.RoleRead, store.RoleShare, store.RoleUntrusted} {
			db, err := store.Open(filepath.Join(dir, name), role)
			if !errors.Is(err, store.ErrNotOurs) {
				t.Errorf("%s as role %d: %v", name, role, err)
			}
			if err == nil {
				db.Close()
			}
		}
	}
}

// Counting agrees with listing, whatever the filter.
func TestCountSamples(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := storetest.Open(t, storetest.Spec{Seed: 3, Steps: 30, RewindAt: 12, Hostile: true})
	one, ten, half, yes := 1, 10, 0.5, true
	first := got[[]store.SampleRow](t)(db.Samples(ctx, store.SampleQuery{Limit: 1}))[0]
	for _, q := range []store.SampleQuery{
		{}, {Phase: "eval"}, {MinStep: &one, MaxStep: &ten}, {MinReward: &half}, {Correct: &yes, Finish: "stop"}, {Text: `"double check"`},
		{Text: "maybe", MaxStep: &ten}, {PromptHash: first.PromptHash}, {Task: "none"}, {Newest: true, After: 20, Limit: 3}, {Text: "xylophone"},
	} {
		n := got[int](t)(db.CountSamples(ctx, q, 0))
		q.After, q.Limit = 0, store.MaxPage
		rows := got[[]store.SampleRow](t)(db.Samples(ctx, q))
		if n != len(rows) {
			t.Errorf("%s: counted %d, listed %d", asJSON(t, q), n, len(rows))
		}
		if capped := got[int](t)(db.CountSamples(ctx, q, 7)); capped != min(n, 7) {
			t.Errorf("%s: counted %d of %d, at most 7 asked", asJSON(t, q), capped, n)
		}
	}
	if _, err := db.CountSamples(ctx, store.SampleQuery{Text: "***"}, 0); !errors.Is(err, store.ErrSearch) {
		t.Error(err)
	}
}
