package eventlog

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// quick is a File that does not wait for the disk.
type quick struct{ *os.File }

func (quick) Datasync() error { return nil }

func unsynced() Options {
	return Options{Wrap: func(f *os.File) File { return quick{f} }, SyncDir: func(string) error { return nil }}
}

// faulty is a disk with room for so many bytes more, whose calls can fail.
type faulty struct {
	room                   int
	failTruncate, failSync error
	opened                 int
}

type faultyFile struct {
	*os.File
	disk *faulty
}

func (f faultyFile) Write(b []byte) (int, error) {
	n := min(len(b), f.disk.room)
	n, err := f.File.Write(b[:n])
	f.disk.room -= n
	if err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f faultyFile) Truncate(size int64) error {
	if f.disk.failTruncate != nil {
		return f.disk.failTruncate
	}
	return f.File.Truncate(size)
}

func (f faultyFile) Datasync() error { return f.disk.failSync }

func (d *faulty) options(segment int64) Options {
	return Options{SegmentBytes: segment, Wrap: func(f *os.File) File { d.opened++; return faultyFile{f, d} }}
}

// A disk that fills up at any byte: the failed append leaves nothing behind,
// and once there is room the same append succeeds.
func TestFullDiskAtEveryByte(t *testing.T) {
	frames := 0
	for i := 1; i <= 3; i++ {
		frames += frameSize + len(payload(i))
	}
	for room := range frames {
		dir := scratch(t)
		disk := &faulty{room: 1 << 20}
		w, err := disk.options(1 << 20).OpenWriter(dir)
		if err != nil {
			t.Fatal(err)
		}
		disk.room = room
		before := w.Position()
		_, err = w.Append(payload(1), payload(2), payload(3))
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), SegmentName(1)) {
			t.Fatalf("room for %d of %d bytes: %v", room, frames, err)
		}
		if w.Position() != before {
			t.Fatalf("room for %d bytes: position moved to %+v", room, w.Position())
		}
		if n, _ := readAll(t, dir, Position{}); n != 0 {
			t.Fatalf("room for %d bytes: %d records of a failed append are readable", room, n)
		}
		disk.room = 1 << 20
		if _, err := w.Append(payload(1), payload(2), payload(3)); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		w.Close()
		if n, _ := readAll(t, dir, Position{}); n != 3 {
			t.Fatalf("room for %d bytes: %d records at the end, want 3", room, n)
		}
	}
}

