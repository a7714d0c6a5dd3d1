package cpu

import (
	"slices"
	"testing"
	"unsafe"

	"gradus/kernels"
)

// gradients runs LinearDW and LinearDX of n rows in bf16, in one program or in
// one each, and returns dw and dx. inPlace: dx takes the place of x.
func gradients(t *testing.T, d *Device, n, o, k int, together, acc, inPlace bool) (dw, dx []float32, paired bool) {
	t.Helper()
	p := program{t, d, kernels.NewProgram("gradients", kernels.Args{Rows: max(n, 1)})}
	dy, x, w := p.numbers(max(n, 1)*o), p.numbers(max(n, 1)*k), p.numbers(o*k)
	buf, err := d.Alloc(kernels.BF16, kernels.PackLenBF16(k, o))
	if err != nil {
		t.Fatal(err)
	}
	pack := p.BindAll("pack", buf)
	dwTo, dxTo := p.numbers(o*k), x
	if !inPlace {
		dxTo = p.numbers(max(n, 1) * k)
	}
	ops := []kernels.Op{
		kernels.Pack{Dst: pack, W: w, O: o, K: k, Back: true, Compute: kernels.BF16},
		kernels.LinearDW{DW: dwTo, DY: dy, X: x, N: kernels.DimRows, O: o, K: k, Compute: kernels.BF16},
		kernels.LinearDX{DX: dxTo, DY: dy, W: w, Pack: pack, N: kernels.DimRows, O: o, K: k, Acc: acc, Compute: kernels.BF16},
	}
	for len(ops) > 0 {
		part := *p.Program
		part.Ops = ops[:1]
		if together {
			part.Ops = ops
		}
		ops = ops[len(part.Ops):]
		e, err := d.Compile(&part)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range unsafe.Slice(e.(*exec).c.cmd, len(part.Ops)) {
			paired = paired || c.both != 0
		}
		if err := e.Run(&kernels.Args{Rows: n}); err != nil {
			t.Fatal(err)
		}
	}
	dw, dx = make([]float32, o*k), make([]float32, max(n, 1)*k)
	for ref, to := range map[kernels.Ref][]float32{dwTo: dw, dxTo: dx} {
		if err := d.ReadF32(to, p.Bufs[ref].Buf, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range p.Bufs[1:] {
		if err := b.Buf.Free(); err != nil {
			t.Fatal(err)
		}
	}
	return dw, dx, paired
}

// The gradients of a product in bf16 have the same bits whether its operands
// are laid out once for both or by each: for batches of less than a tile and of
// several rounds, on any number of threads.
func TestPairBits(t *testing.T) {
	for _, path := range testPaths(t) {
		if path.products == nil {
			continue
		}
		for _, c := range []struct {
			n, o, k int
			acc     bool
		}{
			{0, 40, 24, false}, {1, 40, 24, true}, {31, 16, 70, false}, {33, 50, 33, true}, {512, 17, 40, false}, {1100, 50, 48, true},
		} {
			one := openPath(t, path, 1)
			wantDW, wantDX, paired := gradients(t, one, c.n, c.o, c.k, false, c.acc, false)
			if paired {
				t.Fatal("a program of one op has a pair")
			}
			for _, threads := range []int{1, 3} {
				d := openPath(t, path, threads)
				d.grain = 1
				dw, dx, paired := gradients(t, d, c.n, c.o, c.k, true, c.acc, false)
				if !paired {
					t.Errorf("%s, %+v: the two ops run apart", path.Name, c)
				}
				if !slices.Equal(dw, wantDW) || !slices.Equal(dx, wantDX) {
					t.Errorf("%s, %+v, %d threads: run together the gradients differ from those of the two ops", path.Name, c, threads)
				}
			}
		}
	}
}

// Where the input's gradient takes the place of the input, or of other rows
// that the weights' gradient reads, the ops run one after the other.
func TestPairInPlace(t *testing.T) {
	path, ok := tilesPath()
	if !ok {
		t.Skip("this CPU has no AVX2")
	}
	const n, o, k = 530, 20, 40
	wantDW, wantDX, _ := gradients(t, openPath(t, path, 1), n, o, k, false, false, true)
	dw, dx, paired := gradients(t, openPath(t, path, 2), n, o, k, true, false, true)
	if paired {
		t.Error("the ops run as one")
	}
	if !slices.Equal(dw, wantDW) || !slices.Equal(dx, wantDX) {
		t.Error("the gradients differ from those of the two ops in programs of their own")
	}
}

// A profile has the time of both ops of a pair.
func TestPairProfile(t *testing.T) {
	path, ok := tilesPath()
	if !ok {
		t.Skip("this CPU has no AVX2")
	}
	d := openPath(t, path, 1)
	d.StartProfile()
	gradients(t, d, 64, 40, 40, true, false, false)
	for _, op := range d.StopProfile() {
		if op.Runs != 1 || op.Seconds <= 0 {
			t.Errorf("%s: %d runs in %g s", op.Op.Kind(), op.Runs, op.Seconds)
		}
	}
}
