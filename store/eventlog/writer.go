package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// File is what a Writer needs of a segment file; tests put faults behind it.
type File interface {
	io.Writer
	Truncate(size int64) error
	Datasync() error // data and size to the disk
	Close() error
}

// Options tune a Writer. The zero value is right outside of tests.
type Options struct {
	SegmentBytes int64                // roll to a new file beyond this size; 0 means SegmentBytes
	Wrap         func(*os.File) File  // stands between the Writer and its files
	Locked       func(*os.File) error // takes the writer's lock; nil means flock
	SyncDir      func(string) error   // makes the names in a directory durable; nil means fsync
}

// Writer appends to a log. It is safe for use by several goroutines.
type Writer struct {
	mu     sync.Mutex
	dir    string
	opt    Options
	lockFs []*os.File
	f      File
	pos    Position
	repair Repair
	buf    []byte

	torn     bool // f may hold bytes beyond pos.Offset: a failed write was not cut back yet
	dirty    bool // written since the last sync
	lastSync time.Time
	syncErr  error // a sync failed: what was not durable then may never be
	closed   bool
}

// OpenWriter opens the log in dir for appending, or begins one, making dir if
// it is missing. A torn tail is cut off and told by Repair. Damage in the
// middle is a *Corrupt and nothing is changed; ErrLocked when another process
// has the log open.
func OpenWriter(dir string) (*Writer, error) { return Options{}.OpenWriter(dir) }

// OpenWriter is the function OpenWriter with options.
func (opt Options) OpenWriter(dir string) (*Writer, error) {
	if opt.SegmentBytes == 0 {
		opt.SegmentBytes = SegmentBytes
	}
	if opt.Wrap == nil {
		opt.Wrap = func(f *os.File) File { return osFile{f} }
	}
	if opt.Locked == nil {
		opt.Locked = lock
	}
	if opt.SyncDir == nil {
		opt.SyncDir = syncDir
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	w := &Writer{dir: dir, opt: opt}
	if err := w.open(); err != nil {
		w.release()
		return nil, err
	}
	return w, nil
}

// Append writes payloads, each 1..MaxRecord bytes, with one write(2), and
// returns the position after them. They become visible to readers together or
// not at all. After an error (a full disk, say) the log ends where it ended
// before and Append can be tried again.
func (w *Writer) Append(payloads ...[]byte) (Position, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.pos, fmt.Errorf("append to the event log in %s: %w", w.dir, fs.ErrClosed)
	}
	if len(payloads) == 0 {
		return w.pos, nil
	}
	w.buf = w.buf[:0]
	for i, p := range payloads {
		if len(p) == 0 || len(p) > MaxRecord {
			return w.pos, fmt.Errorf("append to the event log: record of %d bytes; 1 to %d are allowed", len(p), MaxRecord)
		}
		if len(w.buf)+frameSize+len(p) > MaxBatch {
			return w.pos, fmt.Errorf("append to the event log: %d records together exceed %d bytes; append them in parts", len(payloads), MaxBatch)
		}
		w.buf = appendFrame(w.buf, p, w.pos.Seq+uint64(i), i < len(payloads)-1)
	}
	defer func() {
		if cap(w.buf) > 16<<20 { // one huge step must not hold memory for ever
			w.buf = nil
		}
	}()
	if err := w.cutBack(); err != nil {
		return w.pos, err
	}
	if w.pos.Offset > headerSize && w.pos.Offset+int64(len(w.buf)) > w.opt.SegmentBytes {
		if err := w.roll(); err != nil {
			return w.pos, err
		}
	}
	n, err := w.f.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.torn = true
		err = fmt.Errorf("append %d bytes to %s: %w (%d bytes were written and are cut off again)",
			len(w.buf), filepath.Join(w.dir, SegmentName(w.pos.Segment)), err, n)
		return w.pos, errors.Join(err, w.cutBack())
	}
	w.dirty = true
	w.pos.Offset += int64(len(w.buf))
	w.pos.Seq += uint64(len(payloads))
	return w.pos, nil
}

// cutBack removes what a failed write left behind the last good record.
func (w *Writer) cutBack() error {
	if !w.torn {
		return nil
	}
	if err := w.f.Truncate(w.pos.Offset); err != nil {
		return fmt.Errorf("cut %s back to its last good record at byte %d: %w",
			filepath.Join(w.dir, SegmentName(w.pos.Segment)), w.pos.Offset, err)
	}
	w.torn = false
	return nil
}

func (w *Writer) roll() error {
	if err := w.sync(); err != nil {
		return err
	}
	return w.create(w.pos.Segment+1, w.pos.Seq)
}

// Sync makes everything appended so far durable. Once a sync has failed, all
// later ones fail too: the system may have dropped the data, and only reading
// the log anew tells what is there.
func (w *Writer) Sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sync()
}

func (w *Writer) sync() error {
	if w.syncErr != nil {
		return w.syncErr
	}
	if !w.dirty {
		return nil
	}
	if err := w.f.Datasync(); err != nil {
		w.syncErr = fmt.Errorf("sync %s: %w; records since the last sync may be lost, check the disk and resume the run",
			filepath.Join(w.dir, SegmentName(w.pos.Segment)), err)
		return w.syncErr
	}
	w.dirty = false
	return nil
}

// SyncDue is Sync if something was appended since the last sync and SyncDue
// has not synced within the second before now.
func (w *Writer) SyncDue(now time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// A clock that was set back must not stop syncing.
	if d := now.Sub(w.lastSync); d >= 0 && d < time.Second {
		return w.syncErr
	}
	w.lastSync = now
	return w.sync()
}

// Repair tells what opening cut off; its zero value when the log was whole.
func (w *Writer) Repair() Repair { return w.repair }

// Position is where the next record will begin.
func (w *Writer) Position() Position {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pos
}

// Close syncs the log and lets go of it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	err := errors.Join(w.cutBack(), w.sync())
	return errors.Join(err, w.release())
}

func (w *Writer) release() error {
	var err error
	if w.f != nil {
		err = w.f.Close()
	}
	for _, f := range w.lockFs {
		err = errors.Join(err, unlock(f))
	}
	return err
}

type osFile struct{ *os.File }

func (f osFile) Datasync() error { return datasync(f.File) }

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
