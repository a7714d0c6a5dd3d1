package tuitest

import (
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/charmbracelet/x/exp/golden"
)

// Golden compares the screen with testdata/<test name>.golden; run the test
// with -update to write it.
func (d *Driver) Golden(t testing.TB) {
	t.Helper()
	golden.RequireEqual(t, d.Screen()+"\n")
}

// Width is the number of cells of a line with styles.
func Width(line string) int { return ansi.StringWidth(line) }
