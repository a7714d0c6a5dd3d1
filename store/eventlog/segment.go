package eventlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// segmentFile is a segment as it was written, wherever it lies: a plain file,
// or a compressed one.
type segmentFile interface {
	ReadAt(b []byte, off int64) (int, error)
	Size() (int64, error)
	Name() string
	Close() error
}

// rawSegment is a segment that is not compressed.
type rawSegment struct{ *os.File }

func (f rawSegment) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("read event log: %w", err)
	}
	return info.Size(), nil
}

// openSegment opens segment n. The plain file counts where both are there: a
// crash can leave a compressed one beside it. When the plain one is gone, the
// compressed one is complete.
func openSegment(dir string, n int) (segmentFile, error) {
	path := filepath.Join(dir, SegmentName(n))
	f, err := os.Open(path)
	if err == nil {
		return rawSegment{f}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	z, zerr := openCompressed(path + compressedSuffix)
	if errors.Is(zerr, fs.ErrNotExist) {
		return nil, err
	}
	if zerr != nil {
		return nil, zerr
	}
	return z, nil
}
