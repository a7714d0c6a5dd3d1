package optest

import (
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

func TestContractRef(t *testing.T) {
	if err := Contract(ref.New()); err != nil {
		t.Error(err)
	}
}

// dirty is ref without zeroed memory.
type dirty struct{ kernels.Device }

func (d dirty) Alloc(dt kernels.DType, n int64) (kernels.Buffer, error) {
	b, err := d.Device.Alloc(dt, n)
	if x := ref.Data(b); len(x) > 0 {
		x[len(x)-1] = 1
	}
	return b, err
}

func TestContractCatches(t *testing.T) {
	devices := map[string]kernels.Device{
		"memory that is not zeroed": dirty{ref.New()},
		"a run of too many rows": newBroken(broken{args: func(a kernels.Args) kernels.Args {
			a.Rows = min(a.Rows, 10)
			return a
		}}),
		"an argument replaced by a default": newBroken(broken{args: func(a kernels.Args) kernels.Args {
			if a.TopP == 0 {
				a.TopP = 1
			}
			return a
		}}),
	}
	for what, dev := range devices {
		if Contract(dev) == nil {
			t.Errorf("%s was not caught", what)
		}
	}
}
