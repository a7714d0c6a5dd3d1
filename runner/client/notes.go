package client

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"

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

// NotesPath is where the notes are that this user writes on a run that was
// handed over as a file; see store.ReadNotesFile.
func (c *Client) NotesPath(runID string) string {
	return filepath.Join(c.home.Root(), "notes", url.PathEscape(runID)+".jsonl") // a stranger's file can say any id
}

// AddFiledNotes is AddNotes for a run that was handed over as a file: they go to
// NotesPath.
func (c *Client) AddFiledNotes(_ context.Context, runID string, notes ...store.Note) ([]store.NoteRow, error) {
	if _, err := ulid.ParseStrict(runID); err != nil {
		return nil, fmt.Errorf("%q is no id of a run: %w", runID, err)
	}
	out, err := c.signed(runID, notes)
	if err != nil {
		return nil, err
	}
	return out, store.AppendNotesFile(c.NotesPath(runID), runID, out...)
}

// signed gives notes an author, a time and an id.
func (c *Client) signed(runID string, notes []store.Note) ([]store.NoteRow, error) {
	now := c.opt.Now().UnixMicro()
	out := make([]store.NoteRow, len(notes))
	for i, n := range notes {
		if n.Author == "" {
			n.Author = c.Author()
		}
		n, err := store.NewNote(runID, now+int64(i), n)
		if err != nil {
			return nil, err
		}
		out[i] = store.NoteRow{Note: n, TimeUS: now + int64(i), Live: n.Text != ""}
	}
	return out, nil
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
	out, err := c.signed(runID, notes)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	recs := make([]store.Record, len(out))
	for i, n := range out {
		if recs[i], err = store.NewRecord(store.KindNote, 0, n.TimeUS, n.Note); err != nil {
			return nil, err
		}
	}
	return out, c.appendNotes(ctx, runID, d.Path(), recs, out[len(out)-1].ID)
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
	return c.merge(ctx, runID, func(mine *store.DB) (store.Merged, []store.Record, error) { return store.NewNotes(ctx, mine, other) })
}

// MergeNotesFile takes over the notes in a file that the run does not have.
func (c *Client) MergeNotesFile(ctx context.Context, runID, path string, notes []store.NoteRow) (store.Merged, error) {
	return c.merge(ctx, runID, func(mine *store.DB) (store.Merged, []store.Record, error) {
		return mine.NotesToAdd(ctx, path, runID, notes)
	})
}

func (c *Client) merge(ctx context.Context, runID string, missing func(mine *store.DB) (store.Merged, []store.Record, error)) (store.Merged, error) {
	d, err := c.Dir(runID)
	if err != nil {
		return store.Merged{}, err
	}
	mine, err := c.OpenDB(ctx, runID)
	if err != nil {
		return store.Merged{}, err
	}
	defer mine.Close()
	merged, recs, err := missing(mine)
	if err != nil {
		return store.Merged{}, err
	}
	return merged, c.appendNotes(ctx, runID, d.Path(), recs, merged.Last)
}
