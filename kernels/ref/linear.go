package ref

import (
	"fmt"

	"gradus/kernels"
)

// pack copies W and zeroes the padding. The ops that read it compare it with W
// again, so that a program that forgets to pack after an update is found here
// and not as a slow loss on a device that reads the packed form.
func (m *memory) pack(o kernels.Pack) {
	size := kernels.PackLen(o.O, o.K)
	switch {
	case o.Compute == kernels.BF16 && o.Back:
		size = kernels.PackBackLenBF16(o.O, o.K)
	case o.Compute == kernels.BF16:
		size = kernels.PackLenBF16(o.O, o.K)
	case o.Back:
		size = kernels.PackBackLen(o.O, o.K)
	}
	dst := m.real(o.Dst)[:size]
	n := copy(dst, factors(m.real(o.W)[:o.O*o.K], o.Compute))
	clear(dst[n:])
}

// packed reports the first element in which pack differs from w.
func packed(pack, w []float64, o, k int) error {
	for i, v := range w[:o*k] {
		if pack[i] != v && v == v { // NaN weights are the update's fault, not Pack's
			return fmt.Errorf("operand Pack does not hold W (row %d, column %d: %g, weight is %g): run Pack after each change of W", i/k, i%k, pack[i], v)
		}
	}
	return nil
}

// factors returns x as a product in compute sees it. The rounding to bf16 is
// that of the f32 number that a device holds.
func factors(x []float64, compute kernels.DType) []float64 {
	if compute != kernels.BF16 {
		return x
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(kernels.RoundBF16(float32(v)))
	}
	return y
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// Y = (Res +) X W^T
func (m *memory) linear(o kernels.Linear) error {
	y, x, w, res := m.real(o.Y), m.real(o.X), factors(m.real(o.W)[:o.O*o.K], o.Compute), m.real(o.Res)
	if err := packed(m.real(o.Pack), w, o.O, o.K); err != nil {
		return err
	}
	for n := range m.rows(o.N) {
		xn, yn := factors(row(x, n, o.K), o.Compute), row(y, n, o.O)
		for j := range yn {
			s := dot(xn, row(w, j, o.K))
			if o.Res != 0 {
				s += res[n*o.O+j]
			}
			yn[j] = s
		}
	}
	return nil
}

// DX (+)= DY W
func (m *memory) linearDX(o kernels.LinearDX) error {
	dx, dy, w := m.real(o.DX), m.real(o.DY), factors(m.real(o.W)[:o.O*o.K], o.Compute)
	if err := packed(m.real(o.Pack), w, o.O, o.K); err != nil {
		return err
	}
	for n := range m.rows(o.N) {
		dxn := row(dx, n, o.K)
		if !o.Acc {
			clear(dxn)
		}
		for j, g := range factors(row(dy, n, o.O), o.Compute) {
			for k, v := range row(w, j, o.K) {
				dxn[k] += g * v
			}
		}
	}
	return nil
}

// DW += DY^T X
func (m *memory) linearDW(o kernels.LinearDW) {
	dw, dy, x := m.real(o.DW), m.real(o.DY), m.real(o.X)
	for n := range m.rows(o.N) {
		xn := factors(row(x, n, o.K), o.Compute)
		for j, g := range factors(row(dy, n, o.O), o.Compute) {
			dwj := row(dw, j, o.K)
			for k, v := range xn {
				dwj[k] += g * v
			}
		}
	}
}
