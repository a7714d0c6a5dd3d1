package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// PerfCases are the ops in the shapes of a decoder that a laptop trains: width
// c, four heads of 64 or fewer, feed-forward 8/3 c, a vocabulary of v, rows
// tokens in sequences of 128.
func PerfCases(c, v, rows int, seed uint64) []Case {
	const seqLen = 128
	seqs := max(1, rows/seqLen)
	d := min(64, c/4)
	h, ff := c/d, (8*c/3+15)/16*16
	kv := max(1, h/2)
	width := (h + 2*kv) * d
	a := kernels.Args{Rows: rows, Seqs: seqs, Picks: rows, Temperature: 1, TopP: 1, LR: 1e-3, BetaCorr1: 0.1, BetaCorr2: 0.001, GradScale: 1}
	if rows < seqLen {
		seqs, a.Seqs = rows, rows
	}
	lengths := inSequences(rows, seqs)
	var cases []Case
	add := func(op kernels.Kind, shape string, build building) {
		cases = append(cases, Case{
			Op: op, Shape: fmt.Sprintf("n=%d %s", rows, shape), Args: a, Seed: seed + uint64(len(cases)), build: build,
		})
	}
	n := kernels.DimRows
	products := func(compute kernels.DType, suffix string) {
		for _, z := range []struct{ k, o int }{{c, width}, {c, c}, {c, 2 * ff}, {ff, c}, {c, v}} {
			shape := fmt.Sprintf("k=%d o=%d%s", z.k, z.o, suffix)
			add("linear", shape, func(s *tensors) ([]kernels.Op, error) {
				o := linear(s, n, z.k, z.o, compute)
				return one(pack(o), o)
			})
			add("linear_dx", shape, func(s *tensors) ([]kernels.Op, error) {
				o := linearDX(s, n, z.k, z.o, compute)
				return one(packBack(o), o)
			})
			add("linear_dw", shape, func(s *tensors) ([]kernels.Op, error) {
				return one(kernels.LinearDW{
					DW: s.flat("DW", z.o*z.k, normal(1)), DY: s.rows("DY", n, z.o, normal(1)), X: s.rows("X", n, z.k, normal(1)),
					N: n, O: z.o, K: z.k, Compute: compute,
				})
			})
		}
	}
	products(kernels.F32, "")
	add("rmsnorm", fmt.Sprintf("c=%d", c), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.RMSNorm{
			Y: s.out("Y", n, c), RStd: s.out("RStd", n, 1), X: s.rows("X", n, c, normal(1)), G: s.flat("G", c, around(0.1)),
			N: n, C: c, Eps: 1e-5,
		})
	})
	add("rmsnorm_bwd", fmt.Sprintf("c=%d", c), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.RMSNormBwd{
			DX: s.rows("DX", n, c, normal(1)), DG: s.flat("DG", c, normal(1)), DY: s.rows("DY", n, c, normal(1)),
			X: s.rows("X", n, c, normal(1)), G: s.flat("G", c, around(0.1)), RStd: s.rows("RStd", n, 1, around(0.01)),
			N: n, C: c,
		})
	})
	add("swiglu", fmt.Sprintf("f=%d", ff), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.SwiGLU{Y: s.out("Y", n, ff), GU: s.rows("GU", n, 2*ff, normal(1)), N: n, F: ff})
	})
	add("swiglu_bwd", fmt.Sprintf("f=%d", ff), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.SwiGLUBwd{
			DGU: s.out("DGU", n, 2*ff), DY: s.rows("DY", n, ff, normal(1)), GU: s.rows("GU", n, 2*ff, normal(1)), N: n, F: ff,
		})
	})
	heads := fmt.Sprintf("h=%d kv=%d d=%d", h, kv, d)
	add("rope", heads, func(s *tensors) ([]kernels.Op, error) {
		cos, sin := ropeTables(seqLen, d)
		return one(kernels.RoPE{
			QKV: s.rows("QKV", n, width, normal(1)), Cos: s.values("Cos", cos), Sin: s.values("Sin", sin),
			Pos: s.indices("Pos", n, 1, func(_ *random, i int) int { return i % seqLen }),
			N:   n, H: h, KV: kv, D: d, MaxPos: seqLen,
		})
	})
	attnPerf(add, headShape{h: h, kv: kv, d: d}, lengths, min(rows, 64), seqLen/2, seqLen/2)
	chunk := min(rows, 256)
	add("loss_rows", fmt.Sprintf("c=%d v=%d chunk=%d", c, v, chunk), func(s *tensors) ([]kernels.Op, error) {
		o := loss(s, c, v, chunk, 1, kernels.F32)
		return one(kernels.Pack{Dst: o.Pack, W: o.W, O: v, K: c}, o)
	})
	add("loss_rows_bwd", fmt.Sprintf("c=%d v=%d chunk=%d", c, v, chunk), func(s *tensors) ([]kernels.Op, error) {
		f := loss(s, c, v, chunk, 1, kernels.F32)
		logV := float32(math.Log(float64(v)))
		f.LSE, f.Ent = s.rows("LSE", f.N, 1, func(*random) float32 { return logV + 0.5 }), s.rows("Ent", f.N, 1, func(*random) float32 { return logV - 0.5 })
		back := s.work("PackBack", kernels.PackBackLen(v, c))
		return one(kernels.Pack{Dst: f.Pack, W: f.W, O: v, K: c}, kernels.Pack{Dst: back, W: f.W, O: v, K: c, Back: true}, kernels.LossRowsBwd{
			DH: s.out("DH", f.N, c), DW: s.flat("DW", v*c, normal(1)), H: f.H, W: f.W, Pack: f.Pack, PackBack: back, Target: f.Target,
			LSE: f.LSE, Ent: f.Ent, Coef: s.rows("Coef", f.N, 1, normal(1)), EntCoef: s.rows("EntCoef", f.N, 1, normal(1)),
			Scratch: f.Scratch, N: f.N, C: c, V: v, Chunk: chunk,
		})
	})
	add("sample", fmt.Sprintf("v=%d", v), func(s *tensors) ([]kernels.Op, error) { return one(sampling(s, v, 1)) })
	add("embed", fmt.Sprintf("v=%d c=%d", v, c), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.Embed{
			Out: s.out("Out", n, c), W: s.flat("W", v*c, normal(1)),
			Tok: s.indices("Tok", n, 1, func(r *random, _ int) int { return r.below(v) }), N: n, V: v, C: c,
		})
	})
	params := 12 * c * c
	add("adamw", fmt.Sprintf("len=%d", params), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.AdamW{
			W: s.flat("W", params, normal(0.1)), G: s.flat("G", params, normal(1)),
			M: s.flat("M", params, normal(0.1)), V: s.flat("V", params, squared(0.1)),
			Len: int64(params), Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1,
		})
	})
	add("sum_sq", fmt.Sprintf("len=%d", params), func(s *tensors) ([]kernels.Op, error) {
		return one(kernels.SumSq{Out: s.work("Out", 1), X: s.flat("X", params, normal(1)), Len: int64(params)})
	})
	products(kernels.BF16, " bf16")
	return cases
}
