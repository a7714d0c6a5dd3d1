package ref

import (
	"slices"

	"gradus/kernels"
)

func (m *memory) advance(o kernels.Advance) {
	count, left, drawn := m.index(o.Count), m.index(o.Left), m.index(o.Drawn)
	for n := range m.rows(o.N) {
		c := int(count[n])
		if left[n] <= 0 || c < 0 || c >= o.Steps {
			continue
		}
		at := n*o.Steps + c
		m.index(o.Tokens)[at] = drawn[n]
		m.real(o.LogPs)[at], m.real(o.Ents)[at] = m.real(o.LogP)[n], m.real(o.Ent)[n]
		count[n]++
		left[n]--
		if slices.Contains(m.index(o.Stop)[:o.Stops], drawn[n]) {
			left[n] = 0
		}
		if left[n] > 0 {
			m.index(o.Tok)[n] = drawn[n]
			for _, r := range []kernels.Ref{o.Pos, o.At, o.Len} {
				m.index(r)[n]++
			}
		}
	}
}
