package eventlog

import (
	"errors"
	"fmt"
)

// LastSegment is where the newest segment in dir begins: the place to read
// from to see what is written from now on, without reading the whole log. It
// is the zero Position when there is no log yet.
func LastSegment(dir string) (Position, error) {
	nums, err := segments(dir)
	if err != nil || len(nums) == 0 {
		return Position{}, err
	}
	n := nums[len(nums)-1]
	pos, err := segmentStart(dir, n)
	if errors.Is(err, errTornHeader) { // being made now, or torn by a crash
		if n == 1 {
			return Position{}, nil
		}
		return segmentStart(dir, n-1)
	}
	return pos, err
}

func segmentStart(dir string, n int) (Position, error) {
	f, err := openSegment(dir, n)
	if err != nil {
		return Position{}, fmt.Errorf("read event log: %w", err)
	}
	defer f.Close()
	h, err := readHeader(f, n)
	if err != nil {
		return Position{}, err
	}
	return Position{Segment: n, Seq: h.first}, nil
}
