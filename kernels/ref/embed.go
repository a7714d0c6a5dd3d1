package ref

import "gradus/kernels"

// Out[n] = W[Tok[n]]
func (m *memory) embed(o kernels.Embed) error {
	out, w, tok := m.real(o.Out), m.real(o.W), m.index(o.Tok)
	for n := range m.rows(o.N) {
		if err := inRange("Tok", n, tok[n], o.V); err != nil {
			return err
		}
		copy(row(out, n, o.C), row(w, int(tok[n]), o.C))
	}
	return nil
}

// DW[Tok[n]] += DOut[n]
func (m *memory) embedBwd(o kernels.EmbedBwd) error {
	dw, dout, tok := m.real(o.DW), m.real(o.DOut), m.index(o.Tok)
	for n := range m.rows(o.N) {
		if err := inRange("Tok", n, tok[n], o.V); err != nil {
			return err
		}
		d := row(dw, int(tok[n]), o.C)
		for c, g := range row(dout, n, o.C) {
			d[c] += g
		}
	}
	return nil
}
