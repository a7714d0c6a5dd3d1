package main

import (
	"errors"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) dbGCCommand() *cobra.Command {
	var asJSON, retain, apply bool
	var rules string
	cmd := &cobra.Command{
		Use:   "gc RUN",
		Short: "Make a run's SQLite file smaller; with --retention remove what rules let go",
		Long: "Merges the search index, gives free pages back, compresses closed segments of the event log, and removes what a command that was killed left behind.\n" +
			"No row is removed. With --retention it says which checkpoints and which texts of traces the rules in\n" +
			"retention.toml of the folder of runs (or --rules FILE) would remove, and with --apply removes them.",
		Example: "  gradus db gc demo\n  gradus db gc demo --retention\n  gradus db gc demo --retention --rules keep.toml --apply",
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if retain {
				return a.retain(cmd.Context(), args[0], rules, apply, asJSON)
			}
			if apply || rules != "" {
				return usage(errors.New("--apply and --rules belong to --retention"))
			}
			c, ref, err := a.openRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			dir, err := c.Dir(ref.RunID)
			if err != nil {
				return err
			}
			path := store.DBPath(dir.Path())
			saved, err := store.GC(cmd.Context(), dir.Path(), path)
			if err != nil {
				return beingWritten(path, err)
			}
			if asJSON {
				return a.printJSON(saved)
			}
			a.printf("%s: %d bytes before, %d after\n", text.Line(path), saved.Before, saved.After)
			if saved.Log.Segments > 0 {
				a.printf("%s of the event log compressed: %d bytes before, %d after\n", text.Count(saved.Log.Segments, "segment"), saved.Log.Before, saved.Log.After)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&retain, "retention", false, "say what the retention rules would remove")
	cmd.Flags().StringVar(&rules, "rules", "", "file of rules; default retention.toml in the folder of runs")
	cmd.Flags().BoolVar(&apply, "apply", false, "with --retention: remove it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
