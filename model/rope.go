package model

import (
	"math"

	"gradus/kernels"
)

// rope emits the rotation of queries and keys, or its inverse.
func (e *emitter) rope(qkv span, pos kernels.Ref, n kernels.Dim, inverse bool) {
	c, size := e.m.cfg, e.m.tables.Len()/2
	e.Add(kernels.RoPE{
		QKV: e.at(qkv),
		Cos: e.bind("cos", e.m.tables, 0, size),
		Sin: e.bind("sin", e.m.tables, size, size),
		Pos: pos, N: n,
		H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim, MaxPos: e.m.plan.maxPos,
		Inverse: inverse,
	})
}

// ropeTables returns cos and sin, each (positions, d/2), of
// position * theta^(-2i/d), computed in float64 (Su et al. 2021, Eq. 15).
// Frameworks that compute the angle in float32 lose up to position*6e-8 of
// it, which we do not copy.
func ropeTables(positions, d int, theta float64) (cos, sin []float32) {
	half := d / 2
	cos, sin = make([]float32, positions*half), make([]float32, positions*half)
	for i := range half {
		freq := math.Pow(theta, -2*float64(i)/float64(d))
		for p := range positions {
			s, c := math.Sincos(float64(p) * freq)
			cos[p*half+i], sin[p*half+i] = float32(c), float32(s)
		}
	}
	return cos, sin
}
