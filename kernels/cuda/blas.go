//go:build cuda && linux

package cuda

// #include <stdlib.h>
// #include "blas.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"os"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/libs"
)

// blas is cuBLASLt on a device. It serves the large products of the backward
// pass in bf16, which never meet sampling: what a row of a forward product comes
// to may not depend on the other rows, and the library does not promise that.
type blas struct {
	lib       *libs.CublasLt
	workspace cu.DevicePtr
	known     map[[4]int]string // why not, "" if it takes the product: rows, cols, depth, along
}

const (
	blasWorkspace = 32 << 20 // bytes, as NVIDIA advises for Hopper
	blasLeast     = 1 << 31  // some microseconds of a large GPU, as a call takes
	scaleHalves   = 4        // room of two floats
)

// startBlas makes the library ready, once for a device. Without it the own kernels do all
// products; Blas says why. Callers hold mu, with the context current.
func (d *Device) startBlas() {
	if d.blas != nil || d.blasOff != nil {
		return
	}
	b := &blas{known: map[[4]int]string{}}
	if b.lib, d.blasOff = libs.OpenCublasLt(os.Getenv("GRADUS_LIBCUBLASLT")); d.blasOff != nil {
		return
	}
	err := b.lib.Start()
	if err == nil {
		b.workspace, err = d.reserve(blasWorkspace, "workspace of cuBLASLt")
	}
	if err == nil {
		err = d.proveBlas(b)
	}
	if err != nil {
		d.blasOff = errors.Join(fmt.Errorf("%s: %w", b.lib, err), d.stopBlas(b))
		return
	}
	d.blas = b
}

// stopBlas gives back what startBlas took.
func (d *Device) stopBlas(b *blas) error {
	var err error
	if b.workspace != 0 {
		d.own -= blasWorkspace
		err = cux.Wrap(cu.MemFree(b.workspace), "cuMemFree(workspace of cuBLASLt)")
	}
	return errors.Join(err, b.lib.Close())
}

// Blas tells which library multiplies large factors of bf16 in the backward
// pass, or why none does. It is known once a program has such a product.
func (d *Device) Blas() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.blas != nil {
		return d.blas.lib.String(), nil
	}
	return "", d.blasOff
}

// libraryProduct is a product that cuBLASLt does.
type libraryProduct struct {
	libs.Product
	count C.gk_blas_count
}

// scales is where the kernel that rounds a factor writes alpha and beta, nil
// if no library reads them.
func (l *libraryProduct) scales(at *C.ushort) *C.float {
	if l == nil {
		return nil
	}
	return (*C.float)(unsafe.Pointer(at))
}

// library returns the product of rows x cols over depth if cuBLASLt is to do
// it, nil otherwise. along tells that the rows of a run are its depth; they are n's, or those of a
// chunk. addresses are those of c and of packed weights.
func (p *plan) library(rows, cols, depth int, along bool, n kernels.Dim, chunk, row0 int, addresses ...cu.DevicePtr) *libraryProduct {
	if p.dev == nil || cols%4 != 0 {
		return nil
	}
	for _, a := range addresses {
		if a%16 != 0 {
			return nil
		}
	}
	least := p.dev.options.blasLeast
	if least == 0 {
		least = blasLeast
	}
	if 2*int64(rows)*int64(cols)*int64(depth) < least {
		return nil
	}
	p.dev.startBlas()
	l := &libraryProduct{
		Product: libs.Product{Rows: rows, Cols: cols, Depth: depth, Along: along},
		count:   C.gk_blas_count{n: C.gk_dim(n), chunk: C.int(chunk), row0: C.int(row0)},
	}
	if b := p.dev.blas; b == nil || !b.takes(l.Product) {
		return nil
	}
	return l
}

// takes asks the library once whether it has an algorithm.
func (b *blas) takes(p libs.Product) bool {
	key := [4]int{p.Rows, p.Cols, p.Depth, int(flag(p.Along))}
	why, ok := b.known[key]
	if !ok {
		p.WorkspaceBytes = blasWorkspace
		m, err := b.lib.Plan(p)
		if err == nil {
			err = m.Free()
		}
		if err != nil {
			why = err.Error()
		}
		b.known[key] = why
	}
	return why == ""
}

// call adds the product l with its factors, result and scales.
func (p *plan) call(at int, l *libraryProduct, a, b *C.ushort, c *C.float, scales *C.ushort) {
	address := func(x unsafe.Pointer) uintptr { return uintptr(x) } // on the GPU
	l.A, l.B, l.C, l.Scales = address(unsafe.Pointer(a)), address(unsafe.Pointer(b)), address(unsafe.Pointer(c)), address(unsafe.Pointer(scales))
	l.Workspace, l.WorkspaceBytes = uintptr(p.dev.blas.workspace), blasWorkspace
	p.items = append(p.items, item{op: at, kernel: "cublasLtMatmul", library: l})
}

