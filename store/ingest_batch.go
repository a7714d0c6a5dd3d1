package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gradus/store/eventlog"
)

const (
	batchRecords = 500
	batchTime    = 100 * time.Millisecond
)

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
		tell(ctx, "folding records", int64(n), 0)
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
