//go:build cuda && linux

package cuda

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda/fake"
)

// multiplier is the emulated GPU with the stand-in for cuBLASLt.
func multiplier(t *testing.T) *fake.Products {
	t.Helper()
	emulated(t, fake.Default())
	unwatched(t)
	lib, err := fake.BuildProducts(".", filepath.Join(t.TempDir(), "libcublasLt.so.12"))
	if errors.Is(err, fake.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GRADUS_LIBCUBLASLT", lib.Path)
	return lib
}

// backward is a program of all products that cuBLASLt may do, with its buffers.
type backward struct {
	t      *testing.T
	exec   kernels.Exec
	buffer map[string]kernels.Buffer
}

const (
	bwdRows, bwdO, bwdK, bwdV, bwdChunk = 90, 72, 40, 68, 32
)

func newBackward(t *testing.T, d *Device) *backward {
	t.Helper()
	b := &backward{t: t, buffer: map[string]kernels.Buffer{}}
	p := kernels.NewProgram("backward", kernels.Args{Rows: bwdRows, Picks: bwdRows})
	r := rand.New(rand.NewPCG(5, 6))
	ref := func(name string, dt kernels.DType, n int) kernels.Ref {
		t.Helper()
		buf, err := d.Alloc(dt, int64(n))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { buf.Free() })
		if dt == kernels.F32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(r.NormFloat64())
			}
			err = d.WriteF32(buf, 0, x)
		}
		if err != nil {
			t.Fatal(err)
		}
		b.buffer[name] = buf
		return p.BindAll(name, buf)
	}
	f := func(name string, n int) kernels.Ref { return ref(name, kernels.F32, n) }
	dy, x, w := f("dy", bwdRows*bwdO), f("x", bwdRows*bwdK), f("w", bwdO*bwdK)
	back := ref("back", kernels.BF16, int(kernels.PackBackLenBF16(bwdO, bwdK)))
	h, wv := f("h", bwdRows*bwdK), f("wv", bwdV*bwdK)
	packV := ref("packV", kernels.BF16, int(kernels.PackLenBF16(bwdV, bwdK)))
	backV := ref("backV", kernels.BF16, int(kernels.PackBackLenBF16(bwdV, bwdK)))
	target := ref("target", kernels.I32, bwdRows)
	bf := kernels.BF16
	p.Add(
		kernels.Pack{Dst: back, W: w, O: bwdO, K: bwdK, Back: true, Compute: bf},
		kernels.Pack{Dst: packV, W: wv, O: bwdV, K: bwdK, Compute: bf},
		kernels.Pack{Dst: backV, W: wv, O: bwdV, K: bwdK, Back: true, Compute: bf},
		kernels.LinearDX{DX: f("dx", bwdRows*bwdK), DY: dy, W: w, Pack: back, N: kernels.DimRows, O: bwdO, K: bwdK, Compute: bf},
		kernels.LinearDX{DX: f("dxAdded", bwdRows*bwdK), DY: dy, W: w, Pack: back, N: kernels.DimRows, O: bwdO, K: bwdK, Acc: true, Compute: bf},
		kernels.LinearDW{DW: f("dw", bwdO*bwdK), DY: dy, X: x, N: kernels.DimRows, O: bwdO, K: bwdK, Compute: bf},
		kernels.LossRowsBwd{DH: f("dh", bwdRows*bwdK), DW: f("dwv", bwdV*bwdK), H: h, W: wv, Pack: packV, PackBack: backV, Target: target,
			LSE: f("lse", bwdRows), Ent: f("ent", bwdRows), Coef: f("coef", bwdRows), Scratch: f("logits", bwdChunk*bwdV),
			N: kernels.DimPicks, C: bwdK, V: bwdV, Chunk: bwdChunk, Compute: bf},
		kernels.LinearDW{DW: f("after", bwdO*bwdK), DY: dy, X: x, N: kernels.DimRows, O: bwdO, K: bwdK, Compute: bf},
		kernels.LinearDX{DX: f("dxAfter", bwdRows*bwdK), DY: dy, W: w, Pack: back, N: kernels.DimRows, O: bwdO, K: bwdK, Compute: bf},
	)
	targets := make([]int32, bwdRows)
	for i := range targets {
		targets[i] = int32(i % bwdV)
	}
	if err := d.WriteI32(b.buffer["target"], 0, targets); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.exec, err = d.Compile(p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.exec.Free() })
	return b
}

var results = []string{"dx", "dxAdded", "dw", "dh", "dwv", "after", "dxAfter"}

func (b *backward) run(rows int) error {
	return b.exec.Run(&kernels.Args{Rows: rows, Picks: rows, Temperature: 1})
}

func (b *backward) read(d *Device) map[string][]float32 {
	b.t.Helper()
	all := map[string][]float32{}
	for _, name := range results {
		x := make([]float32, b.buffer[name].Len())
		if err := d.ReadF32(x, b.buffer[name], 0); err != nil {
			b.t.Fatal(err)
		}
		all[name] = x
	}
	return all
}

