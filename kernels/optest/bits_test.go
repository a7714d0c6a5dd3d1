package optest

import (
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

func openRef(int) (kernels.Device, error) { return ref.New(), nil }

// The reference holds rule 1, so what Bits reports of a device is the
// device's. Large cases are left to the fast devices.
func TestBitsRef(t *testing.T) {
	small, err := Small(Cases(1), 5000)
	if err != nil {
		t.Fatal(err)
	}
	if err := Bits(openRef, small); err != nil {
		t.Error(err)
	}
	if len(kinds(small)) != len(kinds(Cases(1))) {
		t.Errorf("small cases are of the kinds %v only", kinds(small))
	}
}
