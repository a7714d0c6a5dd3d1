package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

const sampleColumns = `s.id, b.attempt, b.ts_us, b.stage, b.phase, b.step, b.ckpt, p.hash, p.task, p.ref, s.grp, s.idx, s.policy,
	st.text, s.block, s.off, s.bytes, s.tokens, s.finish, coalesce(s.reward,0), coalesce(s.advantage,0), s.flags, s.correct, s.claim`

const (
	sampleTables = ` CROSS JOIN prompt p ON p.id = s.prompt` + sampleText
	sampleText   = ` LEFT JOIN sample_text st ON st.sample = s.id`
)

// Samples returns the traces that match q, in log order or newest first.
func (db *DB) Samples(ctx context.Context, q SampleQuery) ([]SampleRow, error) {
	query, args, err := q.build()
	if err != nil {
		return nil, err
	}
	return db.sampleRows(ctx, "traces", query, args)
}

// CountSamples is how many traces match q, without regard to its After, Newest
// and Limit. It stops counting at atMost, if that is above 0: a list shows
// "more than 10,000" without reading a million rows.
func (db *DB) CountSamples(ctx context.Context, q SampleQuery, atMost int) (int, error) {
	q.After, q.Limit = 0, 0
	query, args, err := q.build()
	if err != nil {
		return 0, err
	}
	// The same tables and terms as for a page, without texts.
	from := query[strings.Index(query, " FROM "):]
	from = from[:strings.LastIndex(from, " ORDER BY ")]
	from = strings.Replace(from, sampleText, "", 1)
	args = args[:len(args)-1]
	query = "SELECT count(*)" + from
	if atMost > 0 {
		query = "SELECT count(*) FROM (SELECT 1" + from + " LIMIT ?)"
		args = append(args, atMost)
	}
	var n int
	if err := db.sql().QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the traces of %s: %w", db.path, err)
	}
	return n, nil
}

// sampleRows runs a query that selects sampleColumns, and adds texts and
// reward parts. Each step is a query of its own: no statement stays open while
// texts are decompressed.
func (db *DB) sampleRows(ctx context.Context, what, query string, args []any) ([]SampleRow, error) {
	found, err := collect(ctx, db, what, query, args, scanSample)
	if err != nil {
		return nil, err
	}
	out := make([]SampleRow, len(found))
	for i, s := range found {
		if s.place.block.Valid {
			s.Text, err = db.blocks.text(s.place, func(id int64) (z []byte, err error) {
				err = db.sql().QueryRowContext(ctx, `SELECT z FROM text_block WHERE id = ?`, id).Scan(&z)
				return z, err
			})
			if err != nil {
				return nil, fmt.Errorf("read the %s of %s: trace %d: %w", what, db.path, s.ID, err)
			}
		}
		out[i] = s.SampleRow
	}
	return out, db.addParts(ctx, out)
}

// placedSample is a trace whose text may have to be fetched from a block.
type placedSample struct {
	SampleRow
	place textPlace
}

// build makes the SQL. Which table leads decides the speed: the search index
// if there is text, the prompt's index if there is a prompt, else the batches,
// of which there are few, so that filters on step and phase cost nothing.
// All three give rows in the order of their id, so that a page costs no sort;
// CROSS JOIN keeps SQLite from choosing another order of tables.
func (q SampleQuery) build() (string, []any, error) {
	var w where
	from, order := "batch b CROSS JOIN attempt a CROSS JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id", "b.seq %s, s.id %s"
	id, batches := "s.id", false
	match, err := matchExpr(q.Text)
	if err != nil {
		return "", nil, err
	}
	switch {
	case match != "":
		from, order, id = "sample_fts f CROSS JOIN sample s ON s.id = f.rowid CROSS JOIN batch b ON b.seq = s.batch CROSS JOIN attempt a", "f.rowid %s", "f.rowid"
		w.add("sample_fts MATCH ?", match)
	case q.PromptHash != "":
		from, order = "sample s INDEXED BY sample_prompt CROSS JOIN batch b ON b.seq = s.batch CROSS JOIN attempt a", "s.id %s"
	default:
		batches = true
	}
	if q.PromptHash != "" {
		term := "s.prompt = (SELECT id FROM prompt WHERE hash = ?)"
		if match != "" {
			term = "+" + term
		}
		w.add(term, strings.ToLower(q.PromptHash))
	}
	// The plus keeps SQLite from making an index of its own for a filter.
	w.addIf(q.Phase != "", "+b.phase = ?", q.Phase)
	w.addIf(q.Stage != "", "+b.stage = ?", q.Stage)
	w.addIf(q.Ckpt != "", "+b.ckpt = ?", q.Ckpt)
	addPtr(&w, "+b.step >= ?", q.MinStep)
	addPtr(&w, "+b.step <= ?", q.MaxStep)
	addPtr(&w, "+b.attempt = ?", q.Attempt)
	addPtr(&w, "+s.grp = ?", q.Group)
	addPtr(&w, "+s.reward >= ?", q.MinReward)
	addPtr(&w, "+s.reward <= ?", q.MaxReward)
	addPtr(&w, "+s.correct = ?", q.Correct)
	w.addIf(q.Finish != "", "+s.finish = ?", q.Finish)
	w.addIf(q.Task != "", "+p.task = ?", q.Task)
	dir, beyond, edge := "ASC", " > ?", "b.last_id"
	if q.Newest {
		dir, beyond, edge = "DESC", " < ?", "b.first_id"
	}
	if q.After > 0 {
		w.add(id+beyond, q.After)
		w.addIf(batches, edge+beyond, q.After)
	}
	w.terms = append(w.terms, "a.n = b.attempt", "b.step <= a.valid_to")
	query := "SELECT " + sampleColumns + " FROM " + from + sampleTables + " WHERE " + strings.Join(w.terms, " AND ")
	query += " ORDER BY " + strings.ReplaceAll(order, "%s", dir) + " LIMIT ?"
	return query, append(w.args, pageSizeOf(q.Limit)), nil
}

