package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Version 1 kept a text in a frame of its own, token data in a row of its own,
// and had neither rollups nor what is added to a run afterwards. Everything
// goes through the functions that fold a log, so that a migrated database has
// the rows of one that was folded anew. The search index is made again by the
// next fold.

// v1Copies copies what did not change, in the order of the tables.
const v1Copies = `
INSERT INTO meta SELECT key, value FROM old.meta;
INSERT INTO cursor SELECT src, segment, offset, seq FROM old.cursor WHERE src = 'log';
INSERT INTO attempt(n, host, boot_id, pid, pid_start, from_step, from_ckpt, executable_sha256, state, stage, step, reason, exit_code, state_us,
	started_us, ended_us, last_us, valid_to)
	SELECT n, host, boot_id, pid, pid_start, from_step, from_ckpt, executable_sha256, state, stage, step, reason, exit_code, state_us,
	started_us, ended_us, last_us, valid_to FROM old.attempt;
INSERT INTO event SELECT seq, attempt, step, ts_us, kind, level, code, text, body FROM old.event;
INSERT INTO heartbeat(seq, attempt, step, ts_us, mono_ms, rss, cpu_s) SELECT seq, attempt, step, ts_us, mono_ms, rss, cpu_s FROM old.heartbeat;
INSERT INTO step SELECT seq, attempt, step, stage, ts_us, non_finite FROM old.step;
INSERT INTO series SELECT id, name FROM old.series;
INSERT INTO metric SELECT series, step, attempt, ts_us, value FROM old.metric;
INSERT INTO batch SELECT seq, attempt, stage, phase, step, ckpt, ts_us, first_id, last_id, eval FROM old.batch;
INSERT INTO part SELECT id, name, version FROM old.part;
INSERT INTO ckpt SELECT id, seq, attempt, step, stage, ts_us, path, bytes, manifest_sha256, metrics FROM old.ckpt;
INSERT INTO eval SELECT id, seq, attempt, step, ts_us, ckpt, suite, suite_hash, label, seed, n, k, acc, ci_lo, ci_hi, format_ok, tokens, wall_s FROM old.eval;
INSERT INTO control SELECT seq, id, attempt, ts_us, actor, via, verb, args, reason, asked_us, outcome, result, applied_step, prev_hash, hash FROM old.control;
INSERT INTO tally SELECT name, n FROM (
	SELECT 'steps' AS name, (SELECT count(*) FROM old.step) AS n UNION ALL SELECT 'events', (SELECT count(*) FROM old.event)
	UNION ALL SELECT 'ckpts', (SELECT count(*) FROM old.ckpt) UNION ALL SELECT 'evals', (SELECT count(*) FROM old.eval)
	UNION ALL SELECT 'eval_samples', (SELECT coalesce(sum(last_id - first_id + 1), 0) FROM old.batch WHERE phase = 'eval')) WHERE n > 0;
`

func migrateV1(ctx context.Context, old, path string, how opening) (err error) {
	db, err := attach(ctx, old, path, how)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	enc, err := newEncoder()
	if err != nil {
		return err
	}
	defer enc.Close()
	dec, err := newDecoder()
	if err != nil {
		return err
	}
	defer dec.Close()
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE;"+v1Copies+"COMMIT"); err != nil {
		return err
	}
	f, err := newFolder(ctx, db, enc)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	m := v1Migration{ctx: ctx, f: f, dec: dec}
	if err := f.begin(); err != nil {
		return err
	}
	if err := m.all(); err != nil {
		return errors.Join(err, f.rollback())
	}
	if err := f.commit(); err != nil {
		return err
	}
	_, err = f.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

type v1Migration struct {
	ctx context.Context
	f   *folder
	dec *zstd.Decoder
}

func (m *v1Migration) all() error {
	if err := m.prompts(); err != nil {
		return err
	}
	batches, err := v1Rows(m, `SELECT seq, first_id, last_id FROM old.batch ORDER BY seq`, func(r *sql.Rows, b *[3]int64) error {
		return r.Scan(&b[0], &b[1], &b[2])
	})
	if err != nil {
		return err
	}
	for i, b := range batches {
		tell(m.ctx, "packing traces", int64(i), int64(len(batches)))
		if err := m.batch(b[0], b[1], b[2]); err != nil {
			return fmt.Errorf("traces %d to %d: %w", b[1], b[2], err)
		}
	}
	for _, name := range sortedKeys(m.f.series) {
		if err := m.f.rollAll(m.f.series[name]); err != nil {
			return err
		}
	}
	return nil
}

