package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gradus/store"
	"gradus/store/storetest"
)

func openCatalogue(t *testing.T, path string) *store.Catalogue {
	t.Helper()
	c, err := store.OpenCatalogue(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func list(t *testing.T, c *store.Catalogue, root string) []store.RunSummary {
	t.Helper()
	if err := c.Refresh(context.Background(), root); err != nil {
		t.Fatal(err)
	}
	runs, err := c.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func TestCatalogueFollowsTheRuns(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	c := openCatalogue(t, filepath.Join(t.TempDir(), "catalogue.db"))
	if runs := list(t, c, root); len(runs) != 0 {
		t.Fatalf("a root that is not there has %d runs", len(runs))
	}
	for i := range 3 {
		spec := storetest.Spec{Seed: uint64(i), Steps: 6, Final: store.StateRunning, Created: time.Unix(int64(1000+i), 0)}
		if err := storetest.Write(filepath.Join(root, fmt.Sprint("run", i)), spec); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "no-run"), 0o700); err != nil {
		t.Fatal(err)
	}
	runs := list(t, c, root)
	if len(runs) != 3 {
		t.Fatalf("%d runs, want 3", len(runs))
	}
	r := runs[0]
	if r.Name != "countdown-2" || r.State != store.StateRunning || r.Step != 6 || r.Steps != 6 || r.Stage != "grpo" ||
		r.Reward == nil || r.KL == nil || r.Params != 1<<20 || r.CreatedUS != 1002e6 || r.LastRecordUS <= r.CreatedUS || r.Problem != "" {
		t.Fatalf("newest run: %+v", r)
	}
	log, err := store.OpenLog(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := store.NewRecord(store.KindState, 1, 5e9, store.StateChange{State: store.StateFailed, Step: 6, Reason: "disk full"})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Append(rec); err != nil {
		t.Fatal(err)
	}
	log.Close()
	if err := os.RemoveAll(filepath.Join(root, "run0")); err != nil {
		t.Fatal(err)
	}
	runs = list(t, c, root)
	if len(runs) != 2 || runs[0].State != store.StateFailed || runs[0].Reason != "disk full" || runs[0].LastRecordUS != 5e9 {
		t.Fatalf("after an append and a removal: %+v", runs)
	}
}

func TestCatalogueNamesDamagedRuns(t *testing.T) {
	root := t.TempDir()
	for i := range 2 {
		if err := storetest.Write(filepath.Join(root, fmt.Sprint("run", i)), storetest.Spec{Seed: uint64(i), Steps: 5}); err != nil {
			t.Fatal(err)
		}
	}
	flip(t, filepath.Join(root, "run0", "events-00001.log"), 3000)
	c := openCatalogue(t, filepath.Join(t.TempDir(), "catalogue.db"))
	good, bad := 0, 0
	for _, r := range list(t, c, root) {
		if r.Problem == "" {
			good++
		} else {
			bad++
		}
	}
	if good != 1 || bad != 1 {
		t.Fatalf("%d readable and %d damaged runs, want 1 and 1", good, bad)
	}
}

func TestCatalogueIsOnlyACache(t *testing.T) {
	root := t.TempDir()
	if err := storetest.Write(filepath.Join(root, "run"), storetest.Spec{Steps: 5}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "catalogue.db")
	for name, content := range map[string]string{"missing": "", "no database": "not a database at all, but longer than a header of one hundred bytes........................"} {
		if content == "" {
			os.Remove(path)
		} else if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := store.OpenCatalogue(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := len(list(t, c, root)); n != 1 {
			t.Fatalf("%s: %d runs, want 1", name, n)
		}
		c.Close()
	}
}

// A directory that was replaced by another run is read from its beginning.
func TestCatalogueReplacedRun(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	c := openCatalogue(t, filepath.Join(t.TempDir(), "catalogue.db"))
	for i, steps := range []int{9, 5, 12} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := storetest.Write(dir, storetest.Spec{Seed: uint64(i), Steps: steps}); err != nil {
			t.Fatal(err)
		}
		runs := list(t, c, root)
		if len(runs) != 1 || runs[0].Steps != steps || runs[0].Name != fmt.Sprint("countdown-", i) {
			t.Fatalf("round %d: %+v", i, runs)
		}
	}
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}
