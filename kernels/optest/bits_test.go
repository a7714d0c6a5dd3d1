package optest

import (
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

func openRef(int) (kernels.Device, error) { return ref.New(), nil }

func TestBitsRef(t *testing.T) {
	if err := Bits(openRef, Cases(1)); err != nil {
		t.Error(err)
	}
}
