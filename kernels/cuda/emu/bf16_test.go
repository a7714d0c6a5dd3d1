//go:build cuda && linux

package emu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// round is round_bf16: to nearest, ties to even, subnormal numbers to zero.
func round(x float32) float32 {
	u := math.Float32bits(x)
	if u&0x7fffffff < 0x00800000 {
		return math.Float32frombits(u & 0x80000000)
	}
	return math.Float32frombits((u + 0x7fff + u>>16&1) &^ 0xffff)
}

// numbers reserves and fills n random floats, `shift` floats off a multiple of 16.
func numbers(t *testing.T, r *rand.Rand, n, shift int) (memory, []float32) {
	m, err := reserve(int64(4 * (n + shift)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.free() })
	x := unsafe.Slice((*float32)(unsafe.Add(m.data, 4*shift)), n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return m, x
}

// The three products with factors of bf16 are those of float64 on the rounded
// factors, on sizes around the tile and with packed weights at odd addresses.
func TestProductsInBF16(t *testing.T) {
	d := device(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, k, o int }{
		{1, 1, 1}, {1, 64, 64}, {5, 33, 17}, {7, 100, 49}, {33, 64, 96}, {130, 40, 72}, {3, 513, 9}, {2, 5, 300}, {257, 16, 129}, {1409, 3, 1410}, // the last in large tiles
	} {
		for _, shift := range []int{0, 3} {
			if c.n > 1000 && shift == 0 {
				continue // the other is the harder one, and this takes seconds
			}
			t.Run(fmt.Sprintf("n=%d k=%d o=%d shift=%d", c.n, c.k, c.o, shift), func(t *testing.T) { products(t, d, r, c.n, c.k, c.o, shift) })
		}
	}
}

// The parameter blocks of abi.h, as Go lays them out.
type headBlock struct {
	run, fault unsafe.Pointer
	op, n      int32
}
type packBlock struct {
	headBlock
	dst, w     unsafe.Pointer
	o, k, back int32
}
type linearBlock struct {
	headBlock
	y, _, _, res unsafe.Pointer
	o, k         int32
	pack, factor unsafe.Pointer
}
type dxBlock struct {
	headBlock
	dx, _, _  unsafe.Pointer
	o, k, acc int32
	back      unsafe.Pointer
	factor    unsafe.Pointer
}
type dwBlock struct {
	headBlock
	dw, _, _ unsafe.Pointer
	o, k     int32
	dy, x    unsafe.Pointer
}
type roundBlock struct {
	headBlock
	dst, x  unsafe.Pointer
	c, _, _ int32
	_       unsafe.Pointer
	_       float32
}

// launcher starts kernels in three blocks, with the shared memory of products.
func launcher(t *testing.T, d *Device) func(kernel string, params []byte) {
	return func(kernel string, params []byte) {
		t.Helper()
		if err := d.emu.Launch(kernel, [3]int{3, 1, 1}, 256, mmaShared, params); err != nil {
			t.Fatal(err)
		}
	}
}

// rounded has x (rows, c) rounded by its kernel, turned around or not, and
// compares every element.
func rounded(t *testing.T, d *Device, head headBlock, x []float32, c int, turned bool) unsafe.Pointer {
	t.Helper()
	rows := len(x) / c
	kernel, tall, wide := "gk_round_rows", rows, (c+31)/32*32
	if turned {
		kernel, tall, wide = "gk_round_columns", c, (rows+31)/32*32
	}
	m, err := reserve(int64(2 * tall * wide))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.free() })
	launcher(t, d)(kernel, bytes(&roundBlock{headBlock: head, dst: m.data, x: unsafe.Pointer(&x[0]), c: int32(c)}))
	for i, got := range unsafe.Slice((*uint16)(m.data), tall*wide) {
		r, k, want := i/wide, i%wide, float32(0)
		if turned {
			r, k = k, r
		}
		if r < rows && k < c {
			want = round(x[r*c+k])
		}
		if math.Float32bits(want) != uint32(got)<<16 {
			t.Fatalf("%s: element %d, %d is %x, want %g", kernel, i/wide, i%wide, got, want)
		}
	}
	return m.data
}

