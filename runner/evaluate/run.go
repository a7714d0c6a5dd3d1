package evaluate

import (
	"context"
	"errors"
	"fmt"

	"gradus/runner/client"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train"
	"gradus/store"
)

// Env is what an evaluation takes from outside.
type Env struct {
	Client *client.Client
	// Train is the environment of the run's process; Dir is set by Run.
	Train train.Env
}

// Result is a finished evaluation.
type Result struct {
	RunID   string     `json:"run"`
	Eval    store.Eval `json:"eval"`
	Summary string     `json:"summary"` // one sentence: how many right, and what became of the others
	DB      string     `json:"db"`
}

// Run evaluates a checkpoint in this process, as a run of its own whose parent
// is the checkpoint. rec comes from Recipe.
func Run(ctx context.Context, env Env, ckpt client.Ref, rec *recipe.Recipe) (Result, error) {
	spec := rundir.Spec{
		ID: env.Train.NewID(), Name: rec.Name, Purpose: rec.Purpose(), Config: rec.JSON(), ConfigTOML: rec.TOML(),
		From: ckpt.Path, Version: env.Train.Version, Host: rundir.Self().Host, BootID: rundir.BootID(),
		CreatedUS: env.Train.Clock.Now().UnixMicro(),
	}
	if ckpt.RunID != "" {
		spec.Parent = ckpt.String()
	}
	dir, err := env.Client.Home().Create(spec)
	if err != nil {
		return Result{}, err
	}
	res := Result{RunID: spec.ID, DB: store.DBPath(dir.Path())}
	done := false
	told := env.Train.Progress
	run := env.Train
	run.Dir = dir
	run.Progress = func(e train.Event) {
		switch {
		case e.Eval != nil:
			res.Eval, done = *e.Eval, true
		case e.Alert != nil && e.Alert.Code == "eval.summary":
			res.Summary = e.Alert.Message
		}
		if told != nil {
			told(e)
		}
	}
	if err := train.Run(ctx, run); err != nil {
		return res, fmt.Errorf("evaluate %s: %w", ckpt, err)
	}
	if !done {
		return res, fmt.Errorf("evaluate %s: %w", ckpt, errStopped)
	}
	return res, nil
}

// errStopped says that an evaluation was stopped before it was done.
var errStopped = errors.New("stopped before the evaluation was done; gradus resume finishes it")
