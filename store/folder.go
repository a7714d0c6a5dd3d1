package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"

	"gradus/store/eventlog"
)

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
