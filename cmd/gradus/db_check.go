package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"gradus/store"
	"gradus/store/eventlog"
	"gradus/tui/text"
)

func (a *app) dbCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check RUN|FILE",
		Short: "Read a whole database and say what is damaged, and where",
		Long: "Checks the pages of the file, the checksum of every text and all token data, the hash chain of everything\n" +
			"that was asked of the run, and, once the run has ended, the checksums of all rows, those of the search\n" +
			"index too. Of a run it also reads every record of the event log, compressed segments too; of a shared file\n" +
			"it compares the content with the manifest. It changes nothing. Exit code 1 says that something is damaged;\n" +
			"'gradus db rebuild' makes the file again from the run's event log.",
		Example: "  gradus db check demo\n  gradus db check ~/papers/run.db --json",
		Args:    exactArgs("RUN|FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := args[0]
			var logs []checkedLog
			if !isFile(path) {
				if err := missingFile(path); err != nil {
					return usage(err)
				}
				c, ref, err := a.openRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				dir, err := c.Dir(ref.RunID)
				if err != nil {
					return err
				}
				path = store.DBPath(dir.Path())
				if logs, err = checkLogs(dir.Path()); err != nil {
					return err
				}
			}
			check, err := store.CheckFile(cmd.Context(), path, a.scratch())
			if err != nil {
				return err
			}
			if asJSON {
				err := a.printJSON(struct {
					store.Check
					Logs []checkedLog `json:"logs,omitempty"`
				}{check, logs})
				if err != nil {
					return err
				}
			} else {
				a.printCheck(check)
				a.printLogs(logs)
			}
			for _, l := range logs {
				if l.Problem != "" { // it cannot be made again from anything
					return fmt.Errorf("the event log is damaged: %s", l.Problem)
				}
			}
			if n := len(check.Problems); n > 0 {
				return fmt.Errorf("%s is damaged: %s; 'gradus db rebuild' makes it again from the run's event log", path, text.Count(n, "problem"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// checkedLog is one of the two logs of a run.
type checkedLog struct {
	Dir string `json:"dir"`
	eventlog.Survey
}

// checkLogs reads the log of a run and that of its notes.
func checkLogs(runDir string) ([]checkedLog, error) {
	var out []checkedLog
	for _, dir := range []string{runDir, store.NotesDir(runDir)} {
		s, err := eventlog.Check(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, checkedLog{dir, s})
	}
	return out, nil
}

func (a *app) printLogs(logs []checkedLog) {
	for _, l := range logs {
		if l.Problem != "" {
			a.printf("%s\n", text.Line(l.Problem))
			continue
		}
		a.printf("%s: %s in %s, %d compressed, all checksums right\n", text.Line(l.Dir), text.Count(l.Records, "record"), text.Count(l.Segments, "segment"), l.Compressed)
		if l.Torn > 0 {
			a.printf("  at the end, %s are no whole record: one is being written, or a crash tore it\n", text.Count(l.Torn, "byte"))
		}
	}
}

func (a *app) printCheck(c store.Check) {
	for _, p := range c.Problems {
		a.printf("%s\n", text.Line(p))
	}
	if len(c.Problems) > 0 {
		return
	}
	a.printf("%s is whole: pages, %s, all token data, the hash chain of %s", text.Line(c.Path), text.Count(c.Texts, "text"), text.Count(c.Control, "steering request"))
	if c.Sealed {
		a.printf(", %s of all tables and of the search index\n", text.Count(c.Rows, "row"))
		return
	}
	a.printf("; its rows get checksums when the run has ended\n")
}
