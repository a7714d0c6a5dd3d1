package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// OldTexts says which completions a database need not keep for ever. What was
// measured of a trace (reward, parts, lengths, verdict) always stays.
type OldTexts struct {
	Before        time.Time // of runs whose last attempt ended before it
	KeepLastSteps int       // the last steps stay whole
	KeepEvery     int       // and every so many steps; 0: none
	KeepBest      int       // and of each other step the traces with the highest rewards
	KeepWorst     int       // and with the lowest
}

// TextSize is how much some texts take.
type TextSize struct {
	IDs   []int64 `json:"-"`
	Rows  int64   `json:"rows"`
	Bytes int64   `json:"bytes"` // of plain text; the file shrinks by less
}

// OldTexts finds the completions that q lets go. Those of evaluations stay, and
// traces that are flagged, noted, compared, or scored again in a layer.
func (db *DB) OldTexts(ctx context.Context, q OldTexts) (TextSize, error) {
	type row struct{ id, bytes int64 }
	rows, err := collect(ctx, db, "old texts", `WITH run AS (SELECT ended_us FROM attempt ORDER BY n DESC LIMIT 1),
		last AS (SELECT max(step) AS step FROM batch WHERE phase = 'train'),
		ranked AS (SELECT s.id, s.bytes, s.flags,
				row_number() OVER (PARTITION BY b.step, b.attempt ORDER BY s.reward DESC, s.id) AS best,
				row_number() OVER (PARTITION BY b.step, b.attempt ORDER BY s.reward, s.id) AS worst
			FROM batch b CROSS JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id
			WHERE b.phase = 'train' AND b.step <= (SELECT step FROM last) - ?2 AND (?3 = 0 OR b.step % ?3 <> 0)
				AND (SELECT ended_us FROM run) < ?1)
		SELECT id, bytes FROM ranked WHERE best > ?4 AND worst > ?5 AND flags = 0
			AND id NOT IN (SELECT CAST(target AS INTEGER) FROM note WHERE target_kind = 'sample')
			AND id NOT IN (SELECT a_sample FROM pair WHERE a_sample IS NOT NULL) AND id NOT IN (SELECT b_sample FROM pair WHERE b_sample IS NOT NULL)
			AND id NOT IN (SELECT sample FROM layer_trace)
		ORDER BY id`, []any{q.Before.UnixMicro(), q.KeepLastSteps, q.KeepEvery, q.KeepBest, q.KeepWorst},
		func(r *sql.Rows, v *row) error { return r.Scan(&v.id, &v.bytes) })
	var out TextSize
	for _, v := range rows {
		out.IDs = append(out.IDs, v.id)
		out.Rows++
		out.Bytes += v.bytes
	}
	return out, err
}

// Removal is a row of table removal: what was removed to save space.
type Removal struct {
	TimeUS int64  `json:"ts_us"`
	Actor  string `json:"actor"`
	Rule   string `json:"rule"` // which asked for it
	What   string `json:"what"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
}

// RemoveTexts removes the completions of these traces from a database, with
// their token data and their words in the search index, notes that it did, and
// gives the space back. The event log keeps them: a rebuild brings them back.
// ErrIngestLocked when another process is folding.
func RemoveTexts(ctx context.Context, logDir, dbPath string, ids []int64, why Removal) (Saved, error) {
	return withRemovals(ctx, logDir, dbPath, func(in *Ingester) ([]Removal, error) {
		going := make(map[int64]bool, len(ids))
		for _, id := range ids {
			going[id] = true
		}
		_, gone, bytes, err := in.rewriteTexts(ctx, func(id int64, text string) (string, bool) { return text, !going[id] })
		if err != nil {
			return nil, err
		}
		if _, err := in.dropTokens(ctx, func(id int64) bool { return going[id] }); err != nil {
			return nil, err
		}
		for _, id := range gone {
			for _, query := range []string{`UPDATE sample SET flags = flags | 4 WHERE id = ?`, `DELETE FROM sample_fts WHERE rowid = ?`} {
				if _, err := in.f.conn.ExecContext(ctx, query, id); err != nil {
					return nil, err
				}
			}
		}
		why.What, why.Rows, why.Bytes = "texts of traces", int64(len(gone)), bytes
		return []Removal{why}, nil
	})
}

// NoteRemovals notes in a database what was removed elsewhere, as checkpoints.
func NoteRemovals(ctx context.Context, logDir, dbPath string, list ...Removal) error {
	_, err := withRemovals(ctx, logDir, dbPath, func(*Ingester) ([]Removal, error) { return list, nil })
	return err
}

// withRemovals runs remove in one transaction, writes what it returns into
// table removal, and tidies.
func withRemovals(ctx context.Context, logDir, dbPath string, remove func(*Ingester) ([]Removal, error)) (s Saved, err error) {
	s.Before = sizeOf(dbPath)
	in, err := OpenIngester(ctx, logDir, dbPath, IngestOptions{})
	if err != nil {
		return s, err
	}
	_, err = in.CatchUp(ctx)
	if err == nil {
		err = in.change(ctx, func() error {
			list, err := remove(in)
			for _, r := range list {
				if err == nil {
					_, err = in.f.conn.ExecContext(ctx, `INSERT INTO removal(ts_us, actor, rule, what, rows, bytes) VALUES(?,?,?,?,?,?)`, r.TimeUS, r.Actor, r.Rule, r.What, r.Rows, r.Bytes)
				}
			}
			return err
		})
	}
	if err == nil {
		err = in.tidy(ctx) // seals again
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return s, fmt.Errorf("remove from %s: %w", dbPath, err)
	}
	s.After = sizeOf(dbPath)
	return s, nil
}
