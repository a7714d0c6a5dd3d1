package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"gradus/runner/bench"
	"gradus/store/storebench"
)

func (a *app) benchStoreCommand() *cobra.Command {
	var asJSON bool
	var folder string
	o := storebench.Options{Now: a.now}
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Measure the store: ingest, size, search, opening",
		Long: "Writes logs of made-up traces, folds and searches them, and opens a long run and a list of many runs.\n" +
			"In full it takes some minutes and 1.5 GB of disk; smaller numbers give smaller figures, and their names say so.",
		Example: "  gradus bench store --json\n  gradus bench store --run-traces 100000",
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Traces < 1000 || o.RunTraces < 1000 || o.Runs < 1 || o.Repeats < 1 {
				return usage(errors.New("--traces and --run-traces begin at 1000, --runs and --repeats at 1"))
			}
			if o.Dir, err = os.MkdirTemp(folder, "gradus-bench-store-"); err != nil {
				return fmt.Errorf("make a folder to measure in: %w", err)
			}
			defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
			return storebench.Run(cmd.Context(), o, func(r storebench.Result) error {
				return a.printFigure(bench.NewFigure(r.Name, r.Unit, r.Better, r.Repeats, 0), asJSON)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print one JSON object a figure")
	f.StringVar(&folder, "dir", "", "measure on the disk of this folder instead of that of temporary files")
	f.IntVar(&o.Traces, "traces", 100_000, "traces of 2 KB to fold and search")
	f.IntVar(&o.RunTraces, "run-traces", 1_000_000, "traces of the run that is opened")
	f.IntVar(&o.Runs, "runs", 1000, "runs in the list")
	f.IntVar(&o.Repeats, "repeats", 9, "times a reader's figure is measured")
	return cmd
}
