package optest

import (
	"fmt"

	"gradus/kernels"
)

func rowCases() []Case {
	var cases []Case
	for i, picks := range oddRows {
		rows, c := picks+[]int{0, 3, 1, 20, 7}[i], []int{1, 7, 16, 33, 64}[i]
		base := Case{
			Shape: fmt.Sprintf("n=%d m=%d c=%d", picks, rows, c),
			Args:  kernels.Args{Rows: rows, Picks: picks}, Spare: i % 3,
		}
		gather, scatter := base, base
		gather.Op, gather.Dim = "gather_rows", kernels.DimPicks
		gather.build = func(s *tensors) ([]kernels.Op, error) {
			return one(kernels.GatherRows{
				Y: s.out("Y", kernels.DimPicks, c), X: s.rows("X", kernels.DimRows, c, normal(1)),
				Idx: s.indices("Idx", kernels.DimPicks, 1, func(r *random, _ int) int { return r.below(rows) }),
				N:   kernels.DimPicks, M: kernels.DimRows, C: c,
			})
		}
		scatter.Op = "scatter_rows"
		scatter.build = func(s *tensors) ([]kernels.Op, error) {
			place := s.random().shuffled(rows)
			return one(kernels.ScatterRows{
				Y: s.out("Y", kernels.DimRows, c), X: s.rows("X", kernels.DimPicks, c, normal(1)),
				Idx: s.indices("Idx", kernels.DimPicks, 1, func(_ *random, i int) int { return place[i] }),
				N:   kernels.DimPicks, M: kernels.DimRows, C: c,
			})
		}
		zero := perRow("zero", picks, fmt.Sprintf("c=%d", c), func(s *tensors) ([]kernels.Op, error) {
			return one(kernels.Zero{X: s.out("X", kernels.DimRows, c), N: kernels.DimRows, C: c})
		})
		cp := perRow("copy", picks, fmt.Sprintf("c=%d", c), func(s *tensors) ([]kernels.Op, error) {
			return one(kernels.Copy{
				Y: s.out("Y", kernels.DimRows, c), X: s.rows("X", kernels.DimRows, c, normal(1)),
				N: kernels.DimRows, C: c,
			})
		})
		cases = append(cases, gather, scatter, zero, cp)
	}
	return cases
}

// fixedCases have a number of rows that is no argument of the run, as the
// clearing of gradients and the copying of weights have.
func fixedCases() []Case {
	fixed := func(op kernels.Kind, n int, shape string, build func(s *tensors, n kernels.Dim) kernels.Op) Case {
		return Case{Op: op, Shape: fmt.Sprintf("fixed n=%d %s", n, shape), build: func(s *tensors) ([]kernels.Op, error) {
			return one(build(s, kernels.Dim(n)))
		}}
	}
	return []Case{
		fixed("zero", 1, "c=70001", func(s *tensors, n kernels.Dim) kernels.Op {
			return kernels.Zero{X: s.out("X", n, 70001), N: n, C: 70001}
		}),
		fixed("copy", 3, "c=20011", func(s *tensors, n kernels.Dim) kernels.Op {
			return kernels.Copy{Y: s.out("Y", n, 20011), X: s.rows("X", n, 20011, normal(1)), N: n, C: 20011}
		}),
		fixed("swiglu", 6, "f=31", func(s *tensors, n kernels.Dim) kernels.Op {
			return kernels.SwiGLU{Y: s.out("Y", n, 31), GU: s.rows("GU", n, 62, normal(1)), N: n, F: 31}
		}),
		fixed("rmsnorm", 9, "c=48", func(s *tensors, n kernels.Dim) kernels.Op {
			return kernels.RMSNorm{
				Y: s.out("Y", n, 48), RStd: s.out("RStd", n, 1), X: s.rows("X", n, 48, normal(1)), G: s.flat("G", 48, around(0.2)),
				N: n, C: 48, Eps: 1e-6,
			}
		}),
	}
}

// vectorCases are the ops on flat arrays. 65,537 and 100,003 elements span
// several blocks of any partial sum.
func vectorCases() []Case {
	var cases []Case
	for i, n := range []int{0, 1, 7, 33, 1000, 4097, 65537, 100003} {
		cases = append(cases,
			Case{Op: "sum_sq", Shape: fmt.Sprintf("len=%d", n), build: func(s *tensors) ([]kernels.Op, error) {
				return one(kernels.SumSq{Out: s.work("Out", 1), X: s.flat("X", n, normal(1)), Len: int64(n)})
			}},
			Case{
				Op: "adamw", Shape: fmt.Sprintf("len=%d step=%d", n, 1+i*i),
				Args: adamArgs(1 + i*i),
				build: func(s *tensors) ([]kernels.Op, error) {
					w, g, m := normal(0.1), normal(1), normal(0.1)
					if n < 33 { // in so few numbers one may cancel, which no device can help
						w, g, m = around(0.2), around(0.2), around(0.2)
					}
					return one(kernels.AdamW{
						W: s.flat("W", n, w), G: s.flat("G", n, g),
						M: s.flat("M", n, m), V: s.flat("V", n, squared(0.1)),
						Len: int64(n), Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1,
					})
				},
			})
	}
	return cases
}

// adamArgs are the arguments of the t-th step at betas 0.9 and 0.999.
func adamArgs(t int) kernels.Args {
	p1, p2 := 1.0, 1.0
	for range t {
		p1, p2 = p1*0.9, p2*0.999
	}
	return kernels.Args{LR: 1e-2, BetaCorr1: float32(1 - p1), BetaCorr2: float32(1 - p2), GradScale: 0.37}
}
