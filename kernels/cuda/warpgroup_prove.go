//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
)

// The proof of the matrix units of compute capability 9.0: what the documentation
// of wgmma leaves open, and what would be wrong if the kernel were, is asked when a
// device is opened, in eighteen small launches.
const (
	proofRows, proofCols = 270, 140 // more than a tile of any size, and no multiple
	proofDepth           = 990      // more steps than there are stages, the last one half full
	// Rows and columns repeat after primes, so that equal ones lie in all places of a tile.
	proofRowPeriod, proofColPeriod = 31, 37
)

// productTiles are the sizes that the kernel chooses from.
var productTiles = []struct {
	tile C.int
	name string // rows of b x rows of a
}{{C.GK_TILE_LARGE, "128x256"}, {C.GK_TILE_MIDDLE, "128x64"}, {C.GK_TILE_SMALL, "64x64"}}

// productProof is the memory of a proof.
type productProof struct {
	d       *Device
	a, b, c cu.DevicePtr
	block   cu.DevicePtr
	host    *C.gk_block
	left    []float32 // (proofRowPeriod, proofDepth)
	right   []float32 // (proofColPeriod, proofDepth)
}

// proveWarpgroups multiplies whole numbers, whose sums are exact in any order, in
// tiles of each size: as a whole, with fewer rows, with the rows of a run as depth,
// and switched off as after a fault. Then it multiplies numbers whose sums are
// rounded: equal rows must have equal bits in every place of a tile of every size,
// alone and among others, near the sums of float64.
func (d *Device) proveWarpgroups() (err error) {
	wide := int(up32(proofDepth))
	sizes := []int64{2 * proofRows * int64(wide), 2 * proofCols * int64(wide), 4 * proofRows * proofCols, blockBytes}
	p := &productProof{d: d}
	for i, at := range []*cu.DevicePtr{&p.a, &p.b, &p.c, &p.block} {
		if *at, err = d.reserve(sizes[i], "proof of wgmma"); err != nil {
			return errors.Join(err, p.free(sizes))
		}
	}
	host, err := cux.AllocPinned(int64(unsafe.Sizeof(C.gk_block{})))
	if err == nil {
		p.host = (*C.gk_block)(host)
		if err = p.exact(); err == nil {
			err = p.rounded()
		}
	}
	return errors.Join(err, p.free(sizes))
}

func (p *productProof) free(sizes []int64) error {
	var errs []error
	if p.host != nil {
		errs = append(errs, cux.FreePinned(unsafe.Pointer(p.host)))
	}
	for i, at := range []cu.DevicePtr{p.a, p.b, p.c, p.block} {
		if at != 0 {
			p.d.own -= sizes[i]
			errs = append(errs, cux.Wrap(cu.MemFree(at), "cuMemFree(proof of wgmma)"))
		}
	}
	return errors.Join(errs...)
}

// factors puts both factors on the GPU, as number gives their elements.
func (p *productProof) factors(left, right func(i, k int) float32) error {
	p.left, p.right = table(proofRowPeriod, left), table(proofColPeriod, right)
	return errors.Join(p.send(p.a, p.left, proofRows, proofRowPeriod), p.send(p.b, p.right, proofCols, proofColPeriod))
}

func table(rows int, number func(i, k int) float32) []float32 {
	x := make([]float32, rows*proofDepth)
	for i := range x {
		x[i] = kernels.RoundBF16(number(i/proofDepth, i%proofDepth))
	}
	return x
}

func (p *productProof) send(to cu.DevicePtr, x []float32, rows, period int) error {
	wide := int(up32(proofDepth))
	halves := make([]uint16, rows*wide)
	for i := range rows {
		for k := range proofDepth {
			halves[i*wide+k] = uint16(math.Float32bits(x[i%period*proofDepth+k]) >> 16)
		}
	}
	return p.d.staging.Write(to, unsafe.Pointer(&halves[0]), int64(2*len(halves)))
}

// multiply runs one product on c and returns it. rows is that of a run, or its
// depth along.
func (p *productProof) multiply(tile C.int, rows int, along, stopped bool, c []float32) ([]float32, error) {
	d := p.d
	bytes := int64(4 * len(c))
	if err := d.staging.Write(p.c, unsafe.Pointer(&c[0]), bytes); err != nil {
		return nil, err
	}
	w := C.gk_product{
		h: C.gk_head{run: (*C.gk_run)(devicePointer(p.block)), fault: (*C.gk_u64)(devicePointer(p.block + cu.DevicePtr(unsafe.Offsetof(C.gk_block{}.fault)))),
			op: 1, n: C.gk_dim(kernels.DimRows)},
		c: (*C.float)(devicePointer(p.c)), a: (*C.ushort)(devicePointer(p.a)), b: (*C.ushort)(devicePointer(p.b)),
		cols: proofCols, depth: proofDepth, tile: tile,
	}
	w.res = w.c
	if along {
		w.along, w.rows = 1, proofRows
	}
	pl := plan{}
	launch(&pl, 0, "gk_product_bf16", 1<<20, C.GK_PRODUCT_SHARED, &w)
	l, err := d.launch(pl.items[0])
	if err != nil {
		return nil, noHopper{err}
	}
	*p.host = C.gk_block{run: C.gk_run{rows: C.int(rows)}, fault: noFault}
	if stopped {
		p.host.fault = 0 // of op 0
	}
	word := p.block + cu.DevicePtr(unsafe.Offsetof(C.gk_block{}.fault))
	step, err := cux.NewStep(d.ctx, d.stream, cux.StepMemory{
		HostArgs: unsafe.Pointer(p.host), Args: p.block, ArgsBytes: int64(unsafe.Sizeof(C.gk_block{})),
		HostWord: unsafe.Pointer(&p.host.fault), Word: word, WordBytes: 8,
	}, []cux.Launch{l})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(step.Run(1), step.Free()); err != nil {
		return nil, fmt.Errorf("wgmma, which %s=off leaves alone: %w", wgmmaVariable, err)
	}
	got := make([]float32, len(c))
	return got, d.staging.Read(unsafe.Pointer(&got[0]), p.c, bytes)
}

