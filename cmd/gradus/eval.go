package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/evaluate"
	"gradus/runner/recipe"
	"gradus/runner/train"
	"gradus/runner/train/journal"
	"gradus/tui/text"
)

// suiteFlags are the flags that choose what is asked of a checkpoint.
type suiteFlags struct {
	recipe  string
	sets    []string
	prompts int
	samples int
	seed    uint64
}

func (s *suiteFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.sets, "set", nil, "KEY=VALUE of the recipe, as task.level=3 or task.file=rows.jsonl; may be repeated")
	f.IntVar(&s.prompts, "prompts", 0, "held-out problems; default: the recipe's")
	f.IntVar(&s.samples, "samples", 0, "completions a problem; default: the recipe's")
	f.Uint64Var(&s.seed, "seed", 0, "of problems and sampling; default: the recipe's")
}

// overrides are the flags as settings of a recipe.
func (s *suiteFlags) overrides(cmd *cobra.Command) []string {
	sets := append([]string{}, s.sets...)
	for _, f := range []struct{ flag, key, value string }{
		{"prompts", "eval.prompts", strconv.Itoa(s.prompts)},
		{"samples", "eval.samples", strconv.Itoa(s.samples)},
		{"seed", "eval.seed", strconv.FormatUint(s.seed, 10)},
	} {
		if cmd.Flags().Changed(f.flag) {
			sets = append(sets, f.key+"="+f.value)
		}
	}
	return sets
}

func (a *app) evalCommand() *cobra.Command {
	var suite suiteFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval CKPT",
		Short: "Answer held-out problems with a checkpoint",
		Long: "CKPT is RUN (its last checkpoint), RUN@STEP, RUN@last, RUN@best, or a Hugging Face folder (a path with a\n" +
			"slash). The suite is that of the checkpoint's run unless --recipe or --set say otherwise. The evaluation is\n" +
			"recorded as a run of its own, with all its traces.",
		Example: "  gradus eval demo@last\n" +
			"  gradus eval demo@1000 --prompts 2000 --json\n" +
			"  gradus eval demo --recipe gsm8k --set task.file=gsm8k_test.jsonl --set eval.max_completion_length=64",
		Args: exactArgs("CKPT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.eval(cmd.Context(), args[0], suite.recipe, suite.overrides(cmd), asJSON)
		},
	}
	suite.add(cmd)
	cmd.Flags().StringVar(&suite.recipe, "recipe", "", "recipe whose task, rewards and [eval] table to use")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) eval(ctx context.Context, ckpt, recipeName string, sets []string, asJSON bool) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	ref, err := c.ResolveCheckpoint(ctx, ckpt)
	if err != nil {
		return usage(err)
	}
	base, err := a.evalBase(c, ref, recipeName, sets)
	if err != nil {
		return err
	}
	rec, err := evaluate.Recipe(base, ref, sets...)
	if err != nil {
		return usage(err)
	}
	result, err := evaluate.Run(ctx, a.evalEnv(c, asJSON), ref, rec)
	if err != nil {
		return &exitError{train.ExitCode(err), err}
	}
	if asJSON {
		return a.printJSON(result)
	}
	e := result.Eval
	a.printf("%s  accuracy %.3f (95 %% interval %.3f to %.3f), format %.3f, %s x %d\n",
		text.Line(ref.String()), e.Accuracy, e.CILow, e.CIHigh, e.FormatOK, text.Count(e.N, "prompt"), e.K)
	a.printf("%s\nrecorded as %s in %s\n", text.Line(result.Summary), shortID(result.RunID), result.DB)
	return nil
}

// evalBase is the recipe an evaluation starts from: the named one, else that
// of the checkpoint's run.
func (a *app) evalBase(c *client.Client, ref client.Ref, name string, sets []string) (*recipe.Recipe, error) {
	if name == "" {
		return evaluate.Base(c, ref)
	}
	// The sets apply here too: a recipe such as gsm8k is incomplete without
	// the file that --set names.
	base, err := recipe.Load(name, sets...)
	return base, usage(err)
}

// evalEnv is the environment of an evaluation in this process. Progress goes
// to stderr, so that stdout holds the result alone.
func (a *app) evalEnv(c *client.Client, quiet bool) evaluate.Env {
	env := evaluate.Env{Client: c, Train: train.Env{
		OpenDevice: a.openDevice,
		Memory:     memory,
		Clock:      journal.System{},
		NewID:      a.newID,
		Complain:   func(err error) { a.complain(err) },
		Version:    a.version,
	}}
	if quiet {
		return env
	}
	shown := a.now()
	env.Train.Progress = func(e train.Event) {
		if e.Doing == "" || a.now().Sub(shown) < plainEvery {
			return
		}
		shown = a.now()
		fmt.Fprintf(a.stderr, "%s %d/%d completions\n", text.Line(e.Doing), e.Done, e.Total)
	}
	return env
}
