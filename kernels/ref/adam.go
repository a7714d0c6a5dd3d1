package ref

import (
	"math"

	"gradus/kernels"
)

func (m *memory) adamW(o kernels.AdamW) {
	w, g, m1, m2 := m.real(o.W), m.real(o.G), m.real(o.M), m.real(o.V)
	a := m.args
	b1, b2 := float64(o.Beta1), float64(o.Beta2)
	for i := range w[:o.Len] {
		grad := g[i] * float64(a.GradScale)
		m1[i] = b1*m1[i] + (1-b1)*grad
		m2[i] = b2*m2[i] + (1-b2)*grad*grad
		step := (m1[i] / float64(a.BetaCorr1)) / (math.Sqrt(m2[i]/float64(a.BetaCorr2)) + float64(o.Eps))
		w[i] -= float64(a.LR) * (step + float64(o.WeightDecay)*w[i])
	}
}

// Out[0] = sum of squares
func (m *memory) sumSq(o kernels.SumSq) {
	x := m.real(o.X)[:o.Len]
	m.real(o.Out)[0] = dot(x, x)
}
