package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"gradus/store"
	"gradus/store/eventlog"
	"gradus/store/storetest"
)

// A database folded from a log, the same log compressed, and a rebuild from it
// are equal; the list of runs reads on.
func TestCompressedLogFoldsTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "runs", "01JHM000000000000000000005")
	spec := storetest.Spec{Seed: 5, Steps: 30}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// The records of storetest in small segments.
	whole := t.TempDir()
	if err := storetest.Write(whole, spec); err != nil {
		t.Fatal(err)
	}
	w := got[*eventlog.Writer](t)(eventlog.Options{SegmentBytes: 64 << 10}.OpenWriter(dir))
	r := eventlog.NewReader(whole, eventlog.Position{})
	for {
		p, _, err := r.Next()
		if err != nil {
			break
		}
		if _, err := w.Append(p); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := store.DBPath(dir)
	half := filepath.Join(t.TempDir(), "half.db")
	foldOpen(t, dir).Close()
	before := contentHash(t, path)
	saved := got[store.Saved](t)(store.GC(ctx, dir, path))
	if saved.Log.Segments < 1 || saved.Log.After >= saved.Log.Before {
		t.Fatalf("%+v", saved)
	}
	s := got[eventlog.Survey](t)(eventlog.Check(dir))
	if s.Problem != "" || s.Compressed != saved.Log.Segments || s.Segments != s.Compressed+1 || s.Torn != 0 || s.Records == 0 {
		t.Errorf("%+v", s)
	}
	if err := store.Rebuild(ctx, dir, path); err != nil {
		t.Fatal(err)
	}
	if contentHash(t, path) != before {
		t.Error("a rebuild from the compressed log differs")
	}
	if _, err := store.Fold(ctx, dir, half); err != nil {
		t.Fatal(err)
	}
	if n := got[int](t)(store.Fold(ctx, dir, path)); n != 0 {
		t.Errorf("%d records more", n)
	}
	c := got[*store.Catalogue](t)(store.OpenCatalogue(filepath.Join(t.TempDir(), "c.db")))
	defer c.Close()
	if err := c.Refresh(ctx, filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	if list := got[[]store.RunSummary](t)(c.List(ctx)); len(list) != 1 || list[0].Step != 30 || list[0].Problem != "" {
		t.Errorf("%+v", list)
	}
	// Damage in a compressed segment is named.
	z := filepath.Join(dir, "events-00001.log.zst")
	b := got[[]byte](t)(os.ReadFile(z))
	b[len(b)/3] ^= 0x55
	if err := os.WriteFile(z, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if s := got[eventlog.Survey](t)(eventlog.Check(dir)); s.Problem == "" {
		t.Errorf("damage is not seen: %+v", s)
	}
}