func products(t *testing.T, d *Device, r *rand.Rand, n, k, o, shift int) {
	fault, err := reserve(8)
	if err != nil {
		t.Fatal(err)
	}
	defer fault.free()
	*(*uint64)(fault.data) = math.MaxUint64
	head := headBlock{run: fault.data, fault: fault.data, n: int32(n)}
	first := func(x []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }
	launch := launcher(t, d)
	up := func(x, by int) int { return (x + by - 1) / by * by }
	_, x := numbers(t, r, n*k, shift)
	_, w := numbers(t, r, o*k, 0)
	_, dy := numbers(t, r, n*o, 1)
	_, res := numbers(t, r, n*o, 2)
	_, y := numbers(t, r, n*o, 3)
	_, dx := numbers(t, r, n*k, 0)
	_, dw := numbers(t, r, o*k, 1)
	w[0], x[0] = 1e-39, float32(math.Copysign(3e-39, -1)) // subnormal: taken for zero

	packs := [2]unsafe.Pointer{}
	for back, size := range [2][2]int{{o, k}, {k, o}} {
		m, err := reserve(int64(2 * (up(size[0], 64)*up(size[1], 32) + shift)))
		if err != nil {
			t.Fatal(err)
		}
		defer m.free()
		packs[back] = unsafe.Add(m.data, 2*shift)
		p := packBlock{headBlock: head, dst: packs[back], w: first(w), o: int32(o), k: int32(k), back: int32(back)}
		launch("gk_pack_bf16", bytes(&p))
		for i, got := range unsafe.Slice((*uint16)(packs[back]), up(size[0], 64)*up(size[1], 32)) {
			row, col := i/up(size[1], 32), i%up(size[1], 32)
			want := float32(0)
			if row < size[0] && col < size[1] {
				at := row*k + col
				if back == 1 {
					at = col*k + row
				}
				want = round(w[at])
			}
			if math.Float32frombits(uint32(got)<<16) != want {
				t.Fatalf("packed element %d, %d is %x, want %g", row, col, got, want)
			}
		}
	}
	compare := func(what string, got []float32, want func(i int) float64) {
		t.Helper()
		var diff, norm float64
		for i, g := range got {
			w := want(i)
			diff += (float64(g) - w) * (float64(g) - w)
			norm += w * w
		}
		if e := math.Sqrt(diff / norm); !(e <= 1e-6) {
			t.Errorf("%s: error %.2e", what, e)
		}
	}
	exact := func(a, b float32) float64 { return float64(round(a)) * float64(round(b)) }

	p := linearBlock{headBlock: head, y: first(y), res: first(res), o: int32(o), k: int32(k), pack: packs[0], factor: rounded(t, d, head, x, k, false)}
	launch("gk_linear_fwd_bf16", bytes(&p))
	compare("y", y, func(i int) float64 {
		sum := float64(res[i])
		for j := range k {
			sum += exact(x[i/o*k+j], w[i%o*k+j])
		}
		return sum
	})
	before := append([]float32(nil), dx...)
	q := dxBlock{headBlock: head, dx: first(dx), o: int32(o), k: int32(k), acc: 1, back: packs[1], factor: rounded(t, d, head, dy, o, false)}
	launch("gk_linear_bwd_dx_bf16", bytes(&q))
	compare("dx", dx, func(i int) float64 {
		sum := float64(before[i])
		for j := range o {
			sum += exact(dy[i/k*o+j], w[j*k+i%k])
		}
		return sum
	})
	before = append([]float32(nil), dw...)
	s := dwBlock{headBlock: head, dw: first(dw), o: int32(o), k: int32(k), dy: rounded(t, d, head, dy, o, true), x: rounded(t, d, head, x, k, true)}
	launch("gk_linear_bwd_dw_bf16", bytes(&s))
	compare("dw", dw, func(i int) float64 {
		sum := float64(before[i])
		for j := range n {
			sum += exact(dy[j*o+i/k], x[j*k+i%k])
		}
		return sum
	})
	if *(*uint64)(fault.data) != math.MaxUint64 {
		t.Error("a product reports a fault")
	}
}

// A row in a large product, in large tiles, has the bits of the same row in a
// small one.
func TestTilesChangeNoBit(t *testing.T) {
	if testing.Short() {
		t.Skip("multiplies large matrices")
	}
	d := device(t)
	r := rand.New(rand.NewPCG(3, 4))
	const n, k, o = 1409, 70, 1410
	fault, err := reserve(8)
	if err != nil {
		t.Fatal(err)
	}
	defer fault.free()
	*(*uint64)(fault.data) = math.MaxUint64
	_, x := numbers(t, r, n*k, 0)
	_, w := numbers(t, r, o*k, 0)
	_, large := numbers(t, r, n*o, 0)
	_, small := numbers(t, r, n*o, 0)
	pack, err := reserve(2 * 1472 * 96)
	if err != nil {
		t.Fatal(err)
	}
	defer pack.free()
	launch := launcher(t, d)
	head := headBlock{run: fault.data, fault: fault.data, n: n}
	launch("gk_pack_bf16", bytes(&packBlock{headBlock: head, dst: pack.data, w: unsafe.Pointer(&w[0]), o: o, k: k}))
	launch("gk_linear_fwd_bf16", bytes(&linearBlock{headBlock: head, y: unsafe.Pointer(&large[0]), factor: rounded(t, d, head, x, k, false), o: o, k: k, pack: pack.data}))
	for _, part := range [][2]int{{0, 1}, {63, 5}, {700, 130}, {1400, 9}} {
		head.n = int32(part[1])
		some := rounded(t, d, head, x[part[0]*k:(part[0]+part[1])*k], k, false)
		launch("gk_linear_fwd_bf16", bytes(&linearBlock{headBlock: head, y: unsafe.Pointer(&small[0]), factor: some, o: o, k: k, pack: pack.data}))
		for i := range part[1] * o {
			if a, b := small[i], large[part[0]*o+i]; math.Float32bits(a) != math.Float32bits(b) {
				t.Fatalf("rows %v: element %d is %g, in the large product %g", part, i, a, b)
			}
		}
	}
}
