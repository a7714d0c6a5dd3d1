package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// longLog is a log of several segments of about 3 MiB, with its payloads.
func longLog(t testing.TB, segmentsWanted int) (dir string, payloads [][]byte) {
	t.Helper()
	dir = t.TempDir()
	opt := unsynced()
	opt.SegmentBytes = 1 << 20
	w, err := opt.OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	for w.Position().Segment < segmentsWanted {
		p := bytes.Repeat([]byte(fmt.Sprintf("step %d, reward 0.25. ", len(payloads))), 1+rng.IntN(4000))
		if len(payloads)%5 == 0 {
			p = make([]byte, 1+rng.IntN(90_000)) // does not compress
			for i := range p {
				p[i] = byte(rng.Uint32())
			}
		}
		if _, err := w.Append(p); err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, p)
	}
	return dir, payloads
}

// read reads a log from pos to its end.
func read(t testing.TB, dir string, pos Position) (payloads [][]byte, at []Position) {
	t.Helper()
	r := NewReader(dir, pos)
	defer r.Close()
	for {
		at = append(at, r.Position())
		p, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return payloads, at
		}
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, bytes.Clone(p))
	}
}

func equal(t testing.TB, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records of %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("record %d differs", i+1)
		}
	}
}

func names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "events-") {
			out = append(out, e.Name())
		}
	}
	return strings.Join(out, " ")
}

