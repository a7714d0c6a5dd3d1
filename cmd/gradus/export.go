package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gradus/store/export"
	"gradus/tui/text"
)

func (a *app) exportCommand() *cobra.Command {
	var opt export.Options
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export RUN|FILE [QUERY...]",
		Short: "Write a run's record as JSON lines, CSV, Parquet or TensorBoard events",
		Long: "Writes a file for each table into a folder: traces with their prompts, rewards, metrics, evaluations, events,\n" +
			"steering, notes and the rest, and run.json. tensorboard writes the curves as an event file. QUERY chooses\n" +
			"traces, as in 'gradus traces'. What a resume threw away is left out.",
		Example: "  gradus export demo --format parquet -o demo-parquet\n" +
			"  gradus export demo --format csv -o wrong 'correct:no'\n" +
			"  gradus export demo --format tensorboard -o logs/demo",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactArgs("RUN")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			terms := strings.Join(args[1:], " ")
			switch {
			case out == "":
				return usage(errors.New("export wants -o FOLDER"))
			case !slices.Contains(export.Formats(), opt.Format):
				return usage(fmt.Errorf("--format is %q; want one of %s", opt.Format, strings.Join(export.Formats(), ", ")))
			case opt.Format == "tensorboard" && (terms != "" || opt.Tokens):
				return usage(errors.New("tensorboard shows curves, no traces; leave out the query and --tokens"))
			}
			ctx := cmd.Context()
			_, db, err := a.openRecord(ctx, args[0])
			if err != nil {
				return err
			}
			defer db.Close()
			if opt.Query.Where, err = parseQuery(ctx, db, terms); err != nil {
				return err
			}
			files, err := export.Write(ctx, db, out, opt)
			if err != nil {
				return err
			}
			for _, f := range files {
				if asJSON {
					err = a.printJSON(f)
				} else {
					a.printf("%s  %s\n", text.Line(f.Path), text.Count(f.Rows, "row"))
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&opt.Format, "format", "jsonl", strings.Join(export.Formats(), ", "))
	f.StringVarP(&out, "output", "o", "", "folder to write into; it must be missing or empty")
	f.BoolVar(&opt.Tokens, "tokens", false, "also a row for each token: id, log-probability, entropy")
	f.BoolVar(&asJSON, "json", false, "print the files as JSON, one a line")
	return cmd
}
