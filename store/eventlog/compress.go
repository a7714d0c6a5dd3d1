package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Compressed is what Compress did.
type Compressed struct {
	Segments int   `json:"segments"`
	Before   int64 `json:"before"` // bytes of those segments
	After    int64 `json:"after"`
}

// compressLock is the file whose lock says who compresses. Writers do not take
// it: they only ever touch the newest segment, which is never compressed.
const compressLock = "compress.lock"

// Compress compresses the segments of the log in dir that are closed: all but
// the newest. Readers notice nothing, at whatever offset they are. Each segment
// is read whole before, and compared after; a damaged one stays as it is, and
// is the error. When another process is compressing it does nothing. A crash at
// any moment leaves each segment at least once and whole.
func Compress(dir string) (Compressed, error) {
	return compressor{dir: dir, step: func(string) error { return nil }}.run()
}

type compressor struct {
	dir  string
	step func(name string) error // called before everything that a crash could interrupt; tests stop there
}

func (c compressor) run() (done Compressed, err error) {
	nums, err := segments(c.dir)
	if err != nil || len(nums) < 2 {
		return done, err
	}
	lockF, err := os.OpenFile(filepath.Join(c.dir, compressLock), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return done, fmt.Errorf("compress event log: %w", err)
	}
	defer unlock(lockF)
	if err := lock(lockF); errors.Is(err, ErrLocked) {
		return done, nil
	} else if err != nil {
		return done, err
	}
	if err := c.sweep(); err != nil {
		return done, fmt.Errorf("compress event log: %w", err)
	}
	for _, n := range nums[:len(nums)-1] {
		before, after, err := c.segment(n)
		if err != nil {
			return done, fmt.Errorf("compress %s: %w", filepath.Join(c.dir, SegmentName(n)), err)
		}
		if before > 0 {
			done.Segments++
			done.Before += before
			done.After += after
		}
	}
	return done, nil
}

const partSuffix = ".zst.part"

// sweep removes what a crash left of a file that was being written.
func (c compressor) sweep() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "events-") && strings.HasSuffix(e.Name(), partSuffix) {
			if err := os.Remove(filepath.Join(c.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// segment compresses one segment; before is 0 when there was nothing to do.
func (c compressor) segment(n int) (before, after int64, err error) {
	path := filepath.Join(c.dir, SegmentName(n))
	raw, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil // done before
	}
	if err != nil {
		return 0, 0, err
	}
	defer unlock(raw)
	// A writer holds the lock of the oldest plain segment, so that one of an
	// older gradus is kept out. That segment waits until the writer is gone.
	if err := lock(raw); errors.Is(err, ErrLocked) {
		return 0, 0, nil
	} else if err != nil {
		return 0, 0, err
	}
	info, err := raw.Stat()
	if err != nil {
		return 0, 0, err
	}
	// A crash may have come after the compressed one was in place.
	if same(path+compressedSuffix, raw, info.Size()) != nil {
		if err := c.write(n, raw, info.Size()); err != nil {
			return 0, 0, err
		}
	}
	if err := c.step("remove"); err != nil {
		return 0, 0, err
	}
	if err := os.Remove(path); err != nil {
		return 0, 0, err
	}
	if err := c.step("sync removal"); err != nil {
		return 0, 0, err
	}
	z, err := os.Stat(path + compressedSuffix)
	if err != nil {
		return 0, 0, err
	}
	return info.Size(), z.Size(), syncDir(c.dir)
}

// write makes the compressed segment durable under its name.
func (c compressor) write(n int, raw *os.File, size int64) error {
	if err := c.whole(n); err != nil {
		return err
	}
	path := filepath.Join(c.dir, SegmentName(n))
	part := path + partSuffix
	if err := c.step("write"); err != nil {
		return err
	}
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = writeCompressed(f, raw, size)
	if err == nil {
		if err = c.step("sync"); err == nil {
			err = f.Sync()
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = same(part, raw, size)
	}
	if err != nil {
		if stop := c.step("clean up"); stop == nil {
			os.Remove(part)
		}
		return err
	}
	if err := c.step("rename"); err != nil {
		return err
	}
	if err := os.Rename(part, path+compressedSuffix); err != nil {
		return err
	}
	if err := c.step("sync name"); err != nil {
		return err
	}
	return syncDir(c.dir)
}

// whole reads a closed segment: every record must be valid, and the next
// segment must go on where it ends.
func (c compressor) whole(n int) error {
	f, err := openSegment(c.dir, n)
	if err != nil {
		return err
	}
	h, err := readHeader(f, n)
	f.Close()
	if err != nil {
		return err
	}
	r := NewReader(c.dir, Position{Segment: n, Seq: h.first})
	defer r.Close()
	for r.Position().Segment == n {
		_, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if p := r.Position(); p.Segment == n {
		return &Corrupt{Dir: c.dir, Segment: n, Offset: p.Offset, Seq: p.Seq, Reason: "the segment ends here, and the next one does not go on"}
	}
	return nil
}

// same compares a compressed segment with the plain one.
func same(path string, raw io.ReaderAt, size int64) error {
	z, err := openCompressed(path)
	if err != nil {
		return err
	}
	defer z.Close()
	if z.size != size {
		return fmt.Errorf("%s holds %d bytes of %d", path, z.size, size)
	}
	a, b := make([]byte, zstdBlock), make([]byte, zstdBlock)
	for off := int64(0); off < size; off += zstdBlock {
		k := min(size-off, zstdBlock)
		if n, err := raw.ReadAt(a[:k], off); int64(n) < k {
			return err
		}
		if n, err := z.ReadAt(b[:k], off); int64(n) < k {
			return err
		}
		if !bytes.Equal(a[:k], b[:k]) {
			return fmt.Errorf("%s does not give back the segment at byte %d", path, off)
		}
	}
	return nil
}
