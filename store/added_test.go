package store_test

import (
	"context"
	"strings"
	"testing"

	"gradus/store"
	"gradus/store/storetest"
)

// What is added to a run after its end is in a log of its own, in the
// database, and there again after a rebuild; added twice it counts once.
func TestWhatIsAddedToARun(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	before := contentHash(t, store.DBPath(dir))
	price, step := 0.25, 4
	added := []store.Record{
		record(t, store.KindNote, 0, 7, store.Note{ID: "01N1", Author: "ada", TargetKind: "sample", Target: "3", Kind: "tag", Text: "hack", Span: &store.Quote{From: 2, To: 5, CRC: 4042322160}}),
		record(t, store.KindNote, 0, 8, store.Note{ID: "01N2", Author: "bob", TargetKind: "sample", Target: "3", Kind: "verdict", Text: "ok", Supersedes: "01N1"}),
		record(t, store.KindComparison, 0, 9, store.Comparison{ID: "01C1", MadeBy: "ada", A: "R@1", B: "R@2", PromptsHash: "aa", Pairs: []store.ComparisonPair{{PromptHash: "p", Index: 1, ASample: 4, Winner: "a", Delta: 0.5}}}),
		record(t, store.KindLineage, 0, 9, store.Lineage{ChildKind: "ckpt", Child: "R@2", ParentKind: "dataset", Parent: "gsm8k", How: "trained_on", Licence: "MIT"}),
		record(t, store.KindCost, 1, 9, store.Cost{ID: "1:device", Stage: "grpo", Step: &step, Kind: "device", FromUS: 1, ToUS: 2, Quantity: 3, Unit: "s", Price: &price, Currency: "EUR", Source: "host"}),
		record(t, "later", 0, 9, struct{ X int }{1}),
	}
	appendRecords(t, store.NotesDir(dir), added...)
	appendRecords(t, store.NotesDir(dir), added...)
	foldOpen(t, dir)
	want := contentHash(t, store.DBPath(dir))
	if want == before {
		t.Fatal("nothing was added")
	}
	p := plain(t, store.DBPath(dir))
	for query, want := range map[string]int{
		"SELECT count(*) FROM note": 2, "SELECT span_to FROM note WHERE text='hack' AND author='ada' AND quote_crc=4042322160": 5,
		"SELECT count(*) FROM note WHERE supersedes='01N1' AND ts_us=8": 1, "SELECT count(*) FROM comparison": 1,
		"SELECT a_sample FROM pair WHERE b_sample IS NULL AND winner='a' AND delta=0.5": 4,
		"SELECT count(*) FROM lineage WHERE licence='MIT' AND parent='gsm8k'":           1,
		"SELECT step FROM cost WHERE price=0.25 AND currency='EUR' AND attempt=1":       4,
		"SELECT seq FROM cursor WHERE src='notes'":                                      2*len(added) + 1,
		"SELECT count(*) FROM event WHERE kind IN ('note', 'cost', 'later')":            0,
	} {
		if n := scanOne[int](t, p, query); n != want {
			t.Errorf("%s is %d, want %d", query, n, want)
		}
	}
	p.Close()
	if err := store.Rebuild(ctx, dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if contentHash(t, store.DBPath(dir)) != want {
		t.Error("a rebuilt database differs")
	}
}

// What is added to a run that has ended breaks the checksums of the tables that
// it goes to and of no others, and they are made again; also when a process
// died in between.
func TestAddingKeepsTheSeal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	path := store.DBPath(dir)
	p := plain(t, path)
	if _, err := p.Exec("UPDATE seal SET crc = crc + 1 WHERE tbl = 'sample_text'"); err != nil { // so that it shows when it is made again
		t.Fatal(err)
	}
	appendRecords(t, store.NotesDir(dir),
		record(t, store.KindNote, 0, 7, store.Note{ID: "01N1", Author: "ada", TargetKind: "sample", Target: "3", Kind: "tag", Text: "hack"}),
		record(t, store.KindComparison, 0, 9, store.Comparison{ID: "01C1", MadeBy: "ada", A: "R@1", B: "R@2", Pairs: []store.ComparisonPair{{PromptHash: "p"}}}),
		record(t, store.KindLineage, 0, 9, store.Lineage{ChildKind: "ckpt", Child: "R@2", ParentKind: "dataset", Parent: "gsm8k", How: "trained_on"}),
		record(t, store.KindCost, 1, 9, store.Cost{ID: "1:device", Kind: "device", Unit: "s", Source: "host"}),
		record(t, store.KindLayer, 0, 9, store.Layer{ID: "01L1", MadeBy: "ada", Label: "again"}),
		record(t, store.KindLayerScores, 0, 9, store.LayerScores{Layer: "01L1", Rows: []store.LayerScore{{Sample: 1, Reward: 0.5}}}))
	foldOpen(t, dir)
	c := got[store.Check](t)(store.CheckDB(ctx, path))
	if !c.Sealed || len(c.Problems) != 1 || !strings.HasPrefix(c.Problems[0], "table sample_text: ") {
		t.Errorf("sealed %v, problems %q; want the one that was made", c.Sealed, c.Problems)
	}
	if _, err := p.Exec("UPDATE seal SET crc = crc - 1 WHERE tbl = 'sample_text'; UPDATE seal SET n = -1, crc = 0 WHERE tbl IN ('note', 'cursor')"); err != nil {
		t.Fatal(err)
	}
	if c := got[store.Check](t)(store.CheckDB(ctx, path)); c.Sealed || len(c.Problems) != 0 {
		t.Errorf("not sealed again yet: sealed %v, problems %q", c.Sealed, c.Problems)
	}
	foldOpen(t, dir)
	if c := got[store.Check](t)(store.CheckDB(ctx, path)); !c.Sealed || len(c.Problems) != 0 {
		t.Errorf("sealed again: sealed %v, problems %q", c.Sealed, c.Problems)
	}
	if _, err := db.Header(ctx); err != nil {
		t.Error(err)
	}
}

// A run records costs and lineage itself, in its own log.
func TestCostInTheRunsLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	appendRecords(t, dir,
		record(t, store.KindCost, 1, 9, store.Cost{ID: "a", Stage: "sft", Kind: "tokens", Quantity: 12, Unit: "tok", Source: "recipe"}),
		record(t, store.KindLineage, 1, 9, store.Lineage{ChildKind: "ckpt", Child: "R@2", ParentKind: "ckpt", Parent: "Q@9", How: "started_from"}))
	foldOpen(t, dir)
	p := plain(t, store.DBPath(dir))
	if n := scanOne[int](t, p, "SELECT (SELECT count(*) FROM cost) + 10 * (SELECT count(*) FROM lineage) + 100 * (SELECT count(*) FROM event)"); n != 11 {
		t.Errorf("%d", n)
	}
}
