//go:build cuda

package cuda

import (
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
	"gradus/kernels/machine"
)

const elementSize = 4 // bytes, of f32 and i32

// sizeOf is the number of bytes of an element.
func sizeOf(dt kernels.DType) int64 {
	if dt == kernels.BF16 {
		return 2
	}
	return elementSize
}

// Computes tells that the GPU multiplies factors of f32 and of bf16.
func (d *Device) Computes(dt kernels.DType) bool { return dt == kernels.F32 || dt == kernels.BF16 }

// Attends tells that the GPU has attention in f32 and in bf16.
func (d *Device) Attends(dt kernels.DType) bool { return d.Computes(dt) }

// buffer is device memory.
type buffer struct {
	dev   *Device
	dtype kernels.DType
	n     int64
	data  cu.DevicePtr // 0 for no elements
	freed bool
}

func (b *buffer) DType() kernels.DType { return b.dtype }
func (b *buffer) Len() int64           { return b.n }

// bytes is the memory of b, whole words of four.
func (b *buffer) bytes() int64 { return (b.n*sizeOf(b.dtype) + 3) / 4 * 4 }

// Free gives the memory back. A second Free does nothing.
func (b *buffer) Free() error {
	d := b.dev
	d.mu.Lock()
	defer d.mu.Unlock()
	if b.freed || d.closed {
		return nil
	}
	delete(d.live, b)
	if d.lost != nil {
		b.freed = true
		return nil // the memory went with the context
	}
	return d.do(b.release)
}

func (b *buffer) release() error {
	b.freed = true
	if b.data == 0 {
		return nil
	}
	err := cux.Wrap(cu.MemFree(b.data), "cuMemFree(%#x)", uintptr(b.data))
	b.dev.own -= b.bytes()
	b.data = 0
	return err
}

// Alloc reserves n zeroed elements of device memory.
func (d *Device) Alloc(dt kernels.DType, n int64) (kernels.Buffer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case dt != kernels.F32 && dt != kernels.I32 && dt != kernels.BF16:
		return nil, fmt.Errorf("cuda: alloc of dtype %d: want f32, bf16 or i32", dt)
	case n < 0 || n > (1<<62)/elementSize:
		return nil, fmt.Errorf("cuda: alloc of %d elements: want 0..%d", n, int64(1<<62)/elementSize)
	}
	b := &buffer{dev: d, dtype: dt, n: n}
	err := d.do(func() (err error) {
		b.data, err = d.reserve(b.bytes(), fmt.Sprintf("%d elements of %s", n, dt))
		if err != nil || n == 0 {
			return err
		}
		if err := cu.MemsetD32Async(b.data, 0, b.bytes()/4, d.stream); err != nil {
			b.release()
			return cux.Wrap(err, "cuMemsetD32Async(%d elements)", n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.live[b] = struct{}{}
	return b, nil
}

// reserve takes device memory and accounts for it. Nothing is taken for 0
// bytes.
func (d *Device) reserve(bytes int64, what string) (cu.DevicePtr, error) {
	if bytes == 0 {
		return 0, nil
	}
	p, err := cu.MemAlloc(bytes)
	if err == nil {
		d.own += bytes
		return p, nil
	}
	err = cux.Wrap(err, "cuMemAlloc(%d bytes)", bytes)
	if !cux.Is(err, cux.OutOfMemory) {
		return 0, err
	}
	m := &MemoryError{GPU: d.gpu.String(), What: what, Want: bytes, Total: d.gpu.Memory, Own: d.own, Err: err}
	if free, total, err := cu.MemInfo(); err == nil {
		m.Free, m.Total = free, total
	}
	return 0, m
}

// Memory is how much of the GPU's memory is free, for a run that asks before it
// allocates any. ok is false if the driver does not tell.
func (d *Device) Memory() (m machine.Memory, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.do(func() error {
		free, total, err := cu.MemInfo()
		m = machine.Memory{Bytes: free, Total: max(free, total-overhead), Why: "on " + d.gpu.String()}
		return cux.Wrap(err, "cuMemGetInfo()")
	})
	return m, err == nil
}

// half tells whether k holds bf16.
func half(k kernels.Buffer) bool {
	b, ok := k.(*buffer)
	return ok && b.dtype == kernels.BF16
}

// WriteF32 copies src to the elements of dst from off on, rounded where dst
// holds bf16.
func (d *Device) WriteF32(dst kernels.Buffer, off int64, src []float32) error {
	if half(dst) {
		rounded := make([]uint16, len(src))
		for i, x := range src {
			rounded[i] = uint16(math.Float32bits(kernels.RoundBF16(x)) >> 16)
		}
		return d.copy("write", dst, kernels.BF16, off, unsafe.Pointer(unsafe.SliceData(rounded)), int64(len(src)), true)
	}
	return d.copy("write", dst, kernels.F32, off, unsafe.Pointer(unsafe.SliceData(src)), int64(len(src)), true)
}

// ReadF32 copies elements of src from off on to dst.
func (d *Device) ReadF32(dst []float32, src kernels.Buffer, off int64) error {
	if half(src) {
		x := make([]uint16, len(dst))
		err := d.copy("read", src, kernels.BF16, off, unsafe.Pointer(unsafe.SliceData(x)), int64(len(dst)), false)
		for i := range x {
			dst[i] = math.Float32frombits(uint32(x[i]) << 16)
		}
		return err
	}
	return d.copy("read", src, kernels.F32, off, unsafe.Pointer(unsafe.SliceData(dst)), int64(len(dst)), false)
}

// WriteI32 copies src to the elements of dst from off on.
func (d *Device) WriteI32(dst kernels.Buffer, off int64, src []int32) error {
	return d.copy("write", dst, kernels.I32, off, unsafe.Pointer(unsafe.SliceData(src)), int64(len(src)), true)
}

// ReadI32 copies elements of src from off on to dst.
func (d *Device) ReadI32(dst []int32, src kernels.Buffer, off int64) error {
	return d.copy("read", src, kernels.I32, off, unsafe.Pointer(unsafe.SliceData(dst)), int64(len(dst)), false)
}

func (d *Device) copy(verb string, k kernels.Buffer, dt kernels.DType, off int64, host unsafe.Pointer, n int64, write bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, ok := k.(*buffer)
	switch {
	case !ok || b.dev != d:
		return fmt.Errorf("cuda: %s: buffer %T belongs to another device", verb, k)
	case d.closed:
		return errClosed
	case d.lost != nil:
		return d.lost
	case b.freed:
		return fmt.Errorf("cuda: %s: the buffer was freed", verb)
	case b.dtype != dt:
		return fmt.Errorf("cuda: %s: buffer is %s, want %s", verb, b.dtype, dt)
	case off < 0 || off > b.n-n:
		return fmt.Errorf("cuda: %s: elements %d..%d of a buffer of %d", verb, off, off+n, b.n)
	case n == 0:
		return nil
	}
	at := b.data + cu.DevicePtr(off*sizeOf(dt))
	if write {
		return d.reword(d.staging.Write(at, host, n*sizeOf(dt)))
	}
	return d.reword(d.staging.Read(host, at, n*sizeOf(dt)))
}
