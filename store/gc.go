package store

import (
	"context"
	"errors"
	"os"

	"gradus/store/eventlog"
)

// Saved is what tidying a database gave back, in bytes of its file with its
// write-ahead log.
type Saved struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`

	Log eventlog.Compressed `json:"log"` // segments of the event log that were compressed
}

// GC brings a database up to date and makes its file as small as it can be
// without losing a row: the search index is merged, free pages and the
// write-ahead log are given back, closed segments of the event log are
// compressed, and what a process that was killed while it
// rebuilt or migrated left behind is removed. If the run has ended the
// database is sealed. ErrIngestLocked when another process is folding.
func GC(ctx context.Context, logDir, dbPath string) (Saved, error) {
	var s Saved
	s.Before = sizeOf(dbPath)
	ctx = working(ctx, dbPath, logDir, 0)
	in, err := OpenIngester(ctx, logDir, dbPath, IngestOptions{})
	if err != nil {
		return s, err
	}
	err = in.tidy(ctx)
	if err = errors.Join(err, in.Close()); err != nil {
		return s, err
	}
	s.After = sizeOf(dbPath)
	s.Log, err = eventlog.Compress(logDir)
	return s, err
}

func (in *Ingester) tidy(ctx context.Context) error {
	for _, suffix := range []string{".new", ".rebuild", ".rebuild.new", ".migrate", ".migrate.new"} {
		if err := removeDB(in.dbPath + suffix); err != nil {
			return err
		}
	}
	if _, err := in.CatchUp(ctx); err != nil { // which seals it when the run has ended
		return err
	}
	if in.f.sealed {
		return nil
	}
	if err := in.mergeIndexes(ctx); err != nil {
		return err
	}
	return in.giveBack(ctx)
}

func sizeOf(path string) (n int64) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}
