package ref

import (
	"math"

	"gradus/kernels"
)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// y = g * sigmoid(g) * u
func (m *memory) swiGLU(o kernels.SwiGLU) {
	y, gu := m.real(o.Y), m.real(o.GU)
	for n := range m.rows(o.N) {
		in := row(gu, n, 2*o.F)
		for f := range o.F {
			g, u := in[f], in[o.F+f]
			y[n*o.F+f] = g * sigmoid(g) * u
		}
	}
}

// With s = sigmoid(g): dg = dy*u*s*(1 + g*(1-s)), du = dy*g*s
func (m *memory) swiGLUBwd(o kernels.SwiGLUBwd) {
	dgu, dy, gu := m.real(o.DGU), m.real(o.DY), m.real(o.GU)
	for n := range m.rows(o.N) {
		in, d := row(gu, n, 2*o.F), row(dgu, n, 2*o.F)
		for f := range o.F {
			g, u, dyf := in[f], in[o.F+f], dy[n*o.F+f]
			s := sigmoid(g)
			d[f] = dyf * u * s * (1 + g*(1-s))
			d[o.F+f] = dyf * g * s
		}
	}
}
