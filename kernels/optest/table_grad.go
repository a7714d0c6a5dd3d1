package optest

import (
	"fmt"

	"gradus/kernels"
)

// gradCases are small: each element of each input costs two forward runs.
func gradCases() []func(s *tensors) gradCase {
	cases := []func(s *tensors) gradCase{
		embedGrad, rmsNormGrad, linearGrad(false), linearGrad(true), swigluGrad, gatherGrad,
		lossGrad(1, false), lossGrad(0.7, true), lossGrad(2.5, true),
	}
	for _, hs := range []struct{ h, kv, d int }{{1, 1, 2}, {2, 1, 4}, {4, 2, 8}, {4, 1, 6}} {
		cases = append(cases, ropeGrad(hs.h, hs.kv, hs.d), attnGrad(hs.h, hs.kv, hs.d, false), attnGrad(hs.h, hs.kv, hs.d, true))
	}
	return cases
}

// pairs are forward tensors, each followed by its gradient or weight.
type pairs [][2]kernels.Ref

func embedGrad(s *tensors) gradCase {
	const n, v, c = 9, 5, 3 // more rows than tokens: repeats add up
	w, out := s.flat("W", v*c, normal(1)), s.work("Out", n*c)
	tok := s.indices("Tok", n, 1, func(r *random, _ int) int { return r.below(v) })
	dw, dout := s.flat("DW", v*c, normal(1)), s.flat("DOut", n*c, normal(1))
	return gradCase{
		name:     "embed",
		forward:  []kernels.Op{kernels.Embed{Out: out, W: w, Tok: tok, N: n, V: v, C: c}},
		backward: []kernels.Op{kernels.EmbedBwd{DW: dw, DOut: dout, Tok: tok, N: n, V: v, C: c}},
		outputs:  pairs{{out, dout}}, inputs: pairs{{w, dw}},
	}
}

func rmsNormGrad(s *tensors) gradCase {
	const n, c, eps = 4, 7, 0.1 // an Eps that counts
	y, rstd := s.work("Y", n*c), s.work("RStd", n)
	x, g := s.flat("X", n*c, normal(1)), s.flat("G", c, around(0.3))
	dx, dg, dy := s.flat("DX", n*c, normal(1)), s.flat("DG", c, normal(1)), s.flat("DY", n*c, normal(1))
	return gradCase{
		name:     "rmsnorm",
		forward:  []kernels.Op{kernels.RMSNorm{Y: y, RStd: rstd, X: x, G: g, N: n, C: c, Eps: eps}},
		backward: []kernels.Op{kernels.RMSNormBwd{DX: dx, DG: dg, DY: dy, X: x, G: g, RStd: rstd, N: n, C: c}},
		outputs:  pairs{{y, dy}}, inputs: pairs{{x, dx}, {g, dg}},
	}
}

func linearGrad(acc bool) func(s *tensors) gradCase {
	return func(s *tensors) gradCase {
		const n, k, o = 3, 5, 4
		y, x, w := s.work("Y", n*o), s.flat("X", n*k, normal(1)), s.flat("W", o*k, normal(1))
		pack, back := s.work("Pack", kernels.PackLen(o, k)), s.work("PackBack", kernels.PackBackLen(o, k))
		dy, dw := s.flat("DY", n*o, normal(1)), s.flat("DW", o*k, normal(1))
		dx := s.work("DX", n*k)
		if acc {
			dx = s.flat("DX", n*k, normal(1))
		}
		return gradCase{
			name: fmt.Sprintf("linear acc=%t", acc),
			forward: []kernels.Op{
				kernels.Pack{Dst: pack, W: w, O: o, K: k},
				kernels.Linear{Y: y, X: x, W: w, Pack: pack, N: n, O: o, K: k},
			},
			backward: []kernels.Op{
				kernels.Pack{Dst: back, W: w, O: o, K: k, Back: true},
				kernels.LinearDX{DX: dx, DY: dy, W: w, Pack: back, N: n, O: o, K: k, Acc: acc},
				kernels.LinearDW{DW: dw, DY: dy, X: x, N: n, O: o, K: k},
			},
			outputs: pairs{{y, dy}}, inputs: pairs{{x, dx}, {w, dw}},
		}
	}
}

