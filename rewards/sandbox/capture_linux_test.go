//go:build amd64 || arm64

package sandbox

import (
	"os"
	"testing"
	"time"
)

// TestCaptureReadsWhatIsThere: a reader that is stopped because a process holds
// the pipe open keeps what was written before, however late it comes to it.
func TestCaptureReadsWhatIsThere(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close() // open, as by a process that got away
	if _, err := w.Write(make([]byte, 50_000)); err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	c, over := &capture{}, 0
	c.read(r, 40_000, func() { over++ })
	if len(c.buf) != 40_000 || over != 1 {
		t.Errorf("%d bytes, told %d times; want 40000 and once", len(c.buf), over)
	}
}
