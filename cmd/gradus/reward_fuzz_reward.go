package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"gradus/rewards"
	"gradus/rewards/fuzz"
	"gradus/rewards/mathans/mutate"
	"gradus/rewards/tasks"
	"gradus/runner/evaluate/suite"
	"gradus/runner/recipe"
	"gradus/runner/rescore"
	"gradus/runner/train/judge"
	"gradus/tui/text"
)

// fuzzFlags say what reward is attacked, and with which problems.
type fuzzFlags struct {
	rewards, sets       []string
	setup, recipe, task string
	layout, template    string
	level, problems     int
	seed                int64
	in                  string
	examples            int
	asJSON              bool
	given               func(flag string) bool
}

func (f *fuzzFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.rewards, "reward", nil, "reward to attack: NAME or NAME=WEIGHT; may be repeated")
	flags.StringVar(&f.setup, "setup", "", "published setup to attack")
	flags.StringVar(&f.recipe, "recipe", "", "recipe whose rewards to attack, on its task")
	flags.StringArrayVar(&f.sets, "set", nil, "KEY=VALUE of that recipe; may be repeated")
	flags.StringVar(&f.task, "task", "", "task whose problems to attack with")
	flags.StringVar(&f.layout, "layout", "", "layout of honest completions, as '<think>{think}</think> <answer>{answer}</answer>'; absent: the known one that is paid best")
	flags.StringVar(&f.template, "template", "r1-zero", "template of the prompts, or a text with {question} in it; absent: the recipe's, if there is one")
	flags.IntVar(&f.level, "level", 0, "level of the task; 0 is the highest, or the recipe's")
	flags.IntVar(&f.problems, "problems", 32, "problems to attack with, of a task or of --in")
	flags.Int64Var(&f.seed, "seed", 1, "seed of the task's problems")
}

// ofRewards are the flags that mean nothing to the verifier alone.
func (f *fuzzFlags) ofRewards() []string {
	return []string{"task", "set", "layout", "template", "level", "problems", "seed"}
}

// unread are the flags that say nothing without a task.
func (f *fuzzFlags) unread() error {
	for _, name := range []string{"level", "seed"} {
		if f.given(name) {
			return usage(fmt.Errorf("--%s is of a task's problems; name one with --task or --recipe", name))
		}
	}
	if f.in == "" && f.given("problems") {
		return usage(errors.New("--problems is of a task or of --in; without them the gold answers of every kind are all used"))
	}
	return nil
}

// named says whether a reward is to be attacked, not a verifier's policy.
func (f *fuzzFlags) named() bool { return len(f.rewards) > 0 || f.setup != "" || f.recipe != "" }

func (a *app) rewardFuzzReward(ctx context.Context, f fuzzFlags) error {
	if len(f.sets) > 0 && f.recipe == "" {
		return usage(errors.New("--set changes the recipe of --recipe; give that too"))
	}
	if f.problems < 1 {
		return usage(fmt.Errorf("--problems is %d; want at least 1", f.problems))
	}
	if f.task != "" && f.in != "" {
		return usage(errors.New("--task and --in both say what to attack with; give one of them"))
	}
	list, base, err := f.list()
	if err != nil {
		return usage(err)
	}
	layouts := fuzz.Layouts()
	if f.layout != "" {
		own, err := fuzz.ParseLayout(f.layout)
		if err != nil {
			return usage(err)
		}
		layouts = []fuzz.Layout{own}
	}
	cases, of, err := a.fuzzCases(ctx, f, base)
	if err != nil {
		return err
	}
	reward, closeAll, err := compose(list)
	defer closeAll()
	if err != nil {
		return usage(err)
	}
	report, err := fuzz.Run(ctx, reward, cases, layouts, f.examples)
	if errors.Is(err, fuzz.ErrUnscored) || errors.Is(err, fuzz.ErrUnpaid) {
		return usage(fmt.Errorf("%w (%s); choose other problems with --task or --in, or say how completions look with --layout, prompts with --template", err, of))
	}
	if errors.Is(err, fuzz.ErrFailed) {
		return fmt.Errorf("%w (%s); mend it, or choose other problems with --task or --in", err, of)
	}
	if err != nil {
		return err
	}
	if f.asJSON {
		return a.printJSON(report)
	}
	a.printFuzzed(report, list, of)
	return nil
}

// list is the rewards to attack and the recipe they stand in, if any.
func (f *fuzzFlags) list() (list []recipe.Reward, base *recipe.Recipe, err error) {
	given := 0
	for _, is := range []bool{len(f.rewards) > 0, f.setup != "", f.recipe != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, nil, errors.New("--reward, --setup and --recipe each say what to attack; give one of them")
	case f.setup != "":
		list, err = recipe.SetupRewards(f.setup)
	case f.recipe != "":
		if base, err = recipe.Load(f.recipe, f.sets...); err == nil {
			list = base.Rewards
		}
	default:
		list, err = rescore.Named(f.rewards, nil)
	}
	if err == nil && len(list) == 0 {
		err = errors.New("the recipe has no rewards to attack")
	}
	return list, base, err
}

