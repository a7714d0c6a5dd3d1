package store

import (
	"bufio"
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// A file of notes holds one JSON object a line: a NoteRow and the run that it
// is about. It is how notes travel without the run, and where those on a
// database are kept that somebody handed over, which is never written to.

// FiledNote is a line of a file of notes.
type FiledNote struct {
	Run string `json:"run"` // ULID
	NoteRow
}

const maxNoteLine = 64 << 10

// ReadNotesFile reads a file of notes on one run and verifies each. A last
// line that a crash cut short is passed over.
func ReadNotesFile(path string) (runID string, notes []NoteRow, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, maxNoteLine)
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || number > maxForeignNotes {
			return "", nil, fmt.Errorf("read the notes in %s: line %d: no note is as long, and no run has more than %d", path, number, maxForeignNotes)
		}
		if err != nil {
			return runID, notes, nil // the end, or what a crash left of a line
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var n FiledNote
		if err := json.Unmarshal(line, &n); err != nil {
			return "", nil, fmt.Errorf("read the notes in %s: line %d is no note: %w", path, number, err)
		}
		if runID == "" {
			runID = n.Run
		}
		if n.Run != runID || n.Run == "" {
			return "", nil, fmt.Errorf("read the notes in %s: line %d is about run %q and those before it about %q", path, number, n.Run, runID)
		}
		if err := n.verify(runID); err != nil {
			return "", nil, fmt.Errorf("read the notes in %s: line %d: %w", path, number, err)
		}
		notes = append(notes, n.NoteRow)
	}
}

// AppendNotesFile adds notes to a file, making it with its folder if it is
// missing, and makes them durable.
func AppendNotesFile(path, runID string, notes ...NoteRow) (err error) {
	var b []byte
	for _, n := range notes {
		line, err := json.Marshal(FiledNote{runID, n})
		if err != nil {
			return err
		}
		b = append(append(b, line...), '\n')
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := cutTornLine(f); err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("write notes: %w", err)
	}
	return f.Sync()
}

// cutTornLine cuts off what a crash left of a last line.
func cutTornLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	tail := make([]byte, min(info.Size(), maxNoteLine))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return err
	}
	whole := bytes.LastIndexByte(tail, '\n') + 1
	if whole == 0 && int64(len(tail)) < info.Size() {
		return fmt.Errorf("%s is no file of notes", f.Name())
	}
	if torn := int64(len(tail) - whole); torn > 0 {
		return f.Truncate(info.Size() - torn)
	}
	return nil
}

// Annotate lets notes stand beside those of the file, in every query, without
// writing to it: each connection keeps a copy of the table of notes in memory.
// Notes that were given before are replaced.
func (db *DB) Annotate(ctx context.Context, notes []NoteRow) error {
	if _, err := db.foreignNotes(ctx); err != nil { // too many to be copied
		return fmt.Errorf("annotate %s: %w", db.path, err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	first := db.first
	db.first = func(conn *sqlite3.SQLiteConn) error { return annotate(conn, notes) }
	if err := db.reopen(); err != nil {
		db.first = first
		return err
	}
	return nil
}

func annotate(conn *sqlite3.SQLiteConn, notes []NoteRow) error {
	for _, text := range []string{
		"PRAGMA temp_store=MEMORY", "CREATE TEMP TABLE note AS SELECT * FROM main.note",
		"CREATE INDEX temp.note_about ON note(target_kind, target)", "CREATE UNIQUE INDEX temp.note_id ON note(id)",
	} {
		if _, err := conn.Exec(text, nil); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	for _, n := range notes {
		var span [3]any
		if n.Span != nil {
			span = [3]any{int64(n.Span.From), int64(n.Span.To), int64(n.Span.CRC)}
		}
		_, err := conn.Exec(`INSERT INTO temp.note(id, ts_us, author, target_kind, target, kind, text, span_from, span_to, quote_crc, supersedes, seq)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,0) ON CONFLICT DO NOTHING`,
			[]driver.Value{n.ID, n.TimeUS, n.Author, n.TargetKind, n.Target, n.Kind, n.Text, span[0], span[1], span[2], textOrNil(n.Supersedes)})
		if err != nil {
			return fmt.Errorf("add note %s: %w", n.ID, err)
		}
	}
	return nil
}

// AnnotateFrom is Annotate with the notes of a file, if there is one. A file
// of notes on another run is an error.
func (db *DB) AnnotateFrom(ctx context.Context, path string) error {
	runID, notes, err := ReadNotesFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(notes) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := db.Header(ctx)
	if err != nil {
		return err
	}
	if h.ID != runID {
		return fmt.Errorf("annotate %s with %s: %w", db.path, path, ErrOtherRun)
	}
	return db.Annotate(ctx, notes)
}
