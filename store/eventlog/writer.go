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

func (w *Writer) open() error {
	nums, err := segments(w.dir)
	if err != nil {
		return err
	}
	if err := w.lock(writeLock, os.O_CREATE, 0); err != nil {
		return err
	}
	// A gradus that does not compress segments looks for the lock of the oldest
	// one, which it takes to stay for ever.
	if len(nums) == 0 {
		err = w.lock(SegmentName(1), os.O_CREATE, 0)
	} else {
		err = w.lockOldest(nums)
	}
	if err != nil {
		return err
	}
	if nums, err = segments(w.dir); err != nil { // as it is now that nobody else appends
		return err
	}
	last := nums[len(nums)-1]
	if info, err := os.Stat(filepath.Join(w.dir, SegmentName(last)+compressedSuffix)); err == nil && info.Size() > 0 {
		// The newest segment is never compressed, so the plain ones after it were lost.
		return fmt.Errorf("open event log: %s is compressed and the segment after it is missing", SegmentName(last))
	}
	first, err := w.firstSeq(last)
	switch {
	case err == nil:
		return w.resume(last, first)
	case errors.Is(err, errTornHeader):
		return w.remake(last)
	}
	return err
}

// writeLock is the file whose lock says who appends. It is never removed.
const writeLock = "events.lock"

// lock takes the lock of a file for as long as the writer is open. It waits for
// it up to patience.
func (w *Writer) lock(name string, flag int, patience time.Duration) error {
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_RDWR|flag, 0o600)
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	w.lockFs = append(w.lockFs, f)
	for ; ; patience -= lockPause {
		if err = w.opt.Locked(f); !errors.Is(err, ErrLocked) || patience <= 0 {
			return err
		}
		time.Sleep(lockPause)
	}
}

// Whoever compresses a segment holds its lock meanwhile.
const (
	lockPause       = 20 * time.Millisecond
	compressionTime = 10 * time.Second
)

func (w *Writer) lockOldest(nums []int) error {
	for _, n := range nums {
		err := w.lock(SegmentName(n), 0, compressionTime)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil // all are compressed; open says so
}

func (w *Writer) firstSeq(n int) (uint64, error) {
	f, err := openSegment(w.dir, n)
	if err != nil {
		return 0, fmt.Errorf("open event log: %w", err)
	}
	defer f.Close()
	h, err := readHeader(f, n)
	return h.first, err
}

// remake begins segment n anew: the machine stopped while it was being made.
func (w *Writer) remake(n int) error {
	info, err := os.Stat(filepath.Join(w.dir, SegmentName(n)))
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	if info.Size() > headerSize {
		return &Corrupt{Dir: w.dir, Segment: n, Reason: fmt.Sprintf("its header is empty, but %d bytes follow", info.Size()-headerSize)}
	}
	seq := uint64(1)
	if n > 1 {
		if _, err := w.firstSeq(n - 1); err != nil {
			return err
		}
		if seq, _, err = w.scan(n - 1); err != nil {
			return err
		}
	}
	if info.Size() > 0 {
		w.repair = Repair{Segment: n, Bytes: info.Size(), Seq: seq}
	}
	return w.create(n, seq)
}

// resume goes on in segment n after its last whole record.
func (w *Writer) resume(n int, first uint64) error {
	seq, off, err := w.scan(n)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(w.dir, SegmentName(n)), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	w.f = w.opt.Wrap(f)
	w.pos = Position{Segment: n, Offset: off, Seq: seq}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open event log: %w", err)
	}
	if info.Size() > off {
		w.repair = Repair{Segment: n, Offset: off, Bytes: info.Size() - off, Seq: seq}
		if err := w.f.Truncate(off); err != nil {
			return fmt.Errorf("cut off the torn tail of %s: %w", f.Name(), err)
		}
	}
	// Also makes durable what the process before could not sync any more.
	if err := w.f.Datasync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	return nil
}

// scan reads segment n to its last whole record and returns the number of the
// next record and its offset.
func (w *Writer) scan(n int) (seq uint64, off int64, err error) {
	first, err := w.firstSeq(n)
	if err != nil {
		return 0, 0, err
	}
	r := NewReader(w.dir, Position{Segment: n, Offset: headerSize, Seq: first})
	defer r.Close()
	for {
		_, pos, err := r.Next()
		if errors.Is(err, io.EOF) {
			return pos.Seq, pos.Offset, nil
		}
		if err != nil {
			return 0, 0, err
		}
	}
}

// create makes segment n, whose first record will be seq, and goes on in it.
func (w *Writer) create(n int, seq uint64) error {
	name := filepath.Join(w.dir, SegmentName(n))
	// It may be there already, empty, after a failed attempt.
	osf, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("begin %s: %w", name, err)
	}
	f := w.opt.Wrap(osf)
	if _, err = f.Write(appendHeader(nil, n, seq)); err == nil {
		err = f.Datasync()
	}
	if err == nil {
		err = w.opt.SyncDir(w.dir)
	}
	if err != nil {
		f.Close()
		if n > 1 {
			os.Remove(name)
		}
		return fmt.Errorf("begin %s: %w", name, err)
	}
	if w.f != nil {
		w.f.Close()
	}
	w.f = f
	w.pos = Position{Segment: n, Offset: headerSize, Seq: seq}
	return nil
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
