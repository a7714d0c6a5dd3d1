package eventlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func payload(i int) []byte { return []byte(fmt.Sprintf(`{"record":%d,"text":"%0*d"}`, i, i%97, i)) }

// appendAll opens the log in dir, appends records from..to (inclusive) in
// batches of n, and closes it.
func appendAll(t *testing.T, dir string, opt Options, from, to, n int) {
	t.Helper()
	w, err := opt.OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i <= to; {
		var ps [][]byte
		for ; i <= to && len(ps) < n; i++ {
			ps = append(ps, payload(i))
		}
		if _, err := w.Append(ps...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// readAll reads to io.EOF and checks that record i is payload(i).
func readAll(t *testing.T, dir string, pos Position) (n int, end Position) {
	t.Helper()
	r := NewReader(dir, pos)
	defer r.Close()
	for {
		p, after, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n, r.Position()
		}
		if err != nil {
			t.Fatalf("after %d records: %v", n, err)
		}
		if want := payload(int(after.Seq) - 1); string(p) != string(want) {
			t.Fatalf("record %d is %q, want %q", after.Seq-1, p, want)
		}
		n++
	}
}

func TestRoundTripOverSegments(t *testing.T) {
	for _, batch := range []int{1, 3, 50} {
		dir := scratch(t)
		opt := unsynced()
		opt.SegmentBytes = 2000
		appendAll(t, dir, opt, 1, 120, batch)
		appendAll(t, dir, opt, 121, 200, batch)
		if n, end := readAll(t, dir, Position{}); n != 200 || end.Seq != 201 {
			t.Fatalf("batch %d: read %d records to %+v, want 200", batch, n, end)
		}
		nums, err := segments(dir)
		if err != nil || len(nums) < 5 {
			t.Fatalf("batch %d: segments %v, %v; want several", batch, nums, err)
		}
	}
}

func TestReadFromEveryPosition(t *testing.T) {
	dir := scratch(t)
	opt := unsynced()
	opt.SegmentBytes = 700
	appendAll(t, dir, opt, 1, 40, 3)
	r := NewReader(dir, Position{})
	defer r.Close()
	for i := 1; i <= 40; i++ {
		_, pos, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := readAll(t, dir, pos); n != 40-i {
			t.Fatalf("from %+v read %d records, want %d", pos, n, 40-i)
		}
	}
}

// Cutting the file at every byte must leave exactly the records of the whole
// appends before it, to the reader and to a writer that goes on.
func TestTornTailAtEveryByte(t *testing.T) {
	src := scratch(t)
	appendAll(t, src, Options{}, 1, 6, 1)
	one, err := os.ReadFile(filepath.Join(src, SegmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, src, Options{}, 7, 9, 3) // one append of three
	whole, err := os.ReadFile(filepath.Join(src, SegmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	bounds := map[int]int{headerSize: 0, len(one): 6, len(whole): 9}
	off := headerSize
	for i := 1; i <= 6; i++ {
		off += frameSize + len(payload(i))
		bounds[off] = i
	}
	good, goodAt := 0, 0
	for cut := 0; cut <= len(whole); cut++ {
		if n, ok := bounds[cut]; ok {
			good, goodAt = n, cut
		}
		for _, garbage := range []int{0, 40} { // zeros after the cut, as after a power failure
			if cut < headerSize && garbage > 0 {
				continue
			}
			dir := scratch(t)
			torn := append(append([]byte{}, whole[:cut]...), make([]byte, garbage)...)
			if err := os.WriteFile(filepath.Join(dir, SegmentName(1)), torn, 0o600); err != nil {
				t.Fatal(err)
			}
			if n, _ := readAll(t, dir, Position{}); n != good {
				t.Fatalf("cut at %d: read %d records, want %d", cut, n, good)
			}
			w, err := unsynced().OpenWriter(dir)
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			if got, want := w.Repair().Bytes, int64(len(torn)-goodAt); got != want {
				t.Fatalf("cut at %d: repair cut off %d bytes, want %d", cut, got, want)
			}
			if w.Position().Seq != uint64(good+1) {
				t.Fatalf("cut at %d: next record is %d, want %d", cut, w.Position().Seq, good+1)
			}
			if _, err := w.Append(payload(good + 1)); err != nil {
				t.Fatal(err)
			}
			w.Close()
			if n, _ := readAll(t, dir, Position{}); n != good+1 {
				t.Fatalf("cut at %d: after going on read %d records, want %d", cut, n, good+1)
			}
		}
	}
}

func TestOneWriter(t *testing.T) {
	dir := scratch(t)
	w, err := OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWriter(dir); !errors.Is(err, ErrLocked) {
		t.Fatalf("a second writer got %v, want ErrLocked", err)
	}
	w.Close()
	w, err = OpenWriter(dir)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	w.Close()
}
