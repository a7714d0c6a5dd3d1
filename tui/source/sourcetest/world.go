// Package sourcetest makes a source.Source over synthetic runs, for tests of
// screens: real logs, folded into real databases, without a process.
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"sync"
	"testing"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source"
)

// World is a set of runs. It is a source.Backend and a source.Comparer.
type World struct {
	t    testing.TB
	made *Made
	root string

	mu   sync.Mutex
	runs map[string]*run
	cat  *store.Catalogue

	notes int // that were added

	// Asked lists the requests that were made, as "verb run reason".
	Asked []string
	// Refuse makes every request fail with it.
	Refuse error
	// Removed names checkpoint folders that are no longer on disk.
	Removed map[string]bool
	// Lacks makes Compare miss the samples of these references until Generate.
	Lacks map[string]bool
	// Working is called by Generate between its reports, for a test that wants
	// to see progress.
	Working func(ctx context.Context) error
}

type run struct {
	spec    storetest.Spec
	dir     string
	records [][]store.Record
	written int
	live    client.Liveness
	host    string
}

// New makes an empty world.
func New(t testing.TB) *World { return From(t, &Made{}) }

// From is New with the runs that other worlds have added before.
func From(t testing.TB, m *Made) *World {
	return &World{t: t, made: m, root: t.TempDir(), runs: map[string]*run{}, Lacks: map[string]bool{}}
}

// Source is the world as a screen sees it.
func (w *World) Source() *source.Local {
	l := source.NewLocal(w, w, func(_ context.Context, _ string, ids []int32) ([]string, error) {
		out := make([]string, len(ids)) // the synthetic runs have a byte-level vocabulary
		for i, id := range ids {
			out[i] = string([]byte{byte(id)})
		}
		return out, nil
	})
	w.t.Cleanup(func() { l.Close() })
	return l
}

// Add writes the first n of a run's record groups (all of them if n is
// negative) and returns the run's id. live says whether it has a process.
func (w *World) Add(spec storetest.Spec, n int, live client.Liveness) string {
	w.t.Helper()
	r := &run{spec: spec, records: storetest.Records(spec), live: live, host: "lab-7"}
	id := spec.ID
	if id == "" {
		id = fmt.Sprintf("01JHM%021d", spec.Seed)
	}
	r.dir = filepath.Join(w.root, id)
	w.mu.Lock()
	w.runs[id] = r
	w.mu.Unlock()
	if n < 0 {
		n = len(r.records)
	}
	kept, err := w.made.write(r.dir, spec, n)
	if err != nil {
		w.t.Fatal(err)
	}
	if kept {
		r.written = n
		return id
	}
	w.Grow(id, n)
	if err := w.made.keep(r.dir, spec, n); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// AddRecords writes a run of the test's own records and returns its id.
func (w *World) AddRecords(id string, live client.Liveness, recs ...store.Record) string {
	w.t.Helper()
	w.mu.Lock()
	w.runs[id] = &run{dir: filepath.Join(w.root, id), records: [][]store.Record{recs}, live: live, host: "lab-7"}
	w.mu.Unlock()
	w.Grow(id, 1)
	return id
}

// Grow writes the next n record groups of a run and folds them. It returns how
// many are left.
func (w *World) Grow(id string, n int) int {
	w.t.Helper()
	r := w.get(id)
	log, err := store.OpenLog(r.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for ; n > 0 && r.written < len(r.records); n-- {
		if err := log.Append(r.records[r.written]...); err != nil {
			w.t.Fatal(err)
		}
		r.written++
	}
	if err := log.Close(); err != nil {
		w.t.Fatal(err)
	}
	if r.written > 0 {
		if _, err := store.Fold(context.Background(), r.dir, store.DBPath(r.dir)); err != nil {
			w.t.Fatal(err)
		}
	}
	return len(r.records) - r.written
}

// Append writes records of the test's own into a run and folds them.
func (w *World) Append(id string, recs ...store.Record) {
	w.t.Helper()
	r := w.get(id)
	r.records = append(r.records[:r.written:r.written], recs)
	w.Grow(id, 1)
}

// Kill takes the process of a run away without a word.
func (w *World) Kill(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[id].live = client.Gone
}

func (w *World) get(id string) *run {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.runs[id]
	if r == nil {
		w.t.Fatalf("no run %s", id)
	}
	return r
}

// Runs lists all runs.
func (w *World) Runs(ctx context.Context) ([]client.Run, error) {
	cat, err := w.catalogue()
	if err != nil {
		return nil, err
	}
	if err := cat.Refresh(ctx, w.root); err != nil {
		return nil, err
	}
	list, err := cat.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []client.Run
	for _, s := range list {
		r := w.get(s.ID)
		s.Dir = "/runs/" + s.ID // the same for every run of the test
		if r.live == client.Gone {
			if next, err := state.Next(s.State, state.Lost); err == nil {
				s.State = next
			}
		}
		out = append(out, client.Run{RunSummary: s, Live: r.live, Host: r.host})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID > out[j].ID })
	return out, nil
}

func (w *World) catalogue() (*store.Catalogue, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cat == nil {
		cat, err := store.OpenCatalogue(filepath.Join(w.t.TempDir(), "catalogue.db"))
		if err != nil {
			return nil, err
		}
		w.cat = cat
		w.t.Cleanup(func() { cat.Close() })
	}
	return w.cat, nil
}

// Run is one of them.
func (w *World) Run(ctx context.Context, id string) (client.Run, error) {
	runs, err := w.Runs(ctx)
	for _, r := range runs {
		if r.ID == id {
			return r, nil
		}
	}
	return client.Run{}, errors.Join(err, fmt.Errorf("no run %s", id))
}

// OpenDB opens the database of a run.
func (w *World) OpenDB(_ context.Context, id string) (*store.DB, error) {
	r := w.get(id)
	if r.written == 0 {
		return nil, client.ErrNoRecord
	}
	return store.OpenRead(store.DBPath(r.dir))
}

// EnsureIngest does nothing: Grow folds.
func (w *World) EnsureIngest(context.Context, string) error { return nil }

// Alive tells what Add and Kill said.
func (w *World) Alive(id string) (bool, error) { return w.get(id).live == client.Alive, nil }

// Kept tells what Removed says.
func (w *World) Kept(_, path string) bool { return !w.Removed[path] }

// Send notes the request.
func (w *World) Send(_ context.Context, id string, verb state.Verb, reason string) (store.Control, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Asked = append(w.Asked, fmt.Sprintf("%s %s %s", verb, id, reason))
	return store.Control{Verb: string(verb), Outcome: "applied", AppliedStep: 12, Reason: reason}, w.Refuse
}

// Resume notes the request.
func (w *World) Resume(_ context.Context, id string, _ client.StartOptions) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Asked = append(w.Asked, "new attempt "+id)
	return w.Refuse
}