// sum is an element of the product without rounding.
func (p *productProof) sum(i, j int) (sum, size float64) {
	x, y := p.left[i%proofRowPeriod*proofDepth:], p.right[j%proofColPeriod*proofDepth:]
	for k := range proofDepth {
		v := float64(x[k]) * float64(y[k])
		sum += v
		size += math.Abs(v)
	}
	return sum, size
}

// sums are those of a period of rows and columns.
func (p *productProof) sums() (sum, size []float64) {
	sum, size = make([]float64, proofRowPeriod*proofColPeriod), make([]float64, proofRowPeriod*proofColPeriod)
	for i := range sum {
		sum[i], size[i] = p.sum(i/proofColPeriod, i%proofColPeriod)
	}
	return sum, size
}

func (p *productProof) exact() error {
	number := func(m, n int) func(i, k int) float32 {
		return func(i, k int) float32 { return float32((i*m+k*n+i*k)%31 - 15) } // small whole numbers are bf16
	}
	if err := p.factors(number(7, 5), number(3, 11)); err != nil {
		return err
	}
	sum, _ := p.sums() // at most 990*15*15, which f32 holds exactly
	before := make([]float32, proofRows*proofCols)
	for i := range before {
		before[i] = float32(i%17 - 8)
	}
	for _, t := range productTiles {
		for _, try := range []struct {
			rows, want     int // of the run, and rows that change
			along, stopped bool
		}{{proofRows, proofRows, false, false}, {41, 41, false, false}, {proofDepth, proofRows, true, false}, {proofRows, 0, false, true}} {
			got, err := p.multiply(t.tile, try.rows, try.along, try.stopped, before)
			if err != nil {
				return err
			}
			for e, x := range got {
				i, j, want := e/proofCols, e%proofCols, before[e]
				if i < try.want {
					want += float32(sum[i%proofRowPeriod*proofColPeriod+j%proofColPeriod])
				}
				if x != want {
					return noHopper{fmt.Errorf("it computes %g for element (%d, %d) of a product in tiles of %s for a run of %d rows, want %g", x, i, j, t.name, try.rows, want)}
				}
			}
		}
	}
	return nil
}

func (p *productProof) rounded() error {
	// Numbers of many sizes, so that an order or a width of sums that differs shows.
	number := func(seed uint32) func(i, k int) float32 {
		return func(i, k int) float32 {
			u := (uint32(i)*0x9e3779b9 ^ uint32(k)*0x85ebca6b ^ seed) * 0xc2b2ae35
			u ^= u >> 15
			u *= 0x27d4eb2f
			u ^= u >> 13
			return float32(math.Ldexp(float64(int(u>>8&0xff)+256), int(u&15)-16)) * float32(1-2*int(u>>31))
		}
	}
	if err := p.factors(number(1), number(2)); err != nil {
		return err
	}
	equal := equalPlaces{}
	equal.sum, equal.size = p.sums()
	zero := make([]float32, proofRows*proofCols)
	for _, t := range productTiles {
		for _, rows := range []int{proofRows, 1} {
			got, err := p.multiply(t.tile, rows, false, false, zero)
			if err != nil {
				return err
			}
			if err := equal.look(t.name, rows, got); err != nil {
				return noHopper{err}
			}
		}
	}
	return nil
}

// equalPlaces holds products to their sums, and to each other: equal rows and columns,
// which repeat after a period, must have equal bits in all of them.
type equalPlaces struct {
	sum, size []float64 // by period: the sum, and that of the terms without their signs
	first     []float32 // by period, of the first product
	tile      string    // in which that was
}

// look compares a product of so many rows in tiles of a size.
func (q *equalPlaces) look(tile string, rows int, got []float32) error {
	begin := q.first == nil
	if begin {
		q.first, q.tile = make([]float32, len(q.sum)), tile
	}
	for e, x := range got[:rows*proofCols] {
		i, j := e/proofCols, e%proofCols
		at := i%proofRowPeriod*proofColPeriod + j%proofColPeriod
		if begin && i < proofRowPeriod && j < proofColPeriod {
			q.first[at] = x
			// A chain of f32 sums, each cut off, is within depth * 2^-23 of the size of its
			// terms.
			if bound := proofDepth * q.size[at] / (1 << 23); !(math.Abs(float64(x)-q.sum[at]) <= bound) {
				return fmt.Errorf("it computes %g for element (%d, %d) of a product, want %g and an error below %g", x, i, j, q.sum[at], bound)
			}
		}
		if math.Float32bits(x) != math.Float32bits(q.first[at]) {
			return fmt.Errorf("its bits depend on the place of a row: element (%d, %d) of a product of %d rows in tiles of %s is %08x (%g), an equal one in tiles of %s %08x (%g)",
				i, j, rows, tile, math.Float32bits(x), x, q.tile, math.Float32bits(q.first[at]), q.first[at])
		}
	}
	return nil
}
