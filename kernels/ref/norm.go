package ref

import (
	"math"

	"gradus/kernels"
)

// r = 1/sqrt(mean(x^2) + eps), y = x * r * g
func (m *memory) rmsNorm(o kernels.RMSNorm) {
	y, rstd, x, g := m.real(o.Y), m.real(o.RStd), m.real(o.X), m.real(o.G)
	for n := range m.rows(o.N) {
		xn, yn := row(x, n, o.C), row(y, n, o.C)
		sum := 0.0
		for _, v := range xn {
			sum += v * v
		}
		r := 1 / math.Sqrt(sum/float64(o.C)+float64(o.Eps))
		rstd[n] = r
		for c := range yn {
			yn[c] = xn[c] * r * g[c]
		}
	}
}

// With u = dy*g, and dr/dx_c = -r^3 * x_c / C:
//
//	dx_c = r*u_c - r^3/C * x_c * sum_j u_j*x_j
//	dg_c = dy_c * x_c * r
func (m *memory) rmsNormBwd(o kernels.RMSNormBwd) {
	dx, dg := m.real(o.DX), m.real(o.DG)
	dy, x, g, rstd := m.real(o.DY), m.real(o.X), m.real(o.G), m.real(o.RStd)
	for n := range m.rows(o.N) {
		xn, dyn, dxn, r := row(x, n, o.C), row(dy, n, o.C), row(dx, n, o.C), rstd[n]
		dot := 0.0
		for c := range xn {
			dot += dyn[c] * g[c] * xn[c]
		}
		k := r * r * r * dot / float64(o.C)
		for c := range xn {
			dxn[c] += r*dyn[c]*g[c] - k*xn[c]
			dg[c] += dyn[c] * xn[c] * r
		}
	}
}