// AddNotes adds notes in January 2026, a minute apart.
func (w *World) AddNotes(ctx context.Context, id string, notes ...store.Note) ([]store.NoteRow, error) {
	if w.Refuse != nil {
		return nil, w.Refuse
	}
	r := w.get(id)
	var out []store.NoteRow
	for _, n := range notes {
		w.mu.Lock()
		w.notes++
		at := int64(1_768_500_000_000_000 + w.notes*60_000_000)
		w.mu.Unlock()
		if n.Author == "" {
			n.Author = w.Author()
		}
		n, err := store.NewNote(id, at, n)
		if err != nil {
			return nil, err
		}
		rec, err := store.NewRecord(store.KindNote, 0, at, n)
		if err != nil {
			return nil, err
		}
		if err := store.Append(ctx, r.dir, rec); err != nil {
			return nil, err
		}
		out = append(out, store.NoteRow{Note: n, TimeUS: at, Live: true})
	}
	_, err := store.Fold(ctx, r.dir, store.DBPath(r.dir))
	return out, err
}

// Author is the reader of the tests.
func (w *World) Author() string { return "ada" }

// Compare pairs the evaluations of two checkpoints.
func (w *World) Compare(ctx context.Context, a, b source.Checkpoint) (compare.Result, error) {
	m := &source.Missing{}
	var sides [2]compare.Side
	for i, k := range []source.Checkpoint{a, b} {
		if w.Lacks[k.Ref()] {
			m.Of, m.Why = append(m.Of, k), k.Title()+" has no held-out samples yet."
			continue
		}
		var err error
		if sides[i], err = w.side(ctx, k); err != nil {
			return compare.Result{}, err
		}
	}
	if len(m.Of) > 0 {
		return compare.Result{}, m
	}
	return compare.Sides(sides[0], sides[1], compare.Options{})
}

func (w *World) side(ctx context.Context, k source.Checkpoint) (compare.Side, error) {
	db, err := w.OpenDB(ctx, k.RunID)
	if err != nil {
		return compare.Side{}, err
	}
	defer db.Close()
	evals, err := db.Evals(ctx)
	if err != nil {
		return compare.Side{}, err
	}
	s := compare.Side{RunID: k.RunID, Parts: map[int64][]store.PartScore{}}
	for _, e := range evals {
		if e.Step == k.Step {
			s.Eval = e
		}
	}
	if s.Eval.ID == 0 {
		return s, fmt.Errorf("%s was not evaluated", k.Ref())
	}
	if s.Items, err = db.EvalItems(ctx, s.Eval.ID); err != nil {
		return s, err
	}
	rows, err := db.Samples(ctx, store.SampleQuery{Phase: "eval", Ckpt: s.Eval.Ckpt, Limit: store.MaxPage})
	for _, r := range rows {
		s.Parts[r.ID] = r.Parts
	}
	return s, err
}

// Generate ends what Lacks says of a and b.
func (w *World) Generate(ctx context.Context, a, b source.Checkpoint, report func(source.Progress)) error {
	for done := 0; done <= 16; done += 8 {
		report(source.Progress{Done: done, Total: 16, What: "samples of " + b.Title()})
		if w.Working != nil {
			if err := w.Working(ctx); err != nil {
				return err
			}
		}
	}
	delete(w.Lacks, a.Ref())
	delete(w.Lacks, b.Ref())
	return w.Refuse
}
