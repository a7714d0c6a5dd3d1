package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"
)

// DB is a run's database, open for reading beside whoever folds into it.
// Every method runs one short query, so that readers never hold up the
// write-ahead log. It is safe for use by several goroutines.
type DB struct {
	path   string
	role   Role
	older  *older // the private copy that is read instead of path; nil where path itself is
	dec    *zstd.Decoder
	first  func(*sqlite3.SQLiteConn) error // see Annotate
	blocks *blockCache

	mu      sync.Mutex
	pool    *sql.DB
	file    os.FileInfo // the file that pool has open
	watch   *sql.Conn   // data_version counts per connection, so one is kept for it
	retired []*sql.DB   // of files that were replaced; queries may still run on them
}

// OpenRead opens the database of a run for reading. The error is
// fs.ErrNotExist when nothing was folded yet, ErrNotOurs when the file is no
// run database.
func OpenRead(path string) (*DB, error) {
	return Open(path, RoleRead)
}

// read is the file that is read.
func (db *DB) read() string {
	if db.older != nil {
		return db.older.path
	}
	return db.path
}

func (db *DB) open() error {
	info, err := os.Stat(db.read())
	if err != nil {
		return fmt.Errorf("open run database: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("open %s: %w: it is no regular file", db.path, ErrNotOurs)
	}
	if wal, err := os.Stat(db.read() + "-wal"); err == nil && wal.Size() > 0 && db.role == RoleUntrusted {
		return fmt.Errorf("open %s: %s-wal lies beside it, so it is being written, or was copied while it was; use a copy that 'gradus share' makes", db.path, db.path)
	}
	pool, err := openReaderFirst(db.read(), db.role, db.first)
	if err != nil {
		return err
	}
	if err := checkSchema(context.Background(), pool, db.path); err != nil {
		pool.Close()
		return err
	}
	if db.role == RoleUntrusted {
		if err := checkStranger(context.Background(), pool, db.path, schemaVersion); err != nil {
			pool.Close()
			return err
		}
	}
	db.pool, db.file = pool, info
	return nil
}

// Path is the file's path as it was given to OpenRead, Open or OpenFile.
func (db *DB) Path() string { return db.path }

// Close closes every connection.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.watch != nil {
		db.watch.Close()
		db.watch = nil
	}
	db.dec.Close()
	var err error
	for _, pool := range append(db.retired, db.pool) {
		err = errors.Join(err, pool.Close())
	}
	if db.older != nil {
		err = errors.Join(err, db.older.release())
	}
	return err
}

// sql is the pool to query now.
func (db *DB) sql() *sql.DB {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.pool
}

// DataVersion is a number that changes whenever something was committed to
// the database since the call before. It reads no rows: a screen can ask many
// times a second. When a rebuild has put a new file in place, DataVersion
// goes over to that file.
func (db *DB) DataVersion(ctx context.Context) (int64, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	info, err := os.Stat(db.read())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("look at %s: %w", db.path, err)
	}
	if err == nil && !os.SameFile(info, db.file) {
		if err := db.reopen(); err != nil {
			return 0, err
		}
	}
	if db.watch == nil {
		if db.watch, err = db.pool.Conn(ctx); err != nil {
			return 0, fmt.Errorf("look at %s: %w", db.path, err)
		}
	}
	var v int64
	if err := db.watch.QueryRowContext(ctx, "PRAGMA data_version").Scan(&v); err != nil {
		return 0, fmt.Errorf("look at %s: %w", db.path, err)
	}
	return int64(len(db.retired))<<32 | v, nil
}

func (db *DB) reopen() error {
	old, watch := db.pool, db.watch
	if err := db.open(); err != nil {
		return err
	}
	db.watch = nil
	db.blocks.clear()
	db.retired = append(db.retired, old)
	if watch != nil {
		watch.Close()
	}
	return nil
}

// Header is the run's header; ErrNotFound before its first record is folded.
func (db *DB) Header(ctx context.Context) (RunHeader, error) {
	var h RunHeader
	var text []byte
	err := db.sql().QueryRowContext(ctx, `SELECT value FROM meta WHERE key='header'`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("read the header of %s: %w", db.path, ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	if err != nil {
		return h, fmt.Errorf("read the header of %s: %w", db.path, err)
	}
	return h, nil
}

// Attempts are the run's attempts in order.
func (db *DB) Attempts(ctx context.Context) ([]AttemptRow, error) {
	return collect(ctx, db, "attempts", `SELECT n, coalesce(host,''), coalesce(boot_id,''), coalesce(pid,0), coalesce(pid_start,0),
		from_step, coalesce(from_ckpt,''), coalesce(executable_sha256,''), coalesce(state,''), coalesce(reason,''),
		coalesce(exit_code,0), coalesce(started_us,0), coalesce(ended_us,0), valid_to FROM attempt ORDER BY n`, nil,
		func(r *sql.Rows, a *AttemptRow) error {
			return r.Scan(&a.N, &a.Host, &a.BootID, &a.PID, &a.PIDStart, &a.FromStep, &a.FromCkpt, &a.Executable,
				&a.State, &a.Reason, &a.ExitCode, &a.StartedUS, &a.EndedUS, &a.ValidTo)
		})
}

// State is what the run recorded last of itself; ErrNotFound before its first
// record is folded.
func (db *DB) State(ctx context.Context) (StateInfo, error) {
	rows, err := collect(ctx, db, "state", `SELECT n, coalesce(state,''), coalesce(stage,''), coalesce(step,0), coalesce(reason,''),
		coalesce(exit_code,0), coalesce(state_us,0), last_us FROM attempt ORDER BY n DESC LIMIT 1`, nil,
		func(r *sql.Rows, s *StateInfo) error {
			return r.Scan(&s.Attempt, &s.State, &s.Stage, &s.Step, &s.Reason, &s.ExitCode, &s.SinceUS, &s.LastRecordUS)
		})
	if err != nil {
		return StateInfo{}, err
	}
	if len(rows) == 0 {
		return StateInfo{}, fmt.Errorf("read the state of %s: %w", db.path, ErrNotFound)
	}
	return rows[0], nil
}

// Counts are the sizes of the record.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := db.sql().QueryRowContext(ctx, `SELECT
		(SELECT coalesce(max(id), 0) FROM sample), (SELECT coalesce(max(id), 0) FROM prompt), (SELECT count(*) FROM series),
		coalesce((SELECT n FROM tally WHERE name='eval_samples'), 0), coalesce((SELECT n FROM tally WHERE name='steps'), 0),
		coalesce((SELECT n FROM tally WHERE name='ckpts'), 0), coalesce((SELECT n FROM tally WHERE name='evals'), 0),
		coalesce((SELECT n FROM tally WHERE name='events'), 0), coalesce((SELECT seq - 1 FROM cursor WHERE src='log'), 0)`).
		Scan(&c.Samples, &c.Prompts, &c.Series, &c.EvalSamples, &c.Steps, &c.Checkpoints, &c.Evals, &c.Events, &c.Records)
	if err != nil {
		return c, fmt.Errorf("count the rows of %s: %w", db.path, err)
	}
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(db.path + suffix); err == nil {
			c.DBBytes += info.Size()
		}
	}
	return c, nil
}

// collect runs a query to its end and scans every row.
func collect[T any](ctx context.Context, db *DB, what, query string, args []any, scan func(*sql.Rows, *T) error) ([]T, error) {
	rows, err := db.sql().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the %s of %s: %w", what, db.path, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, fmt.Errorf("read the %s of %s: %w", what, db.path, err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the %s of %s: %w", what, db.path, err)
	}
	return out, nil
}
