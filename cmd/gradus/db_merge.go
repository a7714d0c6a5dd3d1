package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"gradus/runner/client"
	"gradus/runner/rundir"
	"gradus/store"
	"gradus/tui/text"
)

func (a *app) dbMergeCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Take over the notes, tags and verdicts that others wrote into copies of a run's database",
		Long: "FILE is a database of a run that is here too: a copy, or what 'gradus share' made; or what 'gradus notes --all --json'\n" +
			"printed elsewhere. Its notes join those of the run, each\n" +
			"once, in whatever order files are merged and however often. Nothing else of the file is taken. It is opened as a\n" +
			"stranger's: a file whose schema or pages are not as they should be, or with a note that was changed after it was\n" +
			"written, is refused whole.",
		Example: "  gradus db merge ada.db bob.db\n  gradus notes demo --agreement",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactArgs("FILE")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			failed := 0
			for _, path := range args {
				if err := a.mergeFile(cmd, path, asJSON); err != nil {
					if len(args) == 1 {
						return err
					}
					failed++
					a.complain(err)
				}
			}
			if failed > 0 {
				return fmt.Errorf("%d of %s could not be merged; the others are", failed, text.Count(len(args), "file"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each file")
	return cmd
}

// merged is what a merge prints as JSON.
type merged struct {
	File string `json:"file"`
	Run  string `json:"run"`
	store.Merged
}

func (a *app) mergeFile(cmd *cobra.Command, path string, asJSON bool) error {
	ctx := cmd.Context()
	if notes, err := isNotes(path); notes || err != nil {
		if err == nil {
			err = a.mergeNotes(cmd, path, asJSON)
		}
		return err
	}
	other, err := store.OpenFile(ctx, path, a.scratch())
	if err != nil {
		return err
	}
	defer other.Close()
	h, err := other.Header(ctx)
	if err != nil {
		return fmt.Errorf("merge %s: %w", path, err)
	}
	return a.mergeInto(ctx, path, h.ID, asJSON, func(c *client.Client) (store.Merged, error) { return c.MergeNotes(ctx, h.ID, other) })
}

// isNotes tells a file of notes from a database.
func isNotes(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("merge: %w", err)
	}
	defer f.Close()
	var first [1]byte
	n, err := f.Read(first[:])
	return n == 1 && first[0] == '{', err
}

func (a *app) mergeNotes(cmd *cobra.Command, path string, asJSON bool) error {
	id, notes, err := store.ReadNotesFile(path)
	if err != nil {
		return err
	}
	return a.mergeInto(cmd.Context(), path, id, asJSON, func(c *client.Client) (store.Merged, error) {
		return c.MergeNotesFile(cmd.Context(), id, path, notes)
	})
}

// mergeInto merges into the run that a file is about.
func (a *app) mergeInto(ctx context.Context, path, runID string, asJSON bool, merge func(*client.Client) (store.Merged, error)) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	if _, err := c.Dir(runID); errors.Is(err, rundir.ErrNoRun) {
		return fmt.Errorf("merge %s: it is of run %q, which is not here", path, runID)
	}
	m, err := merge(c)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(merged{path, runID, m})
	}
	run, err := c.Run(ctx, runID)
	if err != nil {
		return err
	}
	a.printf("%s: %s on run %s, %d new\n", text.Line(path), text.Count(m.Notes, "note"), text.Line(run.Name), m.Added)
	return nil
}
