package client

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"time"

	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/store"
	"gradus/store/eventlog"
)

// Liveness says whether a process works on a run.
type Liveness string

// What may be known of a process.
const (
	Alive   Liveness = "alive"   // the run's lock is held
	Gone    Liveness = "gone"    // the lock is free
	Unknown Liveness = "unknown" // the run belongs to another machine, or the lock cannot be tested
)

// Run is what a list of runs shows.
type Run struct {
	store.RunSummary          // State is crashed where the record says active and the process is gone
	Live             Liveness `json:"live"`           // tested where the record says active; Gone otherwise
	Host             string   `json:"host,omitempty"` // of the process; empty where Live was not tested
}

// launchGrace is how long a run without a record may be about to begin.
const launchGrace = 30 * time.Second

// Runs lists all runs, newest first. A run that cannot be read is in the list
// all the same, with Problem set.
func (c *Client) Runs(ctx context.Context) ([]Run, error) {
	cat, err := store.OpenCatalogue(c.home.CataloguePath())
	if err != nil {
		return nil, err
	}
	defer cat.Close()
	ids, err := c.home.Runs()
	if err != nil {
		return nil, err
	}
	list, err := c.read(ctx, cat)
	if err != nil {
		return nil, err
	}
	// Only of runs that should have a process is the lock tested. One that has
	// none has written all it ever will, so its record is read once more after
	// the test: it may have ended in between.
	live, gone := map[string]Run{}, false
	for _, id := range ids {
		if r, ok := list[id]; !ok || state.Active(r.State) {
			l, host := c.liveness(id)
			live[id] = Run{Live: l, Host: host}
			gone = gone || l == Gone
		}
	}
	if gone {
		if list, err = c.read(ctx, cat); err != nil {
			return nil, err
		}
	}
	runs := make([]Run, 0, len(ids))
	for _, id := range ids {
		r := Run{Live: Gone}
		if l, ok := live[id]; ok {
			r = l
		}
		if s, ok := list[id]; ok {
			r.RunSummary = s
		} else {
			r = c.unrecorded(id, r)
		}
		runs = append(runs, c.overlay(r))
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].ID > runs[j].ID })
	return runs, nil
}

// read brings the catalogue up to the logs and returns its entries by the id
// that names their folder.
func (c *Client) read(ctx context.Context, cat *store.Catalogue) (map[string]store.RunSummary, error) {
	if err := cat.Refresh(ctx, c.home.RunsRoot()); err != nil {
		return nil, err
	}
	list, err := cat.List(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]store.RunSummary, len(list))
	for _, r := range list {
		if filepath.Dir(r.Dir) != c.home.RunsRoot() {
			continue
		}
		id := filepath.Base(r.Dir)
		if r.ID != id && r.Problem == "" {
			r.Problem = fmt.Sprintf("the log in this folder belongs to run %q; the folder was copied or renamed", r.ID)
		}
		r.ID = id
		byID[id] = r
	}
	return byID, nil
}

// Run is the entry of one run, given its full id.
func (c *Client) Run(ctx context.Context, runID string) (Run, error) {
	if _, err := c.Dir(runID); err != nil {
		return Run{}, err
	}
	runs, err := c.Runs(ctx)
	if err != nil {
		return Run{}, err
	}
	for _, r := range runs {
		if r.ID == runID {
			return r, nil
		}
	}
	return Run{}, fmt.Errorf("%w: %s", rundir.ErrNoRun, runID)
}

// overlay turns a state that only a process can be in into crashed when there
// is no process.
func (c *Client) overlay(r Run) Run {
	if r.Live != Gone || !state.Active(r.State) {
		return r
	}
	if r.State == store.StateSubmitted && c.opt.Now().Sub(time.UnixMicro(r.CreatedUS)) < launchGrace {
		return r
	}
	next, err := state.Next(r.State, state.Lost)
	if err != nil {
		return r
	}
	if r.State == store.StateSubmitted {
		r.Reason = "its process never began; see stderr.log in the run folder"
	} else if r.Reason == "" {
		r.Reason = fmt.Sprintf("its process ended without a word while it was %s; resume it from its last checkpoint", r.State)
	}
	r.State = next
	return r
}

// unrecorded describes a run whose log has nothing the catalogue could read.
func (c *Client) unrecorded(id string, r Run) Run {
	r.RunSummary = store.RunSummary{ID: id, State: store.StateSubmitted}
	d, err := c.Dir(id)
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	r.Dir = d.Path()
	spec, err := d.Spec()
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	r.Name, r.Purpose, r.CreatedUS, r.Parent = spec.Name, spec.Purpose, spec.CreatedUS, spec.Parent
	if pos, err := eventlog.LastSegment(d.Path()); err != nil {
		r.Problem = err.Error()
	} else if pos.Segment > 0 && r.Live == Gone {
		r.Problem = "its log holds no complete record"
	}
	return r
}

// liveness tests the lock of a run, and says which machine the run is of.
func (c *Client) liveness(id string) (Liveness, string) {
	d, err := c.Dir(id)
	if err != nil {
		return Unknown, ""
	}
	spec, err := d.Spec()
	if err != nil {
		return Unknown, ""
	}
	if spec.Host != c.opt.Host {
		return Unknown, spec.Host
	}
	alive, err := d.Alive()
	switch {
	case err != nil:
		return Unknown, spec.Host
	case alive:
		return Alive, spec.Host
	}
	return Gone, spec.Host
}
