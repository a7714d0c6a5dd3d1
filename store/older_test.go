package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/query"
	"gradus/store/storetest"
)

func writeV3(t *testing.T, path string) {
	t.Helper()
	storetest.WriteV3(t, ".", path)
}

// toVersion2 takes away what version 3 added.
const toVersion2 = `DROP VIEW layer_scores; DROP VIEW layer_parts; DROP TABLE layer; DROP TABLE layer_trace; DROP TABLE layer_reward;
	DELETE FROM seal; DELETE FROM meta WHERE key = 'share'; PRAGMA user_version = 2`

func fingerprint(t *testing.T, path string) string {
	t.Helper()
	return fmt.Sprintf("%x", sha256.Sum256(got[[]byte](t)(os.ReadFile(path))))
}

// noCopies fails where a private copy was left.
func noCopies(t *testing.T, scratch string) {
	t.Helper()
	entries, err := os.ReadDir(scratch)
	if err != nil && !errors.Is(err, os.ErrNotExist) || len(entries) > 0 {
		t.Errorf("left in %s: %v, %v", scratch, entries, err)
	}
}

// A file of an older gradus opens as one of this version does: its traces are
// found by all words of the language, its ledger is there, its manifest was
// compared, and it is not changed, also where nothing can be written.
func TestOpenFileOlder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		version, traces int
		shared          bool
		write           func(t *testing.T, path string)
	}{
		{1, 40, false, writeV1},
		{2, 16, false, func(t *testing.T, path string) {
			writeV3(t, path)
			if _, err := plain(t, path).Exec(toVersion2); err != nil {
				t.Fatal(err)
			}
		}},
		{3, 16, true, writeV3},
	} {
		path := filepath.Join(t.TempDir(), "old.db")
		c.write(t, path)
		path = readOnlyCopy(t, path)
		before := fingerprint(t, path)
		scratch := filepath.Join(t.TempDir(), "a", "cache")
		if _, err := store.Open(path, store.RoleUntrusted); err == nil {
			t.Fatalf("version %d is opened without a migration", c.version)
		}
		db := got[*store.DB](t)(store.OpenFile(ctx, path, []string{scratch}))
		if db.OlderSchema() != c.version || db.Path() != path {
			t.Errorf("version %d: %d, %s", c.version, db.OlderSchema(), db.Path())
		}
		again := got[*store.DB](t)(db.Again())
		if err := db.Close(); err != nil { // the other one goes on
			t.Error(err)
		}
		m, err := again.VerifyShared(ctx)
		if c.shared && (err != nil || m.SHA256 != "8b6e77b4ecda45485749c241ccc63afa77e463fd6f86f577f3bc49e66b79dc1d") || !c.shared && !errors.Is(err, store.ErrNoManifest) {
			t.Errorf("version %d: manifest %+v, %v", c.version, m, err)
		}
		if n := got[int](t)(again.CountSamples(ctx, store.SampleQuery{}, 0)); n != c.traces {
			t.Errorf("version %d: %d traces, want %d", c.version, n, c.traces)
		}
		for _, text := range []string{"entropy>0", `prompt:"using the numbers"`, `"double check"`} {
			where := got[query.Node](t)(query.Parse(text, query.Known{}))
			if n := got[int](t)(again.CountSamples(ctx, store.SampleQuery{Where: where}, 0)); n == 0 {
				t.Errorf("version %d: %s finds nothing", c.version, text)
			}
		}
		if l := got[store.Ledger](t)(again.Ledger(ctx, store.Price{})); l.Total.TokensOut == 0 || l.Total.DeviceS == 0 || l.Of != 0 {
			t.Errorf("version %d: ledger %+v", c.version, l.Total)
		}
		if _, err := again.DataVersion(ctx); err != nil {
			t.Errorf("version %d: %v", c.version, err)
		}
		info, err := os.Stat(got[[]string](t)(filepath.Glob(filepath.Join(scratch, "*", "run.db")))[0])
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("version %d: the copy has mode %v, %v", c.version, info.Mode(), err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
		check, err := store.CheckFile(ctx, path, []string{scratch})
		if err != nil || len(check.Problems) > 0 || check.Texts == 0 || check.Sealed != c.shared || check.Shared != c.shared {
			t.Errorf("version %d: check %+v, %v", c.version, check, err)
		}
		noCopies(t, scratch)
		if fingerprint(t, path) != before {
			t.Errorf("version %d: the file was changed", c.version)
		}
	}
}