// The backward pass of a rotation is its inverse, in place, on the gradient.
func ropeGrad(h, kv, d int) func(s *tensors) gradCase {
	return func(s *tensors) gradCase {
		const n, maxPos = 3, 50
		c := (h + 2*kv) * d
		x, y, dy := s.flat("X", n*c, normal(1)), s.work("Y", int64(n*c)), s.flat("DY", n*c, normal(1))
		dx := s.work("DX", int64(n*c))
		cos, sin := ropeTables(maxPos, d)
		forward := kernels.RoPE{
			QKV: y, Cos: s.values("Cos", cos), Sin: s.values("Sin", sin),
			Pos: s.indices("Pos", n, 1, func(r *random, _ int) int { return r.below(maxPos) }),
			N:   n, H: h, KV: kv, D: d, MaxPos: maxPos,
		}
		inverse := forward
		inverse.QKV, inverse.Inverse = dx, true
		return gradCase{
			name:     fmt.Sprintf("rope h=%d kv=%d d=%d", h, kv, d),
			forward:  []kernels.Op{kernels.Copy{Y: y, X: x, N: n, C: c}, forward},
			backward: []kernels.Op{kernels.Copy{Y: dx, X: dy, N: n, C: c}, inverse},
			outputs:  pairs{{y, dy}}, inputs: pairs{{x, dx}},
		}
	}
}

func attnGrad(h, kv, d int, shared bool) func(s *tensors) gradCase {
	return func(s *tensors) gradCase {
		lengths, prefix := []int{1, 4, 2}, []int{-1, -1, -1}
		if shared {
			lengths, prefix = lengthsOf([][]int{{2, 1, 3}, {1}, {1, 2}})
		}
		n := sum(lengths)
		s.args.Rows, s.args.Seqs = n, len(lengths)
		s.max = s.args
		f := continuing(s, headShape{h: h, kv: kv, d: d}, lengths, prefix, 1)
		b := backward(s, f)
		return gradCase{
			name:    fmt.Sprintf("attn h=%d kv=%d d=%d lengths=%v prefix=%v", h, kv, d, lengths, prefix),
			forward: []kernels.Op{f}, backward: []kernels.Op{b},
			outputs: pairs{{f.Out, b.DOut}}, inputs: pairs{{f.QKV, b.DQKV}},
		}
	}
}

func swigluGrad(s *tensors) gradCase {
	const n, f = 3, 5
	y, gu := s.work("Y", n*f), s.flat("GU", n*2*f, normal(2))
	dgu, dy := s.work("DGU", n*2*f), s.flat("DY", n*f, normal(1))
	return gradCase{
		name:     "swiglu",
		forward:  []kernels.Op{kernels.SwiGLU{Y: y, GU: gu, N: n, F: f}},
		backward: []kernels.Op{kernels.SwiGLUBwd{DGU: dgu, DY: dy, GU: gu, N: n, F: f}},
		outputs:  pairs{{y, dy}}, inputs: pairs{{gu, dgu}},
	}
}

// ScatterRows is the backward pass of GatherRows when no row is picked twice.
func gatherGrad(s *tensors) gradCase {
	const n, m, c = 3, 6, 4
	y, x := s.work("Y", n*c), s.flat("X", m*c, normal(1))
	place := s.random().shuffled(m)
	idx := s.indices("Idx", n, 1, func(_ *random, i int) int { return place[i] })
	dx, dy := s.work("DX", m*c), s.flat("DY", n*c, normal(1))
	return gradCase{
		name:     "gather_rows",
		forward:  []kernels.Op{kernels.GatherRows{Y: y, X: x, Idx: idx, N: n, M: m, C: c}},
		backward: []kernels.Op{kernels.ScatterRows{Y: dx, X: dy, Idx: idx, N: n, M: m, C: c}},
		outputs:  pairs{{y, dy}}, inputs: pairs{{x, dx}},
	}
}

func lossGrad(temperature float32, withEntropy bool) func(s *tensors) gradCase {
	return func(s *tensors) gradCase {
		const n, c, v, chunk = 4, 5, 9, 3
		s.args.Picks, s.args.Temperature = n, temperature
		s.max = s.args
		f := loss(s, c, v, chunk, 1.5, kernels.F32)
		back := s.work("PackBack", kernels.PackBackLen(v, c))
		b := kernels.LossRowsBwd{
			DH: s.out("DH", f.N, c), DW: s.flat("DW", v*c, normal(1)),
			H: f.H, W: f.W, Pack: f.Pack, PackBack: back, Target: f.Target, LSE: f.LSE, Ent: f.Ent,
			Coef: s.rows("Coef", f.N, 1, normal(1)), Scratch: f.Scratch, N: f.N, C: c, V: v, Chunk: chunk,
		}
		outs := pairs{{f.LogP, b.Coef}}
		if withEntropy {
			b.EntCoef = s.rows("EntCoef", f.N, 1, normal(1))
			outs = append(outs, [2]kernels.Ref{f.Ent, b.EntCoef})
		}
		return gradCase{
			name:     fmt.Sprintf("loss_rows T=%g entropy=%t", temperature, withEntropy),
			forward:  []kernels.Op{kernels.Pack{Dst: f.Pack, W: f.W, O: v, K: c}, f},
			backward: []kernels.Op{kernels.Pack{Dst: back, W: f.W, O: v, K: c, Back: true}, b},
			outputs:  outs, inputs: pairs{{f.H, b.DH}, {f.W, b.DW}},
		}
	}
}
