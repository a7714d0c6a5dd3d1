package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gradus/runner/client"
	"gradus/runner/rundir"
	"gradus/store"
	"gradus/store/retention"
	"gradus/tui/text"
)

// retained is what rules say of a run, and what was done.
type retained struct {
	Run         string              `json:"run"`
	Rules       string              `json:"rules"`
	Applied     bool                `json:"applied"`
	Checkpoints []retention.Verdict `json:"checkpoints"`
	Texts       store.TextSize      `json:"texts"`
	Saved       *store.Saved        `json:"db,omitempty"` // of the database
}

// rulesPath is the file of rules: the one that was named, else that of the home.
func (a *app) rulesPath(c *client.Client, named string) string {
	if named != "" {
		return named
	}
	return filepath.Join(c.Home().Root(), "retention.toml")
}

// retain says what the rules would remove of a run and, with apply, removes it.
func (a *app) retain(ctx context.Context, name, rules string, apply, asJSON bool) error {
	c, ref, err := a.openRun(ctx, name)
	if err != nil {
		return err
	}
	path := a.rulesPath(c, rules)
	r, err := retention.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Errorf("%w; docs/retention.md shows how to write it, --rules names another file", err))
	}
	if err != nil {
		return usage(err)
	}
	dir, err := c.Dir(ref.RunID)
	if err != nil {
		return err
	}
	if apply {
		// Nobody may resume the run from a checkpoint that is going.
		lock, err := dir.Lock(rundir.Self())
		if err != nil {
			return &exitError{exitTryAgain, fmt.Errorf("apply retention rules: %w; they apply to runs that have ended", err)}
		}
		defer lock.Unlock()
	}
	out := retained{Run: ref.RunID, Rules: path, Applied: apply}
	if err := a.judge(ctx, c, dir, r, &out); err != nil {
		return err
	}
	if apply {
		if err := a.applyRules(ctx, c.Actor(), dir, &out); err != nil {
			return beingWritten(store.DBPath(dir.Path()), err)
		}
	}
	if asJSON {
		return a.printJSON(out)
	}
	a.printRetained(out)
	return nil
}

// judge fills in what the rules say.
func (a *app) judge(ctx context.Context, c *client.Client, dir rundir.Dir, r retention.Rules, out *retained) error {
	db, err := c.OpenDB(ctx, dir.ID())
	if err != nil {
		return err
	}
	defer db.Close()
	if r.Traces != nil {
		if out.Texts, err = db.OldTexts(ctx, r.Traces.Texts(a.now())); err != nil {
			return err
		}
	}
	if r.Checkpoints == nil {
		return nil
	}
	rows, err := db.Checkpoints(ctx)
	if err != nil {
		return err
	}
	var onDisk []retention.Checkpoint
	newest := map[string]int{} // a step can have been saved again
	for _, row := range rows {
		size, ok := folderSize(dir.Path(), row.Path)
		if !ok {
			continue
		}
		k := retention.Checkpoint{CheckpointRow: row, Bytes: size}
		if i, again := newest[row.Path]; again {
			onDisk[i] = k
			continue
		}
		newest[row.Path] = len(onDisk)
		onDisk = append(onDisk, k)
	}
	inUse, err := startedFrom(ctx, c, dir.ID())
	if err != nil {
		return err
	}
	out.Checkpoints = r.Checkpoints.Judge(onDisk, inUse)
	return nil
}

// folderSize is the size of a checkpoint's files; ok is false when it is not
// there.
func folderSize(run, path string) (size int64, ok bool) {
	if !filepath.IsLocal(path) {
		return 0, false
	}
	entries, err := os.ReadDir(filepath.Join(run, path))
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
	}
	return size, err == nil
}

// startedFrom are the checkpoints of a run that other runs were started from.
func startedFrom(ctx context.Context, c *client.Client, runID string) (map[int]string, error) {
	runs, err := c.Runs(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int]string{}
	for _, r := range runs {
		var step int
		if n, err := fmt.Sscanf(r.Parent, runID+"@%d", &step); err == nil && n == 1 && r.Purpose != "eval" {
			out[step] = "run " + shortID(r.ID) + " was started from it"
		}
	}
	return out, nil
}

// applyRules removes what is not kept. A checkpoint is renamed first: a folder
// that is half removed must not look like one.
func (a *app) applyRules(ctx context.Context, actor string, dir rundir.Dir, out *retained) error {
	why := store.Removal{TimeUS: a.now().UnixMicro(), Actor: actor, Rule: filepath.Base(out.Rules)}
	var removed []store.Removal
	for _, v := range out.Checkpoints {
		if v.Keep {
			continue
		}
		path := filepath.Join(dir.Path(), v.Path)
		gone := filepath.Join(filepath.Dir(path), ".removed-"+filepath.Base(path))
		if err := errors.Join(os.RemoveAll(gone), os.Rename(path, gone), os.RemoveAll(gone)); err != nil {
			return fmt.Errorf("remove checkpoint %s: %w", v.Path, err)
		}
		r := why
		r.What, r.Rows, r.Bytes = "checkpoint "+v.Path, 1, v.Bytes
		removed = append(removed, r)
	}
	dbPath := store.DBPath(dir.Path())
	if len(removed) > 0 {
		if err := store.NoteRemovals(ctx, dir.Path(), dbPath, removed...); err != nil {
			return err
		}
	}
	if len(out.Texts.IDs) == 0 {
		return nil
	}
	saved, err := store.RemoveTexts(ctx, dir.Path(), dbPath, out.Texts.IDs, why)
	out.Saved = &saved
	return err
}

func (a *app) printRetained(out retained) {
	var going int64
	for _, v := range out.Checkpoints {
		verb := "keep"
		if !v.Keep {
			verb, going = "remove", going+v.Bytes
		}
		a.printf("%-6s  %-20s %10.1f MB  %s\n", verb, text.Line(v.Path), float64(v.Bytes)/1e6, text.Line(v.Why))
	}
	a.printf("texts of %s, %.1f MB\n", text.Count(out.Texts.Rows, "trace"), float64(out.Texts.Bytes)/1e6)
	switch {
	case !out.Applied:
		a.printf("nothing was removed; --apply removes %.1f MB of checkpoints and these texts\n", float64(going)/1e6)
	case out.Saved != nil:
		a.printf("removed %.1f MB of checkpoints and the texts; the database had %d bytes and has %d\n", float64(going)/1e6, out.Saved.Before, out.Saved.After)
	default:
		a.printf("removed %.1f MB of checkpoints\n", float64(going)/1e6)
	}
}
