package pytext

import (
	"strings"
	"testing"
)

func TestPythonText(t *testing.T) {
	for s, want := range map[string]string{"ΑΣ ΣΑΣ": "ας σας", "İX": "i̇x", "Σ": "σ", "ΑΣ.Β": "ασ.β"} {
		if got := Lower(s); got != want {
			t.Errorf("lower %q = %q, Python says %q", s, got, want)
		}
	}
	if got := Words("a\x1cb\u00a0c\u2003d\u200be"); strings.Join(got, "|") != "a|b|c|d\u200be" {
		t.Errorf("words %q", got)
	}
}
