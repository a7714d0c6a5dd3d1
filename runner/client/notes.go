package client

import (
	"context"
	"fmt"
	"time"

	"gradus/store"
)

// noteWait is how long AddNotes waits for others who add to the run, and for
// whoever folds to take the notes over. The log has them in any case.
const noteWait = 5 * time.Second

// Author is in whose name notes are written: GRADUS_AUTHOR, or else the actor.
func (c *Client) Author() string {
	if name := c.opt.Getenv("GRADUS_AUTHOR"); name != "" {
		return name
	}
	return c.opt.Actor
}

// AddNotes adds notes to a run, with the time and an id, in the order given,
// and returns them once the run's database has them. A note without an author
// is by Author. All are checked before one is written; once they are
// written they are never changed or removed, only superseded by later ones.
func (c *Client) AddNotes(ctx context.Context, runID string, notes ...store.Note) ([]store.NoteRow, error) {
	d, err := c.Dir(runID)
	if err != nil {
		return nil, err
	}
	now := c.opt.Now().UnixMicro()
	lastID := ""
	out := make([]store.NoteRow, len(notes))
	recs := make([]store.Record, len(notes))
	for i, n := range notes {
		if n.Author == "" {
			n.Author = c.Author()
		}
		at := now + int64(i)
		if n, err = store.NewNote(runID, at, n); err != nil {
			return nil, err
		}
		if recs[i], err = store.NewRecord(store.KindNote, 0, at, n); err != nil {
			return nil, err
		}
		lastID = n.ID
		out[i] = store.NoteRow{Note: n, TimeUS: at, Live: n.Text != ""}
	}
	return out, c.appendNotes(ctx, runID, d.Path(), recs, lastID)
}

// appendNotes writes records into the run's log of notes and waits until the
// last of them is in the database.
func (c *Client) appendNotes(ctx context.Context, runID, dir string, recs []store.Record, lastID string) error {
	if len(recs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, noteWait)
	defer cancel()
	if err := store.Append(ctx, dir, recs...); err != nil {
		return err
	}
	for {
		// When the run's own process folds, it takes them over within a moment.
		if err := c.EnsureIngest(ctx, runID); err != nil {
			return fmt.Errorf("the notes are written and not yet in the database: %w", err)
		}
		if has, err := hasNote(ctx, store.DBPath(dir), lastID); has || err != nil || c.pause(ctx) != nil {
			return err
		}
	}
}

func hasNote(ctx context.Context, path, id string) (bool, error) {
	db, err := store.OpenRead(path)
	if err != nil {
		return false, err
	}
	defer db.Close()
	return db.HasNote(ctx, id)
}

// MergeNotes takes over the notes that other has and the run does not: other is
// a database of the same run, opened with store.RoleUntrusted if a stranger may
// have made it.
func (c *Client) MergeNotes(ctx context.Context, runID string, other *store.DB) (store.Merged, error) {
	d, err := c.Dir(runID)
	if err != nil {
		return store.Merged{}, err
	}
	mine, err := c.OpenDB(ctx, runID)
	if err != nil {
		return store.Merged{}, err
	}
	defer mine.Close()
	merged, recs, err := store.NewNotes(ctx, mine, other)
	if err != nil {
		return store.Merged{}, err
	}
	return merged, c.appendNotes(ctx, runID, d.Path(), recs, merged.Last)
}
