package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"gradus/store/eventlog"
)

// IngestOptions tune an Ingester; the zero value is right for a live run.
type IngestOptions struct {
	Wait           bool          // wait for the lock instead of ErrIngestLocked
	Poll           time.Duration // how often Follow looks for records without being woken; 0 means 100 ms
	AllowNetworkFS bool          // fold onto a network file system after all, without a write-ahead log
	OnError        func(error)   // told of errors that Follow waits out, as a full disk; may be nil
}

// Ingester folds a log into a database. Only one can be open for a database
// at a time, over all processes. Not safe for use by several goroutines.
type Ingester struct {
	logDir, dbPath string
	opt            IngestOptions
	role           Role // RoleUntrusted for the private copy of a stranger's file
	lock           *os.File
	db             *sql.DB
	f              *folder
	enc            *zstd.Encoder
	dec            *zstd.Decoder
	blocks         *blockCache
	compressedTo   int                                 // segment before which all were to be compressed
	syncLog        func(dir string, segment int) error // makes a log durable before rows of it are committed
}

// OpenIngester takes the lock (file ingest.lock beside dbPath) and opens the
// database at dbPath, making it if it is missing. It refuses network file
// systems, on which SQLite loses rows, and a database that belongs to another
// run than the log.
func OpenIngester(ctx context.Context, logDir, dbPath string, opt IngestOptions) (*Ingester, error) {
	if opt.Poll == 0 {
		opt.Poll = 100 * time.Millisecond
	}
	remote, err := networkFS(filepath.Dir(dbPath))
	if err != nil {
		return nil, err
	}
	if remote != "" && !opt.AllowNetworkFS {
		return nil, refuseNetwork(dbPath, remote)
	}
	lock, err := lockFile(ctx, filepath.Join(filepath.Dir(dbPath), "ingest.lock"), opt.Wait)
	if err != nil {
		return nil, err
	}
	in := &Ingester{logDir: logDir, dbPath: dbPath, opt: opt, lock: lock}
	if _, err := os.Stat(dbPath); errors.Is(err, fs.ErrNotExist) {
		if err := createDB(dbPath); err != nil {
			in.Close()
			return nil, fmt.Errorf("make the run database %s: %w", dbPath, err)
		}
	}
	pragmas := []string{"synchronous=FULL"}
	if remote != "" {
		// The write-ahead log needs memory that all its users share.
		pragmas = append(pragmas, "journal_mode=DELETE")
	}
	if err := migrate(ctx, dbPath); err != nil {
		in.Close()
		return nil, err
	}
	if err := in.open(ctx, pragmas...); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func refuseNetwork(dbPath, name string) error {
	return fmt.Errorf("put the run database at %s: that is on %s, a network file system, where SQLite can lose rows; set GRADUS_HOME to a local disk", dbPath, name)
}

func (in *Ingester) open(ctx context.Context, pragmas ...string) (err error) {
	if in.syncLog == nil {
		in.syncLog = eventlog.SyncSegment
	}
	if in.enc, err = newEncoder(); err != nil {
		return err
	}
	if in.dec, err = newDecoder(); err != nil {
		return err
	}
	in.blocks = newBlockCache(in.dec)
	if in.db, err = openWriter(in.dbPath, in.role, pragmas...); err != nil {
		return err
	}
	if err := checkSchema(ctx, in.db, in.dbPath); err != nil {
		return err
	}
	in.f, err = newFolder(ctx, in.db, in.enc)
	if err != nil {
		return fmt.Errorf("open %s: %w", in.dbPath, err)
	}
	return in.checkRun()
}

// checkRun makes sure that the log goes on where the database ends: that it
// is the log of the same run.
func (in *Ingester) checkRun() error {
	var have string
	err := in.f.conn.QueryRowContext(context.Background(), `SELECT value FROM meta WHERE key='run_id'`).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", in.dbPath, err)
	}
	r := eventlog.NewReader(in.logDir, eventlog.Position{})
	defer r.Close()
	payload, _, err := r.Next()
	if err != nil {
		return nil // the fold will say what is wrong with the log
	}
	_, body, err := parseRecord(payload)
	if h, ok := body.(*RunHeader); err == nil && ok && h.ID != have {
		return fmt.Errorf("fold the log in %s into %s: the log is of run %s and the database of run %s; remove the database, it is made anew from the log",
			in.logDir, in.dbPath, h.ID, have)
	}
	return nil
}

// Close empties the write-ahead log into the database and lets go of the lock.
func (in *Ingester) Close() error {
	var err error
	if in.f != nil {
		_, e := in.f.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		err = errors.Join(e, in.f.close())
	}
	if in.db != nil {
		err = errors.Join(err, in.db.Close())
	}
	if in.enc != nil {
		in.enc.Close()
	}
	if in.dec != nil {
		in.dec.Close()
	}
	if in.lock != nil {
		err = errors.Join(err, unlock(in.lock))
	}
	in.f, in.db, in.enc, in.dec, in.lock = nil, nil, nil, nil, nil
	return err
}

// CatchUp folds everything that is in the logs now, makes it searchable, and
// returns the number of records. Rows and the cursor are committed together,
// every 500 records or 100 ms, and only after their log records are durable.
func (in *Ingester) CatchUp(ctx context.Context) (int, error) {
	n, err := in.foldAll(ctx)
	if err != nil {
		return n, err
	}
	k, err := in.foldNotes(ctx)
	if err != nil {
		return n + k, err
	}
	if err := in.indexAll(ctx); err != nil {
		return n + k, err
	}
	return n + k, in.finish(ctx)
}

// FoldOnly folds the run's own log and leaves the search index to the next
// CatchUp: what a benchmark measures by itself.
func (in *Ingester) FoldOnly(ctx context.Context) (int, error) { return in.foldAll(ctx) }

// foldAll folds the run's own log to its end.
func (in *Ingester) foldAll(ctx context.Context) (int, error) {
	return in.foldLog(ctx, source{dir: in.logDir})
}

// foldNotes folds what was added to the run, if anything was.
func (in *Ingester) foldNotes(ctx context.Context) (int, error) {
	dir := NotesDir(in.logDir)
	pos, err := eventlog.LastSegment(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && pos.Segment == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("fold into %s: %w", in.dbPath, err)
	}
	return in.foldLog(ctx, source{dir: dir, notes: true})
}