// v1Rows reads all rows of a query, so that the connection is free to write.
func v1Rows[T any](m *v1Migration, query string, scan func(*sql.Rows, *T) error, args ...any) ([]T, error) {
	rows, err := m.f.conn.QueryContext(m.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func (m *v1Migration) prompts() error {
	type prompt struct {
		id                  int64
		p                   Prompt
		gold, text, z, data []byte
	}
	ps, err := v1Rows(m, `SELECT id, hash, task, ref, gold, tokens, text, text_z, data FROM old.prompt ORDER BY id`, func(r *sql.Rows, v *prompt) error {
		return r.Scan(&v.id, &v.p.Hash, &v.p.Task, &v.p.Ref, &v.gold, &v.p.Tokens, &v.text, &v.z, &v.data)
	})
	if err != nil {
		return err
	}
	for _, v := range ps {
		if v.p.Text, err = unpackText(m.dec, v.text, v.z); err != nil {
			return fmt.Errorf("prompt %d: %w", v.id, err)
		}
		v.p.Gold, v.p.Data = string(v.gold), v.data
		if _, err := m.f.promptIDs([]Prompt{v.p}); err != nil {
			return err
		}
	}
	return nil
}

func (m *v1Migration) batch(seq, first, last int64) error {
	type row struct {
		s                    Sample
		prompt, stream       int64
		flags                int
		text, z, claim       []byte
		crc                  int64
		ids, logp, ent       []byte
		rewardNaN, advantNaN bool
	}
	rows, err := v1Rows(m, `SELECT s.prompt, s.grp, s.idx, s.stream, s.policy, s.tokens, s.finish, coalesce(s.reward, 0), coalesce(s.advantage, 0),
		s.reward IS NULL, s.advantage IS NULL, s.flags, s.correct, s.claim, sb.text, sb.text_z, sb.crc, t.ids, t.logp, t.ent
		FROM old.sample s JOIN old.sample_body sb ON sb.sample = s.id LEFT JOIN old.sample_tok t ON t.sample = s.id
		WHERE s.id BETWEEN ? AND ? ORDER BY s.id`, func(r *sql.Rows, v *row) error {
		return r.Scan(&v.prompt, &v.s.Group, &v.s.Index, &v.stream, &v.s.PolicyVersion, &v.s.Tokens, &v.s.Finish, &v.s.Reward, &v.s.Advantage,
			&v.rewardNaN, &v.advantNaN, &v.flags, &v.s.Correct, &v.claim, &v.text, &v.z, &v.crc, &v.ids, &v.logp, &v.ent)
	}, first, last)
	if err != nil {
		return err
	}
	if len(rows) != int(last-first+1) {
		return fmt.Errorf("%d of %d are there", len(rows), last-first+1)
	}
	b := Samples{Rows: make([]Sample, len(rows))}
	for i := range rows {
		v := &rows[i]
		text, err := unpackText(m.dec, v.text, v.z)
		if err != nil {
			return fmt.Errorf("trace %d: %w", first+int64(i), err)
		}
		if textSum(text) != v.crc {
			return fmt.Errorf("trace %d: its text does not match its checksum", first+int64(i))
		}
		v.s.SetText(text)
		v.s.Stream, v.s.Unscorable, v.s.Claim = uint64(v.stream), v.flags&flagUnscorable != 0, string(v.claim)
		if v.rewardNaN {
			v.s.Reward = math.NaN() // which SQLite stores as NULL
		}
		if v.advantNaN {
			v.s.Advantage = math.NaN()
		}
		if err := v1Tokens(m.dec, &v.s, v.ids, v.logp, v.ent); err != nil {
			return fmt.Errorf("trace %d: %w", first+int64(i), err)
		}
		b.Rows[i] = v.s
	}
	if err := m.rewards(&b, first, last); err != nil {
		return err
	}
	prompts := make([]int64, len(rows))
	for i := range rows {
		prompts[i] = rows[i].prompt
	}
	m.f.sample = first - 1
	return m.f.rows(seq, &b, packSamples(m.f.enc, &b), prompts)
}

func (m *v1Migration) rewards(b *Samples, first, last int64) error {
	type row struct {
		sample       int64
		r            RewardPart
		spans, facts []byte
	}
	rows, err := v1Rows(m, `SELECT r.sample, p.name, p.version, v.status, coalesce(r.score,0), coalesce(v.weight,0), coalesce(r.value,0), v.reason,
		coalesce(r.why, v.why), r.spans, r.facts, r.us
		FROM old.reward r JOIN old.verdict v ON v.id = r.verdict JOIN old.part p ON p.id = v.part WHERE r.sample BETWEEN ? AND ? ORDER BY r.sample, r.ord`,
		func(r *sql.Rows, v *row) error {
			return r.Scan(&v.sample, &v.r.Name, &v.r.Version, &v.r.Status, &v.r.Score, &v.r.Weight, &v.r.Value, &v.r.Reason, &v.r.Why, &v.spans, &v.facts, &v.r.Micros)
		}, first, last)
	if err != nil {
		return err
	}
	for _, v := range rows {
		if v.spans != nil {
			if v.r.Spans, err = unpackLabelled(v.spans); err != nil {
				return fmt.Errorf("trace %d: %w", v.sample, err)
			}
		}
		v.r.Facts = v.facts
		s := &b.Rows[v.sample-first]
		s.Rewards = append(s.Rewards, v.r)
	}
	return nil
}

func v1Tokens(dec *zstd.Decoder, s *Sample, ids, logp, ent []byte) error {
	w, err := v1Words(dec, ids)
	if err != nil {
		return err
	}
	s.TokenIDs = fill(len(w), func() int32 { v := int32(w[0]); w = w[1:]; return v })
	floats := func(z []byte) []float32 {
		var w []uint32
		if w, err = v1Words(dec, z); err != nil {
			return nil
		}
		return fill(len(w), func() float32 { v := math.Float32frombits(w[0]); w = w[1:]; return v })
	}
	if s.LogProbs = floats(logp); err != nil {
		return err
	}
	s.Entropies = floats(ent)
	return err
}

// v1Words reads token data of version 1: a count, then a zstd frame of 32-bit
// words whose bytes are regrouped by place.
func v1Words(dec *zstd.Decoder, z []byte) ([]uint32, error) {
	if len(z) == 0 {
		return nil, nil
	}
	n, used := binary.Uvarint(z)
	if used <= 0 || n > maxText/4 {
		return nil, errTokens
	}
	b, err := dec.DecodeAll(z[used:], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTokens, err)
	}
	if uint64(len(b)) != 4*n {
		return nil, errTokens
	}
	w := make([]uint32, n)
	for i := range w {
		w[i] = uint32(b[i]) | uint32(b[int(n)+i])<<8 | uint32(b[2*int(n)+i])<<16 | uint32(b[3*int(n)+i])<<24
	}
	return w, nil
}