// After compression every record is read from every position, a reader that
// was in the middle goes on, and a writer appends.
func TestCompress(t *testing.T) {
	dir, want := longLog(t, 4)
	_, positions := read(t, dir, Position{})
	following := NewReader(dir, Position{})
	defer following.Close()
	for range 7 {
		if _, _, err := following.Next(); err != nil {
			t.Fatal(err)
		}
	}
	end, err := End(dir)
	if err != nil {
		t.Fatal(err)
	}
	done, err := Compress(dir)
	if err != nil || done.Segments != 3 || done.After >= done.Before || done.After == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := names(t, dir); got != "events-00001.log.zst events-00002.log.zst events-00003.log.zst events-00004.log" {
		t.Fatalf("files: %s", got)
	}
	for i := 0; i < len(positions); i += 11 {
		got, _ := read(t, dir, positions[i])
		equal(t, got, want[i:])
	}
	for i := 7; ; i++ {
		p, _, err := following.Next()
		if errors.Is(err, io.EOF) && i == len(want) {
			break
		}
		if err != nil || !bytes.Equal(p, want[i]) {
			t.Fatalf("the reader that was in the middle: record %d, %v", i+1, err)
		}
	}
	for _, after := range []int{0, 1, 3, 4} {
		if again, err := EndAfter(dir, after); err != nil || again != end {
			t.Errorf("end after segment %d: %+v, %v; want %+v", after, again, err, end)
		}
	}
	if pos, err := LastSegment(dir); err != nil || pos.Segment != 4 {
		t.Errorf("last segment %+v, %v", pos, err)
	}
	if err := SyncSegment(dir, 2); err != nil {
		t.Error(err)
	}
	if again, err := Compress(dir); err != nil || again != (Compressed{}) {
		t.Errorf("a second time %+v, %v", again, err)
	}
	w, err := unsynced().OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	if w.Repair() != (Repair{}) || w.Position().Segment != 4 {
		t.Errorf("%+v, %+v", w.Repair(), w.Position())
	}
	if _, err := OpenWriter(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	if _, err := w.Append([]byte("more")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := read(t, dir, Position{})
	equal(t, got, append(want[:len(want):len(want)], []byte("more")))
}

// While a writer is open, its oldest segment waits; nobody else compresses.
func TestCompressBesideAWriter(t *testing.T) {
	dir, want := longLog(t, 3)
	w, err := unsynced().OpenWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	done, err := Compress(dir)
	if err != nil || done.Segments != 1 || names(t, dir) != "events-00001.log events-00002.log.zst events-00003.log" {
		t.Errorf("%+v, %v, %s", done, err, names(t, dir))
	}
	if _, err := w.Append([]byte("more")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(filepath.Join(dir, compressLock), os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock(held); err != nil {
		t.Fatal(err)
	}
	if done, err := Compress(dir); err != nil || done.Segments != 0 {
		t.Errorf("beside another: %+v, %v", done, err)
	}
	held.Close()
	if done, err := Compress(dir); err != nil || done.Segments != 1 {
		t.Errorf("afterwards: %+v, %v", done, err)
	}
	got, _ := read(t, dir, Position{})
	equal(t, got, append(want[:len(want):len(want)], []byte("more")))
}

// kills is how often the child below is killed, at each step in turn.
func TestCompressChild(t *testing.T) {
	dir, stop := os.Getenv("GRADUS_TEST_COMPRESS"), os.Getenv("GRADUS_TEST_STOP")
	if dir == "" {
		t.Skip("the child of TestFaultCompressKilled")
	}
	steps := 0
	_, err := compressor{dir: dir, step: func(string) error {
		if steps++; fmt.Sprint(steps) == stop {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}}.run()
	if err != nil {
		t.Fatal(err)
	}
}

// Killed before any of its steps, or with a full disk there, compression loses
// nothing, and the next one finishes.
func TestFaultCompressKilled(t *testing.T) {
	segments := 3
	if testing.Short() {
		segments = 2 // the second goes as the first
	}
	whole, want := longLog(t, segments)
	full := errors.New("no space left on device")
	const perSegment = 6 // write, sync, rename, sync name, remove, sync removal
	for stop := 1; stop <= (segments-1)*perSegment; stop++ {
		for _, kill := range []bool{false, true} {
			if kill && testing.Short() && stop%2 == 0 {
				continue // a process costs a while
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if kill {
				cmd := exec.Command(os.Args[0], "-test.run=^TestCompressChild$")
				cmd.Env = append(os.Environ(), "GRADUS_TEST_COMPRESS="+dir, fmt.Sprint("GRADUS_TEST_STOP=", stop))
				out, err := cmd.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("step %d: the child was not killed: %v\n%s", stop, err, out)
				}
			} else {
				steps := 0
				_, err := compressor{dir: dir, step: func(string) error {
					if steps++; steps == stop {
						return full
					}
					return nil
				}}.run()
				if !errors.Is(err, full) {
					t.Fatalf("step %d: %v", stop, err)
				}
			}
			got, _ := read(t, dir, Position{})
			equal(t, got, want)
			w, err := unsynced().OpenWriter(dir)
			if err != nil || w.Repair() != (Repair{}) {
				t.Fatalf("step %d: open for writing: %v", stop, err)
			}
			w.Close()
			if _, err := Compress(dir); err != nil {
				t.Fatalf("step %d: the next time: %v", stop, err)
			}
			if got := names(t, dir); strings.Count(got, ".log.zst") != segments-1 || strings.Count(got, ".log") != segments {
				t.Errorf("step %d: files: %s", stop, got)
			}
			got, _ = read(t, dir, Position{})
			equal(t, got, want)
		}
	}
}

// A damaged segment is not compressed, and a damaged compressed one is damage
// of the log that names the place.
func TestCompressDamage(t *testing.T) {
	dir, want := longLog(t, 3)
	path := filepath.Join(dir, SegmentName(1))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	var damage *Corrupt
	if _, err := Compress(dir); !errors.As(err, &damage) || damage.Segment != 1 {
		t.Errorf("a damaged segment: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) || strings.Contains(names(t, dir), "zst") {
		t.Errorf("it was changed: %v, %s", err, names(t, dir))
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	// What was left of another attempt is not believed.
	if err := os.WriteFile(path+compressedSuffix, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+partSuffix, []byte("less"), 0o600); err != nil {
		t.Fatal(err)
	}
	if done, err := Compress(dir); err != nil || done.Segments != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	got, _ := read(t, dir, Position{})
	equal(t, got, want)
	z, err := os.ReadFile(path + compressedSuffix)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	flips := 60
	if testing.Short() {
		flips = 12
	}
	for range flips {
		b := bytes.Clone(z)
		b[rng.IntN(len(b))] ^= byte(1 + rng.IntN(255))
		if err := os.WriteFile(path+compressedSuffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r := NewReader(dir, Position{})
		n := 0
		for err = nil; err == nil; n++ {
			var p []byte
			if p, _, err = r.Next(); err == nil && !bytes.Equal(p, want[n]) {
				t.Fatal("a changed record was handed out")
			}
		}
		r.Close()
		if errors.Is(err, io.EOF) && n-1 == len(want) {
			continue // a byte that means nothing, as a reserved bit
		}
		if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "events-00001.log") {
			t.Errorf("after %d records: %v", n-1, err)
		}
	}
	// The newest segment must be there.
	if err := os.WriteFile(path+compressedSuffix, z, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, SegmentName(3))); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWriter(dir); err == nil || !strings.Contains(err.Error(), "is compressed and the segment after it is missing") {
		t.Errorf("a log without its newest segment: %v", err)
	}
}

// FuzzCompressed opens files that claim to be compressed segments.
func FuzzCompressed(f *testing.F) {
	var b bytes.Buffer
	if err := writeCompressed(&b, strings.NewReader(strings.Repeat("gradus", 1000)), 6000); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x.zst")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openCompressed(path)
		if err != nil {
			return
		}
		defer s.Close()
		buf := make([]byte, 4096)
		for _, off := range []int64{0, 1, s.size / 2, s.size - 1, s.size, s.size + 1} {
			if off < 0 {
				continue
			}
			if n, err := s.ReadAt(buf, off); err == nil && n < len(buf) || n > len(buf) {
				t.Errorf("%d bytes at %d, %v", n, off, err)
			}
		}
	})
}
