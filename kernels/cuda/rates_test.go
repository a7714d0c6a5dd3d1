//go:build cuda && linux

package cuda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gradus/kernels"
)

// productOp is one product in bf16 with its buffers.
type productOp struct {
	bufs []kernels.Buffer
	exec kernels.Exec
}

func (p *productOp) free(t *testing.T) {
	t.Helper()
	if err := p.exec.Free(); err != nil {
		t.Error(err)
	}
	for _, b := range p.bufs {
		if err := b.Free(); err != nil {
			t.Error(err)
		}
	}
}

// newProductOp is a product of kind fwd, dx or dw for n rows and weights (o, k).
func newProductOp(t *testing.T, d *Device, kind string, n, o, k int) *productOp {
	t.Helper()
	p := kernels.NewProgram(kind, kernels.Args{Rows: n})
	op := &productOp{}
	part := make([]float32, 1<<16)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range part {
		part[i] = float32(r.NormFloat64())
	}
	ref := func(name string, dt kernels.DType, size int64) kernels.Ref {
		t.Helper()
		b, err := d.Alloc(dt, size)
		if err != nil {
			t.Fatal(err)
		}
		op.bufs = append(op.bufs, b)
		for off := int64(0); off < size; off += int64(len(part)) { // numbers, for zeros take less power
			if err := d.WriteF32(b, off, part[:min(int64(len(part)), size-off)]); err != nil {
				t.Fatal(err)
			}
		}
		return p.BindAll(name, b)
	}
	rows, f, bf := kernels.DimRows, kernels.F32, kernels.BF16
	y, x := ref("y", f, int64(n)*int64(o)), ref("x", f, int64(n)*int64(k))
	w := y // products in bf16 read only what is packed
	switch kind {
	case "fwd":
		p.Add(kernels.Linear{Y: y, X: x, W: w, Pack: ref("pack", bf, kernels.PackLenBF16(o, k)), N: rows, O: o, K: k, Compute: bf})
	case "dx":
		p.Add(kernels.LinearDX{DX: x, DY: y, W: w, Pack: ref("back", bf, kernels.PackBackLenBF16(o, k)), N: rows, O: o, K: k, Compute: bf})
	case "dw":
		p.Add(kernels.LinearDW{DW: ref("dw", f, int64(o)*int64(k)), DY: y, X: x, N: rows, O: o, K: k, Compute: bf})
	}
	var err error
	if op.exec, err = d.Compile(p); err != nil {
		t.Fatal(err)
	}
	return op
}

// TestProductRates times every kind of product in bf16 by mma.sync, by wgmma, in
// the tile that the kernel chooses and in each, and by cuBLASLt, in shapes of
// Qwen2.5-1.5B: what is chosen where, and whether it pays, is settled by it.
// A rate holds the rounding of the factors, which belongs to the op.
func TestProductRates(t *testing.T) {
	type shape struct {
		name    string
		n, o, k int
	}
	shapes, repeats := []shape{
		{"train.square", 8192, 1536, 1536}, {"train.up", 8192, 17920, 1536}, {"train.down", 8192, 1536, 8960},
		{"decode.square", 256, 1536, 1536}, {"decode.up", 256, 17920, 1536}, {"logits", 1024, 32768, 1536},
	}, 20
	if !onGPU() {
		if testing.Short() {
			t.Skip("the emulated GPU is slow")
		}
		emulated(t, hopper())
		unwatched(t)
		shapes, repeats = []shape{{"small", 70, 72, 40}}, 1
	}
	say := report(t)
	measure := func(t *testing.T, d *Device, way string, tile int) {
		t.Helper()
		d.options.productTile = tile
		for _, z := range shapes {
			for _, kind := range []string{"fwd", "dx", "dw"} {
				if way == "cublaslt" && kind == "fwd" {
					continue // never goes there
				}
				p := newProductOp(t, d, kind, z.n, z.o, z.k)
				if library, why := d.Blas(); way == "cublaslt" && library == "" {
					p.free(t)
					if why == nil {
						continue // too small for it
					}
					t.Skipf("no cuBLASLt: %v", why)
				}
				args := &kernels.Args{Rows: z.n}
				run := func() error { return p.exec.Run(args) }
				timed(t, min(3, repeats), run)
				m, low, high := timed(t, repeats, run)
				tera := 2e-12 * float64(z.n) * float64(z.o) * float64(z.k)
				say(figure{Name: fmt.Sprintf("gpu.product.%s.%s.%s", way, kind, z.name), Value: tera / m, Unit: "TFLOP/s", Better: "higher", N: repeats,
					Min: tera / high, Max: tera / low, Note: fmt.Sprintf("%d x %d x %d, with rounding of factors", z.n, z.o, z.k)})
				p.free(t)
			}
		}
	}
	t.Run("mma", func(t *testing.T) {
		t.Setenv("GRADUS_LIBCUBLASLT", "off")
		measure(t, open(t, Options{NoWarpgroups: true}), "mma", 0)
	})
	t.Run("cublaslt", func(t *testing.T) {
		measure(t, open(t, Options{NoWarpgroups: true}), "cublaslt", 0)
	})
	t.Run("wgmma", func(t *testing.T) {
		t.Setenv("GRADUS_LIBCUBLASLT", "off")
		d := open(t, Options{})
		if on, why := d.Warpgroups(); !on {
			t.Skipf("no wgmma on %s: %v", d.gpu, why)
		}
		measure(t, d, "wgmma", 0)
		for _, p := range productTiles {
			measure(t, d, "wgmma."+p.name, int(p.tile))
		}
	})
}
