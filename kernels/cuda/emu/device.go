//go:build cuda && linux

package emu

// #include "../abi.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"gradus/kernels"
)

// Device is a kernels.Device that launches the kernels straight into the
// emulator, without a driver in between: what optest finds here is the fault of
// a kernel. Grid chooses the number of blocks of a launch from the number of
// work items; a kernel must compute the same with any.
type Device struct {
	emu  *Emulator
	Grid func(items int64) int
	live map[*buffer]struct{}
}

// NewDevice returns a device that launches at most 64 blocks at a time.
func NewDevice(e *Emulator) *Device {
	return &Device{emu: e, Grid: func(items int64) int { return int(min(items, 64)) }, live: map[*buffer]struct{}{}}
}

// Name is "emu".
func (d *Device) Name() string { return "emu" }

// Close frees all buffers.
func (d *Device) Close() error {
	for b := range d.live {
		b.Free()
	}
	return nil
}

type buffer struct {
	dev   *Device
	dtype kernels.DType
	n     int64
	mem   memory
}

func (b *buffer) DType() kernels.DType { return b.dtype }
func (b *buffer) Len() int64           { return b.n }
func (b *buffer) Free() error {
	b.n = 0
	delete(b.dev.live, b)
	return b.mem.free()
}

// Computes tells that the device multiplies factors of bf16 too.
func (d *Device) Computes(dt kernels.DType) bool { return dt == kernels.F32 || dt == kernels.BF16 }

// Attends tells that the device has attention in bf16 too.
func (d *Device) Attends(dt kernels.DType) bool { return d.Computes(dt) }

// size is the number of bytes of an element.
func size(dt kernels.DType) int64 {
	if dt == kernels.BF16 {
		return 2
	}
	return 4
}

// Alloc reserves n elements.
func (d *Device) Alloc(dt kernels.DType, n int64) (kernels.Buffer, error) {
	if n < 0 || (dt != kernels.F32 && dt != kernels.I32 && dt != kernels.BF16) {
		return nil, fmt.Errorf("emu: alloc of %d elements of dtype %d", n, dt)
	}
	m, err := reserve(size(dt) * n)
	if err != nil {
		return nil, err
	}
	b := &buffer{d, dt, n, m}
	d.live[b] = struct{}{}
	return b, nil
}

// elements returns n elements of b at off.
func elements[T any](b kernels.Buffer, dt kernels.DType, off int64, n int) ([]T, error) {
	own, ok := b.(*buffer)
	if !ok || own.dtype != dt || off < 0 || off > own.n-int64(n) {
		return nil, fmt.Errorf("emu: elements %d..%d as %s: not in the buffer, which is a %T", off, off+int64(n), dt, b)
	}
	return unsafe.Slice((*T)(unsafe.Add(own.mem.data, off*size(dt))), n), nil
}

func write[T any](dst kernels.Buffer, dt kernels.DType, off int64, src []T) error {
	to, err := elements[T](dst, dt, off, len(src))
	copy(to, src)
	return err
}

func read[T any](dst []T, src kernels.Buffer, dt kernels.DType, off int64) error {
	from, err := elements[T](src, dt, off, len(dst))
	copy(dst, from)
	return err
}

// half tells whether b holds bf16.
func half(b kernels.Buffer) bool {
	own, ok := b.(*buffer)
	return ok && own.dtype == kernels.BF16
}

// WriteF32 copies to dst, rounding to bf16 where dst holds that.
func (d *Device) WriteF32(dst kernels.Buffer, off int64, src []float32) error {
	if !half(dst) {
		return write(dst, kernels.F32, off, src)
	}
	to, err := elements[uint16](dst, kernels.BF16, off, len(src))
	for i := range to {
		to[i] = uint16(math.Float32bits(kernels.RoundBF16(src[i])) >> 16)
	}
	return err
}

// ReadF32 copies from src.
func (d *Device) ReadF32(dst []float32, src kernels.Buffer, off int64) error {
	if !half(src) {
		return read(dst, src, kernels.F32, off)
	}
	from, err := elements[uint16](src, kernels.BF16, off, len(dst))
	for i := range from {
		dst[i] = math.Float32frombits(uint32(from[i]) << 16)
	}
	return err
}

