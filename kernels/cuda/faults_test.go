//go:build cuda && linux

package cuda

import (
	"testing"

	"gradus/kernels/optest"
)

func TestFaults(t *testing.T) {
	if err := optest.Faults(conforming(t, Options{})); err != nil {
		t.Error(err)
	}
}
