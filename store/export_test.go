package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gradus/store/eventlog"
)

// PowerChild is the process whose writes the power failure test records: it
// appends steps, syncs the log now and then, and folds, noting in the trace
// what is durable by its word: 'L' records of the log, 'D' records in the
// database. synchronous is SQLite's pragma.
func PowerChild(dir, trace, synchronous string, steps int) error {
	f, err := os.OpenFile(trace, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	t := &tracer{f: f}
	w, err := eventlog.Options{Wrap: func(f *os.File) eventlog.File { return &tracedFile{f, t} }}.OpenWriter(dir)
	if err != nil {
		return err
	}
	enc, err := newEncoder()
	if err != nil {
		return err
	}
	log := &Log{w: w, enc: enc}
	in := &Ingester{logDir: dir, dbPath: DBPath(dir), syncLog: func(string, int) error {
		t.note('b', 2, 0, nil)
		t.note('e', 2, 0, nil)
		return nil
	}}
	if err := in.open(context.Background(), "synchronous="+synchronous, "wal_autocheckpoint=40"); err != nil {
		return err
	}
	for step := 1; step <= steps; step++ {
		s := Samples{Stage: "grpo", Step: step, Phase: "train", Prompts: []Prompt{{Hash: fmt.Sprint("h", step%7), Text: "p"}},
			Rows: []Sample{{Text: fmt.Sprint("short ", step), Finish: "stop"}, {Text: strings.Repeat(fmt.Sprint("a long trace of step ", step, ". "), 60), Finish: "stop"}}}
		a, err := NewRecord(KindSamples, 1, int64(step), s)
		if err != nil {
			return err
		}
		b, err := NewRecord(KindMetrics, 1, int64(step), Metrics{Stage: "grpo", Step: step, Values: map[string]float64{"reward": float64(step), "kl": 0.5}})
		if err != nil {
			return err
		}
		if err := log.Append(a, b); err != nil {
			return err
		}
		if step%3 == 0 {
			if err := log.Sync(); err != nil {
				return err
			}
			t.note('L', 2, int64(log.Position().Seq-1), nil)
		}
		if step%2 == 0 {
			if _, err := in.CatchUp(context.Background()); err != nil {
				return err
			}
			t.note('D', 0, int64(in.f.next.Seq-1), nil)
		}
	}
	return nil // without closing anything
}

// WriteTraces writes a log of n traces of 2 KB, and the end of the run.
func WriteTraces(tb testing.TB, dir string, n int) {
	tb.Helper()
	benchLog(tb, dir, n/100, 100, 2048, false)
	log, err := OpenLog(dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close()
	rec, err := NewRecord(KindState, 1, 1, StateChange{State: StateDone})
	if err == nil {
		err = log.Append(rec)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

type tracer struct {
	mu sync.Mutex
	f  *os.File
}

func (t *tracer) note(op, file byte, off int64, data []byte) {
	b := append([]byte{op, file}, binary.LittleEndian.AppendUint64(nil, uint64(off))...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.f.Write(append(b, data...)); err != nil {
		panic(err)
	}
}

// tracedFile is the segment of the log; the test uses one.
type tracedFile struct {
	f *os.File
	t *tracer
}

func (f *tracedFile) Write(b []byte) (int, error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	f.t.note('w', 2, info.Size(), b)
	return f.f.Write(b)
}

func (f *tracedFile) Truncate(n int64) error {
	f.t.note('t', 2, n, nil)
	return f.f.Truncate(n)
}

func (f *tracedFile) Datasync() error {
	f.t.note('b', 2, 0, nil)
	f.t.note('e', 2, 0, nil)
	return nil
}

func (f *tracedFile) Close() error { return f.f.Close() }

// PowerFiles are the files of a trace by number.
func PowerFiles(dir string) []string {
	return []string{DBPath(dir), DBPath(dir) + "-wal", filepath.Join(dir, eventlog.SegmentName(1))}
}

// PromptBombs adds n prompts that decompress to size bytes of one word again and
// again, each of which takes its place in the index.
func PromptBombs(t *testing.T, db *sql.DB, n, size int) {
	t.Helper()
	enc, err := newEncoder()
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	for i := range n {
		z := enc.EncodeAll([]byte(strings.Repeat("a ", size/2)), nil)
		if _, err := db.Exec(`INSERT INTO prompt(hash, task, ref, gold, tokens, text_z, crc) VALUES(?, 't', 'r', '', 1, ?, 0)`, fmt.Sprint("bomb", i), z); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`DELETE FROM meta WHERE key = 'share'`); err != nil {
		t.Fatal(err)
	}
}
