// Package ref is the oracle of package kernels: every op in plain Go on
// float64, written to be read and not to be fast. Forward and backward of an
// op stand side by side in one file. Real numbers are float64 throughout, so
// central differences check its gradients to about nine digits, and any other
// device is judged by its distance to ref.
//
// Unlike a fast device, ref checks what it reads: an index outside its range,
// a repeated scatter row or a Pack older than its weights is an error of Run
// that names the op and the row.
package ref

import (
	"fmt"

	"gradus/kernels"
)

// device implements kernels.Device. Its memory is Go memory.
type device struct{}

// New returns a reference device. It has no state and no threads.
func New() kernels.Device { return &device{} }

func (*device) Name() string { return "ref" }

func (*device) Close() error { return nil }

// Computes tells that ref has products of every dtype.
func (*device) Computes(kernels.DType) bool { return true }

// Attends tells that ref has attention of every dtype.
func (*device) Attends(kernels.DType) bool { return true }

// buffer is Go memory; exactly one of f and i is set, both are nil once freed.
type buffer struct {
	dtype kernels.DType
	f     []float64
	i     []int32
}

func (b *buffer) DType() kernels.DType { return b.dtype }

func (b *buffer) Len() int64 { return int64(len(b.f) + len(b.i)) }

func (b *buffer) Free() error {
	b.f, b.i = nil, nil
	return nil
}

// Data returns the numbers of an F32 or BF16 buffer of this package, not a copy, so
// that a gradient check can move one by less than float32 resolves. It returns
// nil for any other buffer.
func Data(b kernels.Buffer) []float64 {
	if r, ok := b.(*buffer); ok {
		return r.f
	}
	return nil
}

// Indices returns the numbers of an I32 buffer of this package, not a copy,
// and nil for any other buffer.
func Indices(b kernels.Buffer) []int32 {
	if r, ok := b.(*buffer); ok {
		return r.i
	}
	return nil
}

func (*device) Alloc(dt kernels.DType, n int64) (kernels.Buffer, error) {
	if n < 0 {
		return nil, fmt.Errorf("ref: alloc of %d elements: want at least 0", n)
	}
	switch dt {
	case kernels.F32, kernels.BF16:
		return &buffer{dtype: dt, f: make([]float64, n)}, nil
	case kernels.I32:
		return &buffer{dtype: dt, i: make([]int32, n)}, nil
	}
	return nil, fmt.Errorf("ref: alloc of dtype %d: want f32, bf16 or i32", dt)
}

// part returns b if it is one of ours, of type dt, and holds [off, off+n).
func part(verb string, b kernels.Buffer, dt kernels.DType, off int64, n int) (*buffer, error) {
	r, ok := b.(*buffer)
	switch {
	case !ok:
		return nil, fmt.Errorf("ref: %s: buffer %T belongs to another device", verb, b)
	case r.dtype != dt && (dt == kernels.I32 || r.dtype == kernels.I32):
		return nil, fmt.Errorf("ref: %s: buffer is %s, want %s", verb, r.dtype, dt)
	case off < 0 || off > r.Len()-int64(n):
		return nil, fmt.Errorf("ref: %s: elements %d..%d of a buffer of %d", verb, off, off+int64(n), r.Len())
	}
	return r, nil
}

func (*device) WriteF32(dst kernels.Buffer, off int64, src []float32) error {
	b, err := part("write", dst, kernels.F32, off, len(src))
	if err != nil {
		return err
	}
	for i, x := range src {
		if b.dtype == kernels.BF16 {
			x = kernels.RoundBF16(x)
		}
		b.f[off+int64(i)] = float64(x)
	}
	return nil
}

func (*device) ReadF32(dst []float32, src kernels.Buffer, off int64) error {
	b, err := part("read", src, kernels.F32, off, len(dst))
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = float32(b.f[off+int64(i)])
	}
	return nil
}

func (*device) WriteI32(dst kernels.Buffer, off int64, src []int32) error {
	b, err := part("write", dst, kernels.I32, off, len(src))
	if err != nil {
		return err
	}
	copy(b.i[off:], src)
	return nil
}

func (*device) ReadI32(dst []int32, src kernels.Buffer, off int64) error {
	b, err := part("read", src, kernels.I32, off, len(dst))
	if err != nil {
		return err
	}
	copy(dst, b.i[off:])
	return nil
}
