package eventlog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// LogEnd tells whether a log has grown: its newest segment and the bytes in
// it. The zero value is a log that is not there.
type LogEnd struct {
	Segment int
	Bytes   int64
}

// End looks up where the log in dir ends. It reads no record.
func End(dir string) (LogEnd, error) { return EndAfter(dir, 0) }

// EndAfter is End for who knows that the log had segment n once: it looks only
// at the segments from there on, which is quicker than to list a directory.
func EndAfter(dir string, n int) (LogEnd, error) {
	var end LogEnd
	for n = max(1, n); ; n++ {
		info, err := os.Stat(filepath.Join(dir, SegmentName(n)))
		if err == nil {
			end = LogEnd{n, info.Size()}
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return end, err
		}
		if end.Segment > 0 {
			return end, nil
		}
		break
	}
	// The segment is gone: compressed since, or another log stands here.
	nums, err := segments(dir)
	if err != nil || len(nums) == 0 {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return LogEnd{}, err
	}
	last := nums[len(nums)-1]
	info, err := os.Stat(filepath.Join(dir, SegmentName(last)))
	if errors.Is(err, fs.ErrNotExist) {
		return LogEnd{}, nil
	}
	if err != nil {
		return LogEnd{}, err
	}
	return LogEnd{last, info.Size()}, nil
}
