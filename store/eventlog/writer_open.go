package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// open takes the locks, finds the newest segment, and goes on after its last
// whole record.
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
