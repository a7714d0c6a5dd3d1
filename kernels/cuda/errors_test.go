package cuda

import (
	"errors"
	"strings"
	"testing"
)

func TestMemoryError(t *testing.T) {
	const gb = 1_000_000_000
	for name, c := range map[string]struct {
		e     MemoryError
		again bool
		want  []string
	}{
		"too large for the GPU": {
			MemoryError{GPU: "GPU 0 (X)", What: "5 elements of f32", Want: 40 * gb, Total: 80 * gb, Own: 50 * gb, Free: 29 * gb}, false,
			[]string{"no room for 40.00 GB (5 elements of f32) on GPU 0 (X)", "of 80.00 GB", "this run holds 50.00 GB", "other programs and the driver 1.00 GB", "29.00 GB are free", "max_completion_length"},
		},
		"others hold it": {
			MemoryError{Want: 10 * gb, Total: 80 * gb, Own: 20 * gb, Free: 5 * gb}, true,
			[]string{"other programs and the driver 55.00 GB", "nvidia-smi"},
		},
		"small": {
			MemoryError{Want: 512, Total: 3 * gb, Own: 2_500_000, Free: 0}, true, []string{"512 bytes", "2.50 MB"},
		},
	} {
		if got := c.e.TryAgain(); got != c.again {
			t.Errorf("%s: TryAgain is %t", name, got)
		}
		for _, want := range c.want {
			if !strings.Contains(c.e.Error(), want) {
				t.Errorf("%s: got\n%s\nwant in it %q", name, c.e.Error(), want)
			}
		}
	}
}

func TestLostError(t *testing.T) {
	cause := errors.New("cause")
	hardware, ours := &LostError{GPU: "GPU 1 (X)", Hardware: true, Err: cause}, &LostError{GPU: "GPU 1 (X)", Err: cause}
	if !hardware.TryAgain() || ours.TryAgain() {
		t.Error("only a failure of the hardware may pass")
	}
	if s := hardware.Error(); !strings.Contains(s, "lost GPU 1 (X): cause") || !strings.Contains(s, "Xid") || !strings.Contains(s, "checkpoint") {
		t.Error(s)
	}
	if s := ours.Error(); !strings.Contains(s, "defect of gradus") {
		t.Error(s)
	}
	if !errors.Is(hardware, cause) || !errors.Is(&BusyError{Err: cause}, cause) {
		t.Error("the cause is lost")
	}
}
