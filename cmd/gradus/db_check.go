package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/tui/text"
)

func (a *app) dbCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check RUN|FILE",
		Short: "Read a whole database and say what is damaged, and where",
		Long: "Checks the pages of the file, the checksum of every text and all token data, the hash chain of everything\n" +
			"that was asked of the run, and, once the run has ended, the checksums of all rows, those of the search\n" +
			"index too. It changes nothing. Exit code 1 says\n" +
			"that something is damaged; 'gradus db rebuild' makes the file again from the run's event log.",
		Example: "  gradus db check demo\n  gradus db check ~/papers/run.db --json",
		Args:    exactArgs("RUN|FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := args[0]
			if info, err := os.Stat(path); err != nil || info.IsDir() || !strings.Contains(path, ".") {
				c, ref, err := a.openRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				dir, err := c.Dir(ref.RunID)
				if err != nil {
					return err
				}
				path = store.DBPath(dir.Path())
			}
			check, err := store.CheckDB(cmd.Context(), path)
			if err != nil {
				return err
			}
			if asJSON {
				if err := a.printJSON(check); err != nil {
					return err
				}
			} else {
				a.printCheck(check)
			}
			if n := len(check.Problems); n > 0 {
				return fmt.Errorf("%s is damaged: %d problems; 'gradus db rebuild' makes it again from the run's event log", path, n)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (a *app) printCheck(c store.Check) {
	for _, p := range c.Problems {
		a.printf("%s\n", text.Line(p))
	}
	if len(c.Problems) > 0 {
		return
	}
	a.printf("%s is whole: pages, %d texts, all token data, the hash chain of %d steering requests", text.Line(c.Path), c.Texts, c.Control)
	if c.Sealed {
		a.printf(", %d rows of all tables and of the search index\n", c.Rows)
		return
	}
	a.printf("; its rows get checksums when the run has ended\n")
}
