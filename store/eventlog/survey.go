package eventlog

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Survey is what reading a whole log found.
type Survey struct {
	Segments   int    `json:"segments"`
	Compressed int    `json:"compressed"` // of them
	Bytes      int64  `json:"bytes"`      // of the files
	Records    uint64 `json:"records"`
	Torn       int64  `json:"torn,omitempty"` // bytes at the end that are no whole record, as a crash leaves them
	Problem    string `json:"problem,omitempty"`
}

// Check reads every record of the log in dir, plain and compressed segments
// alike, and says what is damaged. It changes nothing. The error is of a log
// that cannot be read at all.
func Check(dir string) (Survey, error) {
	var s Survey
	nums, err := segments(dir)
	var damage *Corrupt
	if errors.As(err, &damage) {
		s.Problem = err.Error()
		return s, nil
	}
	if err != nil {
		return s, err
	}
	for _, n := range nums {
		s.Segments++
		path := filepath.Join(dir, SegmentName(n))
		info, err := os.Stat(path)
		if err != nil {
			s.Compressed++
			if info, err = os.Stat(path + compressedSuffix); err != nil {
				return s, err
			}
		}
		s.Bytes += info.Size()
	}
	r := NewReader(dir, Position{})
	defer r.Close()
	for {
		_, _, err := r.Next()
		if err == nil {
			s.Records++
			continue
		}
		if !errors.Is(err, io.EOF) {
			s.Problem = err.Error()
			return s, nil
		}
		break
	}
	if p := r.Position(); len(nums) > 0 {
		if end, err := End(dir); err == nil && end.Segment == p.Segment {
			s.Torn = max(0, end.Bytes-p.Offset)
		}
	}
	return s, nil
}
