package text

import "testing"

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 traces", 1: "1 trace", 2: "2 traces", -1: "-1 traces", 1 << 40: "1099511627776 traces"} {
		if got := Count(n, "trace"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
