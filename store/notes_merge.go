package store

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// What is taken from one file at most.
const (
	maxForeignNotes = 200_000
	maxForeignBytes = 64 << 20
)

// Merged tells what a merge did.
type Merged struct {
	Notes int `json:"notes"` // in the other store
	Added int `json:"added"` // of them that this store did not have

	Last string `json:"-"` // id of the last of those
}

// ErrOtherRun says that two stores are of different runs.
var ErrOtherRun = errors.New("it is the record of another run")

// NewNotes are the records of the notes in other that mine does not have, in
// the order of their time. Every note of other is looked at before: one that
// does not fit its ID was changed after it was written, and then nothing of
// the file is taken.
//
// Appending the records makes the notes of mine the union of both. Since notes
// are never changed and their IDs are made of what they say, it does not
// matter in which order stores are merged, or how often.
func NewNotes(ctx context.Context, mine, other *DB) (Merged, []Record, error) {
	theirs, err := other.Header(ctx)
	if err != nil {
		return Merged{}, nil, fmt.Errorf("merge %s: %w", other.path, err)
	}
	notes, err := other.foreignNotes(ctx)
	if err != nil {
		return Merged{}, nil, fmt.Errorf("merge %s: %w", other.path, err)
	}
	return mine.NotesToAdd(ctx, other.path, theirs.ID, notes)
}

// NotesToAdd is NewNotes for notes on run runID that were read from path.
func (db *DB) NotesToAdd(ctx context.Context, path, runID string, notes []NoteRow) (Merged, []Record, error) {
	fail := func(err error) (Merged, []Record, error) {
		return Merged{}, nil, fmt.Errorf("merge %s: %w", path, err)
	}
	run, err := db.Header(ctx)
	if err != nil {
		return Merged{}, nil, err
	}
	if run.ID != runID {
		return fail(fmt.Errorf("%w: of %q, not %q", ErrOtherRun, runID, run.ID))
	}
	have, err := db.noteIDs(ctx)
	if err != nil {
		return fail(err)
	}
	out := Merged{Notes: len(notes)}
	var recs []Record
	for _, row := range notes {
		if err := row.verify(run.ID); err != nil {
			return fail(fmt.Errorf("%w; nothing of the file was taken", err))
		}
		if have[row.ID] {
			continue
		}
		have[row.ID] = true
		rec, err := NewRecord(KindNote, 0, row.TimeUS, row.Note)
		if err != nil {
			return fail(err)
		}
		recs, out.Last = append(recs, rec), row.ID
	}
	out.Added = len(recs)
	return out, recs, nil
}

// verify makes sure that a note says what it said when it was written.
func (n NoteRow) verify(runID string) error {
	if n.Span != nil && (n.Span.From < 0 || n.Span.To > math.MaxInt32) {
		return fmt.Errorf("note %.40q has a span that no completion is long enough for", n.ID)
	}
	want, err := NewNote(runID, n.TimeUS, n.Note)
	if err != nil {
		return fmt.Errorf("note %.40q: %w", n.ID, err)
	}
	if want.ID != n.ID {
		return fmt.Errorf("note %.40q does not fit its id, which would be %s: it was changed after it was written", n.ID, want.ID)
	}
	return nil
}

// foreignNotes are the notes of a stranger's file, once it is known that they
// are not too many. Which of them stand is not asked: in a file made for it
// that would take for ever.
func (db *DB) foreignNotes(ctx context.Context) ([]NoteRow, error) {
	var n, size int64
	err := db.sql().QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(CAST(text AS BLOB)) + length(CAST(author AS BLOB)) + length(CAST(target AS BLOB))), 0)
		FROM (SELECT text, author, target FROM note LIMIT ?)`, maxForeignNotes+1).Scan(&n, &size)
	if err != nil {
		return nil, err
	}
	if n > maxForeignNotes || size > maxForeignBytes {
		return nil, fmt.Errorf("it holds more than %d notes or %d MiB of them", maxForeignNotes, maxForeignBytes>>20)
	}
	return collect(ctx, db, "notes", "SELECT "+noteColumns+", 0 FROM note n ORDER BY n.ts_us, n.id", nil, scanNote)
}

func (db *DB) noteIDs(ctx context.Context) (map[string]bool, error) {
	ids, err := columnOf(ctx, db.sql(), `SELECT id FROM note`)
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}
