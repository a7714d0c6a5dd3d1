package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gradus/rewards/hygiene"
	"gradus/tui/text"
)

func (a *app) dataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "data",
		Short:   "Look over data sets",
		Example: "  gradus data check train.jsonl test.parquet --preset gsm8k",
	}
	cmd.AddCommand(a.dataCheckCommand())
	return cmd
}

func (a *app) dataCheckCommand() *cobra.Command {
	opt := hygiene.Options{Examples: 3}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Find gold answers that cannot be judged, repetitions and overlaps of data sets",
		Long: "Reads JSONL and Parquet files as the task jsonl does, the training set first. Found are rows that are no problem,\n" +
			"gold answers that cannot be read or are not accepted in a box, questions that come again with the same or another\n" +
			"answer, and, of two files each, questions that stand in both, differ in numbers only or share a run of 13 words.\n" +
			"Exits 1 if rows are broken, more than 1 % of the gold answers cannot be judged, answers contradict each other, ids\n" +
			"repeat, or a question stands in two files.",
		Example: "  gradus data check train.jsonl\n  gradus data check --preset gsm8k gsm8k_train.jsonl gsm8k_test.jsonl --json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Errorf("%s wants FILE..., got none; example: %s", cmd.CommandPath(), firstExample(cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if opt.Examples < 0 {
				return usage(fmt.Errorf("--examples is %d; want 0 or more", opt.Examples))
			}
			r, err := hygiene.Check(args, opt)
			if err != nil {
				return usage(err)
			}
			if asJSON {
				err = a.printJSON(r)
			} else {
				a.printHygiene(r)
			}
			if err != nil {
				return err
			}
			return r.Problems()
		},
	}
	f := cmd.Flags()
	f.StringVar(&opt.Preset, "preset", "", "columns of a known layout: gsm8k, math500")
	f.StringVar(&opt.Columns.Question, "question", "", "column of the question, instead of the preset's")
	f.StringVar(&opt.Columns.Answer, "answer", "", "column of the gold answer")
	f.StringVar(&opt.Columns.ID, "id", "", "column of the id")
	f.StringVar(&opt.Columns.Solution, "solution", "", "column of a worked solution")
	f.IntVar(&opt.Examples, "examples", 3, "findings of each kind to print")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (a *app) printHygiene(r hygiene.Report) {
	show := func(f hygiene.Found, what string) {
		a.printf("  %6d %s\n", f.N, what)
		for _, e := range f.Examples {
			where := fmt.Sprintf("row %d", e.Row)
			if e.Other > 0 {
				where += fmt.Sprintf(", as row %d", e.Other)
			}
			said := []rune(text.Line(e.What))
			if len(said) > 100 {
				said = append(said[:100], '…')
			}
			a.printf("         %s: %s\n", where, string(said))
		}
	}
	for _, f := range r.Files {
		a.printf("%s\n  %6d problems\n", text.Line(f.Path), f.Rows)
		show(f.Bad, "rows that are none")
		show(f.Unread, fmt.Sprintf("of %d gold answers cannot be read", f.Golds))
		show(f.NotItself, "gold answers are not accepted in a box")
		show(f.Unfit, "gold answers are not what the row's own solution gives")
		show(f.Worded, "gold answers are words with a number, which only the same words equal")
		show(f.Several, "gold answers give several values with \"or\", all of which an answer must give")
		show(f.Duplicates, "questions come again with the same answer")
		show(f.Conflicts, "questions come again with another answer")
		show(f.SameIDs, "ids come again")
		a.printf("\n")
	}
	for _, o := range r.Overlaps {
		a.printf("%s in %s\n", text.Line(o.B), text.Line(o.A))
		show(o.Exact, "questions are the same")
		show(o.Numbers, "others are the same but for their numbers")
		show(o.Any, fmt.Sprintf("others share a run of %d words, %d of them half of their runs or more", hygiene.NGram, o.Half))
		a.printf("\n")
	}
	if r.Partial {
		a.printf("the files have more words than are compared; overlaps beyond them are not found\n")
	}
	if r.Problems() == nil {
		a.printf("nothing that must be mended\n")
	}
}
