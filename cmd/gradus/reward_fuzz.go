package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"gradus/rewards/mathans"
	"gradus/rewards/mathans/mutate"
	"gradus/tui/text"
)

func (a *app) rewardFuzzCommand() *cobra.Command {
	var policy, in, rows string
	var examples int
	var asJSON bool
	var f fuzzFlags
	cmd := &cobra.Command{
		Use:   "fuzz",
		Short: "Attack a reward before training on it, or a verifier: what does it pay that it should not?",
		Long: "With --reward, --setup or --recipe: writes completions that deserve nothing (hedges, enumerations, empty and repeated\n" +
			"parts, echoes of the question, the right answer in the wrong place, orders to the judge) and right answers in other\n" +
			"words, has the reward judge them beside honest work, and reports which it pays. The problems are those of --task,\n" +
			"of the recipe, or gold answers: those of --in, or a small list of every kind. The completions are in the layout in\n" +
			"which the reward pays honest work best.\n\n" +
			"Otherwise: rewrites gold answers into forms that mean the same and into near misses, has the policy of the verifier\n" +
			"judge them, and reports the share of each rule that was judged wrong. --rows writes the rows, to judge them with\n" +
			"another verifier (bench/rivals/mathverify/compare.py does so with Math-Verify).",
		Example: "  gradus reward fuzz --reward openr1.accuracy --reward openr1.format\n" +
			"  gradus reward fuzz --setup tinyzero --task countdown --examples 1\n" +
			"  gradus reward fuzz --recipe mine.toml --problems 64 --json\n" +
			"  gradus reward fuzz --policy r1 --in ../shared/data/math500.jsonl --examples 3\n" +
			"  gradus reward fuzz --in golds.jsonl --rows rows.jsonl --json",
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if examples < 0 {
				return usage(fmt.Errorf("--examples is %d; want 0 or more", examples))
			}
			if f.named() {
				if cmd.Flags().Changed("policy") || rows != "" {
					return usage(errors.New("--policy and --rows are of the verifier alone; leave them out to attack a reward"))
				}
				f.in, f.examples, f.asJSON, f.given = in, examples, asJSON, cmd.Flags().Changed
				return a.rewardFuzzReward(cmd.Context(), f)
			}
			for _, name := range f.ofRewards() {
				if cmd.Flags().Changed(name) {
					return usage(fmt.Errorf("--%s is of attacks on a reward; name one with --reward, --setup or --recipe", name))
				}
			}
			p, err := mathans.ParsePolicy(policy)
			if err != nil {
				return usage(err)
			}
			return a.rewardFuzz(cmd.Context(), p, in, rows, examples, asJSON)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&policy, "policy", string(mathans.PolicyMathVerify), "policy to test: r1, gsm8k, mathverify, lenient")
	cmd.Flags().StringVar(&in, "in", "", "JSONL file with gold answers in field gold or answer, '-' for the standard input; without it, a small list of every kind")
	cmd.Flags().StringVar(&rows, "rows", "", "file to write the mutated rows to")
	cmd.Flags().IntVar(&examples, "examples", 0, "wrong verdicts, or completions paid wrongly, to show for each rule")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) rewardFuzz(ctx context.Context, p mathans.Policy, in, rows string, examples int, asJSON bool) error {
	golds := mutate.Samples()
	var from *os.File
	if in != "" {
		var err error
		if from, err = a.openRows(in); err != nil {
			return err
		}
		defer a.closeRows(from)
		if golds, err = a.readGolds(ctx, from); err != nil {
			return err
		}
		if len(golds) == 0 {
			return noGolds(in)
		}
	}
	if rows != "" {
		if err := writeRows(rows, from, mutate.Rows(golds)); err != nil {
			return err
		}
	}
	report := mutate.Run(golds, examples, func(gold, pred string) bool {
		if ctx.Err() != nil {
			return false
		}
		return p.VerifyAnswer(gold, pred, mathans.Adjust{}).Equal
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(report)
	}
	a.printf("policy %s, %d gold answers\n\n", p, report.Golds)
	a.printf("%-20s %-9s %7s %7s %8s\n", "RULE", "MEANS", "ROWS", "WRONG", "RATE")
	for _, t := range report.Rules {
		means := "same"
		if !t.Equal {
			means = "other"
		}
		a.printf("%-20s %-9s %7d %7d %7.2f%%\n", t.Rule, means, t.Rows, t.Wrong, 100*t.Rate)
		for _, e := range t.Examples {
			a.printf("    gold %s  answer %s\n", text.Line(e.Gold), text.Line(e.Pred))
		}
	}
	a.printf("\nfalse negatives %d of %d (%.2f%%), false positives %d of %d (%.2f%%)\n", report.FalseNegatives, report.Same, 100*report.FNRate,
		report.FalsePositives, report.Changed, 100*report.FPRate)
	return nil
}

// readGolds reads the gold answers of a JSONL file; a bad row is reported and
// left out.
func (a *app) readGolds(ctx context.Context, r io.Reader) ([]string, error) {
	var golds []string
	err := eachLine(ctx, r, maxAnswerLine, func(number int, line []byte, err error) error {
		var row jsonRow
		if err == nil {
			row, err = parseRow(line)
		}
		var texts []string
		if err == nil {
			field := "gold"
			if !row.has(field) {
				field = "answer"
			}
			texts, err = row.texts(field)
		}
		if err != nil {
			a.complain(fmt.Errorf("line %d: %w", number, err))
			return nil
		}
		golds = append(golds, texts[0])
		return nil
	})
	return golds, err
}

func noGolds(in string) error {
	return usage(fmt.Errorf("%s holds no gold answer: want rows with a field gold or answer", inputName(in)))
}

// writeRows writes rows that were made from those of the file from.
func writeRows(path string, from *os.File, rows []mutate.Row) error {
	f, err := createBeside(path, from)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close()
}
