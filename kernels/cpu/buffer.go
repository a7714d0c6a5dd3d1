package cpu

// #include "exec.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"gradus/kernels"
)

// buffer is C memory on a cache line: no Go pointer ever stays in C.
type buffer struct {
	dev   *Device
	dtype kernels.DType
	n     int64
	data  unsafe.Pointer // nil once freed
}

const elementSize = 4 // bytes of an f32 or an i32

// bytesOf is the size of an element.
func bytesOf(dt kernels.DType) int64 {
	if dt == kernels.BF16 {
		return elementSize / 2
	}
	return elementSize
}

func (b *buffer) DType() kernels.DType { return b.dtype }
func (b *buffer) Len() int64           { return b.n }

func (b *buffer) Free() error {
	b.dev.mu.Lock()
	defer b.dev.mu.Unlock()
	delete(b.dev.live, b)
	b.release()
	return nil
}

func (b *buffer) release() {
	C.gk_release(b.data, C.int64_t(b.n*bytesOf(b.dtype)))
	b.data = nil
}

// Alloc reserves n zeroed elements, aligned to 64 bytes.
func (d *Device) Alloc(dt kernels.DType, n int64) (kernels.Buffer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, errClosed
	case dt != kernels.F32 && dt != kernels.I32 && dt != kernels.BF16:
		return nil, fmt.Errorf("cpu: alloc of dtype %d: want f32, bf16 or i32", dt)
	case n < 0 || n > (1<<62)/elementSize:
		return nil, fmt.Errorf("cpu: alloc of %d elements: want 0..%d", n, int64(1<<62)/elementSize)
	}
	bytes := n * bytesOf(dt)
	p := C.gk_memory(C.int64_t(bytes))
	if p == nil {
		return nil, fmt.Errorf("cpu: no memory for %d elements of %s (%d bytes)", n, dt, bytes)
	}
	b := &buffer{dev: d, dtype: dt, n: n, data: p}
	d.live[b] = struct{}{}
	return b, nil
}

// WriteF32 copies src to the elements of dst from off on.
func (d *Device) WriteF32(dst kernels.Buffer, off int64, src []float32) error {
	if isBF16(dst) {
		half := make([]uint16, len(src))
		for i, x := range src {
			half[i] = uint16(math.Float32bits(kernels.RoundBF16(x)) >> 16)
		}
		return copyTo(d, "write", dst, kernels.BF16, off, half, true)
	}
	return copyTo(d, "write", dst, kernels.F32, off, src, true)
}

// ReadF32 copies elements of src from off on to dst.
func (d *Device) ReadF32(dst []float32, src kernels.Buffer, off int64) error {
	if isBF16(src) {
		half := make([]uint16, len(dst))
		if err := copyTo(d, "read", src, kernels.BF16, off, half, false); err != nil {
			return err
		}
		for i, x := range half {
			dst[i] = math.Float32frombits(uint32(x) << 16)
		}
		return nil
	}
	return copyTo(d, "read", src, kernels.F32, off, dst, false)
}

// WriteI32 copies src to the elements of dst from off on.
func (d *Device) WriteI32(dst kernels.Buffer, off int64, src []int32) error {
	return copyTo(d, "write", dst, kernels.I32, off, src, true)
}

// ReadI32 copies elements of src from off on to dst.
func (d *Device) ReadI32(dst []int32, src kernels.Buffer, off int64) error {
	return copyTo(d, "read", src, kernels.I32, off, dst, false)
}

func isBF16(b kernels.Buffer) bool { return b != nil && b.DType() == kernels.BF16 }

func copyTo[T float32 | int32 | uint16](d *Device, verb string, k kernels.Buffer, dt kernels.DType, off int64, host []T, write bool) error {
	b, ok := k.(*buffer)
	n := int64(len(host))
	switch {
	case !ok || b.dev != d:
		return fmt.Errorf("cpu: %s: buffer %T belongs to another device", verb, k)
	case b.data == nil:
		return fmt.Errorf("cpu: %s: the buffer was freed", verb)
	case b.dtype != dt:
		return fmt.Errorf("cpu: %s: buffer is %s, want %s", verb, b.dtype, dt)
	case off < 0 || off > b.n-n:
		return fmt.Errorf("cpu: %s: elements %d..%d of a buffer of %d", verb, off, off+n, b.n)
	case n == 0:
		return nil
	}
	memory := unsafe.Slice((*T)(b.data), b.n)[off : off+n]
	if write {
		copy(memory, host)
	} else {
		copy(host, memory)
	}
	return nil
}
