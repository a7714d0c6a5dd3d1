package evaluate

import (
	"context"
	"fmt"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/recipe"
)

// CompareOptions say what is asked of both checkpoints.
type CompareOptions struct {
	// Base is the recipe whose task, rewards and [eval] table make the suite;
	// nil takes that of A's run, or of B's if A is a folder.
	Base *recipe.Recipe
	// Sets change the suite: task.level=3, eval.prompts=512, eval.seed=7, ...
	Sets []string
	// Texts bounds how many flips of each kind come with their texts; 0: all.
	Texts int
	// Found, if not nil, is told for each side whether its evaluation was there
	// already.
	Found func(ckpt client.Ref, there bool)
}

// Compare compares two checkpoints on one suite. An evaluation that is not
// recorded yet is made first.
func Compare(ctx context.Context, env Env, a, b client.Ref, opt CompareOptions) (compare.Result, error) {
	base := opt.Base
	for _, of := range []client.Ref{a, b} {
		if base != nil {
			break
		}
		var err error
		if base, err = Base(env.Client, of); err != nil {
			return compare.Result{}, err
		}
	}
	var found [2]compare.Found
	for i, ckpt := range []client.Ref{a, b} {
		f, err := side(ctx, env, base, ckpt, opt)
		if err != nil {
			return compare.Result{}, err
		}
		found[i] = f
	}
	return compare.Recorded(ctx, env.Client, found[0], found[1], compare.Options{}, opt.Texts)
}

// side finds, or makes, the evaluation of one checkpoint.
func side(ctx context.Context, env Env, base *recipe.Recipe, ckpt client.Ref, opt CompareOptions) (compare.Found, error) {
	rec, err := Recipe(base, ckpt, opt.Sets...)
	if err != nil {
		return compare.Found{}, err
	}
	hash, err := SuiteHash(rec)
	if err != nil {
		return compare.Found{}, err
	}
	f, there, err := compare.Latest(ctx, env.Client, ckpt, hash)
	if err != nil {
		return f, err
	}
	if opt.Found != nil {
		opt.Found(ckpt, there)
	}
	if there {
		return f, nil
	}
	res, err := Run(ctx, env, ckpt, rec)
	if err != nil {
		return f, err
	}
	if f, there, err = compare.Latest(ctx, env.Client, ckpt, hash); err == nil && !there {
		err = fmt.Errorf("the evaluation of %s was made (run %s) but is not in its record", ckpt, res.RunID)
	}
	return f, err
}
