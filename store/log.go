package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"gradus/store/eventlog"
)

// DBPath is where the database of the run in dir stands, for a run on this
// machine.
func DBPath(runDir string) string { return filepath.Join(runDir, "run.db") }

// Log is the event log of a run, open for appending records. It is safe for
// use by several goroutines.
type Log struct {
	w   *eventlog.Writer
	enc *zstd.Encoder
}

// OpenLog opens the event log in dir for appending, or begins one. A torn
// tail is cut off; Repair tells what was lost. Only one process may hold a
// log open for appending: eventlog.ErrLocked otherwise.
func OpenLog(dir string) (*Log, error) {
	w, err := eventlog.OpenWriter(dir)
	if err != nil {
		return nil, err
	}
	enc, err := newEncoder()
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &Log{w: w, enc: enc}, nil
}

// Append writes records in one write(2). Either all of them become visible
// to readers or, with an error, none: after a full disk the log is cut back
// to its last good record and Append may be tried again.
func (l *Log) Append(recs ...Record) error {
	payloads := make([][]byte, len(recs))
	for i, r := range recs {
		if r.samples != nil {
			payloads[i] = appendSamples(nil, l.enc, r.Attempt, r.TimeUS, r.samples)
			continue
		}
		b, err := appendRecord(make([]byte, 0, len(r.Body)+96), r)
		if err != nil {
			return fmt.Errorf("append %s record: %w", r.Kind, err)
		}
		payloads[i] = b
	}
	_, err := l.w.Append(payloads...)
	return err
}

// Sync makes everything appended so far durable (fdatasync).
func (l *Log) Sync() error { return l.w.Sync() }

// SyncDue is Sync if something is unsynced and the last sync is a second or
// more before now. A run calls it after every step and every heartbeat.
func (l *Log) SyncDue(now time.Time) error { return l.w.SyncDue(now) }

// Repair tells what opening cut off; the zero value when the log was whole.
func (l *Log) Repair() eventlog.Repair { return l.w.Repair() }

// Position is where the next record will go; its Seq is that record's number.
func (l *Log) Position() eventlog.Position { return l.w.Position() }

// Close syncs and closes the log.
func (l *Log) Close() error { return errors.Join(l.w.Close(), l.enc.Close()) }

// LogReader reads records in order and can follow a log that grows.
type LogReader struct {
	r   *eventlog.Reader
	dec *zstd.Decoder // made when the first samples come
}

// ReadLog reads the log in dir from pos; the zero position is its beginning.
func ReadLog(dir string, pos eventlog.Position) *LogReader {
	return &LogReader{r: eventlog.NewReader(dir, pos)}
}

// Next returns the next record, its number, and the position after it. At the
// end of valid data it returns io.EOF and can be called again later. A record
// that is not valid JSON is an error that names its number; eventlog.Corrupt
// tells of damage in the middle of the log.
func (l *LogReader) Next() (rec Record, seq uint64, after eventlog.Position, err error) {
	payload, after, err := l.r.Next()
	if err != nil {
		return Record{}, 0, after, err
	}
	seq = after.Seq - 1
	if isSamples(payload) {
		if rec, err = l.samples(payload); err != nil {
			return Record{}, seq, after, fmt.Errorf("record %d of the log is no valid samples record: %w", seq, err)
		}
		return rec, seq, after, nil
	}
	if err = json.Unmarshal(payload, &rec); err != nil {
		return Record{}, seq, after, fmt.Errorf("record %d of the log is not a gradus record: %w", seq, err)
	}
	return rec, seq, after, nil
}

func (l *LogReader) samples(payload []byte) (Record, error) {
	if l.dec == nil {
		dec, err := newDecoder()
		if err != nil {
			return Record{}, err
		}
		l.dec = dec
	}
	return samplesRecord(l.dec, payload)
}

// Close releases the open segment.
func (l *LogReader) Close() error {
	if l.dec != nil {
		l.dec.Close()
		l.dec = nil
	}
	return l.r.Close()
}
