package store_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"gradus/store"
	"gradus/store/storetest"
)

// Texts that are removed are gone from the file, the search index and the
// token data; everything that was measured stays, and the log brings them back.
func TestRemoveTexts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 9, Steps: 20, EvalPrompts: 4})
	path := store.DBPath(dir)
	ended := scanOne[int64](t, plain(t, path), "SELECT ended_us FROM attempt")
	after := time.UnixMicro(ended).Add(time.Hour)
	if old := got[store.TextSize](t)(db.OldTexts(ctx, store.OldTexts{Before: time.UnixMicro(ended)})); old.Rows != 0 {
		t.Errorf("%d texts of a run that has just ended", old.Rows)
	}
	noted := got[[]store.SampleRow](t)(db.Samples(ctx, store.SampleQuery{Phase: "train", Limit: 1}))[0].ID
	if err := store.Append(ctx, dir, record(t, store.KindNote, 1, 1, store.Note{ID: "n", Author: "a", TargetKind: "sample", Target: itoa(noted), Kind: "note", Text: "look"})); err != nil {
		t.Fatal(err)
	}
	foldOpen(t, dir).Close()
	old := got[store.TextSize](t)(db.OldTexts(ctx, store.OldTexts{Before: after, KeepLastSteps: 5, KeepEvery: 4, KeepBest: 1, KeepWorst: 1}))
	// Steps 1 to 15 without 4, 8 and 12, of 8 traces each the best and the worst
	// stay; a noted one and flagged ones stay too.
	if old.Rows == 0 || old.Rows > 12*6 || old.Bytes == 0 {
		t.Fatalf("%+v", old)
	}
	gone := map[int64]bool{}
	for _, id := range old.IDs {
		gone[id] = true
	}
	if gone[noted] {
		t.Error("a noted trace would lose its text")
	}
	sizes := got[store.Counts](t)(db.Counts(ctx))
	before := map[int64]store.SampleDetail{}
	for id := int64(1); id <= sizes.Samples; id++ {
		before[id] = got[store.SampleDetail](t)(db.Sample(ctx, id))
	}
	db.Close()
	if _, err := store.RemoveTexts(ctx, dir, path, old.IDs, store.Removal{TimeUS: 5, Actor: "ada", Rule: "r.toml"}); err != nil {
		t.Fatal(err)
	}
	db = got[*store.DB](t)(store.OpenRead(path))
	defer db.Close()
	for id, was := range before {
		d := got[store.SampleDetail](t)(db.Sample(ctx, id))
		if gone[id] != d.Removed || d.Removed && (d.Text != "" || len(d.TokenIDs) != 0) || !d.Removed && (d.Text != was.Text || len(d.TokenIDs) != len(was.TokenIDs)) {
			t.Errorf("trace %d: removed %v, %q", id, d.Removed, d.Text)
		}
		if d.Reward != was.Reward || len(d.Rewards) != len(was.Rewards) || d.Prompt.Text != was.Prompt.Text {
			t.Errorf("trace %d lost more than its text", id)
		}
	}
	q := store.SampleQuery{Text: "think"}
	hits := got[[]int64](t)(db.SampleIDs(ctx, q))
	for _, id := range hits {
		if gone[id] {
			t.Errorf("trace %d is still found", id)
		}
	}
	c := got[store.Check](t)(store.CheckDB(ctx, path))
	if len(c.Problems) > 0 || !c.Sealed {
		t.Errorf("%+v", c)
	}
	x := plain(t, path)
	if what := scanOne[string](t, x, "SELECT actor || ' ' || rule || ' ' || what || ' ' || rows FROM removal"); what != "ada r.toml texts of traces "+itoa(old.Rows) {
		t.Errorf("noted as %q", what)
	}
	if again := got[store.TextSize](t)(db.OldTexts(ctx, store.OldTexts{Before: after, KeepLastSteps: 5, KeepEvery: 4, KeepBest: 1, KeepWorst: 1})); again.Rows != 0 {
		t.Errorf("%d more the second time", again.Rows)
	}
	if err := store.Rebuild(ctx, dir, path); err != nil {
		t.Fatal(err)
	}
	back := got[*store.DB](t)(store.OpenRead(path))
	defer back.Close()
	if d := got[store.SampleDetail](t)(back.Sample(ctx, old.IDs[0])); d.Removed || d.Text != before[old.IDs[0]].Text {
		t.Error("a rebuild does not bring the texts back")
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
