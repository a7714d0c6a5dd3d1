package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gradus/runner/state"
	"gradus/store"
	"gradus/store/eventlog"
)

// ErrCrashed says that a followed run's process ended without an exit record.
var ErrCrashed = errors.New("the run crashed")

// Follow calls each with every record of a run's log from a position on (the
// zero Position: all of it), waiting for new ones until the run has ended. It
// returns nil when it ended in order, ErrCrashed when its process is gone
// without a word, what each returned, or ctx.Err(). The run does not notice
// whether it is followed.
func (c *Client) Follow(ctx context.Context, runID string, from eventlog.Position, each func(seq uint64, rec store.Record) error) error {
	d, err := c.Dir(runID)
	if err != nil {
		return err
	}
	elsewhere := c.here(d) != nil
	log := store.ReadLog(d.Path(), from)
	defer log.Close()
	last := store.StateSubmitted
	var lastTest time.Time
	gone := false
	for {
		for {
			rec, seq, _, err := log.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("follow run %s: %w", runID, err)
			}
			switch rec.Kind {
			case store.KindState:
				var s store.StateChange
				if err := decode(rec, &s); err != nil {
					return fmt.Errorf("follow run %s: %w", runID, err)
				}
				last = s.State
			case store.KindAttempt:
				last = store.StateStarting // a new attempt takes it up again
			}
			if err := each(seq, rec); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if state.Terminal(last) && (gone || elsewhere) {
			return nil
		}
		if gone && last == store.StateSubmitted {
			// Nothing was read: it has not begun, or from lies behind its end.
			run, err := c.Run(ctx, runID)
			if err != nil {
				return err
			}
			last = run.State
			switch {
			case last == store.StateCrashed:
				return fmt.Errorf("run %s: %w", runID, ErrCrashed)
			case state.Terminal(last):
				return nil
			}
			gone = false // it may be about to begin
		}
		if gone {
			return fmt.Errorf("run %s: %w while it was %s", runID, ErrCrashed, last)
		}
		if now := time.Now(); !elsewhere && (state.Terminal(last) || now.Sub(lastTest) > 200*time.Millisecond) {
			lastTest = now
			alive, err := d.Alive()
			if err != nil {
				return err
			}
			if !alive {
				gone = true // then the log is complete: read it once more
				continue
			}
		}
		if err := c.pause(ctx); err != nil {
			return err
		}
	}
}
