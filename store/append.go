package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gradus/store/eventlog"
)

// Append adds records to the log in notes/ of the run in runDir and makes them
// durable. It waits while somebody else is adding, until ctx is done. The
// database has them after the next fold.
func Append(ctx context.Context, runDir string, recs ...Record) error {
	for {
		l, err := OpenLog(NotesDir(runDir))
		if err == nil {
			if err = l.Append(recs...); err == nil {
				err = l.Sync()
			}
			return errors.Join(err, l.Close())
		}
		if !errors.Is(err, eventlog.ErrLocked) {
			return fmt.Errorf("add to the run in %s: %w", runDir, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("add to the run in %s: %w", runDir, errors.Join(err, ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
