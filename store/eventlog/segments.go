package eventlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// segments lists the segment numbers in dir, plain or compressed, in order. It is an error when one
// in between is missing.
func segments(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list event log: %w", err)
	}
	var nums []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), "events-")
		if !ok {
			continue
		}
		digits, ok = strings.CutSuffix(strings.TrimSuffix(digits, compressedSuffix), ".log")
		if !ok {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || SegmentName(n) != strings.TrimSuffix(e.Name(), compressedSuffix) {
			continue
		}
		nums = append(nums, n)
	}
	slices.Sort(nums)
	nums = slices.Compact(nums) // plain and compressed: a crash came between the two
	for i := 1; i < len(nums); i++ {
		if nums[i] != nums[i-1]+1 {
			return nil, &Corrupt{Dir: dir, Segment: nums[i-1] + 1,
				Reason: fmt.Sprintf("the file is missing, but %s is there", SegmentName(nums[i]))}
		}
	}
	return nums, nil
}

// readHeader reads the header of segment n. errTornHeader and fs.ErrNotExist
// can be told from other errors with errors.Is.
func readHeader(f segmentFile, n int) (header, error) {
	var b [headerSize]byte
	got, err := f.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	h, err := parseHeader(b[:got])
	if err != nil {
		return header{}, fmt.Errorf("read event log %s: %w", f.Name(), err)
	}
	if h.segment != n {
		return header{}, fmt.Errorf("read event log %s: its header says it is segment %d; was it renamed?", f.Name(), h.segment)
	}
	return h, nil
}

func exists(dir string, n int) (bool, error) {
	for _, suffix := range []string{"", compressedSuffix} {
		_, err := os.Stat(filepath.Join(dir, SegmentName(n)+suffix))
		if !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// SyncSegment makes segment n of the log in dir durable, whoever wrote it. A
// fold that commits only after it can never be ahead of the log when the power
// fails. Segments before n are durable already: a writer syncs before it rolls.
func SyncSegment(dir string, n int) error {
	f, err := os.Open(filepath.Join(dir, SegmentName(n)))
	if errors.Is(err, fs.ErrNotExist) {
		if there, err := exists(dir, n); there || err != nil {
			return err // compressed segments are durable
		}
	}
	if err != nil {
		return fmt.Errorf("sync event log: %w", err)
	}
	defer f.Close()
	if err := datasync(f); err != nil {
		return fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	return nil
}
