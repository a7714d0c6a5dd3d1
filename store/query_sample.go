package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	rows, err := db.sampleRows(ctx, "trace", "SELECT "+sampleColumns+` FROM sample s JOIN batch b ON b.seq = s.batch`+sampleTables+` WHERE s.id = ?`, []any{id})
	if err != nil {
		return SampleDetail{}, err
	}
	if len(rows) == 0 {
		return SampleDetail{}, ErrNotFound
	}
	d := SampleDetail{SampleRow: rows[0]}
	d.Parts = nil
	var stream, crc, promptCRC int64
	var gold, text, z, data, toks []byte
	var pos sql.NullInt64
	p := &d.Prompt
	err = db.sql().QueryRowContext(ctx, `SELECT s.stream, b.step > a.valid_to, s.crc,
		p.hash, p.task, p.ref, p.gold, p.tokens, p.text, p.text_z, p.crc, p.data, k.z, t.pos
		FROM sample s JOIN batch b ON b.seq = s.batch JOIN attempt a ON a.n = b.attempt
		JOIN prompt p ON p.id = s.prompt LEFT JOIN sample_tok t ON t.sample = s.id LEFT JOIN tok_block k ON k.id = t.block WHERE s.id = ?`, id).
		Scan(&stream, &d.Superseded, &crc, &p.Hash, &p.Task, &p.Ref, &gold, &p.Tokens, &text, &z, &promptCRC, &data, &toks, &pos)
	if err != nil {
		return d, err
	}
	if !d.Removed && textSum(d.Text) != crc {
		return d, errors.New("its stored text does not match its checksum; the database is damaged, rebuild it from the run's log")
	}
	d.Stream, p.Gold, p.Data = uint64(stream), string(gold), data
	if p.Text, err = unpackText(db.dec, text, z); err != nil {
		return d, err
	}
	if textSum(p.Text) != promptCRC {
		return d, errors.New("the stored text of its prompt does not match its checksum; the database is damaged, rebuild it from the run's log")
	}
	if pos.Valid {
		if err := db.tokenData(&d, toks, int(pos.Int64)); err != nil {
			return d, err
		}
	}
	d.Rewards, err = db.rewards(ctx, id)
	return d, err
}

func (db *DB) tokenData(d *SampleDetail, block []byte, pos int) error {
	all, err := unpackTokens(db.dec, block)
	if err != nil {
		return err
	}
	if pos < 0 || pos >= len(all) {
		return errTokens
	}
	d.TokenIDs, d.LogProbs, d.Entropies = all[pos].ids, all[pos].logp, all[pos].ent
	return nil
}

func (db *DB) rewards(ctx context.Context, id int64) ([]RewardPart, error) {
	return collect(ctx, db, "reward parts", `SELECT p.name, p.version, v.status, coalesce(r.score,0), coalesce(v.weight,0), coalesce(r.value,0),
		v.reason, coalesce(r.why, v.why), r.spans, v.labels, r.facts, r.us
		FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part p ON p.id = v.part WHERE r.sample = ? ORDER BY r.ord`, []any{id},
		func(r *sql.Rows, v *RewardPart) error {
			var spans, labels, facts []byte
			err := r.Scan(&v.Name, &v.Version, &v.Status, &v.Score, &v.Weight, &v.Value, &v.Reason, &v.Why, &spans, &labels, &facts, &v.Micros)
			if err != nil {
				return err
			}
			v.Facts = facts
			v.Spans, err = unpackSpans(spans, labels)
			return err
		})
}