// The products of the backward pass are the same through cuBLASLt as by the
// kernels, for the largest run and for smaller ones, rows that a run does not
// have stay as they are, and two runs are equal to the bit.
func TestProductsByCublasLt(t *testing.T) {
	lib := multiplier(t)
	for _, rows := range []int{bwdRows, 7} {
		lib.Set(0, 0)
		own := open(t, Options{})
		plain := newBackward(t, own)
		if err := plain.run(rows); err != nil {
			t.Fatal(err)
		}
		want := plain.read(own)
		if on, _ := plain.exec.(*exec).Graph(); !on || lib.Calls() > 0 {
			t.Fatalf("without the library: graph %t, %d calls of it", on, lib.Calls())
		}
		for range 2 {
			d := open(t, Options{blasLeast: 1})
			b := newBackward(t, d)
			if name, err := d.Blas(); err != nil || !strings.HasPrefix(name, "cuBLASLt 12.9.3, ") {
				t.Fatalf("%q, %v", name, err)
			}
			lib.Set(0, 0)
			if err := b.run(rows); err != nil {
				t.Fatal(err)
			}
			chunks := (rows + bwdChunk - 1) / bwdChunk
			if n := lib.Calls(); n != 5+2*chunks {
				t.Errorf("%d rows: %d products by the library, want %d", rows, n, 5+2*chunks)
			}
			if on, why := b.exec.(*exec).Graph(); on || !strings.Contains(why.Error(), "products by cuBLASLt") {
				t.Errorf("graph %t: %v", on, why)
			}
			for name, x := range b.read(d) {
				var diff, norm float64
				width := len(x) / bwdRows
				for i, w := range want[name] {
					diff += math.Pow(float64(x[i]-w), 2)
					norm += math.Pow(float64(w), 2)
					if strings.HasPrefix(name, "d") && name[1] != 'w' && i >= rows*width && x[i] != w {
						t.Fatalf("%d rows: %s: element %d is %g, beyond the rows of the run, and was %g", rows, name, i, x[i], w)
					}
				}
				if e := math.Sqrt(diff / norm); !(e < 1e-6) {
					t.Errorf("%d rows: %s: differs by %.2e", rows, name, e)
				}
			}
			if err := errors.Join(b.exec.Free(), d.Close()); err != nil {
				t.Error(err)
			}
		}
	}
	if n := lib.Live(); n != 0 {
		t.Errorf("%d objects of the library are left", n)
	}
}

// The same on a GPU with the real library, where there is one.
func TestCublasLtOnGPU(t *testing.T) {
	if !onGPU() {
		t.Skip("needs a GPU")
	}
	d := open(t, Options{blasLeast: 1})
	b := newBackward(t, d)
	name, err := d.Blas()
	if err != nil {
		t.Skip(err)
	}
	t.Log(name)
	own := open(t, Options{})
	plain := newBackward(t, own)
	if err := errors.Join(b.run(bwdRows), plain.run(bwdRows)); err != nil {
		t.Fatal(err)
	}
	got, want := b.read(d), plain.read(own)
	for _, name := range results {
		var diff, norm float64
		for i, w := range want[name] {
			diff += math.Pow(float64(got[name][i]-w), 2)
			norm += math.Pow(float64(w), 2)
		}
		if e := math.Sqrt(diff / norm); !(e < 2e-6) {
			t.Errorf("%s: differs by %.2e", name, e)
		}
	}
}

// After a bad index nothing of later ops takes effect, through the library as
// by the kernels.
func TestFaultBeforeCublasLt(t *testing.T) {
	multiplier(t)
	d := open(t, Options{blasLeast: 1})
	b := newBackward(t, d)
	before := b.read(d)
	if err := d.WriteI32(b.buffer["target"], 3, []int32{bwdV}); err != nil {
		t.Fatal(err)
	}
	if err := b.run(bwdRows); err == nil || !strings.Contains(err.Error(), "row 3: Target = 68") {
		t.Fatal(err)
	}
	now := b.read(d)
	for _, name := range []string{"dwv", "after", "dxAfter"} {
		for i, x := range now[name] {
			if x != before[name][i] {
				t.Fatalf("%s: element %d was %g and is %g", name, i, before[name][i], x)
			}
		}
	}
	if err := d.WriteI32(b.buffer["target"], 3, []int32{1}); err != nil {
		t.Fatal(err)
	}
	if err := b.run(bwdRows); err != nil {
		t.Errorf("after the fault: %v", err)
	}
}

// A library that does not start, computes wrongly or is switched off is left
// alone, with its reason, and leaves nothing behind.
func TestWithoutCublasLt(t *testing.T) {
	lib := multiplier(t)
	for _, c := range []struct {
		create, spoil int
		path, want    string
	}{
		{1, 0, lib.Path, "cublasLtCreate(): CUBLAS_NOT_INITIALIZED (1)"},
		{0, 1, lib.Path, "it computes"},
		{0, 0, "off", "switched off by GRADUS_LIBCUBLASLT=off"},
	} {
		t.Setenv("GRADUS_LIBCUBLASLT", c.path)
		lib.Set(c.create, c.spoil)
		d := open(t, Options{blasLeast: 1})
		b := newBackward(t, d)
		if _, err := d.Blas(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
		if on, why := b.exec.(*exec).Graph(); !on {
			t.Errorf("no graph: %v", why)
		}
		if err := errors.Join(b.exec.Free(), d.Close()); err != nil || lib.Live() != 0 {
			t.Errorf("%v; %d objects of the library are left", err, lib.Live())
		}
	}
}
