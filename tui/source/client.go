package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/recipe"
	"gradus/store"
	"gradus/store/eventlog"
)

// Client is a Backend and a Comparer over the runs of this machine.
type Client struct {
	*client.Client
	// EvalRecipe makes the recipe that evaluates ckpt on the held-out suite of
	// base's run, or of ckpt's if base is a folder. Without it nothing can be
	// generated.
	EvalRecipe func(c *client.Client, base, ckpt client.Ref) (*recipe.Recipe, error)
}

// Alive tells whether a process of this machine works on the run.
func (c Client) Alive(runID string) (bool, error) {
	d, err := c.Dir(runID)
	if err != nil {
		return false, err
	}
	return d.Alive()
}

// Kept tells whether the checkpoint at path, below the run's folder, is still
// on disk: old ones are removed by checkpoint.keep.
func (c Client) Kept(runID, path string) bool {
	d, err := c.Dir(runID)
	if err != nil || !filepath.IsLocal(path) {
		return false
	}
	info, err := os.Stat(filepath.Join(d.Path(), path))
	return err == nil && info.IsDir()
}

// Compare pairs the newest stored evaluations that asked both the same.
func (c Client) Compare(ctx context.Context, a, b Checkpoint) (compare.Result, error) {
	x, y, ok, err := compare.Shared(ctx, c.Client, a.ref(), b.ref())
	if err != nil {
		return compare.Result{}, err
	}
	if !ok {
		return compare.Result{}, c.missing(ctx, a, b)
	}
	sides := [2]compare.Side{}
	for i, f := range []compare.Found{x, y} {
		if sides[i], err = c.load(ctx, f); err != nil {
			return compare.Result{}, err
		}
	}
	return compare.Sides(sides[0], sides[1], compare.Options{})
}

func (c Client) load(ctx context.Context, f compare.Found) (compare.Side, error) {
	db, err := c.OpenDB(ctx, f.RunID)
	if err != nil {
		return compare.Side{}, err
	}
	defer db.Close()
	return compare.Load(ctx, db, f.Eval.ID)
}

func (c Checkpoint) ref() client.Ref { return client.Ref{RunID: c.RunID, Name: c.Run, Step: c.Step} }

// missing says which side has to be evaluated first.
func (c Client) missing(ctx context.Context, a, b Checkpoint) error {
	m := &Missing{}
	for _, k := range []Checkpoint{a, b} {
		list, err := compare.Evaluations(ctx, c.Client, k.ref())
		if err != nil {
			return err
		}
		if len(list) == 0 {
			m.Of = append(m.Of, k)
		}
	}
	switch len(m.Of) {
	case 0:
		m.Of = []Checkpoint{a, b}
		m.Why = fmt.Sprintf("%s and %s were asked different held-out prompts.", a.Title(), b.Title())
	case 1:
		m.Why = fmt.Sprintf("%s has no held-out samples yet.", m.Of[0].Title())
	default:
		m.Why = fmt.Sprintf("Neither %s nor %s has held-out samples yet.", a.Title(), b.Title())
	}
	return m
}

// errNoGenerator says what to do where this workbench cannot start evaluations.
var errNoGenerator = errors.New("this workbench cannot start evaluations; run: gradus compare A B")

// Generate evaluates the sides that Compare misses, each as a run of its own,
// in a process of its own. When ctx ends the evaluations go on.
func (c Client) Generate(ctx context.Context, a, b Checkpoint, report func(Progress)) error {
	if c.EvalRecipe == nil {
		return errNoGenerator
	}
	for round := 0; round < 2; round++ {
		_, err := c.Compare(ctx, a, b)
		var m *Missing
		if !errors.As(err, &m) {
			return err // compared, or failed for another reason
		}
		if round > 0 && len(m.Of) == 2 {
			return fmt.Errorf("the evaluations were made but do not pair: %s", m.Why)
		}
		for _, k := range m.Of {
			if err := c.evaluate(ctx, a, k, report); err != nil {
				return fmt.Errorf("evaluate %s: %w", k.Ref(), err)
			}
		}
	}
	_, err := c.Compare(ctx, a, b)
	return err
}

func (c Client) evaluate(ctx context.Context, base, k Checkpoint, report func(Progress)) error {
	report(Progress{What: "starting the evaluation of " + k.Title()})
	of, err := c.ResolveCheckpoint(ctx, k.Ref())
	if err != nil {
		return err
	}
	rec, err := c.EvalRecipe(c.Client, base.ref(), of)
	if err != nil {
		return err
	}
	rec.Model.From = of.String() // by reference, so that the evaluation knows its parent
	id, err := c.Start(ctx, rec, client.StartOptions{})
	if err != nil {
		return err
	}
	done, total := 0, rec.Eval.Prompts*rec.Eval.Samples
	var last store.StateChange
	err = c.Follow(ctx, id, eventlog.Position{}, func(_ uint64, r store.Record) error {
		switch r.Kind {
		case store.KindSamples:
			var s store.Samples
			if err := json.Unmarshal(r.Body, &s); err != nil {
				return err
			}
			done += len(s.Rows)
			report(Progress{Done: done, Total: total, What: "samples of " + k.Title()})
		case store.KindState:
			return json.Unmarshal(r.Body, &last)
		}
		return nil
	})
	if err == nil && last.State != store.StateDone {
		err = fmt.Errorf("its run %s ended as %s: %s", id, last.State, last.Reason)
	}
	return err
}
