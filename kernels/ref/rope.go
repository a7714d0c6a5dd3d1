package ref

import "gradus/kernels"

// rope rotates each pair (x[i], x[i+D/2]) of the query and key heads by the
// angle whose cosine and sine stand in the tables; Inverse by its negative,
// which is the transpose and so the backward pass.
func (m *memory) rope(o kernels.RoPE) error {
	qkv, cos, sin, pos := m.real(o.QKV), m.real(o.Cos), m.real(o.Sin), m.index(o.Pos)
	half := o.D / 2
	for n := range m.rows(o.N) {
		if err := inRange("Pos", n, pos[n], o.MaxPos); err != nil {
			return err
		}
		c, s := row(cos, int(pos[n]), half), row(sin, int(pos[n]), half)
		heads := row(qkv, n, (o.H+2*o.KV)*o.D)
		for h := range o.H + o.KV {
			x := row(heads, h, o.D)
			for i := range half {
				a, b, t := x[i], x[i+half], s[i]
				if o.Inverse {
					t = -t
				}
				x[i] = a*c[i] - b*t
				x[i+half] = b*c[i] + a*t
			}
		}
	}
	return nil
}
