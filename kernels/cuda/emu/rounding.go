//go:build cuda && linux

package emu

// #include "../abi.h"
import "C"

import (
	"errors"
	"unsafe"
)

// chunk is the part of an op's rows that a launch of a loss op works on; none
// is all of them.
type chunk struct{ rows, first int }

// rounding launches the products with factors of bf16 of one op or chunk: first
// the kernels that round the factors, to memory of exactly their size.
type rounding struct {
	e    *program
	held []memory
	err  error
}

// rounded runs f and frees what it has rounded.
func (e *program) rounded(f func(*rounding) error) error {
	r := &rounding{e: e}
	err := f(r)
	for i := range r.held {
		r.held[i].free()
	}
	return errors.Join(r.err, err)
}

func up32(n int) int64 { return ceilDiv(int64(n), 32) * 32 }

// rows rounds x (rows, c) as it lies, columns turns it around.
func (r *rounding) rows(h C.gk_head, x *C.float, rows, c int, part chunk) *C.ushort {
	return r.round("gk_round_rows", int64(rows)*up32(c), int64(rows), h, x, c, part)
}
func (r *rounding) columns(h C.gk_head, x *C.float, rows, c int, part chunk) *C.ushort {
	return r.round("gk_round_columns", int64(c)*up32(rows), up32(rows)/32*up32(c)/32, h, x, c, part)
}

func (r *rounding) round(kernel string, numbers, items int64, h C.gk_head, x *C.float, c int, part chunk) *C.ushort {
	m, err := scratch(numbers / 2)
	if err != nil {
		r.err = errors.Join(r.err, err)
		return nil
	}
	r.held = append(r.held, m)
	p := C.gk_round{h: h, dst: (*C.ushort)(m.data), x: x, c: C.int(c), chunk: C.int(part.rows), row0: C.int(part.first)}
	r.err = errors.Join(r.err, r.e.start(kernel, items, 256, 0, bytes(&p)))
	return p.dst
}

// product starts the kernel, unless a factor could not be rounded.
func (r *rounding) product(kernel string, rows, cols int, params []byte) error {
	if r.err != nil {
		return nil // rounded returns it
	}
	return r.e.start(kernel, tiles(rows, cols), 256, C.GK_MMA_SHARED, params)
}

// row is row n of a matrix of c floats a row.
func row(x *C.float, n, c int) *C.float {
	return (*C.float)(unsafe.Add(unsafe.Pointer(x), 4*int64(n)*int64(c)))
}