func TestFullDiskWhileRolling(t *testing.T) {
	dir := scratch(t)
	disk := &faulty{room: 1 << 20}
	w, err := disk.options(300).OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	i := 1
	for ; w.Position().Offset+frameSize+int64(len(payload(i))) <= 300; i++ {
		if _, err := w.Append(payload(i)); err != nil {
			t.Fatal(err)
		}
	}
	for room := range headerSize + 1 {
		disk.room = room
		if _, err := w.Append(payload(i)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if n, _ := readAll(t, dir, Position{}); n != i-1 {
			t.Fatalf("room for %d bytes: %d records, want %d", room, n, i-1)
		}
	}
	disk.room = 1 << 20
	if _, err := w.Append(payload(i)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if n, end := readAll(t, dir, Position{}); n != i || end.Segment != 2 {
		t.Fatalf("%d records to %+v, want %d in segment 2", n, end, i)
	}
}

// When even cutting back fails, the torn bytes stay invisible and the next
// append cuts them off first.
func TestCutBackLater(t *testing.T) {
	dir := scratch(t)
	disk := &faulty{room: 1 << 20}
	w, err := disk.options(1 << 20).OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(payload(1)); err != nil {
		t.Fatal(err)
	}
	disk.room, disk.failTruncate = 20, syscall.EIO
	if _, err := w.Append(payload(2)); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, syscall.EIO) {
		t.Fatalf("both errors should show: %v", err)
	}
	disk.room = 1 << 20
	if _, err := w.Append(payload(2)); !errors.Is(err, syscall.EIO) {
		t.Fatalf("appending behind torn bytes: %v", err)
	}
	if n, _ := readAll(t, dir, Position{}); n != 1 {
		t.Fatalf("%d records, want 1", n)
	}
	disk.failTruncate = nil
	if _, err := w.Append(payload(2)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if n, _ := readAll(t, dir, Position{}); n != 2 {
		t.Fatalf("%d records, want 2", n)
	}
}

func TestSyncFailureStays(t *testing.T) {
	disk := &faulty{room: 1 << 20}
	w, err := disk.options(1 << 20).OpenWriter(scratch(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(payload(1)); err != nil {
		t.Fatal(err)
	}
	disk.failSync = syscall.EIO
	if err := w.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync: %v", err)
	}
	disk.failSync = nil
	if err := w.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("a sync after a failed one: %v; the data may be gone all the same", err)
	}
}

func TestSyncDue(t *testing.T) {
	disk := &faulty{room: 1 << 20, failSync: nil}
	synced := 0
	opt := disk.options(1 << 20)
	opt.Wrap = func(f *os.File) File { return counting{quick{f}, &synced} }
	w, err := opt.OpenWriter(scratch(t))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	synced = 0
	for _, c := range []struct {
		after  time.Duration
		append bool
		want   int
	}{
		{0, false, 0},                     // nothing to sync
		{500 * time.Millisecond, true, 0}, // within the second after that look
		{time.Second, true, 1},
		{1900 * time.Millisecond, true, 1},
		{2100 * time.Millisecond, false, 2},
		{5 * time.Second, false, 2},
		{-time.Hour, true, 3}, // the clock was set back
	} {
		if c.append {
			if _, err := w.Append(payload(1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.SyncDue(now.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if synced != c.want {
			t.Fatalf("at %v: %d syncs, want %d", c.after, synced, c.want)
		}
	}
}

type counting struct {
	quick
	n *int
}

func (c counting) Datasync() error { *c.n++; return nil }

// One bit flipped in any byte of a log is either seen as damage in the middle,
// or, in the last append, taken for a torn tail; a wrong record never comes out.
func TestFlippedBits(t *testing.T) {
	src := scratch(t)
	appendAll(t, src, unsynced(), 1, 8, 2)
	whole, err := os.ReadFile(filepath.Join(src, SegmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	last := len(whole) - 2*frameSize - len(payload(7)) - len(payload(8))
	dir := scratch(t)
	name := filepath.Join(dir, SegmentName(1))
	for at := range whole {
		if at >= 28 && at < headerSize {
			continue // reserved, not read
		}
		bad := append([]byte{}, whole...)
		bad[at] ^= 1 << (at % 8)
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := readChecked(t, dir)
		var damage *Corrupt
		switch {
		case at < headerSize:
			if err == nil || n != 0 {
				t.Fatalf("byte %d of the header: %d records, %v", at, n, err)
			}
		case at < last:
			if !errors.As(err, &damage) || damage.Segment != 1 || damage.Offset > int64(at) || damage.Seq == 0 {
				t.Fatalf("byte %d: %d records, %v; want damage at or before it", at, n, err)
			}
			if _, werr := OpenWriter(dir); !errors.As(werr, &damage) {
				t.Fatalf("byte %d: a writer opened a damaged log: %v", at, werr)
			}
		default:
			if n != 6 || err != nil && !errors.As(err, &damage) {
				t.Fatalf("byte %d: %d records, %v; want 6", at, n, err)
			}
		}
	}
}

// readChecked reads to the end or the first error; records must be right.
func readChecked(t *testing.T, dir string) (int, error) {
	t.Helper()
	r := NewReader(dir, Position{})
	defer r.Close()
	for n := 0; ; n++ {
		p, after, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if string(p) != string(payload(int(after.Seq)-1)) {
			t.Fatalf("record %d came out as %q", after.Seq-1, p)
		}
	}
}

func TestHolesAreDamage(t *testing.T) {
	for name, breakIt := range map[string]func(dir string) error{
		"a segment is missing": func(dir string) error { return os.Remove(filepath.Join(dir, SegmentName(2))) },
		"the first is missing": func(dir string) error { return os.Remove(filepath.Join(dir, SegmentName(1))) },
		"a segment is cut":     func(dir string) error { return os.Truncate(filepath.Join(dir, SegmentName(2)), 200) },
		"a segment is renamed": func(dir string) error {
			return os.Rename(filepath.Join(dir, SegmentName(3)), filepath.Join(dir, SegmentName(1)))
		},
	} {
		dir := scratch(t)
		opt := unsynced()
		opt.SegmentBytes = 400
		appendAll(t, dir, opt, 1, 40, 1)
		if err := breakIt(dir); err != nil {
			t.Fatal(err)
		}
		n, err := readChecked(t, dir)
		if err == nil {
			t.Errorf("%s: read %d records without an error", name, n)
		}
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	dir := scratch(t)
	h := appendHeader(nil, 1, 1)
	h[8] = Version + 1
	if err := os.WriteFile(filepath.Join(dir, SegmentName(1)), h, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second(readChecked(t, dir)), second(OpenWriter(dir))} {
		if err == nil || !strings.Contains(err.Error(), "newer gradus") {
			t.Errorf("got %v, want advice to use a newer gradus", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestForeignFileIsRefused(t *testing.T) {
	dir := scratch(t)
	text := strings.Repeat("a log of something else\n", 10)
	name := filepath.Join(dir, SegmentName(1))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWriter(dir); err == nil || !strings.Contains(err.Error(), "not a gradus event log") {
		t.Errorf("writer: %v", err)
	}
	if _, err := readChecked(t, dir); err == nil {
		t.Error("the reader took it")
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != text {
		t.Error("the foreign file was changed")
	}
}

func TestRecordSizeLimits(t *testing.T) {
	dir := scratch(t)
	w, err := unsynced().OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, p := range [][]byte{nil, {}, make([]byte, MaxRecord+1)} {
		if _, err := w.Append(p); err == nil {
			t.Errorf("a record of %d bytes was accepted", len(p))
		}
	}
	if _, err := w.Append([]byte("x"), nil); err == nil {
		t.Error("an append with an empty record was accepted")
	}
	if w.Position().Seq != 1 {
		t.Errorf("position %+v after refused appends", w.Position())
	}
}

// The machine stopped while segment 2 was being made.
func TestTornHeader(t *testing.T) {
	for size := 0; size <= headerSize; size++ {
		dir := scratch(t)
		appendAll(t, dir, unsynced(), 1, 5, 1)
		name := filepath.Join(dir, SegmentName(2))
		torn := appendHeader(nil, 2, 6)[:size]
		if size == headerSize {
			torn = make([]byte, headerSize) // allocated, never written
		}
		if err := os.WriteFile(name, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, _ := readAll(t, dir, Position{}); n != 5 {
			t.Fatalf("%d bytes of header: %d records, want 5", size, n)
		}
		appendAll(t, dir, unsynced(), 6, 7, 1)
		if n, end := readAll(t, dir, Position{}); n != 7 || end.Segment != 2 {
			t.Fatalf("%d bytes of header: %d records to %+v, want 7 in segment 2", size, n, end)
		}
	}
}
