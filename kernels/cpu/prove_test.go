package cpu

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gradus/kernels"
)

// Every path passes the test that Open puts to it.
func TestProve(t *testing.T) {
	for _, p := range testPaths(t) {
		if err := prove(p); err != nil {
			t.Errorf("path %s: %v", p.Name, err)
		}
	}
}

// A path whose results are wrong is left out, with the reason, and the next
// one put to the test; generic needs none.
func TestProven(t *testing.T) {
	paths := []Path{{Name: "generic", Available: true}, {Name: "avx2", Available: true}, {Name: "avx512", Available: true}, {Name: "amx"}}
	for _, c := range []struct {
		wrong, want, tested string
	}{
		{"", "avx512", "avx512"},
		{"avx512", "avx2", "avx512 avx2"},
		{"avx512 avx2", "generic", "avx512 avx2"},
	} {
		var tested []string
		p, refused, err := proven(paths, func(p Path) error {
			tested = append(tested, p.Name)
			if strings.Contains(c.wrong, p.Name) {
				return errors.New("linear in f32 differs")
			}
			return nil
		})
		if err != nil || p.Name != c.want || strings.Join(tested, " ") != c.tested {
			t.Errorf("wrong %q: path %q after testing %v, %v; want %q after %s", c.wrong, p.Name, tested, err, c.want, c.tested)
		}
		if len(refused) != len(strings.Fields(c.wrong)) {
			t.Errorf("wrong %q: refused %q", c.wrong, refused)
		}
		for i, name := range strings.Fields(c.wrong) {
			if want := "path " + name + ": linear in f32 differs"; refused[i] != want {
				t.Errorf("refused %q, want %q", refused[i], want)
			}
		}
	}
}

// The test sees an op that does not do its work, in f32 and in bf16.
func TestProveFails(t *testing.T) {
	p, ok := tilesPath()
	if !ok {
		t.Skip("this CPU has no AVX2")
	}
	for _, c := range []struct {
		op   kernels.Op
		want string
	}{
		{kernels.SwiGLU{}, "swiglu in f32 differs"},
		{kernels.LinearDX{}, "linear dx in f32 differs"},
		{kernels.LinearDW{}, "linear dw in bf16 differs"},
	} {
		broken, free := p.without(c.op)
		if err := prove(broken); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a path without %s: error %v, want %q", c.op.Kind(), err, c.want)
		}
		free()
	}
}

// The model of the tile registers has the bits of the instructions, where the
// machine or an emulator has them: products and rounding of random patterns,
// with subnormals, infinities and NaN among them.
func TestTilesAgainstModel(t *testing.T) {
	real, err := choose(Paths(), "amx")
	if err != nil {
		t.Skip(err)
	}
	model, ok := tilesPath()
	if !ok {
		t.Skip("this CPU has no AVX2")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var a, b [512]uint16
		var c [256]float32
		var from [32]float32
		scale := r.IntN(3) // 0: any bits; 1: sums that get subnormal; 2: ordinary
		bits := func() uint16 {
			x := uint16(r.Uint32())
			switch scale {
			case 1:
				return x&0x81ff | uint16(31+r.IntN(3))<<7&0x7f80 // around 2^-96... 2^-94
			case 2:
				return x&0x807f | uint16(120+r.IntN(12))<<7
			}
			return x
		}
		for i := range a {
			a[i], b[i] = bits(), bits()
		}
		for i := range c {
			c[i] = math.Float32frombits(uint32(bits())<<16 | r.Uint32()>>16)
		}
		for i := range from {
			from[i] = math.Float32frombits(uint32(bits())<<16 | r.Uint32()>>16)
		}
		want, got := c, c
		model.tileOnce(&want, &a, &b)
		real.tileOnce(&got, &a, &b)
		for i := range want {
			if math.Float32bits(want[i]) != math.Float32bits(got[i]) && !(want[i] != want[i] && got[i] != got[i]) {
				t.Fatalf("scale %d: sum %d is %x, the model has %x", scale, i, math.Float32bits(got[i]), math.Float32bits(want[i]))
			}
		}
		if w, g := model.roundPairs(&from), real.roundPairs(&from); w != g {
			t.Fatalf("scale %d: %x rounds to %x, the model has %x", scale, from, g, w)
		}
	}
}

// sdmSum is one element of TDPBF16PS as the Intel SDM writes it down, for sums
// that stay normal: two chains of fused multiply-adds, added, and added to c.
func sdmSum(c float32, a, b func(k int) float32) float32 {
	var chain [2]float32
	for k := range 32 {
		// The product of two bf16 is exact in float64, and so is the sum up to a
		// rounding far below that of f32.
		chain[k%2] = float32(math.FMA(float64(a(k)), float64(b(k)), float64(chain[k%2])))
	}
	return c + (chain[0] + chain[1])
}

// The model multiplies as the SDM says, to the bit; subnormals count as zero.
func TestTileModel(t *testing.T) {
	model, ok := tilesPath()
	if !ok {
		t.Skip("this CPU has no AVX2")
	}
	value := func(x uint16) float32 { return math.Float32frombits(uint32(x) << 16) }
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var a, b [512]uint16
		var c [256]float32
		for i := range a {
			a[i] = uint16(r.Uint32())&0x807f | uint16(120+r.IntN(12))<<7
			b[i] = uint16(r.Uint32())&0x807f | uint16(120+r.IntN(12))<<7
		}
		for i := range c {
			c[i] = float32(r.NormFloat64())
		}
		a[r.IntN(512)] = 0x007f // the largest subnormal
		got := c
		model.tileOnce(&got, &a, &b)
		for m := range 16 {
			for n := range 16 {
				normal := func(x uint16) float32 {
					if x&0x7f80 == 0 {
						return 0
					}
					return value(x)
				}
				want := sdmSum(c[16*m+n],
					func(k int) float32 { return normal(a[32*m+k]) },
					func(k int) float32 { return normal(b[32*(k/2)+2*n+k%2]) })
				if math.Float32bits(got[16*m+n]) != math.Float32bits(want) {
					t.Fatalf("element %d,%d is %x, want %x", m, n, math.Float32bits(got[16*m+n]), math.Float32bits(want))
				}
			}
		}
	}
	var a, b [512]uint16
	var c [256]float32
	a[0], b[0] = 0x2000, 0x1f80 // 2^-63 * 2^-64 = 2^-127: a subnormal product
	c[0], c[1] = math.Float32frombits(1), math.Float32frombits(0x00800000)
	model.tileOnce(&c, &a, &b)
	if c[0] != 0 || c[1] != math.Float32frombits(0x00800000) {
		t.Errorf("subnormal product and sum: %g and %g, want 0 and the smallest normal number", c[0], c[1])
	}
}

// The model rounds as kernels.RoundBF16 does.
func TestRoundPairs(t *testing.T) {
	model, ok := tilesPath()
	if !ok {
		t.Skip("this CPU has no AVX2")
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var from [32]float32
		for i := range from {
			from[i] = math.Float32frombits(r.Uint32())
		}
		for i, got := range model.roundPairs(&from) {
			if want := math.Float32bits(kernels.RoundBF16(from[i])); uint32(got)<<16 != want {
				t.Fatalf("%g (%x) rounds to %x, want %x", from[i], math.Float32bits(from[i]), uint32(got)<<16, want)
			}
		}
	}
}
