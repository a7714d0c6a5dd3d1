package eventlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A reader beside a writer sees every record once, in order, over segments.
func TestFollowBesideAWriter(t *testing.T) {
	dir := scratch(t)
	const records = 3000
	opt := unsynced()
	opt.SegmentBytes = 20000
	failed := make(chan error, 1)
	go func() {
		w, err := opt.OpenWriter(dir)
		if err != nil {
			failed <- err
			return
		}
		for i := 1; i <= records; {
			var ps [][]byte
			for n := i%5 + 1; n > 0 && i <= records; n-- {
				ps = append(ps, payload(i))
				i++
			}
			if _, err := w.Append(ps...); err != nil {
				failed <- err
				return
			}
		}
		failed <- w.Close()
	}()
	r := NewReader(dir, Position{})
	defer r.Close()
	deadline := time.Now().Add(2 * time.Minute)
	for n := 0; n < records; {
		p, after, err := r.Next()
		if errors.Is(err, io.EOF) {
			if time.Now().After(deadline) {
				t.Fatalf("only %d records arrived", n)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		if int(after.Seq) != n+1 || string(p) != string(payload(n)) {
			t.Fatalf("record %d came as %q at %+v", n, p, after)
		}
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

// While an append is half written a reader sees none of it.
func TestHalfAnAppendIsInvisible(t *testing.T) {
	src := scratch(t)
	appendAll(t, src, unsynced(), 1, 4, 4)
	whole, err := os.ReadFile(filepath.Join(src, SegmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	dir := scratch(t)
	name := filepath.Join(dir, SegmentName(1))
	r := NewReader(dir, Position{})
	defer r.Close()
	for size := 0; size < len(whole); size++ {
		if err := os.WriteFile(name, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		if p, _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("with %d of %d bytes: %q, %v", size, len(whole), p, err)
		}
	}
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 4; i++ {
		if p, _, err := r.Next(); err != nil || string(p) != string(payload(i)) {
			t.Fatalf("record %d: %q, %v", i, p, err)
		}
	}
}

// A record far larger than the read buffer, between small ones.
func TestLargeRecords(t *testing.T) {
	dir := scratch(t)
	w, err := unsynced().OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	sizes := []int{10, 3 << 20, 1, readChunk, readChunk - frameSize, 5 << 20, 7}
	for _, n := range sizes {
		if _, err := w.Append([]byte(strings.Repeat("x", n))); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	r := NewReader(dir, Position{})
	defer r.Close()
	for i, n := range sizes {
		p, _, err := r.Next()
		if err != nil || len(p) != n || strings.Trim(string(p), "x") != "" {
			t.Fatalf("record %d: %d bytes, %v; want %d", i, len(p), err, n)
		}
	}
}

// FuzzReader feeds any bytes as a segment: never a panic, never more than the
// bytes can hold, and what a writer keeps of it is what the reader gave.
func FuzzReader(f *testing.F) {
	src := scratch(f)
	w, err := unsynced().OpenWriter(src)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 5 {
		if _, err := w.Append([]byte(fmt.Sprint("record ", i)), []byte("x")); err != nil {
			f.Fatal(err)
		}
	}
	w.Close()
	whole, err := os.ReadFile(filepath.Join(src, SegmentName(1)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, 0, byte(0))
	f.Add(whole[:len(whole)-3], 0, byte(0))
	f.Add(append(append([]byte{}, whole...), make([]byte, 50)...), 60, byte(1))
	f.Add(whole[:headerSize], headerSize, byte(0x80))
	f.Add([]byte(magic), 3, byte(9))
	f.Fuzz(func(t *testing.T, b []byte, at int, flip byte) {
		if at >= 0 && at < len(b) {
			b = append([]byte{}, b...)
			b[at] ^= flip
		}
		dir := scratch(t)
		if err := os.WriteFile(filepath.Join(dir, SegmentName(1)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		first, readErr := drain(dir)
		size := 0
		for _, p := range first {
			size += frameSize + len(p)
		}
		if size > max(0, len(b)-headerSize) {
			t.Fatalf("%d bytes of records from a file of %d", size, len(b))
		}
		w, err := unsynced().OpenWriter(dir)
		if (err == nil) != (readErr == nil) {
			t.Fatalf("the writer says %v and the reader %v", err, readErr)
		}
		if err != nil {
			after, err := os.ReadFile(filepath.Join(dir, SegmentName(1)))
			if err != nil || string(after) != string(b) {
				t.Fatal("a log that was refused was changed")
			}
			return
		}
		if _, err := w.Append([]byte("more")); err != nil {
			t.Fatal(err)
		}
		w.Close()
		second, err := drain(dir)
		if err != nil || len(second) != len(first)+1 || second[len(first)] != "more" {
			t.Fatalf("%d records before, %d after one more: %v", len(first), len(second), err)
		}
	})
}

func drain(dir string) ([]string, error) {
	r := NewReader(dir, Position{})
	defer r.Close()
	var out []string
	for {
		p, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, string(p))
	}
}
