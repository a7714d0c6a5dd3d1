// Package journal is how the process of a run writes down what it does: the
// event log, the fold of the log into SQLite that runs beside the trainer, the
// heartbeat, and what an earlier attempt left in the log.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"gradus/store"
	"gradus/store/eventlog"
)

// Entry is one record to be written.
type Entry struct {
	Kind store.Kind
	Body any // the type that Kind names
}

// Journal writes the records of one attempt. It is safe for use by several
// goroutines.
type Journal struct {
	log     *store.Log
	clock   Clock
	attempt int
	reserve string
	dir     string

	mu    sync.Mutex
	chain string // Hash of the last control record

	step atomic.Int64 // last finished step, for heartbeats
	wake chan struct{}
}

// Open opens the event log in dir and begins attempt number attempt. chain is
// the hash of the last control record of the log.
func Open(dir string, clock Clock, attempt int, chain string) (*Journal, error) {
	log, err := store.OpenLog(dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		log: log, clock: clock, attempt: attempt, chain: chain, dir: dir,
		reserve: filepath.Join(dir, "reserve"), wake: make(chan struct{}, 1),
	}
	if err := j.setAside(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return j, nil
}

// reserveBytes is kept free for the last words of a run whose disk is full.
const reserveBytes = 64 << 10

// setAside takes disk space that Farewell gives back.
func (j *Journal) setAside() error {
	f, err := os.OpenFile(j.reserve, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("open the run's record: %w", err)
	}
	_, err = f.Write(make([]byte, reserveBytes))
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(j.reserve)
		return fmt.Errorf("open the run's record: %w", err)
	}
	return nil
}

// Repair is one sentence on what opening the log cut off, or "".
func (j *Journal) Repair() string { return j.log.Repair().String() }

// Attempt is the number of this attempt.
func (j *Journal) Attempt() int { return j.attempt }

// NowUS is the time in microseconds since 1970.
func (j *Journal) NowUS() int64 { return j.clock.Now().UnixMicro() }

// SetStep tells heartbeats which step was finished last.
func (j *Journal) SetStep(step int) { j.step.Store(int64(step)) }

// Write appends entries in one piece: readers see all of them or none. They
// are durable within about a second; see Sync.
func (j *Journal) Write(entries ...Entry) error {
	now := j.clock.Now()
	recs := make([]store.Record, len(entries))
	for i, e := range entries {
		r, err := store.NewRecord(e.Kind, j.attempt, now.UnixMicro(), e.Body)
		if err != nil {
			return err
		}
		recs[i] = r
	}
	if err := j.log.Append(recs...); err != nil {
		return fmt.Errorf("write the run's record: %w", err)
	}
	select {
	case j.wake <- struct{}{}:
	default:
	}
	if err := j.log.SyncDue(now); err != nil {
		return fmt.Errorf("write the run's record: %w", err)
	}
	return nil
}

// WriteSync is Write, and the entries are durable when it returns.
func (j *Journal) WriteSync(entries ...Entry) error {
	if err := j.Write(entries...); err != nil {
		return err
	}
	return j.Sync()
}

// Sync makes everything written so far durable.
func (j *Journal) Sync() error {
	if err := j.log.Sync(); err != nil {
		return fmt.Errorf("write the run's record: %w", err)
	}
	return nil
}

// Answer writes the answer to a steering request, chained to the answers
// before it, together with entries that belong to it.
func (j *Journal) Answer(c store.Control, more ...Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	c, err := store.Chain(j.chain, c)
	if err != nil {
		return err
	}
	if err := j.WriteSync(append([]Entry{{store.KindControl, c}}, more...)...); err != nil {
		return err
	}
	j.chain = c.Hash
	return nil
}

// Farewell writes the last record of an attempt. When the disk is full, it
// gives back the space that was set aside and tries once more.
func (j *Journal) Farewell(s store.StateChange) error {
	err := j.WriteSync(Entry{store.KindState, s})
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		if rm := os.Remove(j.reserve); rm != nil {
			return errors.Join(err, rm)
		}
		err = j.WriteSync(Entry{store.KindState, s})
	}
	return err
}

// Close closes the log and compresses its closed segments. One that cannot be
// compressed, for want of space say, stays as it is, and 'gradus db gc' tells
// why: the run itself has done its work.
func (j *Journal) Close() error {
	err := errors.Join(j.log.Close(), ignoreMissing(os.Remove(j.reserve)))
	if err == nil {
		_, _ = eventlog.Compress(j.dir)
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
