package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"gradus/store/query"
)

// NoteRow is a note with when it was written.
type NoteRow struct {
	Note
	TimeUS int64 `json:"ts_us"`
	Live   bool  `json:"live"` // a later one neither replaces it nor takes it back
}

// NoteQuery selects notes. Zero values do not filter.
type NoteQuery struct {
	TargetKind, Target string
	Kind               string
	Author             string
	All                bool // those too that were replaced or taken back, and the rows that take back
}

const noteColumns = `n.id, n.ts_us, n.author, n.target_kind, n.target, n.kind, n.text, n.span_from, n.span_to, n.quote_crc, coalesce(n.supersedes, '')`

// Notes are the notes of a run, oldest first.
func (db *DB) Notes(ctx context.Context, q NoteQuery) ([]NoteRow, error) {
	var terms []string
	var args []any
	for _, f := range []struct{ column, value string }{{"target_kind", q.TargetKind}, {"target", q.Target}, {"kind", q.Kind}, {"author", q.Author}} {
		if f.value != "" {
			terms, args = append(terms, "n."+f.column+" = ?"), append(args, f.value)
		}
	}
	if !q.All {
		terms = append(terms, query.Live)
	}
	where := ""
	if len(terms) > 0 {
		where = " WHERE " + strings.Join(terms, " AND ")
	}
	return collect(ctx, db, "notes", "SELECT "+noteColumns+", "+query.Live+` FROM note n`+where+` ORDER BY n.ts_us, n.id`, args, scanNote)
}

// addNotes reads what readers said of all rows.
func (db *DB) addNotes(ctx context.Context, out []SampleRow) error {
	at := make(map[string]int, len(out))
	targets := make([]any, len(out))
	for i := range out {
		target := strconv.FormatInt(out[i].ID, 10)
		at[target], targets[i] = i, target
	}
	for len(targets) > 0 {
		n := min(len(targets), 500) // bound variables of one statement
		notes, err := collect(ctx, db, "notes", "SELECT "+noteColumns+", 1 FROM note n WHERE n.target_kind = 'sample' AND n.target IN (?"+
			strings.Repeat(",?", n-1)+") AND "+query.Live+" ORDER BY n.ts_us, n.id", targets[:n], scanNote)
		if err != nil {
			return err
		}
		for _, v := range notes {
			row := &out[at[v.Target]]
			row.Notes = append(row.Notes, v)
		}
		targets = targets[n:]
	}
	return nil
}

func scanNote(r *sql.Rows, n *NoteRow) error {
	var from, to, crc sql.NullInt64
	err := r.Scan(&n.ID, &n.TimeUS, &n.Author, &n.TargetKind, &n.Target, &n.Kind, &n.Text, &from, &to, &crc, &n.Supersedes, &n.Live)
	if from.Valid && to.Valid && crc.Valid {
		n.Span = &Quote{From: int(from.Int64), To: int(to.Int64), CRC: uint32(crc.Int64)}
	}
	return err
}

// HasNote tells whether a note is in the database.
func (db *DB) HasNote(ctx context.Context, id string) (bool, error) {
	var has bool
	err := db.sql().QueryRowContext(ctx, `SELECT EXISTS(SELECT 1 FROM note WHERE id = ?)`, id).Scan(&has)
	return has, err
}
