package ref

import (
	"fmt"

	"gradus/kernels"
)

// Y[n] = X[Idx[n]]
func (m *memory) gatherRows(o kernels.GatherRows) error {
	y, x, idx := m.real(o.Y), m.real(o.X), m.index(o.Idx)
	for n := range m.rows(o.N) {
		if err := inRange("Idx", n, idx[n], m.rows(o.M)); err != nil {
			return err
		}
		copy(row(y, n, o.C), row(x, int(idx[n]), o.C))
	}
	return nil
}

// Y = 0, then Y[Idx[n]] = X[n]
func (m *memory) scatterRows(o kernels.ScatterRows) error {
	y, x, idx := m.real(o.Y), m.real(o.X), m.index(o.Idx)
	clear(y[:m.rows(o.M)*o.C])
	writer := make(map[int32]int)
	for n := range m.rows(o.N) {
		if err := inRange("Idx", n, idx[n], m.rows(o.M)); err != nil {
			return err
		}
		if first, twice := writer[idx[n]]; twice {
			return fmt.Errorf("row %d: Idx = %d, which row %d has already", n, idx[n], first)
		}
		writer[idx[n]] = n
		copy(row(y, int(idx[n]), o.C), row(x, n, o.C))
	}
	return nil
}
