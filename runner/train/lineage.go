package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/journal"
	"gradus/runner/train/provenance"
	"gradus/store"
)

// lineage tells what went into the checkpoint of a step: the checkpoint before
// it, or what the run started from, and the data of the steps in between. It
// is called for every checkpoint, so that the records of a run form a chain.
func (r *run) lineage(step int) ([]journal.Entry, error) {
	child := func(kind, parent, how string) store.Lineage {
		return store.Lineage{ChildKind: "ckpt", Child: r.ckptAt(step), ParentKind: kind, Parent: parent, How: how}
	}
	before, start := 0, store.Lineage{}
	for _, c := range r.hist.Checkpoints {
		if c.Step < step && c.Step >= before {
			before = c.Step
			start = child("ckpt", r.ckptAt(c.Step), "started_from")
			start.Hash = c.Manifest
		}
	}
	if start.Child == "" {
		start = r.origin(child)
	}
	list := []store.Lineage{start}
	at := 0
	for i, st := range r.rec.Stages {
		from, to := at, at+steps(st)
		if at = to; from >= step || to <= before || from == to {
			continue
		}
		data, err := r.trainedOn(i, st, child)
		if err != nil {
			return nil, err
		}
		list = append(list, data...)
	}
	entries := make([]journal.Entry, len(list))
	for i, l := range list {
		entries[i] = journal.Entry{Kind: store.KindLineage, Body: l}
	}
	return entries, nil
}

func (r *run) ckptAt(step int) string { return fmt.Sprintf("%s@%d", r.spec.ID, step) }

// origin is what the weights were before the first step.
func (r *run) origin(child func(kind, parent, how string) store.Lineage) store.Lineage {
	if r.spec.From == "" {
		return child("model", fmt.Sprintf("random weights, %d parameters, seed %d", r.shape.Config.NumParams(), r.rec.Seed), "started_from")
	}
	parent, kind := r.spec.Parent, "ckpt"
	if parent == "" || filepath.IsAbs(parent) {
		if parent, kind = checkpointOfRun(r.spec.From), "ckpt"; parent == "" {
			parent, kind = r.spec.From, "model"
		}
	}
	l := child(kind, parent, "started_from")
	l.Hash, l.Licence = r.hashOf(weightsFile(r.spec.From)), r.rec.Model.Licence
	return l
}

