package store

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"gradus/store/eventlog"
)

// stale tells whether the log has something that the entry does not know, and
// notes whether there is a log at all.
func (e *entry) stale() bool {
	end, err := eventlog.EndAfter(e.Dir, e.pos.Segment)
	if err != nil || end.Segment == 0 {
		return false // no run, or none yet
	}
	e.present = true
	return end != eventlog.LogEnd{Segment: max(1, e.pos.Segment), Bytes: e.size}
}

// update reads the records after e.pos. Traces are passed over undecoded.
func (e *entry) update(ctx context.Context) {
	// It comes before reading: what a run appends while it is read may be
	// missed, and must not count as known.
	before, err := eventlog.EndAfter(e.Dir, e.pos.Segment)
	if err != nil {
		e.Problem = err.Error()
		return
	}
	if err = e.read(ctx); err != nil {
		var damage *eventlog.Corrupt
		if e.pos.Segment > 0 && errors.As(err, &damage) {
			// Perhaps it is not the log it was, so read it from its beginning once.
			*e = entry{RunSummary: RunSummary{Dir: e.Dir}}
			err = e.read(ctx)
		}
		if err != nil {
			e.Problem = err.Error()
		}
	}
	if e.ID == "" {
		e.ID = filepath.Base(e.Dir)
	}
	e.settle(before)
}

// settle notes how much of the log is known, given its end before reading. A
// log that went on in another segment meanwhile is to be read again.
func (e *entry) settle(before eventlog.LogEnd) {
	e.size = before.Bytes
	if before.Segment != max(1, e.pos.Segment) {
		e.size = -1
	}
}

func (e *entry) read(ctx context.Context) error {
	e.Problem = ""
	r := eventlog.NewReader(e.Dir, e.pos)
	defer r.Close()
	for {
		payload, after, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e.pos = after
		if isSamples(payload) {
			if f, err := cutSamples(payload); err == nil {
				e.LastRecordUS, e.Attempt = f.timeUS, f.attempt
			}
		} else if KindOf(payload) != KindSamples {
			if rec, body, err := parseRecord(payload); err == nil { // the fold reports what cannot be read
				e.take(rec, body)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// take brings the summary up to date with one record.
func (e *entry) take(rec Record, body any) {
	e.LastRecordUS, e.Attempt = rec.TimeUS, rec.Attempt
	switch b := body.(type) {
	case *RunHeader:
		e.ID, e.Name, e.Purpose, e.Task, e.Steps = b.ID, b.Name, b.Purpose, b.Task, b.Steps
		e.CreatedUS, e.Parent, e.Params, e.Device = b.CreatedUS, b.Parent, b.Params, b.Device
	case *StateChange:
		e.State, e.Reason, e.Step = b.State, b.Reason, b.Step
		if b.Stage != "" {
			e.Stage = b.Stage
		}
	case *Metrics:
		e.Stage, e.Step = b.Stage, b.Step
		if v, ok := b.Values["reward"]; ok {
			e.Reward = &v
		}
		if v, ok := b.Values["kl"]; ok {
			e.KL = &v
		}
	case *Rewind:
		e.Step = b.ToStep
	}
}
