package optest

import "testing"

func TestGradRef(t *testing.T) {
	slopes, err := Grad(1)
	if err != nil {
		t.Error(err)
	}
	for _, s := range slopes {
		t.Logf("%-40s d/d%-4s %.1e", s.Case, s.Input, s.Error)
	}
	if len(slopes) < 20 {
		t.Errorf("%d gradients checked, want every backward op", len(slopes))
	}
}