// multiplication is a planned product of a program, and what its rows are
// counted with, in C memory.
type multiplication struct {
	*libs.Multiplication
	count unsafe.Pointer
}

func (m multiplication) free() error {
	err := m.Free()
	C.free(m.count)
	return err
}

// plan has the library choose the algorithm of l.
func (b *blas) plan(l *libraryProduct) (multiplication, cux.Launch, error) {
	count := C.calloc(1, C.sizeof_gk_blas_count)
	*(*C.gk_blas_count)(count) = l.count
	p := l.Product
	p.Count, p.Context = C.gk_blas_rows, count
	planned, err := b.lib.Plan(p)
	if err != nil {
		C.free(count)
		return multiplication{}, cux.Launch{}, err
	}
	m := multiplication{planned, count}
	name := fmt.Sprintf("cublasLtMatmul(%d x %d over %d, %s)", p.Rows, p.Cols, p.Depth, planned)
	x := cux.Launch{Name: name, Failed: func(status int) error { return libs.CublasError(name, status) }}
	x.Call, x.Context = planned.Call()
	return m, x, nil
}

// proveBlas multiplies small whole numbers, whose sums are exact in any order:
// once as a whole, once with fewer rows, and once switched off as after a fault.
func (d *Device) proveBlas(b *blas) error {
	const rows, cols, depth, some = 96, 64, 80, 41
	wide := int(up32(depth))
	left, right := make([]uint16, rows*wide), make([]uint16, cols*wide)
	number := func(i, k, m int) float32 { return float32((i*7+k*5)%m - m/2) }
	half := func(x float32) uint16 { return uint16(math.Float32bits(x) >> 16) } // small whole numbers are bf16
	for k := range depth {
		for i := range rows {
			left[i*wide+k] = half(number(i, k, 9))
		}
		for j := range cols {
			right[j*wide+k] = half(number(j, k, 11))
		}
	}
	const room = 1 << 16
	memory, err := d.reserve(4*room, "proof of cuBLASLt")
	if err != nil {
		return err
	}
	at := func(i int) cu.DevicePtr { return memory + cu.DevicePtr(i*room) }
	l := &libraryProduct{Product: libs.Product{
		Rows: rows, Cols: cols, Depth: depth, A: uintptr(at(0)), B: uintptr(at(1)), C: uintptr(at(2)), Scales: uintptr(at(3)),
		Workspace: uintptr(b.workspace), WorkspaceBytes: blasWorkspace,
	}, count: C.gk_blas_count{n: C.gk_dim(kernels.DimRows)}}
	err = func() error {
		m, x, err := b.plan(l)
		if err != nil {
			return err
		}
		defer m.free()
		c := make([]float32, rows*cols)
		write := func(to cu.DevicePtr, from unsafe.Pointer, bytes int) error {
			return d.staging.Write(to, from, int64(bytes))
		}
		if err := errors.Join(write(at(0), unsafe.Pointer(&left[0]), 2*len(left)), write(at(1), unsafe.Pointer(&right[0]), 2*len(right))); err != nil {
			return err
		}
		for _, try := range []struct {
			n           int
			alpha, beta float32
		}{{rows, 1, 1}, {some, 1, 0}, {rows, 0, 1}} {
			for i := range c {
				c[i] = float32(i%17 - 8)
			}
			scales := [2]float32{try.alpha, try.beta}
			if err := errors.Join(write(at(2), unsafe.Pointer(&c[0]), 4*len(c)), write(at(3), unsafe.Pointer(&scales[0]), 8)); err != nil {
				return err
			}
			if status := C.gk_blas_try(C.gk_blas_call(x.Call), x.Context, cux.StreamHandle(d.stream), C.int(try.n)); status != 0 {
				return x.Failed(int(status))
			}
			if err := cux.Wrap(d.stream.Synchronize(), "cuStreamSynchronize(after cublasLtMatmul)"); err != nil {
				return err
			}
			if err := d.staging.Read(unsafe.Pointer(&c[0]), at(2), int64(4*len(c))); err != nil {
				return err
			}
			for i, got := range c {
				want := float32(i%17 - 8)
				if i/cols < try.n {
					want *= try.beta
					for k := range depth {
						want += try.alpha * number(i/cols, k, 9) * number(i%cols, k, 11)
					}
				}
				if got != want {
					return fmt.Errorf("it computes %g for element (%d, %d) of a product of %d rows, want %g", got, i/cols, i%cols, try.n, want)
				}
			}
		}
		return nil
	}()
	d.own -= 4 * room
	return errors.Join(err, cux.Wrap(cu.MemFree(memory), "cuMemFree(proof of cuBLASLt)"))
}