// A hostile file that says it is of an older gradus is refused with one line,
// and nothing is left of it.
func TestOpenFileOlderHostile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	good := filepath.Join(t.TempDir(), "good.db")
	writeV3(t, good)
	for change, want := range map[string]string{
		"CREATE TRIGGER t AFTER INSERT ON sample BEGIN DELETE FROM sample; END":    `trigger "t" that gradus does not make`,
		"CREATE TRIGGER t AFTER UPDATE ON sample BEGIN DELETE FROM sample; END":    `trigger "t" that gradus does not make`,
		"DROP VIEW traces; CREATE VIEW traces AS SELECT load_extension('x') AS id": `view "traces" is not as gradus makes it`,
		"ALTER TABLE seal RENAME TO s; CREATE VIEW seal AS SELECT * FROM s":        "that gradus does not make",
		"ALTER TABLE sample ADD COLUMN logprob BLOB AS (zeroblob(1000000000))":     `table "sample" is not as gradus makes it`,
		"CREATE TABLE prompt_fts(body)":                                            `table "prompt_fts" that gradus does not make`,
		"CREATE INDEX i ON sample(abs(id))":                                        `index "i" that gradus does not make`,
		"PRAGMA user_version=1":                                                    "that gradus does not make",
		"PRAGMA user_version=2":                                                    "that gradus does not make",
		"PRAGMA user_version=4":                                                    "is not as gradus makes it",
		"PRAGMA user_version=0":                                                    "there was no schema version 0",
		"PRAGMA user_version=-3":                                                   "there was no schema version -3",
		"UPDATE sample SET reward = 1":                                             "changed or damaged after it was shared",
		// Without a manifest only what cannot be used stops a migration.
		"DELETE FROM meta; UPDATE tok_block SET z = x'ffffffffff7f'":                            "token data",
		"DELETE FROM meta; INSERT INTO meta VALUES('header', '{')":                              "header",
		"DELETE FROM meta; UPDATE sample_tok SET pos = 99999":                                   "token data",
		"DELETE FROM meta; UPDATE prompt SET text = NULL, text_z = x'28b52ffd'":                 "decompress",
		"DELETE FROM meta; UPDATE cursor SET seq = -5 WHERE src = 'fts'; DROP INDEX batch_step": `no index "batch_step"`,
	} {
		path := spoiled(t, good, change)
		before := fingerprint(t, path)
		scratch := t.TempDir()
		db, err := store.OpenFile(ctx, path, []string{scratch})
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want %q", change, err, want)
		}
		noCopies(t, scratch)
		if fingerprint(t, path) != before {
			t.Errorf("%q: the file was changed", change)
		}
	}
}

// Prompts that decompress to far more than the file are not written out.
func TestOpenFileOlderGrows(t *testing.T) {
	if testing.Short() {
		t.Skip("writes until the limit: run without -short")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bomb.db")
	writeV3(t, path)
	store.PromptBombs(t, plain(t, path), 3, 8<<20)
	scratch := t.TempDir()
	_, err := store.OpenFile(context.Background(), path, []string{scratch})
	if err == nil || !strings.Contains(err.Error(), "it grew beyond the") {
		t.Error(err)
	}
	noCopies(t, scratch)
}

// Without a place for the copy one line says what was tried; a second place is
// taken where the first cannot be written to.
func TestOpenFileOlderWithoutRoom(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "old.db")
	writeV3(t, path)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, scratch := range [][]string{nil, {filepath.Join(file, "x")}} {
		_, err := store.OpenFile(ctx, path, scratch)
		if !errors.Is(err, store.ErrNoRoom) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "TMPDIR") {
			t.Errorf("%v: %v", scratch, err)
		}
		if _, err := store.CheckFile(ctx, path, scratch); !errors.Is(err, store.ErrNoRoom) {
			t.Errorf("check: %v", err)
		}
	}
	second := t.TempDir()
	db := got[*store.DB](t)(store.OpenFile(ctx, path, []string{filepath.Join(file, "x"), second}))
	if n := len(got[[]os.DirEntry](t)(os.ReadDir(second))); n != 1 {
		t.Errorf("%d copies in the second folder", n)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// A copy that a killed process left is removed by the next that makes one; one
// in use is not, nor is what somebody else calls by such a name.
func TestOpenFileRemovesLeftCopies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "old.db")
	writeV3(t, path)
	scratch := t.TempDir()
	for _, name := range []string{"gradus-copy-dead", "gradus-copy-unlocked", "gradus-copy-open", "mine"} {
		dir := filepath.Join(scratch, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "run.db"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.WriteFile(filepath.Join(scratch, "gradus-copy-dead", "lock"), nil, 0o600),
		os.WriteFile(filepath.Join(scratch, "gradus-copy-open", "lock"), nil, 0o600),
		os.Chmod(filepath.Join(scratch, "gradus-copy-open"), 0o755)); err != nil {
		t.Fatal(err)
	}
	one := got[*store.DB](t)(store.OpenFile(ctx, path, []string{scratch}))
	two := got[*store.DB](t)(store.OpenFile(ctx, path, []string{scratch}))
	if n := got[int](t)(one.CountSamples(ctx, store.SampleQuery{}, 0)); n != 16 {
		t.Errorf("%d traces", n)
	}
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Error(err)
	}
	var left []string
	for _, e := range got[[]os.DirEntry](t)(os.ReadDir(scratch)) {
		left = append(left, e.Name())
	}
	if s := strings.Join(left, " "); s != "gradus-copy-open gradus-copy-unlocked mine" {
		t.Errorf("left: %s", s)
	}
}
