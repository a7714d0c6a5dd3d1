package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"gradus/model"
	"gradus/runner/train/alarm"
	"gradus/runner/train/journal"
	"gradus/store"
)

// memory is what a run must remember beside weights, optimizer and place. It
// is stored in the checkpoint, and like the rest of it must be a function of
// the recipe and the step alone: no times, no paths.
type memory struct {
	Tokens    int64       `json:"num_tokens"`          // processed so far
	Watch     alarm.Watch `json:"watch"`               // of the grpo stage that goes on
	Reference string      `json:"reference,omitempty"` // checkpoint that the KL refers to
}

// checkpointName is the folder of the checkpoint at a step.
func checkpointName(step int) string { return fmt.Sprintf("step-%06d", step) }

// checkpointStep is the inverse of checkpointName.
func checkpointStep(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, "step-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 0 && name == checkpointName(n)
}

// savedSteps are the steps of the complete checkpoints in dir, ascending.
func savedSteps(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var steps []int
	for _, e := range entries {
		if n, ok := checkpointStep(e.Name()); ok && e.IsDir() {
			steps = append(steps, n)
		}
	}
	sort.Ints(steps)
	return steps, nil
}

// save writes a checkpoint of the present place unless there is one, tells of
// it in the log, and removes what is no longer to be kept.
func (r *run) save() error {
	if r.savedAt == r.at.Step {
		return nil
	}
	if err := r.m.CheckFinite(); err != nil {
		return fmt.Errorf("no checkpoint is written of the weights after step %d: %w", r.at.Step, err)
	}
	// A checkpoint must never be ahead of the log: resuming relies on the
	// steps before it being recorded.
	if err := r.j.Sync(); err != nil {
		return err
	}
	extra, err := json.Marshal(r.mem)
	if err != nil {
		return err
	}
	stage, done, _ := r.at.justDone(r.rec.Stages)
	st := model.TrainerState{
		Step: r.at.Step, Stage: r.at.Stage, StageStep: r.at.StageStep, Seed: uint64(r.rec.Seed),
		DataPosition: dataPosition(r.rec.Stages[stage], done), Extra: extra,
	}
	name := checkpointName(r.at.Step)
	sha, size, err := model.Save(filepath.Join(r.env.Dir.CkptPath(), name), r.m, r.shape.Tok, st)
	if err != nil {
		return fmt.Errorf("write checkpoint %s: %w", name, err)
	}
	r.savedAt = r.at.Step
	c := store.Checkpoint{
		Step: r.at.Step, Stage: string(r.rec.Stages[stage].Kind), Path: filepath.Join("ckpt", name),
		Bytes: size, Manifest: sha, Metrics: r.summary(),
	}
	origin, err := r.lineage(c.Step)
	if err != nil {
		return err
	}
	if err := r.j.WriteSync(append([]journal.Entry{{Kind: store.KindCheckpoint, Body: c}}, origin...)...); err != nil {
		return err
	}
	r.hist.Checkpoints = append(r.hist.Checkpoints, c)
	r.tell(Event{Checkpoint: &c})
	return r.prune()
}

// summary is what a list of checkpoints shows of this one, and what the best
// is chosen by.
func (r *run) summary() map[string]float64 {
	s := map[string]float64{}
	for _, name := range []string{"reward", "accuracy", "loss", "kl", "entropy"} {
		if v, ok := r.last[name]; ok {
			s[name] = v
		}
	}
	if e, ok := r.evalAt(r.at.Step); ok {
		s["eval/accuracy"], s["eval/format"] = e.Accuracy, e.FormatOK
	}
	return s
}

// evalAt is the last evaluation recorded at a step.
func (r *run) evalAt(step int) (store.Eval, bool) {
	for i := len(r.hist.Evals) - 1; i >= 0; i-- {
		if r.hist.Evals[i].Step == step {
			return r.hist.Evals[i], true
		}
	}
	return store.Eval{}, false
}

// prune removes checkpoints that checkpoint.keep does not keep: besides the
// newest, those at the end of a stage, the reference and the best stay.
func (r *run) prune() error {
	if r.rec.Checkpoint.Keep == 0 {
		return nil
	}
	saved, err := savedSteps(r.env.Dir.CkptPath())
	if err != nil {
		return err
	}
	keep := map[int]bool{}
	for i, step := range saved {
		p := placeAt(step, r.rec.Stages)
		if i >= len(saved)-r.rec.Checkpoint.Keep || step == 0 || p.endsStage(r.rec.Stages) || checkpointName(step) == r.mem.Reference {
			keep[step] = true
		}
	}
	if best, ok := r.best(saved); ok {
		keep[best] = true
	}
	for _, step := range saved {
		if keep[step] {
			continue
		}
		// Renamed first: a half-removed folder must not look like a checkpoint.
		old := filepath.Join(r.env.Dir.CkptPath(), checkpointName(step))
		gone := filepath.Join(r.env.Dir.CkptPath(), ".removed-"+checkpointName(step))
		if err := os.Rename(old, gone); err != nil {
			return fmt.Errorf("remove an old checkpoint: %w", err)
		}
		if err := os.RemoveAll(gone); err != nil {
			return fmt.Errorf("remove an old checkpoint: %w", err)
		}
	}
	return nil
}

// best is the saved checkpoint with the highest held-out accuracy, or without
// any evaluation the highest mean reward of its step. The earlier of equals.
func (r *run) best(saved []int) (int, bool) {
	there := map[int]bool{}
	for _, s := range saved {
		there[s] = true
	}
	best, value, found := 0, 0.0, false
	take := func(step int, v float64) {
		if there[step] && (!found || v > value) {
			best, value, found = step, v, true
		}
	}
	for _, e := range r.hist.Evals {
		take(e.Step, e.Accuracy)
	}
	if found {
		return best, true
	}
	for _, c := range r.hist.Checkpoints {
		if v, ok := c.Metrics["reward"]; ok {
			take(c.Step, v)
		}
	}
	return best, found
}
