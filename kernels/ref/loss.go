package ref

import (
	"math"

	"gradus/kernels"
)

// logSumExp returns log(sum exp(z)); shifting by the maximum keeps exp in range.
func logSumExp(z []float64) float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// entropy of softmax(z) in nats, given lse = logSumExp(z).
func entropy(z []float64, lse float64) float64 {
	e := 0.0
	for _, v := range z {
		if p := math.Exp(v - lse); p > 0 {
			e -= p * (v - lse)
		}
	}
	return e
}

// scaledLogits writes (h W^T)/temperature to z.
func scaledLogits(z, h, w []float64, temperature float64) {
	for v := range z {
		z[v] = dot(h, row(w, v, len(h))) / temperature
	}
}

func (m *memory) lossRows(o kernels.LossRows) error {
	logp, ent, lse := m.real(o.LogP), m.real(o.Ent), m.real(o.LSE)
	h, w, target := m.real(o.H), factors(m.real(o.W)[:o.V*o.C], o.Compute), m.index(o.Target)
	if err := packed(m.real(o.Pack), w, o.V, o.C); err != nil {
		return err
	}
	z := make([]float64, o.V)
	for n := range m.rows(o.N) {
		if err := inRange("Target", n, target[n], o.V); err != nil {
			return err
		}
		scaledLogits(z, factors(row(h, n, o.C), o.Compute), w, float64(m.args.Temperature))
		lse[n] = logSumExp(z)
		logp[n] = z[target[n]] - lse[n]
		ent[n] = entropy(z, lse[n])
	}
	return nil
}

// With p = softmax(z), l = log p, t the target and z = logits/T:
//
//	dLogP/dz_v = [v=t] - p_v      dEnt/dz_v = -p_v*(l_v + Ent)
//
// and d/dlogits = d/dz / T.
func (m *memory) lossRowsBwd(o kernels.LossRowsBwd) error {
	dh, dw, h, w := m.real(o.DH), m.real(o.DW), m.real(o.H), factors(m.real(o.W)[:o.V*o.C], o.Compute)
	lse, ent, coef, entCoef := m.real(o.LSE), m.real(o.Ent), m.real(o.Coef), m.real(o.EntCoef)
	target, temperature := m.index(o.Target), float64(m.args.Temperature)
	for _, pack := range []kernels.Ref{o.Pack, o.PackBack} {
		if err := packed(m.real(pack), w, o.V, o.C); err != nil {
			return err
		}
	}
	z, dz := make([]float64, o.V), make([]float64, o.V)
	for n := range m.rows(o.N) {
		if err := inRange("Target", n, target[n], o.V); err != nil {
			return err
		}
		hn, dhn := factors(row(h, n, o.C), o.Compute), row(dh, n, o.C)
		scaledLogits(z, hn, w, temperature)
		clear(dhn)
		for v := range z {
			l := z[v] - lse[n]
			p := math.Exp(l)
			d := -coef[n] * p
			if v == int(target[n]) {
				d += coef[n]
			}
			if o.EntCoef != 0 && p > 0 {
				d -= entCoef[n] * p * (l + ent[n])
			}
			dz[v] = d / temperature
		}
		for v, d := range factors(dz, o.Compute) {
			wv, dwv := row(w, v, o.C), row(dw, v, o.C)
			for c := range dhn {
				dhn[c] += d * wv[c]
				dwv[c] += d * hn[c]
			}
		}
	}
	return nil
}
