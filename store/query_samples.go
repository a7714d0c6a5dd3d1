package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
)

const sampleColumns = `s.id, b.attempt, b.ts_us, b.stage, b.phase, b.step, b.ckpt, p.hash, p.task, p.ref, s.grp, s.idx, s.policy,
	st.text, s.block, s.off, s.bytes, s.tokens, s.finish, coalesce(s.reward,0), coalesce(s.advantage,0), s.flags, s.correct, s.claim,
	s.logprob, s.entropy`

const (
	promptTable  = ` CROSS JOIN prompt p ON p.id = s.prompt`
	sampleTables = promptTable + ` LEFT JOIN sample_text st ON st.sample = s.id`
)

// Samples returns the traces that match q, in log order or newest first.
func (db *DB) Samples(ctx context.Context, q SampleQuery) ([]SampleRow, error) {
	p, err := db.plan(ctx, q)
	if err != nil {
		return nil, err
	}
	query, args := p.page(q)
	return db.sampleRows(ctx, "traces", query, args)
}

// CountSamples is how many traces match q, without regard to its After, Newest
// and Limit. It stops counting at atMost, if that is above 0: a list shows
// "more than 10,000" without reading a million rows.
func (db *DB) CountSamples(ctx context.Context, q SampleQuery, atMost int) (int, error) {
	p, err := db.plan(ctx, q)
	if err != nil {
		return 0, err
	}
	query, args := p.count(atMost)
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
	if err := db.addParts(ctx, out); err != nil {
		return nil, err
	}
	return out, db.addNotes(ctx, out)
}

// placedSample is a trace whose text may have to be fetched from a block.
type placedSample struct {
	SampleRow
	place textPlace
}

func scanSample(r *sql.Rows, s *placedSample) error {
	var plain, claim []byte
	var flags int
	err := r.Scan(&s.ID, &s.Attempt, &s.TimeUS, &s.Stage, &s.Phase, &s.Step, &s.Ckpt, &s.PromptHash, &s.Task, &s.Ref, &s.Group, &s.Index,
		&s.PolicyVersion, &plain, &s.place.block, &s.place.off, &s.place.bytes, &s.Tokens, &s.Finish, &s.Reward, &s.Advantage, &flags,
		&s.Correct, &claim, &s.MeanLogProb, &s.MeanEntropy)
	if err != nil {
		return err
	}
	s.Text, s.Claim = string(plain), string(claim)
	for _, mean := range []**float64{&s.MeanLogProb, &s.MeanEntropy} {
		if *mean != nil && math.IsInf(**mean, 0) { // filters find it; JSON cannot say it
			*mean = nil
		}
	}
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
