package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"gradus/runner/rundir"
	"gradus/runner/train"
	"gradus/runner/train/journal"
	"gradus/tui/text"
)

// processCommand is what 'gradus run' starts as a process of its own. It is
// hidden: people never type it.
func (a *app) processCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "_run DIR",
		Short:   "Be the process of a run",
		Hidden:  true,
		Example: "  gradus _run FOLDER",
		Args:    exactArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			// Everything a run writes is its user's alone.
			syscall.Umask(0o077)
			dir, err := rundir.At(args[0])
			if err != nil {
				return usage(err)
			}
			// The run answers signals itself, at step boundaries: it must not
			// die with the context that ends the other commands.
			// They stay caught: one that comes when the run has ended must not
			// turn its exit code into a death by signal.
			signals, _ := train.Signals()
			err = train.Run(context.WithoutCancel(cmd.Context()), train.Env{
				Dir:        dir,
				OpenDevice: a.openDevice,
				Memory:     memory,
				Clock:      journal.System{},
				NewID:      a.newID,
				Signals:    signals,
				Complain: func(err error) {
					fmt.Fprintf(a.stderr, "%s %s\n", a.now().UTC().Format(time.RFC3339), text.Line(err.Error()))
				},
				Version: a.version,
			})
			if err != nil {
				return &exitError{train.ExitCode(err), err}
			}
			return nil
		},
	}
}

// newID returns a fresh ULID.
func (a *app) newID() string { return ulid.MustNew(ulid.Timestamp(a.now()), rand.Reader).String() }
