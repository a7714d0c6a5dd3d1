package source_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gradus/runner/client"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source"
	"gradus/tui/source/sourcetest"
)

const trained = "01JHM000000000000000000005"

func record(t *testing.T, kind store.Kind, body any) store.Record {
	t.Helper()
	r, err := store.NewRecord(kind, 1, 1_800_000_000_000_000, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// evaluation is a run that evaluated a checkpoint of another.
func evaluation(t *testing.T, w *sourcetest.World, id, of string, accuracy float64) string {
	return w.AddRecords(id, client.Gone,
		record(t, store.KindRun, store.RunHeader{ID: id, Name: "eval", Purpose: "eval", Parent: of}),
		record(t, store.KindEval, store.Eval{Ckpt: of, Suite: "s", N: 8, K: 1, Accuracy: accuracy}),
		record(t, store.KindState, store.StateChange{State: store.StateDone, Stage: "eval"}))
}

func TestCheckpointsHaveEvaluationsOfTheirOwnAndOfOtherRuns(t *testing.T) {
	w := sourcetest.New(t)
	w.Add(storetest.Spec{Seed: 5}, -1, client.Gone)
	older := evaluation(t, w, "01JHN000000000000000000001", trained+"@20", 0.25)
	evaluation(t, w, "01JHN000000000000000000002", trained+"@20", 0.5)
	evaluation(t, w, "01JHN000000000000000000003", "01JHM000000000000000000099@20", 0.75) // of a run that is not asked for
	src := w.Source()
	for _, ids := range [][]string{{trained}, {older}, {trained, older}} { // an evaluation stands for what it evaluated
		list, err := src.Checkpoints(context.Background(), ids)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int][]float64{}
		for _, c := range list {
			if c.RunID != trained {
				t.Errorf("checkpoint %s", c.Ref())
			}
			got[c.Step] = nil
			for _, e := range c.Evals {
				got[c.Step] = append(got[c.Step], e.Accuracy)
			}
		}
		if len(list) != 5 || len(got) != 5 || len(got[0]) != 1 || len(got[40]) != 1 || len(got[10]) != 0 {
			t.Errorf("%v: %v", ids, got)
		}
		if e := got[20]; len(e) != 2 || e[0] != 0.25 || e[1] != 0.5 {
			t.Errorf("%v: step 20 has %v", ids, e)
		}
	}
}

func TestCheckpointsThatAreGoneAreNotOffered(t *testing.T) {
	w := sourcetest.New(t)
	w.Add(storetest.Spec{Seed: 5}, -1, client.Gone)
	w.Removed = map[string]bool{"ckpt/step-000010": true, "ckpt/step-000040": true}
	list, err := w.Source().Checkpoints(context.Background(), []string{trained})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, c := range list {
		got = append(got, c.Step)
	}
	if !slices.Equal(got, []int{0, 20, 30, 40}) || list[3].Kept || !list[1].Kept { // 0 and 40 were evaluated
		t.Errorf("steps %v", got)
	}
}

func TestChangesComeOnce(t *testing.T) {
	w := sourcetest.New(t)
	id := w.Add(storetest.Spec{Seed: 5, Steps: 20}, 8, client.Alive)
	src, ctx := w.Source(), context.Background()
	first, err := src.Changes(ctx, id, source.Cursor{})
	if err != nil || first.Same || !first.Series.Reset || len(first.Events) == 0 || first.NewTraces != 16+5*8 {
		t.Fatalf("first: %v, %+v", err, first.Cursor)
	}
	again, err := src.Changes(ctx, id, first.Cursor)
	if err != nil || !again.Same || again.Info.Header.Name != first.Info.Header.Name {
		t.Fatalf("without news: %v, %+v", err, again)
	}
	w.Grow(id, 1)
	next, err := src.Changes(ctx, id, first.Cursor)
	if err != nil || next.Same || next.Series.Reset || len(next.Series.Points["reward"]) != 1 || next.NewTraces != 8 || len(next.Events) != 0 {
		t.Fatalf("after a step: %v, %+v", err, next)
	}
	w.Kill(id)
	dead, err := src.Changes(ctx, id, next.Cursor)
	if err != nil || dead.Info.State.State != store.StateCrashed || dead.Info.Live != client.Gone {
		t.Fatalf("without a process: %v, %+v", err, dead.Info.State)
	}
}

func TestRunWithoutARecord(t *testing.T) {
	w := sourcetest.New(t)
	id := w.Add(storetest.Spec{Seed: 5}, 0, client.Alive)
	rows, err := w.Source().Traces(context.Background(), id, store.SampleQuery{})
	if err != nil || len(rows) != 0 {
		t.Errorf("%v %v", rows, err)
	}
	if list, err := w.Source().Checkpoints(context.Background(), []string{id}); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestResumeOfAProcessThatIsGoneStartsAnAttempt(t *testing.T) {
	w := sourcetest.New(t)
	alive := w.Add(storetest.Spec{Seed: 1, Final: store.StateRunning}, -1, client.Alive)
	gone := w.Add(storetest.Spec{Seed: 2, Final: store.StateStopped}, -1, client.Gone)
	src, ctx := w.Source(), context.Background()
	for _, id := range []string{alive, gone} {
		if _, err := src.Control(ctx, id, state.VerbResume, "why"); err != nil {
			t.Fatal(err)
		}
	}
	if want := "resume " + alive + " why|new attempt " + gone; strings.Join(w.Asked, "|") != want {
		t.Errorf("asked %q", w.Asked)
	}
}

func TestTail(t *testing.T) {
	if source.Tail("short") != "short" {
		t.Error("a short text is changed")
	}
	for n := range 4 {
		got := source.Tail(strings.Repeat("x", n) + strings.Repeat("日", 500))
		if !utf8.ValidString(got) || len(got) > source.TailBytes+3 || !strings.HasSuffix(got, "日日") {
			t.Errorf("%d: %q", n, got)
		}
	}
}
