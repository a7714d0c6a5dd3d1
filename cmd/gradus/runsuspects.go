package main

import (
	"context"
	"errors"
	"fmt"

	"gradus/rewards/detect"
	"gradus/runner/client"
	"gradus/store"
	"gradus/tui/text"
)

// runSuspect is a run with the signals that were flagged.
type runSuspect struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Signals []detect.Signal `json:"signals"`
}

// runSuspects prints the runs of which a detector says that the reward may
// mean something else than it should, with what was noticed. Runs that cannot be
// read are an error, after the others.
func (a *app) runSuspects(ctx context.Context, c *client.Client, runs []client.Run, asJSON bool) error {
	looked, found, unread := 0, 0, 0
	for _, r := range runs {
		if r.Purpose == "eval" {
			continue
		}
		if r.Problem != "" {
			a.complain(fmt.Errorf("run %s: %s", shortID(r.ID), r.Problem))
			unread++
			continue
		}
		run, err := a.detectable(ctx, c, r.ID)
		if errors.Is(err, client.ErrNoRecord) {
			continue
		}
		if err != nil {
			a.complain(fmt.Errorf("run %s: %w", shortID(r.ID), err)) // the others are looked at all the same
			unread++
			continue
		}
		looked++
		signals := detect.RunSuspicions(run)
		if len(signals) == 0 {
			continue
		}
		found++
		if asJSON {
			if err := a.printJSON(runSuspect{r.ID, r.Name, signals}); err != nil {
				return err
			}
			continue
		}
		a.printf("%-14s  %s\n", shortID(r.ID), text.Line(r.Name))
		for _, s := range signals {
			a.printf("       %-26s %s\n", s.Name, text.Line(s.Why))
		}
	}
	if !asJSON {
		a.printf("suspects: %d of %s looked at\n", found, text.Count(looked, "run"))
	}
	if err := ctx.Err(); err != nil || unread == 0 {
		return err
	}
	return fmt.Errorf("%d of the runs could not be read, so whether they are suspects is not known; the others were looked at", unread)
}

// detectable is what the detectors see of a run: its curves from the first
// step with a reward on, and its evaluations.
func (a *app) detectable(ctx context.Context, c *client.Client, id string) (detect.Run, error) {
	r := detect.Run{Curves: map[string][]detect.Point{}}
	db, err := c.OpenDB(ctx, id)
	if err != nil {
		return r, err
	}
	defer db.Close()
	from := 0
	for i, name := range []string{"reward", "accuracy", "format", "entropy", "frac_reward_zero_std", "completions/mean_length", "completions/clipped_ratio", "unscorable"} {
		points, err := db.Series(ctx, name, from)
		if err != nil {
			return r, err
		}
		if i == 0 {
			from = store.MaxStep
			if len(points) > 0 {
				from = points[0].Step
			}
		}
		for _, p := range points {
			r.Curves[name] = append(r.Curves[name], detect.Point{Step: p.Step, Value: p.Value})
		}
	}
	evals, err := db.Evals(ctx)
	if err != nil {
		return r, err
	}
	for _, e := range evals {
		r.Held = append(r.Held, detect.Held{Step: e.Step, Accuracy: e.Accuracy, CILow: e.CILow, CIHigh: e.CIHigh, Suite: e.SuiteHash})
	}
	return r, sampleEnds(ctx, db, &r)
}

// tracesOfAnEnd is how many traces of the first and of the last fifth of a run
// its detectors look at: enough for shares to within 0.1.
const tracesOfAnEnd = 256

// sampleEnds takes traces from the beginning of the first fifth of the steps of
// reinforcement, and from the end of the last.
func sampleEnds(ctx context.Context, db *store.DB, r *detect.Run) error {
	steps := r.Curves["reward"]
	fifth := len(steps) / 5
	if fifth == 0 {
		return nil
	}
	for _, end := range []struct {
		traces   *[]detect.Trace
		from, to int
		newest   bool
	}{{&r.First, steps[0].Step, steps[fifth-1].Step, false}, {&r.Last, steps[len(steps)-fifth].Step, steps[len(steps)-1].Step, true}} {
		rows, err := db.Samples(ctx, store.SampleQuery{Phase: "train", Stage: "grpo", MinStep: &end.from, MaxStep: &end.to, Newest: end.newest, Limit: tracesOfAnEnd})
		if err != nil {
			return err
		}
		for _, row := range rows {
			d, err := db.Sample(ctx, row.ID)
			if err != nil {
				return err
			}
			*end.traces = append(*end.traces, traceOf(d))
		}
	}
	return nil
}
