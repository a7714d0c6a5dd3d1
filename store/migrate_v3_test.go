package store_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/query"
	"gradus/store/storetest"
)

// toVersion3 makes a database of version 4 one of version 3, sealed as it was.
func toVersion3(t *testing.T, path string) {
	t.Helper()
	p := plain(t, path)
	defer p.Close()
	_, err := p.Exec(`DROP VIEW traces; DROP VIEW cost_by_stage; DROP VIEW layer_scores; DROP TABLE prompt_fts;
		DELETE FROM cursor WHERE src = 'prompt_fts'; DELETE FROM cost WHERE src = 'ledger';
		ALTER TABLE sample DROP COLUMN entropy; ALTER TABLE sample DROP COLUMN logprob;
		CREATE VIEW traces AS SELECT s.id, b.step, s.reward FROM batch b JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id;
		CREATE VIEW layer_scores AS
  SELECT l.n AS layer, l.label, t.sample, s.reward AS reward_before, t.reward, s.advantage AS advantage_before, t.advantage,
         s.flags & 1 AS unscorable_before, t.unscorable, s.correct AS correct_before, t.correct, t.claim, t.changed
  FROM layer l JOIN layer_trace t ON t.layer = l.n JOIN sample s ON s.id = t.sample
  WHERE l.traces IS NOT NULL;
		PRAGMA user_version = 3`)
	if err != nil {
		t.Fatal(err)
	}
}

// A database of version 3 gets the means of its traces, the index of its
// prompts and its ledger, as a fresh one has them, and the old file is kept.
func TestMigrateVersion3(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	if err := storetest.Write(dir, storetest.Spec{Seed: 5, Steps: 6, RewindAt: 3, EvalPrompts: 2}); err != nil {
		t.Fatal(err)
	}
	path := store.DBPath(dir)
	foldOpen(t, dir).Close()
	want := contentHash(t, path)
	toVersion3(t, path)
	if _, err := store.OpenRead(path); err == nil {
		t.Fatal("a database of version 3 was opened without being migrated")
	}
	if n, err := store.Fold(ctx, dir, path); err != nil || n != 0 {
		t.Fatalf("migrating: %d records folded, %v", n, err)
	}
	if contentHash(t, path) != want {
		if err := storetest.Write(dir+"/fresh", storetest.Spec{Seed: 5, Steps: 6, RewindAt: 3, EvalPrompts: 2}); err != nil {
			t.Fatal(err)
		}
		foldOpen(t, dir+"/fresh")
		t.Errorf("the migrated database has not the content of a fresh one%s", differences(t, path, store.DBPath(dir+"/fresh")))
	}
	db, err := store.Open(path, store.RoleUntrusted)
	if err != nil {
		t.Fatalf("its schema is not that of a fresh one: %v", err)
	}
	defer db.Close()
	for _, text := range []string{"entropy>0", `prompt:"using the numbers"`} {
		where, err := query.Parse(text, query.Known{})
		if err != nil {
			t.Fatal(err)
		}
		if n := got[int](t)(db.CountSamples(ctx, store.SampleQuery{Where: where}, 0)); n == 0 {
			t.Errorf("%s finds nothing", text)
		}
	}
	p := plain(t, path+".v3")
	if v, n := scanOne[int](t, p, "PRAGMA user_version"), scanOne[int](t, p, "SELECT count(*) FROM traces"); v != 3 || n == 0 {
		t.Errorf("the copy has version %d and %d traces", v, n)
	}
}

// What cannot be read of a database of version 3 stops its migration, says
// where, and leaves it as it was.
func TestMigrateVersion3Damaged(t *testing.T) {
	t.Parallel()
	_, dir := storetest.Open(t, storetest.Spec{Seed: 5, Steps: 2})
	path := store.DBPath(dir)
	toVersion3(t, path)
	p := plain(t, path)
	if _, err := p.Exec("UPDATE tok_block SET z = x'ffffffffff7f' WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	_, err := store.Fold(context.Background(), dir, path)
	for _, want := range []string{"block 2 of token data", "from schema version 3", "the file is unchanged"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if v := scanOne[int](t, plain(t, path), "PRAGMA user_version"); v != 3 {
		t.Errorf("it has version %d now", v)
	}
	for _, left := range []string{path + ".migrate", path + ".v3"} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s was left behind", left)
		}
	}
}
