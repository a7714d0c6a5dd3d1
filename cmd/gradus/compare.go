package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/compare"
	"gradus/runner/evaluate"
	"gradus/runner/recipe"
	"gradus/runner/stats"
	"gradus/runner/train"
	"gradus/tui/text"
)

func (a *app) compareCommand() *cobra.Command {
	var suite suiteFlags
	var asJSON bool
	var flips int
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Compare two checkpoints on the same held-out problems",
		Long: "A and B are checkpoints as in 'gradus eval'. Both get the same problems and the same random numbers; answers that\n" +
			"are not recorded yet are generated and stored first. The difference is B - A, with a paired bootstrap interval.",
		Example: "  gradus compare demo@1000 demo@last\n  gradus compare demo@1000 demo@best --prompts 1000 --json",
		Args:    exactArgs("A", "B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if flips < 0 {
				return usage(fmt.Errorf("--flips is %d; want 0 or more", flips))
			}
			c, err := a.open()
			if err != nil {
				return err
			}
			var refs [2]client.Ref
			for i := range refs {
				if refs[i], err = c.ResolveCheckpoint(cmd.Context(), args[i]); err != nil {
					return usage(err)
				}
			}
			opt := evaluate.CompareOptions{Sets: suite.overrides(cmd), Texts: flips}
			if !asJSON {
				opt.Found = func(ckpt client.Ref, there bool) {
					if !there {
						fmt.Fprintf(a.stderr, "generating held-out answers of %s\n", text.Line(ckpt.String()))
					}
				}
			}
			result, err := evaluate.Compare(cmd.Context(), a.evalEnv(c, asJSON), refs[0], refs[1], opt)
			if err != nil {
				return compareError(err)
			}
			if asJSON {
				return a.printJSON(result)
			}
			a.printComparison(result, flips)
			return nil
		},
	}
	suite.add(cmd)
	cmd.Flags().IntVar(&flips, "flips", 5, "changed verdicts of each kind to print with their texts; 0 prints all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// compareError tells wrong use (a bad --set, different prompts) from failure.
func compareError(err error) error {
	var problems recipe.Problems
	if errors.As(err, &problems) || errors.Is(err, compare.ErrDifferentPrompts) {
		return usage(err)
	}
	return &exitError{train.ExitCode(err), err}
}

func (a *app) printComparison(r compare.Result, flips int) {
	each := "one answer"
	if r.Samples > 1 {
		each = fmt.Sprintf("%d answers", r.Samples)
	}
	a.printf("%s, %s each, paired by prompt\n\n", text.Line(r.Suite), each)
	for _, side := range []struct {
		name string
		s    compare.Summary
	}{{"A", r.A}, {"B", r.B}} {
		a.printf("%s  %-24s accuracy %.3f (%.3f to %.3f)  reward %.3f  format %.3f  %.1f tokens\n", side.name,
			text.Line(side.s.Ckpt), side.s.Accuracy, side.s.CILow, side.s.CIHigh, side.s.Reward, side.s.FormatOK, side.s.MeanTokens)
	}
	a.printf("\nB - A\n%s\n", differenceLine("accuracy", r.Accuracy))
	if r.Reward != nil {
		a.printf("%s\n", differenceLine("reward", *r.Reward))
	} else if r.RewardNote != "" {
		a.printf("reward     %s\n", text.Line(r.RewardNote))
	}
	a.printf("%s\n", differenceLine("tokens", r.Tokens))
	a.printf("\n%d gained (A wrong, B right), %d lost (A right, B wrong)\n", len(r.Gained), len(r.Lost))
	a.printFlips("gained", r.Gained, flips)
	a.printFlips("lost", r.Lost, flips)
}

func differenceLine(name string, d stats.Difference) string {
	return fmt.Sprintf("%-10s %+.3f  (95 %% interval %+.3f to %+.3f, paired bootstrap by prompt; p %.2g, sign test; better %d, same %d, worse %d)",
		name, d.Mean, d.Interval.Low, d.Interval.High, d.P, d.Better, d.Same, d.Worse)
}

func (a *app) printFlips(kind string, list []compare.Flip, limit int) {
	for i, f := range list {
		if limit > 0 && i == limit {
			a.printf("... %d more; --flips 0 prints all\n", len(list)-i)
			return
		}
		a.printf("\n%s  %s (gold %s)\n  A %s\n  B %s\n", kind, text.Line(f.Prompt), text.Line(f.Gold), text.Line(f.TextA), text.Line(f.TextB))
	}
}

// evalRecipe is how the workbench has a missing side of a comparison made: on
// the suite of base's run, or of ckpt's if base is a folder.
func evalRecipe(c *client.Client, base, ckpt client.Ref) (*recipe.Recipe, error) {
	for _, of := range []client.Ref{base, ckpt} {
		r, err := evaluate.Base(c, of)
		if err != nil {
			return nil, err
		}
		if r != nil {
			return evaluate.Recipe(r, ckpt)
		}
	}
	return nil, errors.New("neither side belongs to a run, so there is no suite; run: gradus compare A B --set task.name=NAME")
}
