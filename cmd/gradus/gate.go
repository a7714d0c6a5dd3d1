package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"gradus/rewards/tasks"
	"gradus/runner/client"
	"gradus/runner/evaluate"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/stats"
	"gradus/runner/train"
	"gradus/store"
	"gradus/tui/text"
)

// levelDifficulty is how hard one level is for a checkpoint.
type levelDifficulty struct {
	Task     string `json:"task"`
	Level    int    `json:"level"`
	Sentence string `json:"sentence,omitempty"` // what is asked at this level
	stats.Difficulty
	Passed bool     `json:"passed"`
	Faults []string `json:"faults"`
	Run    string   `json:"run"` // the evaluation
}

func (a *app) gateCommand() *cobra.Command {
	var suite suiteFlags
	var levels []int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "gate CKPT",
		Short: "Measure which difficulty a checkpoint can learn from",
		Long: "Answers held-out problems of each level several times and prints pass@1, pass@k, the headroom between them and\n" +
			"how often a guess is right. A level passes if the [gate] table of the recipe holds; group-relative training needs\n" +
			"groups with right and with wrong answers. CKPT and the suite are as in 'gradus eval'; each level is recorded as an\n" +
			"evaluation. Without --level all levels of the task are asked. Exits 1 if no level passes.",
		Example: "  gradus gate demo@1000\n  gradus gate demo@1000 --level 2 --level 3 --prompts 128 --samples 8 --json\n" +
			"  gradus gate demo@last --recipe countdown",
		Args: exactArgs("CKPT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for flag, v := range map[string]int{"prompts": suite.prompts, "samples": suite.samples} {
				if v < 1 || flag == "samples" && v < 2 {
					return usage(fmt.Errorf("--%s is %d; want at least 1 prompt and 2 samples", flag, v))
				}
			}
			return a.gate(cmd.Context(), args[0], &suite, suite.overrides(cmd), levels, asJSON)
		},
	}
	suite.add(cmd)
	cmd.Flags().Lookup("prompts").DefValue, suite.prompts = "64", 64
	cmd.Flags().Lookup("samples").DefValue, suite.samples = "8", 8
	cmd.Flags().StringVar(&suite.recipe, "recipe", "", "recipe whose task, rewards, [eval] and [gate] tables to use")
	cmd.Flags().IntSliceVar(&levels, "level", nil, "level of the task; may be repeated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a level")
	return cmd
}

func (a *app) gate(ctx context.Context, ckpt string, f *suiteFlags, sets []string, levels []int, asJSON bool) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	ref, err := c.ResolveCheckpoint(ctx, ckpt)
	if err != nil {
		return usage(err)
	}
	base, err := a.evalBase(c, ref, f.recipe, f.sets)
	if err != nil {
		return err
	}
	sets = append(sets, fmt.Sprintf("eval.prompts=%d", f.prompts), fmt.Sprintf("eval.samples=%d", f.samples))
	if t, ok := trainingTemperature(base); ok {
		sets = append([]string{fmt.Sprintf("eval.temperature=%g", t)}, sets...)
	}
	rec, err := evaluate.Recipe(base, ref, sets...)
	if err != nil {
		return usage(err)
	}
	held, err := tasks.New(rec.Task.Name, suite.TaskConfig(rec.Task, tasks.HeldOut))
	if err != nil {
		return usage(err)
	}
	spec := held.Spec()
	if len(levels) == 0 {
		for _, l := range spec.Levels {
			levels = append(levels, l.Level)
		}
	}
	if !asJSON {
		a.printf("%s, level by level, for %s\n\n%5s  %-24s %8s %9s %8s  %s\n", text.Line(spec.Name), text.Line(ref.String()), "LEVEL", "PASS@1", fmt.Sprintf("PASS@%d", f.samples), "HEADROOM", "GUESS", "VERDICT")
	}
	passed := 0
	for _, level := range levels {
		d, err := a.gateLevel(ctx, c, ref, base, append(sets, fmt.Sprintf("task.level=%d", level)), spec, level, asJSON)
		if err != nil {
			return err
		}
		if d.Passed {
			passed++
		}
		if asJSON {
			if err := a.printJSON(d); err != nil {
				return err
			}
			continue
		}
		verdict := "trainable"
		for i, fault := range d.Faults {
			if i == 0 {
				verdict = ""
			} else {
				verdict += "; "
			}
			verdict += fault
		}
		guess := "unknown"
		if d.Guess > 0 {
			guess = fmt.Sprintf("%.3f", d.Guess)
			if d.Pass1CI.Low <= d.Guess {
				verdict += "; not better than a guess"
			}
		}
		a.printf("%5d  %.3f (%.3f to %.3f)   %8.3f %9.3f %8s  %s\n", d.Level, d.Pass1, d.Pass1CI.Low, d.Pass1CI.High, d.PassK, d.Headroom, guess, verdict)
	}
	if passed == 0 {
		return fmt.Errorf("none of the %d levels passes the gate", len(levels))
	}
	return nil
}

// trainingTemperature is that of the recipe's first grpo stage: the policy is
// measured as it will be trained.
func trainingTemperature(r *recipe.Recipe) (float64, bool) {
	if r != nil {
		for _, s := range r.Stages {
			if s.GRPO != nil {
				return s.GRPO.Temperature, true
			}
		}
	}
	return 0, false
}

// gateLevel evaluates one level.
func (a *app) gateLevel(ctx context.Context, c *client.Client, ref client.Ref, base *recipe.Recipe, sets []string, spec tasks.Spec, level int, quiet bool) (levelDifficulty, error) {
	rec, err := evaluate.Recipe(base, ref, sets...)
	if err != nil {
		return levelDifficulty{}, usage(err)
	}
	res, err := evaluate.Run(ctx, a.evalEnv(c, quiet), ref, rec)
	if err != nil {
		return levelDifficulty{}, &exitError{train.ExitCode(err), err}
	}
	right, err := rightAnswers(ctx, res.DB)
	if err != nil {
		return levelDifficulty{}, err
	}
	d := levelDifficulty{Task: spec.Name, Level: level, Run: res.RunID, Faults: []string{}}
	for _, l := range spec.Levels {
		if l.Level == level {
			d.Sentence = l.Sentence
		}
	}
	if d.Difficulty, err = stats.NewDifficulty(right, rec.Eval.Samples, spec.GuessRate(level), stats.Bootstrap{Seed: rec.Eval.Seed}); err != nil {
		return levelDifficulty{}, err
	}
	d.Faults = append(d.Faults, d.Difficulty.Faults(rec.Gate.Bounds())...)
	d.Passed = len(d.Faults) == 0
	return d, nil
}

// rightAnswers counts the right answers of each prompt of the evaluation in a
// database.
func rightAnswers(ctx context.Context, path string) ([]int, error) {
	db, err := store.OpenRead(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	evals, err := db.Evals(ctx)
	if err != nil {
		return nil, err
	}
	if len(evals) == 0 {
		return nil, fmt.Errorf("%s holds no evaluation", path)
	}
	items, err := db.EvalItems(ctx, evals[len(evals)-1].ID)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	var right []int
	for _, it := range items {
		i, ok := at[it.PromptHash]
		if !ok {
			i = len(right)
			at[it.PromptHash], right = i, append(right, 0)
		}
		if it.Correct != nil && *it.Correct {
			right[i]++
		}
	}
	return right, nil
}
