package main

import (
	"os"
	"testing"
)

// Without a cursor that can be moved there is nobody to show a screen to.
func TestInteractiveNeedsATerminal(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminal here: %v", err)
	}
	defer tty.Close()
	for term, want := range map[string]bool{"xterm": true, "dumb": false} {
		a := &app{stdin: tty, stdout: tty, getenv: func(string) string { return term }}
		if a.interactive() != want {
			t.Errorf("TERM=%s: %t", term, !want)
		}
	}
}
