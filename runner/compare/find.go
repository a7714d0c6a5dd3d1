package compare

import (
	"context"
	"errors"
	"fmt"

	"gradus/runner/client"
	"gradus/store"
)

// Found is a recorded evaluation of a checkpoint.
type Found struct {
	RunID string // run whose database holds it
	Eval  store.EvalRow
}

// Evaluations lists what is recorded about a checkpoint, RUN@STEP or a folder:
// evaluations that its own run made, and those of evaluation runs made for it.
// Newest last.
func Evaluations(ctx context.Context, c *client.Client, ref client.Ref) ([]Found, error) {
	name := ref.String()
	var out []Found
	take := func(runID string) error {
		db, err := c.OpenDB(ctx, runID)
		if errors.Is(err, client.ErrNoRecord) {
			return nil
		}
		if err != nil {
			return err
		}
		defer db.Close()
		evals, err := db.Evals(ctx)
		if err != nil {
			return fmt.Errorf("run %s: %w", runID, err)
		}
		for _, e := range evals {
			if e.Ckpt == name {
				out = append(out, Found{RunID: runID, Eval: e})
			}
		}
		return nil
	}
	if ref.RunID != "" {
		if err := take(ref.RunID); err != nil {
			return nil, err
		}
	}
	runs, err := c.Runs(ctx)
	if err != nil {
		return nil, err
	}
	for i := len(runs) - 1; i >= 0; i-- { // the list has the newest first
		r := runs[i]
		if r.Purpose != "eval" || r.ID == ref.RunID || ref.RunID != "" && r.Parent != name {
			continue
		}
		if err := take(r.ID); err != nil && ctx.Err() != nil {
			return nil, err
		}
		// An evaluation run that cannot be read is as good as missing.
	}
	return out, nil
}

// Latest is the last recorded evaluation of ref with a suite; ok is false if
// there is none.
func Latest(ctx context.Context, c *client.Client, ref client.Ref, suiteHash string) (f Found, ok bool, err error) {
	list, err := Evaluations(ctx, c, ref)
	if err != nil {
		return f, false, err
	}
	for _, e := range list {
		if e.Eval.SuiteHash == suiteHash {
			f, ok = e, true
		}
	}
	return f, ok, nil
}

// Shared is the newest pair of evaluations that were asked the same; ok is
// false if there is none.
func Shared(ctx context.Context, c *client.Client, a, b client.Ref) (x, y Found, ok bool, err error) {
	as, err := Evaluations(ctx, c, a)
	if err != nil {
		return x, y, false, err
	}
	bs, err := Evaluations(ctx, c, b)
	if err != nil {
		return x, y, false, err
	}
	for _, e := range as {
		for _, f := range bs {
			if e.Eval.SuiteHash == f.Eval.SuiteHash {
				x, y, ok = e, f, true
			}
		}
	}
	return x, y, ok, nil
}

// Recorded compares two recorded evaluations. limit bounds the texts of flips
// that are read, 0 reads all.
func Recorded(ctx context.Context, c *client.Client, x, y Found, opt Options, limit int) (Result, error) {
	a, err := c.OpenDB(ctx, x.RunID)
	if err != nil {
		return Result{}, err
	}
	defer a.Close()
	b, err := c.OpenDB(ctx, y.RunID)
	if err != nil {
		return Result{}, err
	}
	defer b.Close()
	sideA, err := Load(ctx, a, x.Eval.ID)
	if err != nil {
		return Result{}, err
	}
	sideB, err := Load(ctx, b, y.Eval.ID)
	if err != nil {
		return Result{}, err
	}
	r, err := Sides(sideA, sideB, opt)
	if err != nil {
		return r, err
	}
	return r, r.Texts(ctx, a, b, limit)
}
