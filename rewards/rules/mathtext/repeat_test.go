package mathtext

import (
	"strings"
	"testing"
)

// What repeatness returned.
func TestRepeats(t *testing.T) {
	for s, want := range map[string]bool{strings.Repeat("1+", 70): true, strings.Repeat("abcdefghij", 13): true, "abcdefghijklmnopqrstuvwxyz" + strings.Repeat("z", 20): false, "a": false} {
		if got := Repeats(s); got != want {
			t.Errorf("Repeats(%.20q…) = %v", s, got)
		}
	}
}
