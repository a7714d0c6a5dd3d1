package main

import (
	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) dbGCCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "gc RUN",
		Short: "Make a run's SQLite file as small as it can be without losing a row",
		Long: "Merges the search index, gives free pages back, and removes what a command that was killed left behind.\n" +
			"No row is removed.",
		Example: "  gradus db gc demo",
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
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
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
