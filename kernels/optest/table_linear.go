package optest

import (
	"fmt"

	"gradus/kernels"
)

// linearShapes mix row counts of decoding and of training with widths on both
// sides of 8, 16, 48 and 64, and one reduction beyond 4096 for each of the
// three products.
var linearShapes = [...]struct{ n, k, o int }{
	{1, 1, 1}, {1, 64, 64}, {2, 7, 3}, {5, 33, 17}, {7, 100, 49}, {33, 64, 96},
	{1, 513, 65}, {33, 171, 47}, {64, 128, 130}, {17, 256, 16}, {130, 40, 72},
	{3, 4100, 9}, {2, 5, 4100}, {4100, 3, 5},
}

// linearCases are products of factors in compute.
func linearCases(compute kernels.DType) []Case {
	var cases []Case
	for i, z := range linearShapes {
		shape := fmt.Sprintf("k=%d o=%d", z.k, z.o)
		if compute != kernels.F32 {
			shape += " " + compute.String()
		}
		for _, res := range []string{"none", "other", "inplace"} {
			if (z.n > 1000 || z.n*z.o == 1) && res != "none" {
				continue // a single sum may cancel, which no device can help
			}
			cases = append(cases, perRow("linear", z.n, shape+" res="+res, func(s *tensors) ([]kernels.Op, error) {
				o := linear(s, kernels.DimRows, z.k, z.o, compute)
				switch res {
				case "other":
					o.Res = s.rows("Res", kernels.DimRows, z.o, normal(1))
				case "inplace":
					o.Y = s.rows("Y+Res", kernels.DimRows, z.o, normal(1))
					o.Res = o.Y
				}
				return one(pack(o), o)
			}))
		}
		dx := perRow("linear_dx", z.n, fmt.Sprintf("%s acc=%t", shape, i%2 == 1), func(s *tensors) ([]kernels.Op, error) {
			o := linearDX(s, kernels.DimRows, z.k, z.o, compute)
			o.Acc = i%2 == 1
			if o.Acc {
				o.DX = s.rows("DX+", kernels.DimRows, z.k, normal(1))
			}
			return one(packBack(o), o)
		})
		dw := perRow("linear_dw", z.n, shape, func(s *tensors) ([]kernels.Op, error) {
			start := normal(1)
			if z.o*z.k == 1 {
				start = centred(10, 1) // not where the sum may cancel it
			}
			return one(kernels.LinearDW{
				DW: s.flat("DW", z.o*z.k, start), DY: s.rows("DY", kernels.DimRows, z.o, normal(1)),
				X: s.rows("X", kernels.DimRows, z.k, normal(1)),
				N: kernels.DimRows, O: z.o, K: z.k, Compute: compute,
			})
		})
		dw.Dim = 0
		cases = append(cases, dx, dw)
	}
	return cases
}

// linear declares an (o, k) product of n rows, without a residual.
func linear(s *tensors, n kernels.Dim, k, o int, compute kernels.DType) kernels.Linear {
	return kernels.Linear{
		Y: s.out("Y", n, o), X: s.rows("X", n, k, normal(1)), W: s.flat("W", o*k, normal(0.1)),
		Pack: s.packed("Pack", o, k, compute), N: n, O: o, K: k, Compute: compute,
	}
}

// linearDX declares the input gradient of an (o, k) product of n rows.
func linearDX(s *tensors, n kernels.Dim, k, o int, compute kernels.DType) kernels.LinearDX {
	return kernels.LinearDX{
		DX: s.out("DX", n, k), DY: s.rows("DY", n, o, normal(1)), W: s.flat("W", o*k, normal(0.1)),
		Pack: s.packed("PackBack", k, o, compute), N: n, O: o, K: k, Compute: compute,
	}
}

func pack(o kernels.Linear) kernels.Pack {
	return kernels.Pack{Dst: o.Pack, W: o.W, O: o.O, K: o.K, Compute: o.Compute}
}

func packBack(o kernels.LinearDX) kernels.Pack {
	return kernels.Pack{Dst: o.Pack, W: o.W, O: o.O, K: o.K, Back: true, Compute: o.Compute}
}