// WriteI32 copies to dst.
func (d *Device) WriteI32(dst kernels.Buffer, off int64, src []int32) error {
	return write(dst, kernels.I32, off, src)
}

// ReadI32 copies from src.
func (d *Device) ReadI32(dst []int32, src kernels.Buffer, off int64) error {
	return read(dst, src, kernels.I32, off)
}

// program is a compiled program: its ops with the memory behind their Refs.
type program struct {
	dev   *Device
	prog  kernels.Program
	at    []unsafe.Pointer
	mem   memory // of run and fault
	run   *C.gk_run
	fault *C.gk_u64
}

// Compile checks p and finds its buffers.
func (d *Device) Compile(p *kernels.Program) (kernels.Exec, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	e := &program{dev: d, prog: *p, at: make([]unsafe.Pointer, len(p.Bufs))}
	e.prog.Ops = append([]kernels.Op(nil), p.Ops...)
	for i := 1; i < len(p.Bufs); i++ {
		b, ok := p.Bufs[i].Buf.(*buffer)
		if !ok || b.dev != d {
			return nil, fmt.Errorf("emu: program %s: buffer %q is of another device", p.Name, p.Bufs[i].Name)
		}
		e.at[i] = unsafe.Add(b.mem.data, p.Bufs[i].Off*size(b.dtype))
	}
	e.prog.Bufs = nil
	var err error
	if e.mem, err = reserve(C.sizeof_gk_run + 8); err != nil {
		return nil, err
	}
	e.fault, e.run = (*C.gk_u64)(e.mem.data), (*C.gk_run)(unsafe.Add(e.mem.data, 8))
	return e, nil
}

func (e *program) Free() error {
	e.run, e.fault = nil, nil
	return e.mem.free()
}

// Run launches the kernels of all ops.
func (e *program) Run(a *kernels.Args) error {
	if err := e.prog.CheckArgs(a); err != nil {
		return err
	}
	*e.run = C.gk_run{
		rows: C.int(a.Rows), seqs: C.int(a.Seqs), picks: C.int(a.Picks), top_k: C.int(a.TopK),
		temperature: C.float(a.Temperature), top_p: C.float(a.TopP), lr: C.float(a.LR),
		beta_corr1: C.float(a.BetaCorr1), beta_corr2: C.float(a.BetaCorr2), grad_scale: C.float(a.GradScale), seed: C.gk_u64(a.Seed),
	}
	*e.fault = ^C.gk_u64(0)
	for i, op := range e.prog.Ops {
		if err := e.op(i, op, a); err != nil {
			return fmt.Errorf("emu: program %s: op %d %s: %w", e.prog.Name, i, op.Kind(), err)
		}
	}
	if f := uint64(*e.fault); f != ^uint64(0) {
		return &Fault{Op: int(f >> 40), Row: int(uint32(f >> 8)), What: int(f & 255)}
	}
	return nil
}

// Fault is an index out of range, as a kernel reports it.
type Fault struct {
	Op, Row int
	What    int // gk_what of abi.h
}

func (f *Fault) Error() string {
	return fmt.Sprintf("emu: op %d: row %d: fault %d", f.Op, f.Row, f.What)
}

// bytes is the parameter block of a kernel.
func bytes[T any](p *T) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p)) }

// start launches one kernel for a number of work items.
func (e *program) start(kernel string, items int64, threads, shared int, params []byte) error {
	return e.dev.emu.Launch(kernel, [3]int{max(1, e.dev.Grid(items)), 1, 1}, threads, shared, params)
}

// scratch is memory that lives for one op, full of NaN.
func scratch(floats int64) (memory, error) {
	m, err := reserve(4 * floats)
	if err == nil {
		for i := range floats {
			*(*uint32)(unsafe.Add(m.data, 4*i)) = 0x7fc00000
		}
	}
	return m, err
}

var errNoKernel = errors.New("no kernel")
