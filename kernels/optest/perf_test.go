package optest

import (
	"testing"
	"time"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// A clock that moves one millisecond at each look makes every run last just
// that long, so the figures follow from the ops' Work alone.
func TestPerfFigures(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
	speeds, err := Perf([]kernels.Device{ref.New()}, PerfCases(16, 20, 130, 1), clock, 4*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	want := map[kernels.Kind][2]float64{ // GFLOP/s and GB/s: work over 1e6 ns
		"linear": {2 * 130 * 16 * 32 / 1e6, 4 * (130*16 + 32*16 + 130*32) / 1e6},
		"adamw":  {17 * 3072 / 1e6, 28 * 3072 / 1e6},
		"sum_sq": {2 * 3072 / 1e6, 4 * 3073 / 1e6},
	}
	seen := map[kernels.Kind]bool{}
	for _, s := range speeds {
		if w, ok := want[s.Case.Op]; ok && !seen[s.Case.Op] {
			if s.GFLOPS() != w[0] || s.GBps() != w[1] {
				t.Errorf("%s: %g GFLOP/s and %g GB/s, want %g and %g", s, s.GFLOPS(), s.GBps(), w[0], w[1])
			}
		}
		seen[s.Case.Op] = true
		if s.Runs != 4 || s.Median != time.Millisecond || s.Best != s.Worst {
			t.Errorf("%s: want 4 runs of 1ms", s)
		}
	}
	if len(seen) < 16 {
		t.Errorf("%d kinds of op timed, want at least 16", len(seen))
	}
}
