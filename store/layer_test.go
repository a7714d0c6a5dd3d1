package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"gradus/store"
	"gradus/store/eventlog"
	"gradus/store/storetest"
)

func layerRecords(t *testing.T, id string) []store.Record {
	t.Helper()
	yes, no := true, false
	part := func(score float64, why string) []store.RewardPart {
		return []store.RewardPart{{Name: "accuracy", Version: "2.0.0", Status: "ok", Score: score, Weight: 0.5, Value: score / 2, Reason: "accuracy.equal", Why: why,
			Spans: []store.Span{{From: 1, To: 4, Label: "claim"}}, Facts: json.RawMessage(`{"gold":"1"}`), Micros: 7}}
	}
	return []store.Record{
		record(t, store.KindLayer, 0, 11, store.Layer{ID: id, MadeBy: "ada", Version: "v9", Label: "fixed",
			Rewards: []store.LayerReward{{Name: "accuracy", Reward: "gradus.accuracy", Version: "2.0.0", Weight: 0.5, Params: json.RawMessage(`{}`)}}, Settings: json.RawMessage(`{"scale_rewards":"group"}`)}),
		record(t, store.KindLayerScores, 0, 12, store.LayerScores{Layer: id, Rows: []store.LayerScore{
			{Sample: 1, Reward: 0.5, Advantage: 1.25, Correct: &yes, Claim: "42", Changed: true, Rewards: part(1, "it is equal")},
			{Sample: 2, Reward: 0, Advantage: -1.25, Correct: &no, Rewards: part(0, "it is \x00 not")}}}),
		record(t, store.KindLayerScores, 0, 13, store.LayerScores{Layer: id, Rows: []store.LayerScore{{Sample: 3, Unscorable: true}}}),
		record(t, store.KindLayerEnd, 0, 14, store.LayerEnd{Layer: id, Traces: 3, Changed: 1, Summary: json.RawMessage(`{"raised":1}`)}),
	}
}

// A layer is there once it is whole, counts once however often it is
// recorded, and is there again, equal, after a rebuild; what the run recorded
// stays as it was.
func TestLayers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	before := got[store.SampleDetail](t)(db.Sample(ctx, 1))
	recs := layerRecords(t, "01LAYER")
	for _, r := range append(recs[:3:3], layerRecords(t, "01HALF")[:2]...) {
		if err := store.Append(ctx, dir, r); err != nil {
			t.Fatal(err)
		}
	}
	foldOpen(t, dir)
	if l := got[[]store.LayerRow](t)(db.Layers(ctx)); len(l) != 0 {
		t.Fatalf("a layer that is being written shows: %+v", l)
	}
	if m := got[map[int64]store.LayerScore](t)(db.LayerOf(ctx, 1, []int64{1})); len(m) != 0 {
		t.Fatalf("its scores show: %+v", m)
	}
	if err := store.Append(ctx, dir, append(recs[3:], recs...)...); err != nil { // and all of it once more
		t.Fatal(err)
	}
	foldOpen(t, dir)
	list := got[[]store.LayerRow](t)(db.Layers(ctx))
	if len(list) != 1 || list[0].N != 1 || list[0].ID != "01LAYER" || list[0].Traces != 3 || list[0].Changed != 1 || list[0].Rewards[0].Version != "2.0.0" || string(list[0].Summary) != `{"raised":1}` {
		t.Fatalf("%+v", list)
	}
	scores := got[map[int64]store.LayerScore](t)(db.LayerOf(ctx, 1, []int64{1, 2, 3, 4}))
	if s := scores[1]; len(scores) != 3 || s.Reward != 0.5 || s.Advantage != 1.25 || s.Correct == nil || !*s.Correct || s.Claim != "42" || !s.Changed || !scores[3].Unscorable ||
		len(s.Rewards) != 1 || s.Rewards[0].Why != "it is equal" || len(s.Rewards[0].Spans) != 1 || s.Rewards[0].Spans[0].Label != "claim" || s.Rewards[0].Value != 0.5 {
		t.Errorf("%+v", scores)
	}
	p := plain(t, store.DBPath(dir))
	for query, want := range map[string]float64{
		"SELECT count(*) FROM layer_scores": 3, "SELECT reward FROM layer_scores WHERE sample = 1": 0.5,
		"SELECT count(*) FROM layer_scores WHERE changed AND label = 'fixed'":                                          1,
		"SELECT score FROM layer_parts WHERE sample = 1 AND name = 'accuracy'":                                         1,
		"SELECT s.reward = l.reward_before FROM layer_scores l JOIN traces s ON s.id = l.sample WHERE l.sample = 2":    1,
		"SELECT count(*) FROM layer_parts WHERE version = '2.0.0' AND spans = '1,4' AND json_extract(facts, '$.gold')": 2,
	} {
		if n := scanOne[float64](t, p, query); n != want {
			t.Errorf("%s is %v, want %v", query, n, want)
		}
	}
	want := contentHash(t, store.DBPath(dir))
	p.Close()
	if err := store.Rebuild(ctx, dir, store.DBPath(dir)); err != nil {
		t.Fatal(err)
	}
	if contentHash(t, store.DBPath(dir)) != want {
		t.Error("a rebuilt database differs")
	}
	if after := got[store.SampleDetail](t)(foldOpen(t, dir).Sample(ctx, 1)); asJSON(t, after) != asJSON(t, before) {
		t.Errorf("the run's own record changed:\n%s\n%s", asJSON(t, before), asJSON(t, after))
	}
}

// Two who add at once wait for each other; one who gives up says so.
func TestAppendWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := store.OpenLog(store.NotesDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	note := record(t, store.KindNote, 0, 1, store.Note{ID: "01N", TargetKind: "run", Kind: "note", Text: "x"})
	if err := store.Append(ctx, dir, note); !errors.Is(err, eventlog.ErrLocked) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	l.Close()
	if err := store.Append(context.Background(), dir, note); err != nil {
		t.Error(err)
	}
}

// A database of version 2 gets the tables of layers, and the layers that a
// gradus of version 2 passed over in the log.
func TestMigrateVersion2(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, dir := storetest.Open(t, storetest.Spec{Seed: 1, Steps: 5})
	appendRecords(t, store.NotesDir(dir), append(layerRecords(t, "01L"), record(t, store.KindNote, 0, 7, store.Note{ID: "01N1", Author: "ada", TargetKind: "sample", Target: "3", Kind: "tag", Text: "hack"}))...)
	foldOpen(t, dir)
	path := store.DBPath(dir)
	want := contentHash(t, path)
	toVersion3(t, path)
	p := plain(t, path)
	if _, err := p.Exec(`DROP VIEW layer_scores; DROP VIEW layer_parts; DROP TABLE layer_reward; DROP TABLE layer_trace; DROP TABLE layer; PRAGMA user_version=2`); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := store.OpenRead(path); err == nil {
		t.Fatal("a database of version 2 was opened without being migrated")
	}
	if _, err := store.Fold(ctx, dir, path); err != nil {
		t.Fatal(err)
	}
	if contentHash(t, path) != want {
		t.Error("the migrated database has not the content of a fresh one")
	}
	if n := scanOne[int](t, plain(t, path), "SELECT count(*) FROM layer_scores"); n != 3 {
		t.Errorf("%d scores of layers", n)
	}
	if db, err := store.Open(path, store.RoleUntrusted); err != nil {
		t.Errorf("its schema is not that of a fresh one: %v", err)
	} else {
		db.Close()
	}
	if v := scanOne[int](t, plain(t, path+".v2"), "PRAGMA user_version"); v != 2 {
		t.Errorf("the copy has version %d", v)
	}
}
