package optest

import (
	"fmt"

	"gradus/kernels"
)

// Cases returns the table. Inputs are a function of seed and of the case's
// place in the table.
//
// Sizes are chosen to hit tails: row counts around the register blocks of any
// kernel (1, 2, 5, 7, 33), widths that no vector divides, one column, one
// token, and reductions longer than 4096.
func Cases(seed uint64) []Case {
	var all []Case
	for _, group := range [][]Case{
		embedCases(), normCases(), linearCases(kernels.F32), ropeCases(), cacheCases(kernels.F32),
		attnCases(kernels.F32), decodeCases(kernels.F32), swigluCases(), rowCases(), lossCases(kernels.F32),
		sampleCases(), advanceCases(), vectorCases(), fixedCases(),
		linearCases(kernels.BF16), lossCases(kernels.BF16),
		cacheCases(kernels.BF16), attnCases(kernels.BF16), decodeCases(kernels.BF16),
	} {
		all = append(all, group...)
	}
	for i := range all {
		all[i].Seed = seed + uint64(i)
	}
	return all
}

// oddRows are the row counts that most ops run with.
var oddRows = [...]int{1, 2, 5, 7, 33}

// perRow is a case of n independent token rows.
func perRow(op kernels.Kind, n int, shape string, build func(s *tensors) ([]kernels.Op, error)) Case {
	return Case{
		Op: op, Shape: fmt.Sprintf("n=%d %s", n, shape), Args: kernels.Args{Rows: n}, Spare: n % 3,
		Dim: kernels.DimRows, build: build,
	}
}

// one returns ops as a build function's result.
func one(ops ...kernels.Op) ([]kernels.Op, error) { return ops, nil }

func embedCases() []Case {
	var cases []Case
	for i, n := range oddRows {
		v, c := []int{1, 3, 17, 97, 5}[i], []int{1, 7, 8, 33, 64}[i]
		shape := fmt.Sprintf("v=%d c=%d", v, c)
		tok := func(s *tensors) kernels.Ref {
			return s.indices("Tok", kernels.DimRows, 1, func(r *random, _ int) int { return r.below(v) })
		}
		fwd := perRow("embed", n, shape, func(s *tensors) ([]kernels.Op, error) {
			return one(kernels.Embed{
				Out: s.out("Out", kernels.DimRows, c), W: s.flat("W", v*c, normal(1)), Tok: tok(s),
				N: kernels.DimRows, V: v, C: c,
			})
		})
		bwd := perRow("embed_bwd", n, shape, func(s *tensors) ([]kernels.Op, error) {
			return one(kernels.EmbedBwd{
				DW: s.flat("DW", v*c, normal(1)), DOut: s.rows("DOut", kernels.DimRows, c, normal(1)), Tok: tok(s),
				N: kernels.DimRows, V: v, C: c,
			})
		})
		bwd.Dim = 0 // DW sums over rows
		cases = append(cases, fwd, bwd)
	}
	return cases
}

func normCases() []Case {
	const eps = 1e-5
	var cases []Case
	for i, n := range oddRows {
		c := []int{256, 7, 64, 129, 1}[i]
		scale := []float64{1, 30, 1, 0.01, 1}[i] // at 0.01, Eps is a tenth of the mean square
		x, dg := normal(scale), normal(1)
		if c == 1 { // in a lone column terms may cancel, which no device can help
			x, dg = awayFromZero, centred(30, 1)
		}
		shape := fmt.Sprintf("c=%d scale=%g", c, scale)
		forward := func(s *tensors) kernels.RMSNorm {
			return kernels.RMSNorm{
				Y: s.out("Y", kernels.DimRows, c), RStd: s.out("RStd", kernels.DimRows, 1),
				X: s.rows("X", kernels.DimRows, c, x), G: s.flat("G", c, around(0.2)),
				N: kernels.DimRows, C: c, Eps: eps,
			}
		}
		cases = append(cases,
			perRow("rmsnorm", n, shape, func(s *tensors) ([]kernels.Op, error) { return one(forward(s)) }),
			perRow("rmsnorm_bwd", n, shape, func(s *tensors) ([]kernels.Op, error) {
				f := forward(s)
				if err := s.forward(f); err != nil {
					return nil, err
				}
				return one(kernels.RMSNormBwd{
					DX: s.rows("DX", kernels.DimRows, c, normal(1/scale)), DG: s.flat("DG", c, dg),
					DY: s.rows("DY", kernels.DimRows, c, normal(1)), X: f.X, G: f.G, RStd: f.RStd,
					N: kernels.DimRows, C: c,
				})
			}))
	}
	return cases
}

// ropeCases and attention cases share these head shapes: D = 8, 16, 32, 64
// and 1, 2 and 4 query heads to a key/value head.
var headShapes = [...]headShape{
	{h: 1, kv: 1, d: 8}, {h: 2, kv: 1, d: 16}, {h: 4, kv: 1, d: 32}, {h: 4, kv: 4, d: 16}, {h: 4, kv: 2, d: 64}, {h: 8, kv: 2, d: 32},
}

func ropeCases() []Case {
	var cases []Case
	for i, hs := range headShapes {
		n, maxPos := oddRows[i%len(oddRows)], []int{1, 40, 1000}[i%3]
		for _, inverse := range []bool{false, true} {
			shape := fmt.Sprintf("h=%d kv=%d d=%d maxpos=%d inverse=%t", hs.h, hs.kv, hs.d, maxPos, inverse)
			cases = append(cases, perRow("rope", n, shape, func(s *tensors) ([]kernels.Op, error) {
				cos, sin := ropeTables(maxPos, hs.d)
				return one(kernels.RoPE{
					QKV: s.rows("QKV", kernels.DimRows, (hs.h+2*hs.kv)*hs.d, normal(1)),
					Cos: s.values("Cos", cos), Sin: s.values("Sin", sin),
					Pos: s.indices("Pos", kernels.DimRows, 1, func(r *random, _ int) int { return r.below(maxPos) }),
					N:   kernels.DimRows, H: hs.h, KV: hs.kv, D: hs.d, MaxPos: maxPos, Inverse: inverse,
				})
			}))
		}
	}
	return cases
}

func swigluCases() []Case {
	var cases []Case
	for i, n := range oddRows {
		f, scale := []int{1, 8, 13, 67, 171}[i], []float64{1, 3, 20, 1, 1}[i]
		shape := fmt.Sprintf("f=%d scale=%g", f, scale)
		cases = append(cases,
			perRow("swiglu", n, shape, func(s *tensors) ([]kernels.Op, error) {
				return one(kernels.SwiGLU{
					Y: s.out("Y", kernels.DimRows, f), GU: s.rows("GU", kernels.DimRows, 2*f, normal(scale)),
					N: kernels.DimRows, F: f,
				})
			}),
			perRow("swiglu_bwd", n, shape, func(s *tensors) ([]kernels.Op, error) {
				return one(kernels.SwiGLUBwd{
					DGU: s.out("DGU", kernels.DimRows, 2*f), DY: s.rows("DY", kernels.DimRows, f, normal(1)),
					GU: s.rows("GU", kernels.DimRows, 2*f, normal(scale)),
					N:  kernels.DimRows, F: f,
				})
			}))
	}
	return cases
}
