// Package rescore scores stored traces again with other rewards, or with the
// run's own as this version of gradus computes them. What it finds becomes a
// layer beside what the run recorded, which never changes: see store.Layer.
package rescore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/judge"
	"gradus/store"
)

// Options say what is scored, by what, and where the layer goes.
type Options struct {
	Dir     rundir.Dir        // of the run
	Config  *recipe.Recipe    // of the run: its advantages are computed as this says
	Rewards []recipe.Reward   // to score with
	Query   store.SampleQuery // Phase, MinStep and MaxStep choose traces; nothing else may be set
	Label   string
	// ID is that of the layer, a ULID. Without one nothing is stored.
	ID      string
	MadeBy  string
	Version string // of gradus
	// Changes bounds the changed traces in the result; 0: all.
	Changes int
	Now     func() time.Time
	// Progress, if not nil, is told how many traces are scored.
	Progress func(done int)
}

// Result is what scoring again found.
type Result struct {
	Layer    *store.LayerRow     `json:"layer,omitempty"` // absent when nothing was stored
	Rewards  []store.LayerReward `json:"rewards"`
	Settings Settings            `json:"settings"`
	Summary
	Changes []Change `json:"changes"`
}

// Settings are the traces that were chosen, and the rule of their advantages
// at the first of them.
type Settings struct {
	Phase       string `json:"phase,omitempty"`
	MinStep     *int   `json:"min_step,omitempty"`
	MaxStep     *int   `json:"max_step,omitempty"`
	Scale       string `json:"scale_rewards,omitempty"`
	Std         string `json:"std,omitempty"`
	Aggregation string `json:"multi_objective_aggregation,omitempty"`
}

// ErrNothing says that no stored trace fits what was asked for.
var ErrNothing = errors.New("no stored trace fits")

const (
	pageTraces  = 500  // read at once
	recordRows  = 500  // of one record of the log
	appendBytes = 8e6  // of records that are added at once
	progressGap = 1000 // traces between two calls of Progress
)

// Run scores the traces of db again. Steps are scored as the run scored them,
// group by group, and their advantages are computed over the same groups. A
// step some of whose texts were removed to save space is left out. When it
// fails or ctx ends, no layer shows.
func Run(ctx context.Context, db *store.DB, opt Options) (res *Result, err error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	code := "" // nothing is kept of a trial
	if opt.ID != "" {
		code = filepath.Join(opt.Dir.Path(), "layers", opt.ID)
	}
	defer func() {
		if err != nil && code != "" {
			err = errors.Join(err, os.RemoveAll(code))
		}
	}()
	j, err := judge.New(opt.Rewards, code)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	r := &rescoring{opt: opt, judge: j, parts: describe(opt.Rewards, j)}
	r.res = Result{Rewards: r.parts, Changes: []Change{}, Settings: r.settings()}
	r.sum.begin(r.parts)
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.all(ctx, db); err != nil {
		return nil, err
	}
	if r.sum.Traces == 0 {
		if r.sum.LeftOut > 0 {
			return nil, fmt.Errorf("%w: the texts of all %d were removed to save space", ErrNothing, r.sum.LeftOut)
		}
		return nil, ErrNothing
	}
	r.res.Summary = r.sum.done()
	if err := r.close(ctx); err != nil {
		return nil, err
	}
	return &r.res, nil
}

// rescoring is one call of Run.
type rescoring struct {
	opt   Options
	judge *judge.Judge
	parts []store.LayerReward
	sum   tally
	res   Result

	pending []store.Record // not in the log yet
	bytes   int
}

func (r *rescoring) settings() Settings {
	s := Settings{Phase: r.opt.Query.Phase, MinStep: r.opt.Query.MinStep, MaxStep: r.opt.Query.MaxStep}
	at := 0
	if s.MinStep != nil {
		at = *s.MinStep
	}
	for step := at; step <= r.opt.Config.Steps(); step++ {
		if g := stageOf(r.opt.Config, step); g != nil {
			a := g.AdvantageOptions()
			s.Scale, s.Std, s.Aggregation = string(a.Scale), string(a.Std), string(g.MultiObjectiveAggregation)
			break
		}
	}
	return s
}

// describe says what the judge scores with.
func describe(list []recipe.Reward, j *judge.Judge) []store.LayerReward {
	out := make([]store.LayerReward, len(list))
	for i, spec := range j.Specs() {
		out[i] = store.LayerReward{Name: list[i].PartName(), Reward: spec.Name, Version: spec.Version, Weight: list[i].Weight,
			Params: spec.Params, Gate: list[i].Gate, CodeHash: spec.CodeHash}
	}
	return out
}

// open begins the layer.
func (r *rescoring) open(ctx context.Context) error {
	if r.opt.ID == "" {
		return nil
	}
	settings, err := json.Marshal(r.res.Settings)
	if err != nil {
		return err
	}
	err = r.put(store.KindLayer, store.Layer{ID: r.opt.ID, MadeBy: r.opt.MadeBy, Version: r.opt.Version, Label: r.opt.Label, Rewards: r.parts, Settings: settings})
	if err != nil {
		return err
	}
	return r.flush(ctx) // a folder that nothing can be added to is found before the work is done
}

// put keeps a record to be added.
func (r *rescoring) put(kind store.Kind, body any) error {
	rec, err := store.NewRecord(kind, 0, r.opt.Now().UnixMicro(), body)
	if err != nil {
		return err
	}
	r.pending = append(r.pending, rec)
	r.bytes += len(rec.Body)
	return nil
}

// flush adds the records that are kept.
func (r *rescoring) flush(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	if err := store.Append(ctx, r.opt.Dir.Path(), r.pending...); err != nil {
		return err
	}
	r.pending, r.bytes = r.pending[:0], 0
	return nil
}

// scores adds what the layer says of some traces.
func (r *rescoring) scores(ctx context.Context, rows []store.LayerScore) error {
	if r.opt.ID == "" {
		return nil
	}
	for len(rows) > 0 {
		n := min(len(rows), recordRows)
		if err := r.put(store.KindLayerScores, store.LayerScores{Layer: r.opt.ID, Rows: rows[:n]}); err != nil {
			return err
		}
		rows = rows[n:]
		if r.bytes >= appendBytes {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// close makes the layer whole.
func (r *rescoring) close(ctx context.Context) error {
	if r.opt.ID == "" {
		return nil
	}
	summary, err := json.Marshal(r.res.Summary)
	if err != nil {
		return err
	}
	err = r.put(store.KindLayerEnd, store.LayerEnd{Layer: r.opt.ID, Traces: r.res.Traces, Changed: r.res.Changed, Summary: summary})
	if err != nil {
		return err
	}
	return r.flush(ctx)
}

// Stored fills in the layer's number once the database has it. What is
// missing then is being folded by another process.
func (res *Result) Stored(ctx context.Context, db *store.DB, id string) error {
	layers, err := db.Layers(ctx)
	if err != nil {
		return err
	}
	for i := range layers {
		if layers[i].ID == id {
			res.Layer = &layers[i]
		}
	}
	return nil
}
