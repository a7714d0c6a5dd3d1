//go:build cuda && linux

package emu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// productBlock is gk_product.
type productBlock struct {
	headBlock
	c, res, a, b                                         unsafe.Pointer
	rows, cols, depth, chunk, row0, along, checked, tile int32
}

// halves reserves a factor of bf16, (rows, depth rounded up to 32) and zeros beyond,
// `shift` bytes before a multiple of 16.
func halves(t *testing.T, r *rand.Rand, rows, depth, shift int) []uint16 {
	t.Helper()
	wide := (depth + 31) / 32 * 32
	m, err := reserve(int64(2*rows*wide + 16))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.free() })
	x := unsafe.Slice((*uint16)(unsafe.Pointer(uintptr(m.data)&^15+16-uintptr(shift))), rows*wide)
	for i := range rows {
		for k := range depth {
			x[i*wide+k] = uint16(math.Float32bits(round(float32(r.NormFloat64()))) >> 16)
		}
	}
	return x
}

// Products of warpgroups, in tiles of every size and in those that the kernel
// chooses, have the bits of those by mma.sync: both units of the emulator add along
// the depth one by one.
func TestProductsOfWarpgroups(t *testing.T) {
	d := device(t)
	r := rand.New(rand.NewPCG(7, 8))
	fault, err := reserve(8)
	if err != nil {
		t.Fatal(err)
	}
	defer fault.free()
	*(*uint64)(fault.data) = math.MaxUint64
	launch := launcher(t, d)
	for _, c := range []struct{ rows, cols, depth int }{
		{1, 1, 1}, {64, 130, 33}, {130, 63, 513}, {257, 129, 70}, {9, 72, 1100},
	} {
		a, b := halves(t, r, c.rows, c.depth, 0), halves(t, r, c.cols, c.depth, c.depth%2*6)
		_, res := numbers(t, r, c.rows*c.cols, 0)
		_, want := numbers(t, r, c.rows*c.cols, 1)
		_, got := numbers(t, r, c.rows*c.cols, 1)
		head := headBlock{run: fault.data, fault: fault.data, n: int32(c.rows)}
		launch("gk_linear_fwd_bf16", bytes(&linearBlock{headBlock: head, y: unsafe.Pointer(&want[0]), res: unsafe.Pointer(&res[0]), o: int32(c.cols), k: int32(c.depth),
			pack: unsafe.Pointer(&b[0]), factor: unsafe.Pointer(&a[0])}))
		for tile := range 4 {
			for _, along := range []bool{false, true} {
				copy(got, res)
				p := productBlock{headBlock: head, c: unsafe.Pointer(&got[0]), res: unsafe.Pointer(&got[0]), a: unsafe.Pointer(&a[0]), b: unsafe.Pointer(&b[0]),
					rows: -1, cols: int32(c.cols), depth: int32(c.depth), tile: int32(tile)}
				if along {
					p.n, p.rows, p.depth, p.along = int32(c.depth), int32(c.rows), -1, 1
				}
				if err := d.emu.Launch("gk_product_bf16", [3]int{3, 1, 1}, 256, productShared, bytes(&p)); err != nil {
					t.Fatalf("%+v, tile %d, along %v: %v", c, tile, along, err)
				}
				for i := range got {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%+v, tile %d, along %v: element (%d, %d) is %g, by mma.sync %g", c, tile, along, i/c.cols, i%c.cols, got[i], want[i])
					}
				}
			}
		}
	}
	if *(*uint64)(fault.data) != math.MaxUint64 {
		t.Error("a product reports a fault")
	}
}

// A product works on the rows of its chunk and leaves the others, and on none after
// a fault.
func TestProductOfAChunk(t *testing.T) {
	d := device(t)
	r := rand.New(rand.NewPCG(9, 10))
	fault, err := reserve(8)
	if err != nil {
		t.Fatal(err)
	}
	defer fault.free()
	const rows, cols, depth, chunk = 40, 70, 50, 32
	a, b := halves(t, r, chunk, depth, 0), halves(t, r, cols, depth, 0)
	_, c := numbers(t, r, chunk*cols, 0)
	for _, try := range []struct {
		row0    int32
		fault   uint64
		checked int32
		want    int // rows that are written
	}{
		{0, math.MaxUint64, 0, 32}, {32, math.MaxUint64, 1, 8}, {64, math.MaxUint64, 0, 0},
		{0, 2 << 40, 0, 0}, {0, 3 << 40, 0, 32}, {0, 3 << 40, 1, 0}, // op 3, and one before
	} {
		*(*uint64)(fault.data) = try.fault
		for i := range c {
			c[i] = -99
		}
		p := productBlock{headBlock: headBlock{run: fault.data, fault: fault.data, op: 3, n: rows}, c: unsafe.Pointer(&c[0]), a: unsafe.Pointer(&a[0]), b: unsafe.Pointer(&b[0]),
			cols: cols, depth: depth, chunk: chunk, row0: try.row0, checked: try.checked}
		if err := d.emu.Launch("gk_product_bf16", [3]int{1, 1, 1}, 256, productShared, bytes(&p)); err != nil {
			t.Fatal(err)
		}
		for i, x := range c {
			if (x != -99) != (i/cols < try.want) {
				t.Fatalf("%s: element (%d, %d) is %g", fmt.Sprintf("%+v", try), i/cols, i%cols, x)
			}
		}
	}
}
