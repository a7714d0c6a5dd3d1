package store_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// heard notes what is told, and that no count goes backwards within one job.
func heard(t *testing.T, path string, from int) (context.Context, func() []string) {
	t.Helper()
	var said []string
	var last store.Work
	return store.Watch(context.Background(), func(w store.Work) {
		if w.Path != path || w.Bytes == 0 || w.Total > 0 && w.Done > w.Total || w.Doing == last.Doing && w.Done < last.Done {
			t.Errorf("%+v after %+v", w, last)
		}
		said, last = append(said, w.Doing), w
		if w.From != from && from > 0 {
			t.Errorf("%+v, want it from version %d", w, from)
		}
	}), func() []string { return slices.Compact(said) }
}

// What takes long with a large database is told, by the name of the file that
// the caller gave: migrations, folds, rebuilds.
func TestWatch(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "old.db")
	writeV3(t, old)
	ctx, said := heard(t, old, 3)
	db, err := store.OpenFile(ctx, old, []string{t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := strings.Join(said(), ", "); got != "copying, computing means of tokens, indexing prompts" {
		t.Errorf("opening an older file tells %q", got)
	}

	dir := t.TempDir()
	if err := storetest.Write(dir, storetest.Spec{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	const whole = "folding records, indexing prompts, indexing traces, computing checksums"
	ctx, said = heard(t, store.DBPath(dir), 0)
	if _, err := store.Fold(ctx, dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(said(), ", "); got != whole {
		t.Errorf("a fold tells %q", got)
	}
	ctx, said = heard(t, store.DBPath(dir), 0)
	if err := store.Rebuild(ctx, dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(said(), ", "); got != whole {
		t.Errorf("a rebuild tells %q", got)
	}

	// A run's own database of an older gradus; nobody listens any more below.
	if err := os.Remove(store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	writeV1(t, store.DBPath(dir))
	ctx, said = heard(t, store.DBPath(dir), 0)
	store.Fold(store.Watch(ctx, nil), dir, store.DBPath(dir))
	if got := said(); len(got) > 0 {
		t.Errorf("told %q to nobody", got)
	}
}
