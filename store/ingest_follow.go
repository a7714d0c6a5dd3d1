package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"

	"gradus/store/eventlog"
)

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
	ctx = working(ctx, dbPath, logDir, 0)
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
