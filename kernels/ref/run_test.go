package ref_test

import (
	"math"
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// bench is a program over small buffers on ref, built by a test.
type bench struct {
	t   *testing.T
	dev kernels.Device
	p   *kernels.Program
}

func newBench(t *testing.T, max kernels.Args) *bench {
	return &bench{t, ref.New(), kernels.NewProgram(t.Name(), max)}
}

// real binds float64 numbers.
func (b *bench) real(name string, x ...float64) kernels.Ref {
	b.t.Helper()
	buf, err := b.dev.Alloc(kernels.F32, int64(len(x)))
	if err != nil {
		b.t.Fatal(err)
	}
	copy(ref.Data(buf), x)
	return b.p.BindAll(name, buf)
}

// room binds n elements.
func (b *bench) room(name string, n int) kernels.Ref { return b.real(name, make([]float64, n)...) }

func (b *bench) index(name string, x ...int32) kernels.Ref {
	b.t.Helper()
	buf, err := b.dev.Alloc(kernels.I32, int64(len(x)))
	if err != nil {
		b.t.Fatal(err)
	}
	copy(ref.Indices(buf), x)
	return b.p.BindAll(name, buf)
}

// try compiles ops and runs them.
func (b *bench) try(a kernels.Args, ops ...kernels.Op) error {
	b.t.Helper()
	b.p.Ops = ops
	e, err := b.dev.Compile(b.p)
	if err != nil {
		return err
	}
	return e.Run(&a)
}

func (b *bench) run(a kernels.Args, ops ...kernels.Op) {
	b.t.Helper()
	if err := b.try(a, ops...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) got(r kernels.Ref) []float64 { return ref.Data(b.p.Bufs[r].Buf) }

// want compares a buffer with numbers to the given absolute error.
func (b *bench) want(r kernels.Ref, within float64, want ...float64) {
	b.t.Helper()
	got := b.got(r)
	if len(got) != len(want) {
		b.t.Fatalf("%s has %d elements, want %d", b.p.Bufs[r].Name, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= within) {
			b.t.Errorf("%s[%d] = %.12g, want %.12g", b.p.Bufs[r].Name, i, got[i], want[i])
		}
	}
}
