package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"gradus/store"
	"gradus/store/eventlog"
)

// EnsureIngest brings a run's database up to the end of its log, unless the
// run's own process or another viewer is at it. It is cheap when there is
// nothing to do. A run whose log has no record yet has no database either;
// that is no error.
func (c *Client) EnsureIngest(ctx context.Context, runID string) error {
	d, err := c.Dir(runID)
	if err != nil {
		return err
	}
	pos, err := eventlog.LastSegment(d.Path())
	if err != nil {
		return fmt.Errorf("run %s: %w", runID, err)
	}
	if pos.Segment == 0 {
		return nil
	}
	switch _, err := store.Fold(ctx, d.Path(), store.DBPath(d.Path())); {
	case errors.Is(err, store.ErrIngestLocked):
		return nil
	case err != nil:
		return fmt.Errorf("run %s: %w", runID, err)
	}
	return nil
}

// ErrNoRecord says that a run has written nothing yet.
var ErrNoRecord = errors.New("the run has no record yet")

// OpenDB opens a run's database for reading, brought up to date if nobody
// else is at that. ErrNoRecord if there is none yet.
func (c *Client) OpenDB(ctx context.Context, runID string) (*store.DB, error) {
	if err := c.EnsureIngest(ctx, runID); err != nil {
		return nil, err
	}
	d, err := c.Dir(runID)
	if err != nil {
		return nil, err
	}
	path := store.DBPath(d.Path())
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %s: %w", runID, ErrNoRecord)
	}
	return store.OpenRead(path)
}

// pause waits for one poll interval.
func (c *Client) pause(ctx context.Context) error {
	t := time.NewTimer(c.opt.Poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
