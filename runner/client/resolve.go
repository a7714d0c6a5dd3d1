package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"

	"gradus/store"
)

// Ref is what a user's RUN, RUN@STEP or folder stands for.
type Ref struct {
	RunID string // empty for a folder that is no run's
	Name  string // of the run
	Step  int    // of the checkpoint; -1 when the reference names none
	Path  string // of the checkpoint, absolute; empty when the reference names none
}

// String is how the reference is recorded: RUN, RUN@STEP or the folder.
func (r Ref) String() string {
	switch {
	case r.RunID == "":
		return r.Path
	case r.Step < 0:
		return r.RunID
	}
	return fmt.Sprintf("%s@%d", r.RunID, r.Step)
}

// ErrAmbiguous says that a reference fits several runs.
var ErrAmbiguous = errors.New("fits several runs")

// ErrNoMatch says that a reference fits no run or checkpoint.
var ErrNoMatch = errors.New("fits nothing")

// maxCandidates bounds the list in an error.
const maxCandidates = 6

// Resolve finds what ref names: a run by a prefix of its id (in either case)
// or its whole name, one of its checkpoints with @STEP, @last or @best (the
// highest held-out accuracy, the earlier of equals), or a checkpoint folder,
// as Hugging Face writes them, by a path that has a slash in it.
func (c *Client) Resolve(ctx context.Context, ref string) (Ref, error) {
	if strings.ContainsRune(ref, filepath.Separator) {
		return folder(ref)
	}
	who, which, at := strings.Cut(ref, "@")
	if who == "" || at && which == "" {
		return Ref{}, fmt.Errorf("%q: write RUN, RUN@STEP, RUN@last, RUN@best or the path of a folder", ref)
	}
	run, err := c.resolveRun(ctx, who)
	if err != nil {
		return Ref{}, err
	}
	r := Ref{RunID: run.ID, Name: run.Name, Step: -1}
	if !at {
		return r, nil
	}
	return c.resolveCheckpoint(ctx, r, which)
}

// ResolveCheckpoint is Resolve for a place where only a checkpoint will do: a
// bare RUN means RUN@last.
func (c *Client) ResolveCheckpoint(ctx context.Context, ref string) (Ref, error) {
	r, err := c.Resolve(ctx, ref)
	if err != nil || r.Path != "" {
		return r, err
	}
	return c.resolveCheckpoint(ctx, r, "last")
}

func folder(ref string) (Ref, error) {
	abs, err := filepath.Abs(ref)
	if err != nil {
		return Ref{}, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Ref{}, fmt.Errorf("checkpoint folder %q: %w", ref, errors.Unwrap(err))
	}
	if !info.IsDir() {
		return Ref{}, fmt.Errorf("checkpoint folder %q is a file; give the folder that holds config.json and model.safetensors", ref)
	}
	return Ref{Step: -1, Path: abs}, nil
}

func (c *Client) resolveRun(ctx context.Context, who string) (Run, error) {
	runs, err := c.Runs(ctx)
	if err != nil {
		return Run{}, err
	}
	prefix := strings.ToUpper(who)
	var fits []Run
	for _, r := range runs {
		if r.Name == who || strings.HasPrefix(r.ID, prefix) {
			fits = append(fits, r)
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return Run{}, fmt.Errorf("%q %w: %s; give more of the id", who, ErrAmbiguous, candidates(fits))
	case len(runs) == 0:
		return Run{}, fmt.Errorf("run %q: %w: there are no runs in %s yet", who, ErrNoMatch, c.home.Root())
	}
	return Run{}, fmt.Errorf("run %q %w; the nearest are %s", who, ErrNoMatch, candidates(nearestRuns(who, runs)))
}

// candidates lists runs as "id (name, state)".
func candidates(runs []Run) string {
	var parts []string
	for i, r := range runs {
		if i == maxCandidates {
			parts = append(parts, fmt.Sprintf("and %d more", len(runs)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%q, %s)", r.ID, r.Name, r.State))
	}
	return strings.Join(parts, ", ")
}

// nearestRuns are the runs whose name is spelled most alike, the newest first
// among equals, at most three.
func nearestRuns(who string, runs []Run) []Run {
	var best []Run
	least := -1
	for _, r := range runs {
		d := levenshtein.ComputeDistance(clip(who), clip(r.Name))
		if least < 0 || d < least {
			best, least = nil, d
		}
		if d == least && len(best) < 3 {
			best = append(best, r)
		}
	}
	return best
}

func clip(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return s
}

func (c *Client) resolveCheckpoint(ctx context.Context, r Ref, which string) (Ref, error) {
	db, err := c.OpenDB(ctx, r.RunID)
	if errors.Is(err, ErrNoRecord) {
		return Ref{}, fmt.Errorf("run %s has no checkpoint yet", r.RunID)
	}
	if err != nil {
		return Ref{}, err
	}
	defer db.Close()
	rows, err := db.Checkpoints(ctx)
	if err != nil {
		return Ref{}, err
	}
	d, err := c.Dir(r.RunID)
	if err != nil {
		return Ref{}, err
	}
	// Only those that are still on disk: old ones are removed by
	// checkpoint.keep. Of several of one step the newest counts.
	onDisk := map[int]store.CheckpointRow{}
	last := -1
	for _, row := range rows {
		if _, ok := checkpointDir(d, row.Path); !ok {
			continue
		}
		onDisk[row.Step] = row
		last = max(last, row.Step)
	}
	if last < 0 {
		return Ref{}, fmt.Errorf("run %s has no checkpoint on disk yet", r.RunID)
	}
	step := last
	switch which {
	case "last":
	case "best":
		evals, err := db.Evals(ctx)
		if err != nil {
			return Ref{}, err
		}
		if step = bestStep(evals, onDisk); step < 0 {
			return Ref{}, fmt.Errorf("%s@best: no checkpoint of this run was evaluated while it ran; use @last or @STEP (eval stages or eval.every in the recipe make the evaluations that @best ranks)", r.RunID)
		}
	default:
		if step, err = strconv.Atoi(which); err != nil || step < 0 {
			return Ref{}, fmt.Errorf("%q is not a checkpoint: write a step, last or best after the @", which)
		}
	}
	row, ok := onDisk[step]
	if !ok {
		return Ref{}, fmt.Errorf("%s@%d: %w: the run has checkpoints at steps %s", r.RunID, step, ErrNoMatch, stepList(onDisk))
	}
	r.Step, r.Path = step, filepath.Join(d.Path(), row.Path)
	return r, nil
}
