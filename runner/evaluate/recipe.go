// Package evaluate answers held-out suites with stored checkpoints: as runs of
// their own, with the same record as any run, so that a training run's log
// keeps its one writer. It also compares two checkpoints and makes the
// evaluations that are missing for it.
package evaluate

import (
	"fmt"

	"gradus/rewards/tasks"
	"gradus/runner/client"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
)

// Recipe is the evaluation of a checkpoint: the task, rewards and [eval] table
// of base, one eval stage, and sets applied on top (task.name=jsonl,
// eval.prompts=512, ...). base may be nil if sets say enough.
func Recipe(base *recipe.Recipe, ckpt client.Ref, sets ...string) (*recipe.Recipe, error) {
	if ckpt.Path == "" {
		return nil, fmt.Errorf("evaluate %s: name a checkpoint, as %s@last", ckpt, ckpt)
	}
	text := ""
	if base != nil {
		r := *base
		r.Name = evalName(base.Name)
		r.About = ""
		r.Model = recipe.Model{From: ckpt.Path}
		r.Tokenizer = recipe.Tokenizer{Kind: "checkpoint"}
		r.Stages = []recipe.Stage{{Kind: recipe.KindEval, Eval: &recipe.EvalStage{}}}
		r.Eval.Every = 0
		text = r.TOML()
	} else {
		text = fmt.Sprintf("name = \"eval\"\n[model]\nfrom = %q\n[[reward]]\nname = \"gradus.accuracy\"\n[[stage]]\nkind = \"eval\"\n", ckpt.Path)
	}
	rec, err := recipe.Parse("eval.toml", []byte(text), sets...)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", ckpt, err)
	}
	if rec.Steps() > 0 {
		return nil, fmt.Errorf("evaluate %s: an evaluation trains nothing; remove the training stages", ckpt)
	}
	return rec, nil
}

// evalName is what the evaluations of a run are called; names have at most 64
// characters.
func evalName(of string) string {
	const suffix = "-eval"
	if len(of) > 64-len(suffix) {
		of = of[:64-len(suffix)]
	}
	return of + suffix
}

// Base is the recipe of the run that a checkpoint is of; nil for a folder.
func Base(c *client.Client, ckpt client.Ref) (*recipe.Recipe, error) {
	if ckpt.RunID == "" {
		return nil, nil
	}
	d, err := c.Dir(ckpt.RunID)
	if err != nil {
		return nil, err
	}
	spec, err := d.Spec()
	if err != nil {
		return nil, err
	}
	rec, err := recipe.FromJSON(spec.Config)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", ckpt.RunID, err)
	}
	return rec, nil
}

// SuiteHash is the hash of the suite that a recipe asks, made without a model.
func SuiteHash(rec *recipe.Recipe) (string, error) {
	held, err := tasks.New(rec.Task.Name, suite.TaskConfig(rec.Task, tasks.HeldOut))
	if err != nil {
		return "", err
	}
	s := suite.FromRecipe(rec, held.Spec())
	items, err := s.Build(held)
	if err != nil {
		return "", err
	}
	return s.Hash(items), nil
}