// fuzzCases are the problems to attack with, and what they are of.
func (a *app) fuzzCases(ctx context.Context, f fuzzFlags, base *recipe.Recipe) (cases []fuzz.Case, of string, err error) {
	template, name, level := f.template, f.task, f.level
	var config tasks.Config
	if base != nil {
		if !f.given("template") {
			template = base.Task.Template
		}
		if name == "" && f.in == "" {
			name, config = base.Task.Name, suite.TaskConfig(base.Task, tasks.Train)
			if level == 0 {
				level = base.Task.Level
			}
		}
	}
	if name == "" {
		if err := f.unread(); err != nil {
			return nil, "", err
		}
		golds := mutate.Samples()
		of = "gold answers of every kind"
		if f.in != "" {
			file, err := a.openRows(f.in)
			if err != nil {
				return nil, "", err
			}
			defer a.closeRows(file)
			if golds, err = a.readGolds(ctx, file); err != nil {
				return nil, "", err
			}
			if len(golds) == 0 {
				return nil, "", noGolds(f.in)
			}
			golds, of = golds[:min(len(golds), f.problems)], "gold answers of "+inputName(f.in)
		}
		cases, err = fuzz.Golds(golds, template)
		return cases, of, usage(err)
	}
	task, err := tasks.New(name, config)
	if err != nil {
		return nil, "", usage(err)
	}
	if level == 0 {
		level = task.Spec().MaxLevel
	}
	cases, err = fuzz.Problems(task, template, uint64(f.seed), level, f.problems)
	return cases, "problems of " + name, usage(err)
}

// compose makes the rewards of a list. closeAll ends their processes, also
// where there is an error.
func compose(list []recipe.Reward) (c rewards.Composite, closeAll func(), err error) {
	closeAll = func() {
		for _, p := range c.Parts {
			if p, ok := p.Reward.(io.Closer); ok {
				p.Close()
			}
		}
	}
	for _, r := range list {
		part, err := judge.Part(r, r.Params)
		if err != nil {
			return c, closeAll, err
		}
		c.Parts = append(c.Parts, part)
	}
	return c, closeAll, nil
}

func (a *app) printFuzzed(r *fuzz.Report, list []recipe.Reward, of string) {
	var names []string
	for _, p := range list {
		names = append(names, fmt.Sprintf("%s x %g", text.Line(p.PartName()), p.Weight))
	}
	a.printf("%s, on %d %s", strings.Join(names, ", "), r.Cases, text.Line(of))
	if r.Cases < r.Given {
		a.printf(" (it tells right from wrong in these, not in %d others)", r.Given-r.Cases)
	}
	a.printf("\n")
	a.printf("layout %q, as %s\n", r.Layout.Name, text.Line(fmt.Sprintf("%q", r.Layout.ThinkOpen+"…"+r.Layout.ThinkClose+r.Layout.AnswerOpen+"…"+r.Layout.AnswerClose)))
	if r.Separates {
		a.printf("honest work is paid %.3g with a right answer, %.3g with a wrong one\n", r.Right, r.Wrong)
	} else {
		a.printf("honest work is paid %.3g with a right answer and %.3g with a wrong one: this reward looks at the form alone\n", r.Right, r.Wrong)
	}
	titles := []struct {
		kind  fuzz.Kind
		title string
	}{
		{fuzz.Nothing, "WRONG ANSWERS"}, {fuzz.Formless, "BROKEN FORMS, WRONG ANSWERS"},
		{fuzz.Unearned, "RIGHT ANSWERS WITHOUT WORK"}, {fuzz.Deserved, "RIGHT ANSWERS IN OTHER WORDS"},
	}
	paid, more, attacks, lost, forms := 0, 0, 0, 0, 0
	for _, k := range titles {
		a.printf("\n%-30s %9s %11s %8s\n", k.title, "AS RIGHT", "OVER WRONG", "MEAN")
		fine := 0
		for _, t := range r.Tallies {
			if t.Kind != k.kind {
				continue
			}
			wrongly, some := t.Wrongly(r.Separates)
			switch t.Kind {
			case fuzz.Nothing, fuzz.Formless:
				attacks++
				if wrongly > 0 {
					paid++
				} else if some > 0 {
					more++
				}
			case fuzz.Deserved:
				forms++
				lost += min(1, wrongly)
			}
			if wrongly+some == 0 && t.Kind != fuzz.Unearned {
				fine++
				continue
			}
			a.printf("  %-28s %4d/%-4d %6d/%-4d %8.3g  %s\n", t.Name, t.AsRight, t.N, t.AboveWrong, t.N, t.Mean, t.About)
			if len(t.By) > 0 && len(list) > 1 {
				a.printf("      by %s\n", text.Line(strings.Join(t.By, ", ")))
			}
			for _, e := range t.Examples {
				a.printf("      %s\n", ansi.GraphemeWidth.Truncate(text.Line(e), 300, "…"))
			}
		}
		if fine > 0 {
			a.printf("  %d others as they deserve\n", fine)
		}
	}
	var failed []string
	for _, t := range r.Tallies {
		if t.Failed > 0 {
			failed = append(failed, fmt.Sprintf("%s (%d of %d)", t.Name, t.Failed, t.N))
		}
	}
	if len(failed) > 0 {
		a.printf("\nno reward gave a number on %s\n", strings.Join(failed, ", "))
	}
	if r.Failures > 0 {
		a.printf("\n%s failed or gave no usable number, the first as %s\n", text.Count(r.Failures, "result"), text.Line(r.Failure))
	}
	a.printf("\n%d of %d attacks are paid as right answers are", paid, attacks)
	if more > 0 {
		a.printf(", %d others more than honest wrong ones", more)
	}
	a.printf("; %d of %d forms of right answers are not paid in full\n", lost, forms)
}
