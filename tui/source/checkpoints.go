package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"gradus/runner/client"
	"gradus/store"
)

// Checkpoints lists the checkpoints of runs, with their evaluations. A run
// that has no record is passed over.
func (l *Local) Checkpoints(ctx context.Context, ids []string) ([]Checkpoint, error) {
	var out []Checkpoint
	done := map[string]bool{}
	for _, id := range ids {
		c, err := l.open(ctx, id)
		if err == nil && c.header.Purpose == "eval" { // what it evaluated is meant
			if id, _, _ = strings.Cut(c.header.Parent, "@"); id != "" {
				c, err = l.open(ctx, id)
			}
		}
		if errors.Is(err, client.ErrNoRecord) || err == nil && done[c.header.ID] {
			continue
		}
		if err != nil {
			return nil, err
		}
		done[c.header.ID] = true
		rows, err := c.db.Checkpoints(ctx)
		if err != nil {
			return nil, err
		}
		evals, err := c.db.Evals(ctx)
		if err != nil {
			return nil, err
		}
		kept := func(path string) bool { return l.runs.Kept(c.header.ID, path) }
		out = append(out, checkpoints(c.header, rows, evals, kept)...)
	}
	if err := l.evaluated(ctx, out); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(c Checkpoint) bool { return !c.Kept && len(c.Evals) == 0 }), nil
}

// evaluated adds the evaluations that were made for checkpoints by runs of
// their own. One that cannot be read is passed over.
func (l *Local) evaluated(ctx context.Context, list []Checkpoint) error {
	runs, err := l.runs.Runs(ctx)
	if err != nil {
		return err
	}
	at := map[string]*Checkpoint{}
	for i := range list {
		at[list[i].Ref()] = &list[i]
	}
	for i := len(runs) - 1; i >= 0; i-- { // oldest first, so that the newest comes last
		k := at[runs[i].Parent]
		if runs[i].Purpose != "eval" || k == nil {
			continue
		}
		c, err := l.open(ctx, runs[i].ID)
		if err != nil {
			continue
		}
		evals, err := c.db.Evals(ctx)
		if err != nil {
			continue
		}
		for _, e := range evals {
			if e.Ckpt == k.Ref() {
				k.Evals = append(k.Evals, e)
			}
		}
	}
	return ctx.Err()
}

// checkpoints joins what was written and what was evaluated, by step. A step
// that was evaluated and not kept can be compared too: its samples are there.
func checkpoints(h store.RunHeader, rows []store.CheckpointRow, evals []store.EvalRow, kept func(path string) bool) []Checkpoint {
	var out []Checkpoint
	at := map[int]int{}
	add := func(step int) int {
		i, ok := at[step]
		if !ok {
			i = len(out)
			at[step] = i
			out = append(out, Checkpoint{RunID: h.ID, Run: h.Name, Step: step})
		}
		return i
	}
	for _, r := range rows {
		k := &out[add(r.Step)]
		k.Stage, k.Bytes, k.Kept = r.Stage, r.Bytes, kept(r.Path)
	}
	for _, e := range evals {
		if e.Ckpt != fmt.Sprintf("%s@%d", h.ID, e.Step) {
			continue // of something else
		}
		i := add(e.Step)
		out[i].Evals = append(out[i].Evals, e)
	}
	sortByStep(out)
	return out
}

func sortByStep(c []Checkpoint) {
	sort.SliceStable(c, func(i, j int) bool { return c[i].Step < c[j].Step })
}
