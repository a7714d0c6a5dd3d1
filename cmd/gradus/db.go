package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) dbCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "db",
		Short:   "Look after the databases of runs",
		Example: "  gradus db path demo\n  gradus db check demo\n  gradus db rebuild demo\n  gradus db gc demo",
	}
	path := &cobra.Command{
		Use:     "path RUN",
		Short:   "Print the path of a run's SQLite file, brought up to date",
		Example: "  sqlite3 -readonly \"$(gradus db path demo)\" 'select avg(reward) from sample'",
		Args:    exactArgs("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, _, db, err := a.openRunDB(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer db.Close()
			a.printf("%s\n", db.Path())
			return nil
		},
	}
	var asJSON bool
	rebuild := &cobra.Command{
		Use:     "rebuild RUN",
		Short:   "Make a run's SQLite file again from its event log",
		Example: "  gradus db rebuild demo\n  gradus db rebuild demo --json",
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
			if err := store.Rebuild(cmd.Context(), dir.Path(), path); err != nil {
				return beingWritten(path, err)
			}
			if asJSON {
				return a.printJSON(rebuilt{ref.RunID, path})
			}
			a.printf("rebuilt %s\n", text.Line(path))
			return nil
		},
	}
	rebuild.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.AddCommand(path, a.dbCheckCommand(), rebuild, a.dbGCCommand(), a.dbMergeCommand())
	return cmd
}

// rebuilt is what a rebuild prints as JSON.
type rebuilt struct {
	Run string `json:"run"`
	DB  string `json:"db"`
}

// beingWritten words the error of a database that another process has in hand.
func beingWritten(path string, err error) error {
	if errors.Is(err, store.ErrIngestLocked) {
		return &exitError{exitTryAgain, fmt.Errorf("%s is being written just now, by its run or a viewer; try again when the run has ended", path)}
	}
	return err
}
