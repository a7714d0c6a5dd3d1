package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"

	"gradus/store/eventlog"
)

const (
	batchRecords = 500
	batchTime    = 100 * time.Millisecond
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

// source is one of the two logs of a run.
type source struct {
	dir   string
	notes bool
}

func (in *Ingester) position(src source) eventlog.Position {
	if src.notes {
		return in.f.notes
	}
	return in.f.next
}

// foldLog folds to the end of a log. A second goroutine reads, decodes and
// compresses ahead of the one that writes rows.
func (in *Ingester) foldLog(ctx context.Context, src source) (n int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	items := make(chan item, 4)
	var readErr error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(items)
		readErr = in.produce(ctx, src, in.position(src), items)
	}()
	defer func() {
		cancel()
		<-done
	}()
	for {
		k, more, err := in.foldBatch(ctx, src, items)
		n += k
		if err != nil {
			return n, fmt.Errorf("fold the log in %s into %s: %w", src.dir, in.dbPath, err)
		}
		if err := in.truncateWAL(); err != nil {
			return n, err
		}
		if !more {
			break
		}
	}
	<-done
	if readErr != nil && ctx.Err() == nil {
		return n, fmt.Errorf("fold into %s: %w", in.dbPath, readErr)
	}
	return n, ctx.Err()
}

// produce sends the records from pos to the end of the log.
func (in *Ingester) produce(ctx context.Context, src source, pos eventlog.Position, items chan<- item) error {
	if pos.Segment == 0 {
		pos = eventlog.Position{}
	}
	r := eventlog.NewReader(src.dir, pos)
	defer r.Close()
	for {
		payload, after, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		it := prepare(in.enc, in.dec, payload, after)
		it.notes = src.notes
		select {
		case items <- it:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// foldBatch folds what arrives into one transaction. more is false when the
// channel was closed.
func (in *Ingester) foldBatch(ctx context.Context, src source, items <-chan item) (n int, more bool, err error) {
	first, ok := <-items
	if !ok {
		return 0, false, nil
	}
	if err := in.f.beginOf(src); err != nil {
		return 0, false, err
	}
	defer func() {
		if err != nil {
			n = 0
			err = errors.Join(err, in.f.rollback())
		}
	}()
	began := time.Now()
	more = true
	for it := first; ; {
		if err := in.f.fold(it); err != nil {
			return 0, false, err
		}
		n++
		if n >= batchRecords || time.Since(began) >= batchTime || ctx.Err() != nil {
			break
		}
		if it, more = <-items; !more {
			break
		}
	}
	if err := in.syncLog(src.dir, in.position(src).Segment); err != nil {
		return 0, false, err
	}
	return n, more, in.f.commit()
}

// truncateWAL empties the write-ahead log when it has grown. A reader in the
// middle of a query makes it wait for the next time.
func (in *Ingester) truncateWAL() error {
	info, err := os.Stat(in.dbPath + "-wal")
	if err != nil || info.Size() <= walLimit {
		return nil
	}
	var busy, frames, moved int
	return in.f.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
}

// Follow folds the log as it grows until ctx is done, then folds what is left
// and returns nil. A value on wake, which may be nil, makes it look at once.
// It waits out a full disk and a busy database, telling OnError; every other
// error ends it.
func (in *Ingester) Follow(ctx context.Context, wake <-chan struct{}) error {
	for {
		wait := in.opt.Poll
		_, err := in.CatchUp(ctx)
		if err == nil {
			in.compressClosed()
		}
		if err != nil && ctx.Err() == nil {
			if !passing(err) {
				return err
			}
			if in.opt.OnError != nil {
				in.opt.OnError(err)
			}
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			_, err := in.CatchUp(context.WithoutCancel(ctx))
			return err
		case <-wake:
		case <-time.After(wait):
		}
	}
}

// compressClosed compresses the segments that the log has left, once for each
// new one. What cannot be compressed stays as it is.
func (in *Ingester) compressClosed() {
	now := in.f.next.Segment
	if now <= max(1, in.compressedTo) {
		return
	}
	in.compressedTo = now
	if _, err := eventlog.Compress(in.logDir); err != nil && in.opt.OnError != nil {
		in.opt.OnError(err)
	}
}

// passing tells of errors that can go away by themselves.
func passing(err error) bool {
	var se sqlite3.Error
	if errors.As(err, &se) {
		return se.Code == sqlite3.ErrFull || se.Code == sqlite3.ErrBusy || se.Code == sqlite3.ErrLocked
	}
	return false
}

// Fold brings the database at dbPath up to the end of the log in logDir and
// returns the number of records folded. When another process is folding it
// returns ErrIngestLocked and has done nothing. Where the log has not grown it
// only looks, without the lock, which an interface can do every second.
func Fold(ctx context.Context, logDir, dbPath string) (int, error) {
	if folded(ctx, logDir, dbPath) {
		return 0, nil
	}
	in, err := OpenIngester(ctx, logDir, dbPath, IngestOptions{})
	if err != nil {
		return 0, err
	}
	n, err := in.CatchUp(ctx)
	return n, errors.Join(err, in.Close())
}

// folded tells whether a database has everything that is in its logs. Any
// doubt is no.
func folded(ctx context.Context, logDir, dbPath string) bool {
	if _, err := os.Stat(dbPath); err != nil {
		return false
	}
	end, err := eventlog.End(logDir)
	if err != nil || end.Segment == 0 {
		return false
	}
	notes, err := eventlog.End(NotesDir(logDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	db, err := openReader(dbPath, RoleRead)
	if err != nil {
		return false
	}
	defer db.Close()
	if checkSchema(ctx, db, dbPath) != nil {
		return false
	}
	var all bool
	err = db.QueryRowContext(ctx, `SELECT
		EXISTS(SELECT 1 FROM cursor WHERE src='log' AND segment=? AND offset=?) AND
		(? = 0 OR EXISTS(SELECT 1 FROM cursor WHERE src='notes' AND segment=? AND offset=?)) AND
		NOT EXISTS(SELECT 1 FROM seal WHERE tbl='note' AND n < 0) AND
		(EXISTS(SELECT 1 FROM seal) OR coalesce((SELECT ended_us IS NULL FROM attempt ORDER BY n DESC LIMIT 1), 1)) AND
		coalesce((SELECT max(id) FROM sample), 0) = coalesce((SELECT seq FROM cursor WHERE src='fts'), 0) AND
		coalesce((SELECT max(id) FROM prompt), 0) = coalesce((SELECT seq FROM cursor WHERE src='prompt_fts'), 0)`,
		end.Segment, end.Bytes, notes.Segment, notes.Segment, notes.Bytes).Scan(&all)
	return err == nil && all
}
