package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
)

const eventColumns = `SELECT seq, attempt, step, ts_us, kind, level, coalesce(code,''), text, body FROM event`

func scanEvent(r *sql.Rows, e *Event) error {
	var body []byte
	if err := r.Scan(&e.Seq, &e.Attempt, &e.Step, &e.TimeUS, &e.Kind, &e.Level, &e.Code, &e.Text, &body); err != nil {
		return err
	}
	if json.Valid(body) { // an unreadable record is kept in the database as it was
		e.Body = body
	}
	return nil
}

// Events returns at most limit events after record sinceSeq, oldest first.
func (db *DB) Events(ctx context.Context, sinceSeq uint64, limit int) ([]Event, error) {
	return collect(ctx, db, "events", eventColumns+` WHERE seq > ? ORDER BY seq LIMIT ?`,
		[]any{int64(sinceSeq), pageSizeOf(limit)}, scanEvent)
}

// RecentEvents returns the last limit events, oldest first.
func (db *DB) RecentEvents(ctx context.Context, limit int) ([]Event, error) {
	out, err := collect(ctx, db, "events", eventColumns+` ORDER BY seq DESC LIMIT ?`, []any{pageSizeOf(limit)}, scanEvent)
	slices.Reverse(out)
	return out, err
}

// Checkpoints are the checkpoints that count, in the order of their writing.
func (db *DB) Checkpoints(ctx context.Context) ([]CheckpointRow, error) {
	return collect(ctx, db, "checkpoints", `SELECT c.id, c.attempt, c.ts_us, c.step, c.stage, c.path, c.bytes, c.manifest_sha256, c.metrics
		FROM ckpt c JOIN attempt a ON a.n = c.attempt AND c.step <= a.valid_to ORDER BY c.id`, nil,
		func(r *sql.Rows, c *CheckpointRow) error {
			var metrics []byte
			err := r.Scan(&c.ID, &c.Attempt, &c.TimeUS, &c.Step, &c.Stage, &c.Path, &c.Bytes, &c.Manifest, &metrics)
			if err != nil || metrics == nil {
				return err
			}
			return json.Unmarshal(metrics, &c.Metrics)
		})
}

// Evals are the finished evaluations that count, in the order they finished.
func (db *DB) Evals(ctx context.Context) ([]EvalRow, error) {
	return collect(ctx, db, "evaluations", `SELECT e.id, e.attempt, e.ts_us, e.ckpt, e.step, e.suite, e.suite_hash, e.label, e.seed, e.n, e.k,
		coalesce(e.acc,0), coalesce(e.ci_lo,0), coalesce(e.ci_hi,0), coalesce(e.format_ok,0), e.tokens, coalesce(e.wall_s,0)
		FROM eval e JOIN attempt a ON a.n = e.attempt AND e.step <= a.valid_to ORDER BY e.id`, nil,
		func(r *sql.Rows, e *EvalRow) error {
			var seed int64
			err := r.Scan(&e.ID, &e.Attempt, &e.TimeUS, &e.Ckpt, &e.Step, &e.Suite, &e.SuiteHash, &e.Label, &seed, &e.N, &e.K,
				&e.Accuracy, &e.CILow, &e.CIHigh, &e.FormatOK, &e.Tokens, &e.WallSeconds)
			e.Seed = uint64(seed)
			return err
		})
}

// EvalItems are the completions of one evaluation, by group and index.
func (db *DB) EvalItems(ctx context.Context, evalID int64) ([]EvalItem, error) {
	return collect(ctx, db, "evaluation items", `SELECT p.hash, p.task, p.ref, s.id, s.idx, s.correct, coalesce(s.reward,0), s.claim, s.finish, s.tokens
		FROM batch b JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id JOIN prompt p ON p.id = s.prompt
		WHERE b.eval = ? ORDER BY s.grp, s.idx, s.id`, []any{evalID},
		func(r *sql.Rows, it *EvalItem) error {
			var claim []byte
			err := r.Scan(&it.PromptHash, &it.Task, &it.Ref, &it.SampleID, &it.Index, &it.Correct, &it.Reward, &claim, &it.Finish, &it.Tokens)
			it.Claim = string(claim)
			return err
		})
}

// pageSizeOf bounds a limit that a caller gave.
func pageSizeOf(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, MaxPage)
}
