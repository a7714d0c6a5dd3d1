package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"

	"gradus/store/eventlog"
)

const maxEventBody = 1 << 20

// statement names the prepared statements of a folder.
type statement int

const (
	putMeta statement = iota
	putCursor
	putAttempt
	setAttempt
	setState
	setLast
	putEvent
	putHeartbeat
	putStep
	putSeries
	putMetric
	findPrompt
	putPrompt
	putBatch
	putSample
	putText
	putBlock
	putTok
	putTokBlock
	putPart
	putVerdict
	putReward
	putCkpt
	putEval
	claimBatches
	putControl
	applyRewind
	putTally
	putNote
	putComparison
	putPair
	putLineage
	putCost
	putLayer
	findLayer
	putLayerTrace
	putLayerReward
	setLayer
	putRoll
	rollUp
	dropRolls
	lastPoint
	putIndex
	nextTexts
	getBlock
	putPromptIndex
	nextPrompts
	numStatements
)

func statementText(s statement) string {
	switch s {
	case putMeta:
		return `INSERT INTO meta(key, value) VALUES(?,?) ON CONFLICT DO UPDATE SET value=excluded.value`
	case putCursor:
		return `INSERT INTO cursor(src, segment, offset, seq) VALUES(?,?,?,?)
			ON CONFLICT DO UPDATE SET segment=excluded.segment, offset=excluded.offset, seq=excluded.seq`
	case putAttempt:
		return `INSERT INTO attempt(n) VALUES(?) ON CONFLICT DO NOTHING`
	case setAttempt:
		return `UPDATE attempt SET host=?, boot_id=?, pid=?, pid_start=?, backend=?, job_id=?, clock_us=?, from_step=?, from_ckpt=?,
			executable_sha256=?, started_us=? WHERE n=?`
	case setState:
		return `UPDATE attempt SET state=?, stage=?, step=?, reason=?, exit_code=?, state_us=?, ended_us=? WHERE n=?`
	case setLast:
		return `UPDATE attempt SET last_us=? WHERE n=?`
	case putEvent:
		return `INSERT INTO event(seq, attempt, step, ts_us, kind, level, code, text, body) VALUES(?,?,?,?,?,?,?,?,?)`
	case putHeartbeat:
		return `INSERT INTO heartbeat(seq, attempt, step, ts_us, mono_ms, rss, cpu_s, stage, device_s, energy_j) VALUES(?,?,?,?,?,?,?,?,?,?)`
	case putStep:
		return `INSERT INTO step(seq, attempt, step, stage, ts_us, non_finite) VALUES(?,?,?,?,?,?)`
	case putSeries:
		return `INSERT INTO series(name) VALUES(?) RETURNING id`
	case putMetric:
		return `INSERT INTO metric(series, step, attempt, ts_us, value) VALUES(?,?,?,?,?)
			ON CONFLICT DO UPDATE SET ts_us=excluded.ts_us, value=excluded.value`
	case findPrompt:
		return `SELECT id FROM prompt WHERE hash=?`
	case putPrompt:
		return `INSERT INTO prompt(hash, task, ref, gold, tokens, text, text_z, crc, data) VALUES(?,?,?,?,?,?,?,?,?) RETURNING id`
	case putBatch:
		return `INSERT INTO batch(seq, attempt, stage, phase, step, ckpt, ts_us, first_id, last_id) VALUES(?,?,?,?,?,?,?,?,?)`
	case putSample:
		return `INSERT INTO sample(id, batch, prompt, grp, idx, stream, policy, tokens, finish, reward, advantage, flags, correct, claim, bytes, crc, block, off, logprob, entropy)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	case putText:
		return `INSERT INTO sample_text(sample, text) VALUES(?,?)`
	case putBlock:
		return `INSERT INTO text_block(id, z) VALUES(?,?)`
	case putTok:
		return `INSERT INTO sample_tok(sample, block, pos) VALUES(?,?,?)`
	case putTokBlock:
		return `INSERT INTO tok_block(id, z, crc) VALUES(?,?,?)`
	case putPart:
		return `INSERT INTO part(name, version) VALUES(?,?) RETURNING id`
	case putVerdict:
		return `INSERT INTO verdict(part, status, weight, reason, why, labels) VALUES(?,?,?,?,?,?) RETURNING id`
	case putReward:
		return `INSERT INTO reward(sample, ord, verdict, score, value, why, spans, facts, us) VALUES(?,?,?,?,?,?,?,?,?)`
	case putCkpt:
		return `INSERT INTO ckpt(seq, attempt, step, stage, ts_us, path, bytes, manifest_sha256, metrics) VALUES(?,?,?,?,?,?,?,?,?)`
	case putEval:
		return `INSERT INTO eval(seq, attempt, step, ts_us, ckpt, suite, suite_hash, label, seed, n, k, acc, ci_lo, ci_hi, format_ok, tokens, wall_s)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id`
	case claimBatches:
		return `UPDATE batch SET eval=? WHERE step=? AND phase='eval' AND ckpt=? AND attempt=? AND eval IS NULL`
	case putControl:
		return `INSERT INTO control(seq, id, attempt, ts_us, actor, via, verb, args, reason, asked_us, outcome, result, applied_step, prev_hash, hash)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	case applyRewind:
		return `UPDATE attempt SET valid_to=min(valid_to, ?) WHERE n < ?`
	case putTally:
		return `INSERT INTO tally(name, n) VALUES(?,?) ON CONFLICT DO UPDATE SET n=excluded.n`
	case putNote:
		return `INSERT INTO note(id, ts_us, author, target_kind, target, kind, text, span_from, span_to, quote_crc, supersedes, seq)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putComparison:
		return `INSERT INTO comparison(id, ts_us, made_by, a_ckpt, b_ckpt, prompts_hash, settings, result) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putPair:
		return `INSERT INTO pair(comparison, prompt_hash, idx, a_sample, b_sample, winner, delta) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putLineage: // the two logs of a run come in any order, so the time decides
		return `INSERT INTO lineage(child_kind, child, parent_kind, parent, how, hash, licence, detail, ts_us) VALUES(?,?,?,?,?,?,?,?,?)
			ON CONFLICT DO UPDATE SET hash=excluded.hash, licence=excluded.licence, detail=excluded.detail, ts_us=excluded.ts_us WHERE excluded.ts_us > ts_us`
	case putCost:
		return `INSERT INTO cost(id, attempt, stage, step, kind, t0_us, t1_us, qty, unit, price, currency, src) VALUES(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putLayer:
		return `INSERT INTO layer(n, id, ts_us, made_by, version, label, rewards, settings)
			SELECT coalesce(max(n), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM layer WHERE true ON CONFLICT(id) DO NOTHING`
	case findLayer:
		return `SELECT n, traces IS NOT NULL FROM layer WHERE id=?`
	case putLayerTrace:
		return `INSERT INTO layer_trace(layer, sample, reward, advantage, unscorable, correct, claim, changed) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putLayerReward:
		return `INSERT INTO layer_reward(layer, sample, ord, name, version, status, score, weight, value, reason, why, spans, labels, facts, us)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case setLayer:
		return `UPDATE layer SET traces=?, changed=?, summary=? WHERE id=? AND traces IS NULL`
	case putRoll:
		return rollFromPoints
	case rollUp:
		return rollFromRolls
	case dropRolls:
		return `DELETE FROM metric_roll WHERE series=? AND span=? AND bucket>=?`
	case lastPoint:
		return `SELECT m.step FROM metric m JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to
			WHERE m.series=? AND m.step >= 0 ORDER BY m.step DESC LIMIT 1`
	case putIndex:
		return `INSERT INTO sample_fts(rowid, body) VALUES(?,?)`
	case nextTexts:
		return `SELECT s.id, t.text, s.block, s.off, s.bytes, s.flags FROM sample s LEFT JOIN sample_text t ON t.sample = s.id
			WHERE s.id > ? ORDER BY s.id LIMIT ?`
	case putPromptIndex:
		return `INSERT INTO prompt_fts(rowid, body) VALUES(?,?)`
	case nextPrompts:
		return `SELECT id, text, text_z FROM prompt WHERE id > ? ORDER BY id LIMIT ?`
	case getBlock:
		return `SELECT z FROM text_block WHERE id=?`
	}
	return ""
}

// folder turns records into rows on one connection. Its caches mirror the
// tables, so they are dropped with every rollback.
type folder struct {
	conn  *sql.Conn
	enc   *zstd.Encoder
	stmts [numStatements]*sql.Stmt
	quick [numStatements]*sqlite3.SQLiteStmt // the same, of the driver: a fold spends its time between two statements
	bulk  [numStatements]*bulk               // of the tables that most rows go to; flushed with each record
	args  []driver.NamedValue

	next     eventlog.Position // of the next record to fold
	notes    eventlog.Position // the same for the log in notes/
	sample   int64             // last sample id
	block    int64             // last text_block id
	tokBlock int64             // last tok_block id
	indexed  int64             // last sample id in the search index
	prompted int64             // last prompt id in its own
	ledger   bool              // table cost has what was added up when the run had ended
	sealed   bool              // the rows have checksums, which the next change makes void
	unsealed bool              // but not those of some tables, see addedTables
	series   map[string]int64
	parts    map[[2]string]int64
	verdicts map[verdict]int64
	recent   recentVerdicts // of verdicts
	text     []byte         // scratch
	prompts  map[string]int64
	attempts map[int]int64 // last_us of attempts touched in this transaction
	tally    map[string]int64
	counted  map[string]bool     // tallies that this transaction changed
	ends     map[int64]seriesEnd // by series id
}

func newFolder(ctx context.Context, db *sql.DB, enc *zstd.Encoder) (*folder, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	f := &folder{conn: conn, enc: enc}
	for s := range numStatements {
		if f.stmts[s], err = conn.PrepareContext(ctx, statementText(s)); err != nil {
			conn.Close()
			return nil, fmt.Errorf("prepare %q: %w", statementText(s), err)
		}
	}
	if err := f.prepareQuick(); err != nil {
		f.close()
		return nil, err
	}
	if err := f.reload(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// prepareQuick prepares the statements that every row takes past database/sql,
// whose checks cost as much as a small insert. They live on the connection that
// the folder holds until it is closed.
func (f *folder) prepareQuick() error {
	return f.conn.Raw(func(c any) error {
		conn, ok := c.(*sqlite3.SQLiteConn)
		if !ok {
			return fmt.Errorf("the connection is a %T and not of go-sqlite3", c)
		}
		var err error
		for _, s := range []statement{putMetric, putText, putTok, putLayerTrace, putLayerReward, putRoll, rollUp, putIndex} {
			if f.quick[s], err = prepareStmt(conn, statementText(s)); err != nil {
				return err
			}
		}
		for _, s := range []statement{putSample, putReward} {
			if f.bulk[s], err = prepareBulk(conn, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *folder) close() error {
	for _, b := range f.bulk {
		if b != nil {
			b.close()
		}
	}
	for _, s := range f.quick {
		if s != nil {
			s.Close()
		}
	}
	for _, s := range f.stmts {
		if s != nil {
			s.Close()
		}
	}
	return f.conn.Close()
}

// reload reads the state that the caches mirror.
func (f *folder) reload() error {
	f.series, f.parts, f.prompts = map[string]int64{}, map[[2]string]int64{}, map[string]int64{}
	f.verdicts, f.attempts, f.recent = map[verdict]int64{}, map[int]int64{}, recentVerdicts{}
	f.tally, f.counted, f.ends = map[string]int64{}, map[string]bool{}, map[int64]seriesEnd{}
	f.next, f.notes = eventlog.Position{Seq: 1}, eventlog.Position{Seq: 1}
	ctx := context.Background()
	for src, pos := range map[string]*eventlog.Position{srcLog: &f.next, srcNotes: &f.notes} {
		err := f.conn.QueryRowContext(ctx, `SELECT segment, offset, seq FROM cursor WHERE src=?`, src).
			Scan(&pos.Segment, &pos.Offset, &pos.Seq)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	err := f.conn.QueryRowContext(ctx, `SELECT coalesce(max(id), 0), coalesce((SELECT seq FROM cursor WHERE src='fts'), 0),
		(SELECT coalesce(max(id), 0) FROM text_block), (SELECT coalesce(max(id), 0) FROM tok_block), EXISTS(SELECT 1 FROM seal), EXISTS(SELECT 1 FROM seal WHERE n < 0),
		coalesce((SELECT seq FROM cursor WHERE src='prompt_fts'), 0), EXISTS(SELECT 1 FROM cost WHERE src='ledger') FROM sample`).
		Scan(&f.sample, &f.indexed, &f.block, &f.tokBlock, &f.sealed, &f.unsealed, &f.prompted, &f.ledger)
	if err != nil {
		return err
	}
	return errors.Join(
		f.each(`SELECT id, name FROM series`, func(r *sql.Rows) error {
			var id int64
			var name string
			err := r.Scan(&id, &name)
			f.series[name] = id
			return err
		}),
		f.each(`SELECT id, name, version FROM part`, func(r *sql.Rows) error {
			var id int64
			var key [2]string
			err := r.Scan(&id, &key[0], &key[1])
			f.parts[key] = id
			return err
		}),
		f.each(`SELECT id, part, status, coalesce(weight, 0), reason, why, coalesce(labels, '') FROM verdict`, func(r *sql.Rows) error {
			var id int64
			var v verdict
			err := r.Scan(&id, &v.part, &v.status, &v.weight, &v.reason, &v.why, &v.labels)
			f.verdicts[v] = id
			return err
		}),
		f.each(`SELECT name, n FROM tally`, func(r *sql.Rows) error {
			var name string
			var n int64
			err := r.Scan(&name, &n)
			f.tally[name] = n
			return err
		}))
}

func (f *folder) each(query string, scan func(*sql.Rows) error) error {
	rows, err := f.conn.QueryContext(context.Background(), query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (f *folder) exec(s statement, args ...any) error {
	if b := f.bulk[s]; b != nil {
		return b.add(args)
	}
	if q := f.quick[s]; q != nil {
		return f.execQuick(q, args)
	}
	_, err := f.stmts[s].Exec(args...)
	return err
}

func (f *folder) execQuick(q *sqlite3.SQLiteStmt, args []any) (err error) {
	if f.args, err = appendArgs(f.args[:0], 0, args); err != nil {
		return err
	}
	_, err = q.ExecContext(context.Background(), f.args)
	return err
}

// flush inserts the rows that bulk inserts hold back.
func (f *folder) flush() error {
	for _, b := range f.bulk {
		if b != nil {
			if err := b.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *folder) begin() error {
	if _, err := f.conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if !f.sealed {
		return nil
	}
	f.sealed, f.unsealed = false, false
	_, err := f.conn.ExecContext(context.Background(), "DELETE FROM seal")
	return err
}

// commit writes the cursor with the rows and ends the transaction.
func (f *folder) commit() error {
	for n, last := range f.attempts {
		if err := f.exec(setLast, last, n); err != nil {
			return err
		}
	}
	clear(f.attempts)
	for name := range f.counted {
		if err := f.exec(putTally, name, f.tally[name]); err != nil {
			return err
		}
	}
	clear(f.counted)
	for src, pos := range map[string]eventlog.Position{srcLog: f.next, srcNotes: f.notes} {
		if pos.Segment == 0 {
			continue // nothing was folded from it
		}
		if err := f.exec(putCursor, src, pos.Segment, pos.Offset, int64(pos.Seq)); err != nil {
			return err
		}
	}
	_, err := f.conn.ExecContext(context.Background(), "COMMIT")
	return err
}

// rollback undoes the transaction and what the caches took from it.
func (f *folder) rollback() error {
	for _, b := range f.bulk {
		if b != nil {
			b.drop()
		}
	}
	// After a full disk SQLite has rolled back already and says so.
	f.conn.ExecContext(context.Background(), "ROLLBACK")
	return f.reload()
}

// fold adds one record. Records that are folded already are passed over, so
// that replaying a log changes nothing.
func (f *folder) fold(it item) error {
	next := &f.next
	if it.notes {
		next = &f.notes
	}
	if it.seq < next.Seq {
		return nil
	}
	if it.seq != next.Seq {
		return fmt.Errorf("fold record %d: record %d should come first", it.seq, next.Seq)
	}
	var err error
	if it.notes {
		err = f.add(it)
	} else {
		err = f.apply(it)
	}
	if err != nil {
		return fmt.Errorf("fold record %d (%s): %w", it.seq, it.rec.Kind, err)
	}
	*next = it.after
	return nil
}

func (f *folder) count(name string, n int) {
	f.tally[name] += int64(n)
	f.counted[name] = true
}

// apply adds a record of the run's own log.
func (f *folder) apply(it item) error {
	n := it.rec.Attempt
	if _, ok := f.attempts[n]; !ok {
		if err := f.exec(putAttempt, n); err != nil {
			return err
		}
	}
	f.attempts[n] = it.rec.TimeUS
	if l, ok := describe(it); ok {
		err := f.exec(putEvent, int64(it.seq), n, l.step, it.rec.TimeUS, string(it.rec.Kind), l.level, l.code,
			strings.ReplaceAll(strings.ToValidUTF8(l.text, "\uFFFD"), "\x00", "\uFFFD"), eventBody(it.rec.Body))
		if err != nil {
			return err
		}
		f.count("events", 1)
	}
	switch b := it.body.(type) {
	case *RunHeader:
		return f.header(it, b)
	case *Attempt:
		return f.exec(setAttempt, b.Host, b.BootID, b.PID, b.PIDStart, textOrNil(b.Backend), textOrNil(b.JobID), orNil(b.ClockUS),
			b.FromStep, b.FromCkpt, b.Executable, it.rec.TimeUS, n)
	case *StateChange:
		var ended any
		if b.State.Terminal() {
			ended = it.rec.TimeUS
		}
		return f.exec(setState, string(b.State), b.Stage, b.Step, b.Reason, b.ExitCode, it.rec.TimeUS, ended, n)
	case *Metrics:
		return f.metrics(it, b)
	case *Samples:
		return f.samples(it, b)
	case *Checkpoint:
		f.count("ckpts", 1)
		return f.exec(putCkpt, int64(it.seq), n, b.Step, b.Stage, it.rec.TimeUS, b.Path, b.Bytes, b.Manifest, jsonOrNil(b.Metrics, len(b.Metrics)))
	case *Eval:
		return f.eval(it, b)
	case *Control:
		return f.exec(putControl, int64(it.seq), b.ID, n, it.rec.TimeUS, b.Actor, b.Via, b.Verb, rawOrNil(b.Args), b.Reason, b.AskedUS,
			b.Outcome, b.Result, b.AppliedStep, b.PrevHash, b.Hash)
	case *Rewind:
		if err := f.exec(applyRewind, b.ToStep, n); err != nil {
			return err
		}
		return f.rewindRolls()
	case *Heartbeat:
		return f.exec(putHeartbeat, int64(it.seq), n, b.Step, it.rec.TimeUS, b.MonoMS, b.RSS, b.CPU,
			textOrNil(b.Stage), orNil(b.DeviceS), orNil(b.EnergyJ))
	}
	return f.add(it)
}

func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// eventBody is what an event keeps of its record. A record that is huge and
// could not be read stays in the log only.
func eventBody(b json.RawMessage) any {
	if len(b) == 0 || len(b) > maxEventBody {
		return nil
	}
	return sqlText(string(b))
}

// Terminal tells whether an attempt in this state is over.
func (s State) Terminal() bool {
	switch s {
	case StateDone, StateStopped, StateFailed, StateCrashed:
		return true
	}
	return false
}

func (f *folder) header(it item, b *RunHeader) error {
	for _, kv := range []struct {
		key   string
		value any
	}{
		{"header", sqlText(string(it.rec.Body))},
		{"run_id", b.ID}, {"name", b.Name}, {"purpose", b.Purpose}, {"task", b.Task}, {"seed", int64(b.Seed)},
		{"version", b.Version}, {"device", b.Device}, {"steps", b.Steps}, {"params", b.Params}, {"parent", b.Parent},
		{"created_us", b.CreatedUS}, {"config_toml", sqlText(b.ConfigTOML)},
	} {
		if err := f.exec(putMeta, kv.key, kv.value); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) metrics(it item, b *Metrics) error {
	f.count("steps", 1)
	err := f.exec(putStep, int64(it.seq), it.rec.Attempt, b.Step, b.Stage, it.rec.TimeUS, jsonOrNil(b.NonFinite, len(b.NonFinite)))
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(b.Values) {
		id, ok := f.series[name]
		if !ok {
			if err := f.stmts[putSeries].QueryRow(name).Scan(&id); err != nil {
				return fmt.Errorf("series %q: %w", name, err)
			}
			f.series[name] = id
		}
		end, err := f.seriesEnd(id)
		if err != nil {
			return fmt.Errorf("series %q: %w", name, err)
		}
		if err := f.exec(putMetric, id, b.Step, it.rec.Attempt, it.rec.TimeUS, b.Values[name]); err != nil {
			return fmt.Errorf("series %q: %w", name, err)
		}
		if err := f.roll(id, end, b.Step); err != nil {
			return fmt.Errorf("series %q: %w", name, err)
		}
	}
	return nil
}

func (f *folder) eval(it item, b *Eval) error {
	f.count("evals", 1)
	var id int64
	err := f.stmts[putEval].QueryRow(int64(it.seq), it.rec.Attempt, b.Step, it.rec.TimeUS, b.Ckpt, b.Suite, b.SuiteHash, b.Label,
		int64(b.Seed), b.N, b.K, b.Accuracy, b.CILow, b.CIHigh, b.FormatOK, b.Tokens, b.WallSeconds).Scan(&id)
	if err != nil {
		return err
	}
	// Samples of an evaluation that a crash broke off belong to the attempt
	// that crashed and stay without one.
	return f.exec(claimBatches, id, b.Step, b.Ckpt, it.rec.Attempt)
}

func jsonOrNil(v any, n int) any {
	if n == 0 {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil { // strings and finite numbers always encode
		return nil
	}
	return string(b)
}

func rawOrNil(b json.RawMessage) any {
	if len(b) == 0 {
		return nil
	}
	if !utf8.Valid(b) {
		return []byte(b)
	}
	return string(b)
}
