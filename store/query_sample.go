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
	var stream, crc int64
	err = db.sql().QueryRowContext(ctx, `SELECT s.stream, b.step > a.valid_to, s.crc
		FROM sample s JOIN batch b ON b.seq = s.batch JOIN attempt a ON a.n = b.attempt WHERE s.id = ?`, id).
		Scan(&stream, &d.Superseded, &crc)
	if err != nil {
		return d, err
	}
	if !d.Removed && textSum(d.Text) != crc {
		return d, errors.New("its stored text does not match its checksum; the database is damaged, rebuild it from the run's log")
	}
	d.Stream = uint64(stream)
	if d.Prompt, err = db.promptOf(ctx, d.PromptHash, map[string]Prompt{}); err != nil {
		return d, err
	}
	toks, err := db.tokensOf(ctx, id, map[int64][]tokenData{})
	if err != nil {
		return d, err
	}
	d.TokenIDs, d.LogProbs, d.Entropies = toks.ids, toks.logp, toks.ent
	d.Rewards, err = db.rewards(ctx, id)
	return d, err
}

// promptOf reads a prompt, unless it is among those that are known already.
func (db *DB) promptOf(ctx context.Context, hash string, known map[string]Prompt) (Prompt, error) {
	if p, ok := known[hash]; ok {
		return p, nil
	}
	p := Prompt{Hash: hash}
	var gold, text, z, data []byte
	var crc int64
	err := db.sql().QueryRowContext(ctx, `SELECT task, ref, gold, tokens, text, text_z, crc, data FROM prompt WHERE hash = ?`, hash).
		Scan(&p.Task, &p.Ref, &gold, &p.Tokens, &text, &z, &crc, &data)
	if err != nil {
		return p, err
	}
	p.Gold, p.Data = string(gold), data
	if p.Text, err = unpackText(db.dec, text, z); err != nil {
		return p, err
	}
	if textSum(p.Text) != crc {
		return p, errors.New("the stored text of its prompt does not match its checksum; the database is damaged, rebuild it from the run's log")
	}
	known[hash] = p
	return p, nil
}

// tokensOf reads the token data of a trace; none where none is stored. held is
// the block that was read last: traces come in order, so one will do.
func (db *DB) tokensOf(ctx context.Context, id int64, held map[int64][]tokenData) (tokenData, error) {
	var block int64
	var pos int
	err := db.sql().QueryRowContext(ctx, `SELECT block, pos FROM sample_tok WHERE sample = ?`, id).Scan(&block, &pos)
	if errors.Is(err, sql.ErrNoRows) {
		return tokenData{}, nil
	}
	if err != nil {
		return tokenData{}, err
	}
	all, ok := held[block]
	if !ok {
		var z []byte
		if err := db.sql().QueryRowContext(ctx, `SELECT z FROM tok_block WHERE id = ?`, block).Scan(&z); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return tokenData{}, err
		}
		if all, err = unpackTokens(db.dec, z); err != nil {
			return tokenData{}, err
		}
		clear(held)
		held[block] = all
	}
	if pos < 0 || pos >= len(all) {
		return tokenData{}, errTokens
	}
	return all[pos], nil
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
