package optest

import (
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// The reference passes its own table: the cases build, their indices are in
// range, nothing writes outside its rows.
func TestCheckRef(t *testing.T) {
	m, err := Check([]kernels.Device{ref.New()}, Cases(1))
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d outputs of %d cases", len(m), len(Cases(1)))
}
