// Package eventlog is an append-only log of framed payloads in numbered
// segment files. The log survives kill -9, power failure and a full disk:
// whatever is torn at its end is recognised and cut off, and damage in its
// middle is an error that names the place.
package eventlog

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Position is a place between two records: the segment file, the byte offset
// in it, and the number of the record that begins there. The zero Position is
// the beginning of the log. Records are numbered from 1 without gaps.
type Position struct {
	Segment int    `json:"segment"`
	Offset  int64  `json:"offset"`
	Seq     uint64 `json:"seq"`
}

// Repair is what opening a log for appending had to cut off.
type Repair struct {
	Segment int    // file number
	Offset  int64  // where the file ends now
	Bytes   int64  // cut off
	Seq     uint64 // number of the first record that was torn
}

// String is one sentence for a reader; empty when nothing was cut off.
func (r Repair) String() string {
	if r.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%s ended inside record %d (torn by a crash); truncated %d bytes", SegmentName(r.Segment), r.Seq, r.Bytes)
}

// ErrLocked says that another process has the log open for appending.
var ErrLocked = errors.New("the event log is open for writing in another process")

// Corrupt is damage in the middle of a log: valid records follow it, or a
// segment is missing. It is never the torn tail that a crash leaves.
type Corrupt struct {
	Dir     string
	Segment int
	Offset  int64
	Seq     uint64 // of the record that should stand there
	Reason  string
}

// Error names the file and the offset.
func (c *Corrupt) Error() string {
	return fmt.Sprintf("event log %s is damaged at byte %d, where record %d should begin: %s",
		filepath.Join(c.Dir, SegmentName(c.Segment)), c.Offset, c.Seq, c.Reason)
}

// SegmentName is the file name of segment n, counted from 1.
func SegmentName(n int) string { return fmt.Sprintf("events-%05d.log", n) }
