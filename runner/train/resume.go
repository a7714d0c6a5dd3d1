package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gradus/model"
	"gradus/runner/train/journal"
	"gradus/store"
)

// restore brings the policy to where the run goes on: the newest checkpoint
// that can be read, or the beginning. It returns warnings about checkpoints
// that could not be read.
//
// Going back further than the newest checkpoint costs time and nothing else:
// the steps are made again with the same bits.
func (r *run) restore() (warnings []store.Alert, err error) {
	saved, err := savedSteps(r.env.Dir.CkptPath())
	if err != nil {
		return nil, err
	}
	r.savedAt = -1
	var broken error
	for i := len(saved) - 1; i >= 0; i-- {
		step := saved[i]
		name := checkpointName(step)
		err := r.restoreFrom(step)
		if err == nil {
			r.from = filepath.Join("ckpt", name)
			return warnings, setAside(r.env.Dir.CkptPath(), saved[i+1:])
		}
		if mayPass(err) {
			return warnings, err
		}
		if broken == nil {
			broken = err
		}
		warnings = append(warnings, store.Alert{
			Step: step, Level: "warn", Code: "resume.checkpoint",
			Message: fmt.Sprintf("Checkpoint %s cannot be used (%v); going on from an earlier one.", name, err),
		})
	}
	if broken != nil && len(r.hist.Checkpoints) > 0 {
		return warnings, fmt.Errorf("no checkpoint of this run can be used: %w; move the folder %s away to make all steps again from the beginning", broken, r.env.Dir.CkptPath())
	}
	r.m, err = newModel(r.dev, &r.shape, r.rec, r.spec.From)
	return warnings, err
}

// restoreFrom loads the checkpoint at step.
func (r *run) restoreFrom(step int) error {
	if step > r.hist.LastStep {
		return fmt.Errorf("it is of step %d, and the record ends at step %d", step, r.hist.LastStep)
	}
	dir := filepath.Join(r.env.Dir.CkptPath(), checkpointName(step))
	cfg, err := model.ReadConfig(dir)
	if err != nil {
		return err
	}
	if got, want := configKey(cfg), configKey(r.shape.Config); got != want {
		return fmt.Errorf("it holds another model than the recipe describes (%s, not %s)", got, want)
	}
	m, _, st, err := model.Load(r.dev, dir, r.shape.Limits)
	if err != nil {
		return err
	}
	at := placeAt(step, r.rec.Stages)
	var mem memory
	switch {
	case st == nil:
		err = errors.New("it has no trainer_state.json, so it is not a checkpoint of a run")
	case st.Step != step || st.Stage != at.Stage || st.StageStep != at.StageStep:
		err = fmt.Errorf("it says step %d, stage %d, stage step %d, and the recipe has step %d at stage %d, stage step %d", st.Step, st.Stage, st.StageStep, step, at.Stage, at.StageStep)
	case st.Seed != uint64(r.rec.Seed):
		err = fmt.Errorf("it has seed %d and the recipe %d", st.Seed, r.rec.Seed)
	case m.Limits().TrainRows > 0:
		err = m.CheckFinite()
	}
	if err == nil {
		if err = json.Unmarshal(st.Extra, &mem); err != nil {
			err = fmt.Errorf("the run's memory in trainer_state.json: %w", err)
		}
	}
	if err != nil {
		return errors.Join(err, m.Close())
	}
	r.m, r.at, r.mem, r.savedAt = m, at, mem, step
	return nil
}

// configKey tells two shapes apart.
func configKey(c model.Config) string {
	b, err := json.Marshal(c.WithDefaults())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// rewind is the record that a resumed run begins with when earlier attempts
// got further than the checkpoint it goes on from.
func (r *run) rewind() []journal.Entry {
	if r.hist.LastStep <= r.at.Step {
		return nil
	}
	return []journal.Entry{{Kind: store.KindRewind, Body: store.Rewind{FromAttempt: r.hist.Attempts, ToStep: r.at.Step}}}
}

// recordSaved tells of the checkpoint that was resumed if the process that
// wrote it died before it could.
func (r *run) recordSaved() ([]journal.Entry, error) {
	if r.savedAt < 0 {
		return nil, nil
	}
	name := checkpointName(r.savedAt)
	sha, size, err := manifestOf(filepath.Join(r.env.Dir.CkptPath(), name))
	if err != nil {
		return nil, err
	}
	for _, c := range r.hist.Checkpoints {
		if c.Step == r.savedAt && c.Manifest == sha {
			return nil, nil
		}
	}
	stage, _, _ := r.at.justDone(r.rec.Stages)
	c := store.Checkpoint{
		Step: r.savedAt, Stage: string(r.rec.Stages[stage].Kind), Path: filepath.Join("ckpt", name), Bytes: size, Manifest: sha,
	}
	origin, err := r.lineage(c.Step)
	r.hist.Checkpoints = append(r.hist.Checkpoints, c)
	return append([]journal.Entry{{Kind: store.KindCheckpoint, Body: c}}, origin...), err
}

// setAside renames the checkpoints that could not be used, so that the steps
// can be saved again under their names.
func setAside(dir string, steps []int) error {
	for _, step := range steps {
		name := checkpointName(step)
		broken := filepath.Join(dir, ".broken-"+name)
		if err := os.RemoveAll(broken); err != nil {
			return fmt.Errorf("set a broken checkpoint aside: %w", err)
		}
		if err := os.Rename(filepath.Join(dir, name), broken); err != nil {
			return fmt.Errorf("set a broken checkpoint aside: %w", err)
		}
	}
	return nil
}

// manifestOf returns what model.Save returned for a checkpoint: the SHA-256 of
// its manifest and the size of all files.
func manifestOf(dir string) (sha string, size int64, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256(b)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return "", 0, err
		}
		size += info.Size()
	}
	return hex.EncodeToString(sum[:]), size, nil
}
