//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"gorgonia.org/cu"

	"gradus/kernels"
)

// The products with factors of bf16: rows of f32 are rounded to scratch memory
// once, and the product copies them from there as it copies the packed weights.

// up32 is n rounded up to 32: rounded rows are that long, zeros at their end.
func up32(n int) int64 { return ceilDiv(int64(n), 32) * 32 }

// halves reserves scratch memory for matrices of so many numbers of bf16.
func (p *plan) halves(counts ...int64) []*C.ushort {
	at := make([]*C.ushort, len(counts))
	var bytes int64
	for i, n := range counts {
		at[i] = (*C.ushort)(devicePointer(p.scratch + cu.DevicePtr(bytes)))
		bytes += ceilDiv(2*n, 256) * 256
	}
	p.need(bytes)
	return at
}

// round adds the rounding of x (rows, c) to dst, turned around or not. chunk is
// 0, or the rows begin at row0 of the op's and are at most chunk.
func (p *plan) round(at int, n kernels.Dim, dst *C.ushort, x *C.float, rows, c, chunk, row0 int, turned bool) {
	p.roundFor(at, n, dst, x, rows, c, chunk, row0, turned, nil, 0)
}

// roundFor also writes what cuBLASLt multiplies the product and C with.
func (p *plan) roundFor(at int, n kernels.Dim, dst *C.ushort, x *C.float, rows, c, chunk, row0 int, turned bool, scales *C.float, beta float32) {
	r := C.gk_round{h: p.head(at, n), dst: dst, x: x, c: C.int(c), chunk: C.int(chunk), row0: C.int(row0), scales: scales, beta: C.float(beta)}
	if turned {
		launch(p, at, "gk_round_columns", ceilDiv(int64(rows), 32)*ceilDiv(int64(c), 32), 0, &r)
	} else {
		launch(p, at, "gk_round_rows", int64(rows), 0, &r)
	}
}

// tilesBF16 is the number of tiles of a product in bf16, the smaller ones.
func tilesBF16(rows, cols int) int64 {
	const tile = C.GK_MMA_TILE / 2
	return ceilDiv(int64(rows), tile) * ceilDiv(int64(cols), tile)
}

func multiply[T any](p *plan, at int, kernel string, rows, cols int, params *T) {
	launch(p, at, kernel, tilesBF16(rows, cols), C.GK_MMA_SHARED, params)
}

func (p *plan) linearBF16(at int, o kernels.Linear) {
	n := o.N.Of(p.max)
	x := p.halves(int64(n) * up32(o.K))[0]
	p.round(at, o.N, x, p.f(o.X), n, o.K, 0, 0, false)
	product(p, at, "gk_linear_fwd_bf16", n, o.O,
		&C.gk_linear{h: p.head(at, o.N), y: p.f(o.Y), res: p.f(o.Res), o: C.int(o.O), k: C.int(o.K), pack: p.h(o.Pack), rounded: x},
		C.gk_product{h: p.head(at, o.N), c: p.f(o.Y), res: p.f(o.Res), a: x, b: p.h(o.Pack), cols: C.int(o.O), depth: C.int(o.K)})
}

func (p *plan) linearDXBF16(at int, o kernels.LinearDX) {
	n := o.N.Of(p.max)
	m := p.halves(int64(n)*up32(o.O), scaleHalves)
	l := p.library(n, o.K, o.O, false, o.N, 0, 0, p.at[o.DX], p.at[o.Pack])
	p.roundFor(at, o.N, m[0], p.f(o.DY), n, o.O, 0, 0, false, l.scales(m[1]), acc(o.Acc))
	if l != nil {
		p.call(at, l, m[0], p.h(o.Pack), p.f(o.DX), m[1])
		return
	}
	w := C.gk_product{h: p.head(at, o.N), c: p.f(o.DX), a: m[0], b: p.h(o.Pack), cols: C.int(o.K), depth: C.int(o.O)}
	if o.Acc {
		w.res = w.c
	}
	product(p, at, "gk_linear_bwd_dx_bf16", n, o.K,
		&C.gk_linear_dx{h: p.head(at, o.N), dx: p.f(o.DX), o: C.int(o.O), k: C.int(o.K), acc: flag(o.Acc), back: p.h(o.Pack), rounded: m[0]}, w)
}