// weightsFile is the file that identifies a checkpoint folder: its manifest,
// or its weights where it has none.
func weightsFile(dir string) string {
	for _, name := range []string{"manifest.json", "model.safetensors"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return filepath.Join(dir, "model.safetensors.index.json") // of weights in several files
}

// checkpointOfRun is RUN@STEP for the path of a run's checkpoint, else empty.
func checkpointOfRun(path string) string {
	step, ok := checkpointStep(filepath.Base(path))
	dir := filepath.Dir(path)
	id := filepath.Base(filepath.Dir(dir))
	if !ok || filepath.Base(dir) != "ckpt" || !rundir.ValidID(id) {
		return ""
	}
	return fmt.Sprintf("%s@%d", id, step)
}

// trainedOn is the data of one stage.
func (r *run) trainedOn(n int, st recipe.Stage, child func(kind, parent, how string) store.Lineage) ([]store.Lineage, error) {
	t := r.rec.Task
	detail := map[string]any{"stage": n + 1, "kind": st.Kind, "template": t.Template, "seed": r.rec.Seed}
	name, hash := "task:"+t.Name, ""
	if t.Name == "jsonl" {
		name, hash = t.File, r.hashOf(t.File)
		detail["preset"], detail["question"], detail["answer"] = t.Preset, t.Question, t.Answer
	} else {
		detail["level"], detail["version"] = t.Level, r.env.Version
	}
	if st.GRPO != nil {
		var rewards []string
		for _, w := range r.rec.Rewards {
			rewards = append(rewards, w.PartName())
		}
		detail["rewards"] = rewards
		if r.rec.RewardSetup != "" {
			detail["reward_setup"] = r.rec.RewardSetup
		}
	}
	data := child("dataset", name, "trained_on")
	data.Hash, data.Licence = hash, t.Licence
	var err error
	if data.Detail, err = json.Marshal(detail); err != nil {
		return nil, err
	}
	list := []store.Lineage{data}
	if t.Name != "jsonl" {
		return list, nil
	}
	of, err := json.Marshal(map[string]any{"data": name})
	if err != nil {
		return nil, err
	}
	filters := []string{t.Filter}
	if t.EvalFile == "" {
		filters = append(filters, "the task's training split; the rest is held out")
	}
	for _, f := range filters {
		if f != "" {
			l := child("filter", f, "filtered_by")
			l.Detail = of
			list = append(list, l)
		}
	}
	taught, err := r.taught(st, of, child)
	return append(list, taught...), err
}

// taught is who wrote the rows of the data file: whom the recipe names, and the
// runs that the rows themselves name. A stage that learns from their solutions
// is distilled from them; one that takes only the problems is not.
func (r *run) taught(st recipe.Stage, of json.RawMessage, child func(kind, parent, how string) store.Lineage) ([]store.Lineage, error) {
	t := r.rec.Task
	how := "written_by"
	if st.SFT != nil {
		how = "distilled_from"
	}
	var list []store.Lineage
	if t.Teacher != "" {
		name, path := t.Teacher, ""
		if r.spec.Teacher != nil {
			name, path = r.spec.Teacher.Name, r.spec.Teacher.Path
		}
		kind := "teacher"
		if id, _, at := strings.Cut(name, "@"); at && rundir.ValidID(id) {
			kind = "ckpt"
		} else if ckpt := checkpointOfRun(name); ckpt != "" {
			kind, name = "ckpt", ckpt
		}
		l := child(kind, name, how)
		l.Licence, l.Detail = t.TeacherLicence, of
		if path != "" {
			l.Hash = r.hashOf(weightsFile(path))
		}
		list = append(list, l)
	}
	for _, s := range r.writers(t.File) {
		l := child("ckpt", fmt.Sprintf("%s@%d", s.Run, s.Last()), how)
		if len(list) > 0 && list[0].Parent == l.Parent {
			l.Licence, list = list[0].Licence, list[1:] // the recipe says the same
		}
		detail := map[string]any{"data": t.File, "rows": s.Rows, "policies": s.Policies}
		var err error
		if l.Detail, err = json.Marshal(detail); err != nil {
			return nil, err
		}
		// Its checkpoint lies beside this run where it was made here and kept.
		manifest := filepath.Join(filepath.Dir(r.env.Dir.Path()), s.Run, "ckpt", checkpointName(s.Last()), "manifest.json")
		if _, err := os.Stat(manifest); err == nil {
			l.Hash = r.hashOf(manifest)
		}
		list = append(list, l)
	}
	return list, nil
}

// writers are the runs that the rows of the data file name, read once in an
// attempt. A file that cannot be read any more is told and does not end the run.
func (r *run) writers(path string) []provenance.Source {
	if r.wroteData != nil {
		return *r.wroteData
	}
	found, err := provenance.Read(path)
	if err != nil {
		r.env.complain(inOneLine(fmt.Errorf("record what went into a checkpoint, without teachers: %w", err)))
	}
	r.wroteData = &found
	return found
}

// hashOf is the SHA-256 of a file, computed once in an attempt. It is empty for
// a file that cannot be read any more: training needs it no longer, so that it
// is told and does not end the run.
func (r *run) hashOf(path string) string {
	if h, ok := r.hashes[path]; ok {
		return h
	}
	if r.hashes == nil {
		r.hashes = map[string]string{}
	}
	f, err := os.Open(path)
	h := sha256.New()
	if err == nil {
		_, err = io.Copy(h, f)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		r.env.complain(inOneLine(fmt.Errorf("record what went into a checkpoint, without a hash: %w", err)))
		r.hashes[path] = ""
		return ""
	}
	r.hashes[path] = hex.EncodeToString(h.Sum(nil))
	return r.hashes[path]
}
