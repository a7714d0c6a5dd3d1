package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/recipe"
	"gradus/runner/rescore"
	"gradus/runner/rundir"
	"gradus/store"
	"gradus/tui/text"
)

// rescoreFlags choose the rewards, the traces, and what is printed.
type rescoreFlags struct {
	rewards          []string
	setup, recipe    string
	sets             []string
	label, phase     string
	minStep, maxStep int
	changes          int
	dryRun, list     bool
	asJSON           bool
}

func (a *app) rescoreCommand() *cobra.Command {
	var f rescoreFlags
	cmd := &cobra.Command{
		Use:   "rescore RUN",
		Short: "Score stored traces again, beside the scores the run recorded",
		Long: "Scores the stored traces of a run with other rewards: those that --reward names, those of --setup or --recipe, or,\n" +
			"with none of them, the run's own as this gradus computes them. A reward that the run has comes with the run's settings.\n" +
			"The result is a layer: kept with the run, numbered, never in place of what was recorded. Printed are the traces\n" +
			"whose verdict changed, with the reason, and what the advantages would have been, over the same groups and by the\n" +
			"same rule as in the run. 'gradus traces RUN --layer N' shows a layer's traces.",
		Example: "  gradus rescore demo\n" +
			"  gradus rescore demo --reward openr1.format --reward gradus.accuracy=2 --label strict\n" +
			"  gradus rescore demo --setup open-r1\n" +
			"  gradus rescore demo --recipe mine.toml --phase train --min-step 500 --json\n" +
			"  gradus rescore demo --layers",
		Args: exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var q store.SampleQuery
			if cmd.Flags().Changed("min-step") {
				q.MinStep = &f.minStep
			}
			if cmd.Flags().Changed("max-step") {
				q.MaxStep = &f.maxStep
			}
			if q.Phase = f.phase; f.phase != "" && f.phase != "train" && f.phase != "eval" {
				return usage(fmt.Errorf("--phase is %q; want train or eval", f.phase))
			}
			if f.recipe != "" && f.setup != "" || len(f.rewards) > 0 && f.recipe+f.setup != "" {
				return usage(errors.New("--reward, --setup and --recipe each say what to score with; give one of them"))
			}
			if len(f.sets) > 0 && f.recipe == "" {
				return usage(errors.New("--set changes the recipe of --recipe; give that too"))
			}
			if f.list && (len(f.rewards) > 0 || f.setup+f.recipe+f.label+f.phase != "" || q != store.SampleQuery{} || f.dryRun) {
				return usage(errors.New("--layers lists what there is and scores nothing; leave the other flags out"))
			}
			if f.changes < 0 {
				return usage(fmt.Errorf("--changes is %d; want 0 (all) or more", f.changes))
			}
			return a.rescore(cmd.Context(), args[0], q, f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.rewards, "reward", nil, "NAME or NAME=WEIGHT; may be repeated")
	flags.StringVar(&f.setup, "setup", "", "published setup to score with, as open-r1 ('gradus reward setup' lists them)")
	flags.StringVar(&f.recipe, "recipe", "", "recipe whose rewards to score with")
	flags.StringArrayVar(&f.sets, "set", nil, "KEY=VALUE of that recipe; may be repeated")
	flags.StringVar(&f.label, "label", "", "what to call the layer")
	flags.StringVar(&f.phase, "phase", "", "only train or only eval")
	flags.IntVar(&f.minStep, "min-step", 0, "from this step on")
	flags.IntVar(&f.maxStep, "max-step", 0, "up to this step")
	flags.IntVar(&f.changes, "changes", 20, "changed traces to print; 0 prints all")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print, and store nothing")
	flags.BoolVar(&f.list, "layers", false, "list the layers that the run has")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	return cmd
}

func (a *app) rescore(ctx context.Context, runRef string, q store.SampleQuery, f rescoreFlags) error {
	c, ref, db, err := a.openRunDB(ctx, runRef)
	if err != nil {
		return err
	}
	defer db.Close()
	if ref.Step >= 0 {
		q.MinStep, q.MaxStep = &ref.Step, &ref.Step
	}
	if f.list {
		return a.layers(ctx, db, f.asJSON)
	}
	dir, err := c.Dir(ref.RunID)
	if err != nil {
		return err
	}
	opt, err := a.rescoreOptions(c, dir, q, f)
	if err != nil {
		return err
	}
	res, err := rescore.Run(ctx, db, opt)
	if errors.Is(err, rescore.ErrNothing) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	if opt.ID != "" {
		if err := c.EnsureIngest(ctx, ref.RunID); err != nil {
			return fmt.Errorf("the layer is recorded, but not in the database yet: %w", err)
		}
		if err := a.awaitLayer(ctx, db, res, opt.ID); err != nil {
			return err
		}
	}
	if f.asJSON {
		return a.printJSON(res)
	}
	a.printRescored(res, shortID(ref.RunID), opt.ID != "")
	return nil
}

// layerWait is how long the process of a run may take to add a layer to the
// database that it is writing.
const layerWait = 5 * time.Second

func (a *app) awaitLayer(ctx context.Context, db *store.DB, res *rescore.Result, id string) error {
	for end := a.now().Add(layerWait); ; {
		if err := res.Stored(ctx, db, id); err != nil || res.Layer != nil || a.now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (a *app) rescoreOptions(c *client.Client, dir rundir.Dir, q store.SampleQuery, f rescoreFlags) (rescore.Options, error) {
	spec, err := dir.Spec()
	if err != nil {
		return rescore.Options{}, err
	}
	config, err := recipe.FromJSON(spec.Config)
	if err != nil {
		return rescore.Options{}, fmt.Errorf("the recipe of run %s: %w", dir.ID(), err)
	}
	list := rescore.Own(dir, config)
	switch {
	case f.setup != "":
		if list, err = recipe.SetupRewards(f.setup); err != nil {
			return rescore.Options{}, usage(err)
		}
	case f.recipe != "":
		r, err := recipe.Load(f.recipe, f.sets...)
		if err != nil {
			return rescore.Options{}, usage(err)
		}
		list = r.Rewards
	case len(f.rewards) > 0:
		if list, err = rescore.Named(f.rewards, list); err != nil {
			return rescore.Options{}, usage(err)
		}
	}
	if len(list) == 0 {
		return rescore.Options{}, usage(errors.New("there is no reward to score with; name one with --reward ('gradus reward list' shows them)"))
	}
	made, closeAll, err := compose(list)
	switch {
	case err == nil:
		err = made.Check()
	case len(f.rewards) > 0:
		err = fmt.Errorf("%w (a reward that the run has not comes without parameters here; --recipe brings them)", err)
	}
	closeAll()
	if err != nil {
		return rescore.Options{}, usage(err)
	}
	opt := rescore.Options{Dir: dir, Config: config, Rewards: list, Query: q, Label: f.label, MadeBy: c.Actor(), Version: a.version, Changes: f.changes, Now: a.now}
	if !f.dryRun {
		opt.ID = a.newID()
	}
	if !f.asJSON && a.interactive() {
		opt.Progress = func(done int) { fmt.Fprintf(a.stderr, "%s scored\n", text.Count(done, "trace")) }
	}
	return opt, nil
}

func (a *app) printRescored(r *rescore.Result, run string, stored bool) {
	names := ""
	for _, p := range r.Rewards {
		names += fmt.Sprintf("  %s %s x %g", text.Line(p.Name), text.Line(p.Version), p.Weight)
	}
	a.printf("%s in %s, scored with%s\n", text.Count(r.Traces, "trace"), text.Count(r.Groups, "group"), names)
	if r.LeftOut > 0 {
		a.printf("left out: %s of steps whose texts were removed to save space\n", text.Count(r.LeftOut, "trace"))
	}
	if r.Failures > 0 {
		a.printf("failed: %s; what fails counts as no reward, as 0 only where on_error is zero\n", text.Count(r.Failures, "reward call"))
	}
	a.printf("\nverdicts   %s changed: %d now right, %d now wrong\n", text.Count(r.Changed, "trace"), r.NowRight, r.NowWrong)
	a.printf("reward     mean %s, was %s", meanWord(r.RewardAfter, r.ScoredAfter), meanWord(r.RewardBefore, r.ScoredBefore))
	if r.Totals {
		a.printf("; raised %d, lowered %d", r.Raised, r.Lowered)
	} else {
		a.printf(": other rewards or weights than the run's, so the sums are not compared")
	}
	if r.Unscorable+r.Scorable > 0 {
		a.printf("; %d became unscorable, %d scorable", r.Unscorable, r.Scorable)
	}
	a.printf("\n")
	for _, p := range r.Parts {
		if p.Compared > 0 {
			a.printf("           %s  %d of %d changed, mean %s, was %s\n", text.Line(p.Name), p.Changed, p.Compared, meanWord(p.After, p.Scored), meanWord(p.Before, p.Scored))
		}
	}
	if v := r.Advantage; v.Traces > 0 {
		a.printf("advantage  of %d training traces: mean size %.3f, was %.3f; mean change %.3f, largest %.3f; %d turned their sign; correlation %.3f\n",
			v.Traces, v.MeanAbsNew, v.MeanAbs, v.MeanChange, v.MaxChange, v.Turned, v.Correlation)
		a.printf("           groups without spread: %d of %d, were %d\n", v.NoSpreadNew, v.Groups, v.NoSpread)
	}
	for _, c := range r.Changes {
		a.printf("\n%6d step %-4d #%d/%d  reward %s -> %s  advantage %+.2f -> %+.2f\n       %s\n       %s\n", c.Sample, c.Step, c.Group, c.Index,
			rewardWord(c.Reward.Before, c.Unscorable[0]), rewardWord(c.Reward.After, c.Unscorable[1]), c.Advantage.Before, c.Advantage.After, text.Line(c.Why), text.Line(c.Text))
	}
	if more := r.Changed - len(r.Changes); more > 0 {
		a.printf("\n... %d more; --changes 0 prints all\n", more)
	}
	switch {
	case r.Layer != nil:
		a.printf("\nstored as layer %d: gradus traces %s --layer %d --changed\n", r.Layer.N, run, r.Layer.N)
	case stored:
		a.printf("\nstored; the run's own process is writing its database and will add it\n")
	}
}

// meanWord is a mean of n values, none where there are none.
func meanWord(mean float64, n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprintf("%.4f", mean)
}

// layers lists the layers of a run.
func (a *app) layers(ctx context.Context, db *store.DB, asJSON bool) error {
	list, err := db.Layers(ctx)
	if err != nil {
		return err
	}
	for _, l := range list {
		if asJSON {
			if err := a.printJSON(l); err != nil {
				return err
			}
			continue
		}
		names := ""
		for _, p := range l.Rewards {
			names += fmt.Sprintf(" %s@%s", p.Name, p.Version)
		}
		a.printf("%3d  %s  %s, %d changed  %s %s\n", l.N, text.Line(l.MadeBy), text.Count(l.Traces, "trace"), l.Changed, text.Line(l.Label), text.Line(names))
	}
	if len(list) == 0 && !asJSON {
		a.printf("no layer yet; 'gradus rescore RUN' makes one\n")
	}
	return nil
}
