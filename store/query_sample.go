package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
)

// Sample returns everything about trace id, also one that a rewind threw
// away. ErrNotFound when there is none.
func (db *DB) Sample(ctx context.Context, id int64) (SampleDetail, error) {
	d, err := db.sample(ctx, id)
	if err != nil {
		return SampleDetail{}, fmt.Errorf("trace %d of %s: %w", id, db.path, err)
	}
	return d, nil
}

func (db *DB) sample(ctx context.Context, id int64) (SampleDetail, error) {
	rows, err := collect(ctx, db, "trace", "SELECT "+sampleColumns+` FROM sample s JOIN batch b ON b.seq = s.batch`+sampleTables+` WHERE s.id = ?`,
		[]any{id}, db.scanSample)
	if err != nil {
		return SampleDetail{}, err
	}
	if len(rows) == 0 {
		return SampleDetail{}, ErrNotFound
	}
	d := SampleDetail{SampleRow: rows[0]}
	var stream, crc int64
	var gold, text, z, data, ids, logp, ent []byte
	p := &d.Prompt
	err = db.sql().QueryRowContext(ctx, `SELECT s.stream, b.step > a.valid_to, sb.crc,
		p.hash, p.task, p.ref, p.gold, p.tokens, p.text, p.text_z, p.data, t.ids, t.logp, t.ent
		FROM sample s JOIN batch b ON b.seq = s.batch JOIN attempt a ON a.n = b.attempt JOIN sample_body sb ON sb.sample = s.id
		JOIN prompt p ON p.id = s.prompt LEFT JOIN sample_tok t ON t.sample = s.id WHERE s.id = ?`, id).
		Scan(&stream, &d.Superseded, &crc, &p.Hash, &p.Task, &p.Ref, &gold, &p.Tokens, &text, &z, &data, &ids, &logp, &ent)
	if err != nil {
		return d, err
	}
	if textSum(d.Text) != crc {
		return d, errors.New("its stored text does not match its checksum; the database is damaged, rebuild it from the run's log")
	}
	d.Stream, p.Gold, p.Data = uint64(stream), string(gold), data
	if p.Text, err = unpackText(db.dec, text, z); err != nil {
		return d, err
	}
	if err := db.tokenData(&d, ids, logp, ent); err != nil {
		return d, err
	}
	d.Rewards, err = db.rewards(ctx, id)
	return d, err
}

func (db *DB) tokenData(d *SampleDetail, ids, logp, ent []byte) error {
	w, err := unpackWords(db.dec, ids)
	if err != nil {
		return err
	}
	for _, v := range w {
		d.TokenIDs = append(d.TokenIDs, int32(v))
	}
	if d.LogProbs, err = unpackFloats(db, logp); err != nil {
		return err
	}
	d.Entropies, err = unpackFloats(db, ent)
	return err
}

func unpackFloats(db *DB, z []byte) ([]float32, error) {
	w, err := unpackWords(db.dec, z)
	if err != nil || len(w) == 0 {
		return nil, err
	}
	out := make([]float32, len(w))
	for i, v := range w {
		out[i] = math.Float32frombits(v)
	}
	return out, nil
}

func (db *DB) rewards(ctx context.Context, id int64) ([]RewardPart, error) {
	return collect(ctx, db, "reward parts", `SELECT p.name, p.version, v.status, coalesce(r.score,0), coalesce(v.weight,0), coalesce(r.value,0),
		v.reason, coalesce(r.why, v.why), r.spans, r.facts, r.us
		FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part p ON p.id = v.part WHERE r.sample = ? ORDER BY r.ord`, []any{id},
		func(r *sql.Rows, v *RewardPart) error {
			var spans, facts []byte
			err := r.Scan(&v.Name, &v.Version, &v.Status, &v.Score, &v.Weight, &v.Value, &v.Reason, &v.Why, &spans, &facts, &v.Micros)
			if err != nil {
				return err
			}
			v.Facts = facts
			v.Spans, err = unpackSpans(spans)
			return err
		})
}