func (p *plan) linearDWBF16(at int, o kernels.LinearDW) {
	n := o.N.Of(p.max)
	m := p.halves(int64(o.O)*up32(n), int64(o.K)*up32(n), scaleHalves)
	l := p.library(o.O, o.K, n, true, o.N, 0, 0, p.at[o.DW])
	p.round(at, o.N, m[0], p.f(o.DY), n, o.O, 0, 0, true)
	p.roundFor(at, o.N, m[1], p.f(o.X), n, o.K, 0, 0, true, l.scales(m[2]), 1)
	if l != nil {
		p.call(at, l, m[0], m[1], p.f(o.DW), m[2])
		return
	}
	product(p, at, "gk_linear_bwd_dw_bf16", o.O, o.K,
		&C.gk_linear_dw{h: p.head(at, o.N), dw: p.f(o.DW), o: C.int(o.O), k: C.int(o.K), dy_turned: m[0], x_turned: m[1]},
		C.gk_product{h: p.head(at, o.N), c: p.f(o.DW), res: p.f(o.DW), a: m[0], b: m[1], rows: C.int(o.O), cols: C.int(o.K), along: 1})
}

// rowOf is where row r of a matrix of c floats a row lies.
func (p *plan) rowOf(ref kernels.Ref, r, c int) *C.float {
	return (*C.float)(devicePointer(p.at[ref] + cu.DevicePtr(int64(r)*int64(c)*elementSize)))
}

// lossLogitsBF16 adds the product that fills l's logits with those of a chunk.
func (p *plan) lossLogitsBF16(at int, o kernels.LossRows, l C.gk_loss) {
	l.rounded = p.halves(int64(o.Chunk) * up32(o.C))[0]
	l.pack = p.h(o.Pack)
	p.round(at, o.N, l.rounded, p.rowOf(o.H, int(l.row0), o.C), o.Chunk, o.C, o.Chunk, int(l.row0), false)
	product(p, at, "gk_loss_logits_bf16", o.Chunk, o.V, &l,
		C.gk_product{h: l.h, c: l.logits, a: l.rounded, b: l.pack, cols: l.v, depth: l.c, chunk: l.chunk, row0: l.row0, checked: 1})
}

// lossBwdBF16 adds the launches of one chunk. The rounded factors of the three
// products follow each other in the same memory; only H turned around, which
// is small, has its own.
func (p *plan) lossBwdBF16(at int, o kernels.LossRowsBwd, l C.gk_loss_bwd) {
	most := max(int64(o.Chunk)*up32(o.V), int64(o.V)*up32(o.Chunk), int64(o.Chunk)*up32(o.C))
	m := p.halves(most, int64(o.C)*up32(o.Chunk), scaleHalves)
	l.rounded, l.h_turned, l.pack, l.back = m[0], m[1], p.h(o.Pack), p.h(o.PackBack)
	row0 := int(l.row0)
	h, logits, dh := p.rowOf(o.H, row0, o.C), p.f(o.Scratch), p.rowOf(o.DH, row0, o.C)
	p.round(at, o.N, m[0], h, o.Chunk, o.C, o.Chunk, row0, false)
	w := C.gk_product{h: l.h, c: l.logits, a: l.rounded, b: l.pack, cols: l.v, depth: l.c, chunk: l.chunk, row0: l.row0, checked: 1}
	product(p, at, "gk_loss_bwd_logits_bf16", o.Chunk, o.V, &l, w)
	launch(p, at, "gk_loss_bwd_rows", int64(o.Chunk), 0, &l)

	dx := p.library(o.Chunk, o.C, o.V, false, o.N, o.Chunk, row0, p.at[o.DH], p.at[o.PackBack])
	p.roundFor(at, o.N, m[0], logits, o.Chunk, o.V, o.Chunk, row0, false, dx.scales(m[2]), 0)
	if dx != nil {
		p.call(at, dx, m[0], l.back, dh, m[2])
	} else {
		w.c, w.b, w.cols, w.depth = dh, l.back, l.c, l.v
		product(p, at, "gk_loss_bwd_dx_bf16", o.Chunk, o.C, &l, w)
	}
	dw := p.library(o.V, o.C, o.Chunk, true, o.N, o.Chunk, row0, p.at[o.DW])
	p.roundFor(at, o.N, m[0], logits, o.Chunk, o.V, o.Chunk, row0, true, dw.scales(m[2]), 1)
	p.round(at, o.N, m[1], h, o.Chunk, o.C, o.Chunk, row0, true)
	if dw != nil {
		p.call(at, dw, m[0], m[1], p.f(o.DW), m[2])
	} else {
		w.c, w.res, w.b, w.rows, w.cols, w.along = l.dw, l.dw, l.h_turned, l.v, l.c, 1
		product(p, at, "gk_loss_bwd_dw_bf16", o.V, o.C, &l, w)
	}
}

// acc is what a result that is added to is multiplied with.
func acc(on bool) float32 {
	if on {
		return 1
	}
	return 0
}
