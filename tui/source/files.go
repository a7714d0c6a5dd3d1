package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/state"
	"gradus/store"
)

// Files is a Backend and a Comparer over run databases that somebody handed
// over. Nothing of them can be changed.
type Files struct {
	runs []client.Run         // newest first
	held map[string]*store.DB // by run; see Close

	notebook *Notebook
}

// Notebook is where notes on the files are kept, since the files themselves are
// never written to.
type Notebook struct {
	Author string
	Path   func(runID string) string // of the notes on a run; see store.ReadNotesFile
	Add    func(ctx context.Context, runID string, notes ...store.Note) ([]store.NoteRow, error)
}

// Keep makes the files show the notes in n and take new ones. It must come
// before any file is shown.
func (f *Files) Keep(n Notebook) { f.notebook = &n }

// NewFiles reads what files that are open say of their runs, and takes them
// over: Close closes them, and so does an error. Two files of one run are an
// error: it would not be clear which one is meant.
func NewFiles(ctx context.Context, dbs ...*store.DB) (*Files, error) {
	f := &Files{held: map[string]*store.DB{}}
	for i, db := range dbs {
		run, err := summary(ctx, db)
		if other := f.held[run.ID]; err == nil && other != nil {
			err = fmt.Errorf("%s and %s hold the same run, %s; open one of them", other.Path(), db.Path(), run.ID)
		}
		if err != nil {
			for _, db := range dbs[i:] {
				err = errors.Join(err, db.Close())
			}
			return nil, errors.Join(err, f.Close())
		}
		f.held[run.ID] = db
		f.runs = append(f.runs, run)
	}
	return f, nil
}

// Close closes the files.
func (f *Files) Close() error {
	var err error
	for _, db := range f.held {
		err = errors.Join(err, db.Close())
	}
	return err
}

// summary is the entry of a file in the list of runs. Its process is not of
// this machine, so its state is the recorded one.
func summary(ctx context.Context, db *store.DB) (client.Run, error) {
	h, err := db.Header(ctx)
	if err != nil {
		return client.Run{}, err
	}
	s, err := db.State(ctx)
	if err != nil {
		return client.Run{}, err
	}
	m, err := db.LatestMetrics(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return client.Run{}, err
	}
	run := client.Run{Live: client.Unknown, Host: filepath.Base(db.Path()), RunSummary: store.RunSummary{
		ID: h.ID, Name: h.Name, Purpose: h.Purpose, Task: h.Task, State: s.State, Reason: s.Reason, Stage: s.Stage, Step: max(s.Step, m.Step), Steps: h.Steps,
		Attempt: s.Attempt, LastRecordUS: s.LastRecordUS, CreatedUS: h.CreatedUS, Parent: h.Parent, Params: h.Params, Device: h.Device, Dir: db.Path(),
	}}
	for name, to := range map[string]**float64{"reward": &run.Reward, "kl": &run.KL} {
		if v, ok := m.Values[name]; ok {
			*to = &v
		}
	}
	return run, nil
}

// Runs lists the runs of the files.
func (f *Files) Runs(context.Context) ([]client.Run, error) { return f.runs, nil }

// Run is the run with this id.
func (f *Files) Run(_ context.Context, runID string) (client.Run, error) {
	for _, r := range f.runs {
		if r.ID == runID {
			return r, nil
		}
	}
	return client.Run{}, f.none(runID)
}

func (f *Files) none(runID string) error {
	return fmt.Errorf("run %s: %w: it is in none of the files that are open", runID, store.ErrNotFound)
}

// OpenDB opens the file of a run.
func (f *Files) OpenDB(ctx context.Context, runID string) (*store.DB, error) {
	held := f.held[runID]
	if held == nil {
		return nil, f.none(runID)
	}
	db, err := held.Again()
	if err != nil || f.notebook == nil {
		return db, err
	}
	if err := f.Reread(ctx, runID, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Reread reads the notes on a run anew.
func (f *Files) Reread(ctx context.Context, runID string, db *store.DB) error {
	return db.AnnotateFrom(ctx, f.notebook.Path(runID))
}

// EnsureIngest has nothing to do.
func (f *Files) EnsureIngest(context.Context, string) error { return nil }

// Alive is false: the process of a run is elsewhere.
func (f *Files) Alive(string) (bool, error) { return false, nil }

// Kept is false: files hold no weights.
func (f *Files) Kept(string, string) bool { return false }

// errFile says why a run in a file cannot be steered.
var errFile = errors.New("this run is a file that was handed over; only the machine that owns it can steer it")

// Send refuses.
func (f *Files) Send(context.Context, string, state.Verb, string) (store.Control, error) {
	return store.Control{}, errFile
}

// Resume refuses.
func (f *Files) Resume(context.Context, string, client.StartOptions) error { return errFile }

// AddNotes adds notes to the notebook.
func (f *Files) AddNotes(ctx context.Context, runID string, notes ...store.Note) ([]store.NoteRow, error) {
	if f.notebook == nil {
		return nil, errors.New("this run is a file that was handed over; nothing can be written into it")
	}
	return f.notebook.Add(ctx, runID, notes...)
}

// Author is the notebook's, or nobody.
func (f *Files) Author() string {
	if f.notebook == nil {
		return ""
	}
	return f.notebook.Author
}

// Compare pairs the newest evaluations in the files that asked both the same.
func (f *Files) Compare(ctx context.Context, a, b Checkpoint) (compare.Result, error) {
	as, err := f.evaluations(ctx, a)
	if err != nil {
		return compare.Result{}, err
	}
	bs, err := f.evaluations(ctx, b)
	if err != nil {
		return compare.Result{}, err
	}
	var x, y compare.Found
	for _, p := range as {
		for _, q := range bs {
			if p.Eval.SuiteHash == q.Eval.SuiteHash {
				x, y = p, q
			}
		}
	}
	if x.RunID == "" {
		return compare.Result{}, &Missing{Of: []Checkpoint{a, b}, Why: fmt.Sprintf("The files hold no evaluations of %s and %s that asked both the same.", a.Title(), b.Title())}
	}
	var sides [2]compare.Side
	for i, found := range []compare.Found{x, y} {
		db, err := f.OpenDB(ctx, found.RunID)
		if err != nil {
			return compare.Result{}, err
		}
		sides[i], err = compare.Load(ctx, db, found.Eval.ID)
		if err = errors.Join(err, db.Close()); err != nil {
			return compare.Result{}, err
		}
	}
	return compare.Sides(sides[0], sides[1], compare.Options{})
}

// evaluations of a checkpoint in any of the files, newest last.
func (f *Files) evaluations(ctx context.Context, c Checkpoint) ([]compare.Found, error) {
	var out []compare.Found
	for i := len(f.runs) - 1; i >= 0; i-- {
		db, err := f.OpenDB(ctx, f.runs[i].ID)
		if err != nil {
			return nil, err
		}
		evals, err := db.Evals(ctx)
		if err = errors.Join(err, db.Close()); err != nil {
			return nil, err
		}
		for _, e := range evals {
			if e.Ckpt == c.Ref() {
				out = append(out, compare.Found{RunID: f.runs[i].ID, Eval: e})
			}
		}
	}
	return out, nil
}

// Generate refuses: there are no weights to sample from.
func (f *Files) Generate(context.Context, Checkpoint, Checkpoint, func(Progress)) error {
	return errors.New("these runs are files that were handed over; without their weights nothing can be generated")
}
