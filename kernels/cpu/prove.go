package cpu

import (
	"errors"
	"fmt"
	"math"

	"gradus/kernels"
)

// prove runs a few small ops on path p and on the generic path, whose code is
// the same for every CPU, and compares the results: a path that this machine
// offers but computes wrongly, be it the CPU's, an emulator's or our fault, is
// found before a run trusts it. Products in bf16 are compared with generic
// ones of factors rounded beforehand. It takes a few milliseconds.
func prove(p Path) (err error) {
	dev, err := open(p, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	plain, err := open(Paths()[0], 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.Close()) }()
	for _, compute := range []kernels.DType{kernels.F32, kernels.BF16} {
		if !dev.Computes(compute) {
			continue
		}
		want, err := runProof(plain, kernels.F32, compute)
		if err != nil {
			return err
		}
		got, err := runProof(dev, compute, compute)
		if err != nil {
			return err
		}
		for i, w := range want {
			if err := sameProof(w, got[i]); err != nil {
				return fmt.Errorf("%s in %s differs from the generic path's: %w", w.name, compute, err)
			}
		}
	}
	return nil
}

// proofOutput is a result of runProof.
type proofOutput struct {
	name      string
	x         []float32
	tolerance float64
}

const (
	// proofTolerance is several times what reordering a sum of f32 does.
	proofTolerance = 1e-5
	// proofToleranceBF16 is what rounding the gradient of the logits may do, which
	// the generic path keeps in f32.
	proofToleranceBF16 = 1e-2
)

func sameProof(want, got proofOutput) error {
	diff, norm := 0.0, 0.0
	for i, w := range want.x {
		d := float64(got.x[i]) - float64(w)
		diff += d * d
		norm += float64(w) * float64(w)
	}
	if e := math.Sqrt(diff / norm); !(e <= got.tolerance) {
		return fmt.Errorf("relative error %.1e, at most %.0e is right", e, got.tolerance)
	}
	return nil
}

// runProof runs forward and backward of a small head and MLP with products in
// compute. The factors that come from outside are rounded to inputs.
func runProof(d *Device, compute, inputs kernels.DType) (out []proofOutput, err error) {
	const n, k, o = 37, 70, 50 // no multiple of a tile or a vector
	var bufs []kernels.Buffer
	defer func() {
		for _, b := range bufs {
			err = errors.Join(err, b.Free())
		}
	}()
	p := kernels.NewProgram("self-test", kernels.Args{Rows: n})
	bind := func(name string, dt kernels.DType, size int64) kernels.Ref {
		b, e := d.Alloc(dt, size)
		err = errors.Join(err, e)
		if b == nil {
			return 0
		}
		bufs = append(bufs, b)
		return p.BindAll(name, b)
	}
	state := uint32(1)
	input := func(name string, size int, round bool) kernels.Ref {
		x := make([]float32, size)
		for i := range x {
			state = state*1664525 + 1013904223
			x[i] = float32(int32(state)>>8) / (1 << 23) // -1 to 1
			if round && inputs == kernels.BF16 {
				x[i] = kernels.RoundBF16(x[i])
			}
		}
		r := bind(name, kernels.F32, int64(size))
		if r != 0 {
			err = errors.Join(err, d.WriteF32(bufs[r-1], 0, x))
		}
		return r
	}
	results := map[kernels.Ref]string{}
	result := func(name string, size int) kernels.Ref {
		r := bind(name, kernels.F32, int64(size))
		results[r] = name
		return r
	}
	pack := func(name string, rows, cols int) kernels.Ref {
		if compute == kernels.BF16 {
			return bind(name, kernels.BF16, kernels.PackLenBF16(rows, cols))
		}
		return bind(name, kernels.F32, kernels.PackLen(rows, cols))
	}

	x, w, dy, res := input("x", n*k, true), input("w", o*k, true), input("dy", n*o, true), input("res", n*o, false)
	gain, coef := input("gain", k, false), input("coef", n, false)
	ahead, back := pack("pack", o, k), pack("pack back", k, o)
	target := bind("target", kernels.I32, n)
	y, act := result("linear", n*o), result("swiglu", n*o/2)
	logp, ent, lse := result("log-probs", n), result("entropies", n), result("log-sum-exp", n)
	norm, rstd := result("rmsnorm", n*k), bind("rstd", kernels.F32, n)
	dx, dw := result("linear dx", n*k), result("linear dw", o*k)
	dh, dv := result("loss dh", n*k), result("loss dw", o*k)
	scratch := bind("scratch", kernels.F32, 16*o)
	if err != nil {
		return nil, err
	}
	const rows = kernels.DimRows
	p.Add(
		kernels.Pack{Dst: ahead, W: w, O: o, K: k, Compute: compute},
		kernels.Pack{Dst: back, W: w, O: o, K: k, Back: true, Compute: compute},
		kernels.RMSNorm{Y: norm, RStd: rstd, X: x, G: gain, N: rows, C: k, Eps: 1e-5},
		kernels.Linear{Y: y, X: x, W: w, Pack: ahead, Res: res, N: rows, O: o, K: k, Compute: compute},
		kernels.SwiGLU{Y: act, GU: y, N: rows, F: o / 2},
		kernels.LinearDW{DW: dw, DY: dy, X: x, N: rows, O: o, K: k, Compute: compute},
		kernels.LinearDX{DX: dx, DY: dy, W: w, Pack: back, N: rows, O: o, K: k, Compute: compute},
		kernels.LossRows{LogP: logp, Ent: ent, LSE: lse, H: x, W: w, Pack: ahead, Target: target, Scratch: scratch, N: rows, C: k, V: o, Chunk: 16, Compute: compute},
		kernels.LossRowsBwd{DH: dh, DW: dv, H: x, W: w, Pack: ahead, PackBack: back, Target: target, LSE: lse, Ent: ent, Coef: coef,
			Scratch: scratch, N: rows, C: k, V: o, Chunk: 16, Compute: compute},
	)
	exec, err := d.Compile(p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, exec.Free()) }()
	if err := exec.Run(&kernels.Args{Rows: n, Temperature: 1}); err != nil {
		return nil, err
	}
	for r := kernels.Ref(1); int(r) < len(p.Bufs); r++ {
		if name, ok := results[r]; ok {
			got := proofOutput{name, make([]float32, bufs[r-1].Len()), proofTolerance}
			if compute == kernels.BF16 && (r == dh || r == dv) {
				got.tolerance = proofToleranceBF16
			}
			if err := d.ReadF32(got.x, bufs[r-1], 0); err != nil {
				return nil, err
			}
			out = append(out, got)
		}
	}
	return out, nil
}