type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, arg any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, arg)
}

func (w *where) addIf(ok bool, term string, arg any) {
	if ok {
		w.add(term, arg)
	}
}

func addPtr[T any](w *where, term string, p *T) {
	if p != nil {
		w.add(term, *p)
	}
}

func scanSample(r *sql.Rows, s *placedSample) error {
	var plain, claim []byte
	var flags int
	err := r.Scan(&s.ID, &s.Attempt, &s.TimeUS, &s.Stage, &s.Phase, &s.Step, &s.Ckpt, &s.PromptHash, &s.Task, &s.Ref, &s.Group, &s.Index,
		&s.PolicyVersion, &plain, &s.place.block, &s.place.off, &s.place.bytes, &s.Tokens, &s.Finish, &s.Reward, &s.Advantage, &flags,
		&s.Correct, &claim)
	if err != nil {
		return err
	}
	s.Text, s.Claim = string(plain), string(claim)
	s.Unscorable = flags&flagUnscorable != 0
	s.Removed = flags&flagRemoved != 0
	return nil
}

// addParts reads the reward parts of all rows with one query.
func (db *DB) addParts(ctx context.Context, out []SampleRow) error {
	at := make(map[int64]int, len(out))
	ids := make([]any, len(out))
	for i := range out {
		at[out[i].ID], ids[i] = i, out[i].ID
		out[i].Parts = []PartScore{}
	}
	type part struct {
		sample int64
		PartScore
	}
	for len(ids) > 0 {
		n := min(len(ids), 500) // bound variables of one statement
		parts, err := collect(ctx, db, "reward parts", `SELECT r.sample, p.name, v.status, coalesce(r.score,0), coalesce(r.value,0)
			FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part p ON p.id = v.part WHERE r.sample IN (?`+strings.Repeat(",?", n-1)+`) ORDER BY r.sample, r.ord`, ids[:n],
			func(r *sql.Rows, v *part) error { return r.Scan(&v.sample, &v.Name, &v.Status, &v.Score, &v.Value) })
		if err != nil {
			return err
		}
		for _, p := range parts {
			row := &out[at[p.sample]]
			row.Parts = append(row.Parts, p.PartScore)
		}
		ids = ids[n:]
	}
	return nil
}

// GroupOf returns the completions of the same prompt in the same step as
// sample id, itself included, by index.
func (db *DB) GroupOf(ctx context.Context, id int64) ([]SampleRow, error) {
	out, err := db.sampleRows(ctx, "group", "SELECT "+sampleColumns+` FROM sample s0 JOIN batch b0 ON b0.seq = s0.batch
		JOIN batch b ON b.step = b0.step AND b.phase = b0.phase AND b.attempt = b0.attempt AND b.stage = b0.stage AND b.ckpt = b0.ckpt
			AND b.eval IS b0.eval
		JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id AND s.grp = s0.grp AND s.prompt = s0.prompt`+sampleTables+
		` WHERE s0.id = ? ORDER BY s.idx, s.id LIMIT ?`, []any{id, MaxPage})
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("trace %d of %s: %w", id, db.path, ErrNotFound)
	}
	return out, nil
}
