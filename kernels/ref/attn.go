package ref

import (
	"fmt"
	"math"

	"gradus/kernels"
)

// heads addresses the heads of a packed (N, (H+2*KV)*D) matrix.
type heads struct {
	x        []float64
	h, kv, d int
}

func (q heads) at(n, head int) []float64 {
	return row(q.x[n*(q.h+2*q.kv)*q.d:], head, q.d)
}

func (q heads) query(n, h int) []float64 { return q.at(n, h) }
func (q heads) key(n, g int) []float64   { return q.at(n, q.h+g) }
func (q heads) value(n, g int) []float64 { return q.at(n, q.h+q.kv+g) }

// attend, of factors that are rounded as they should be, writes sum_t softmax(q.k_t/sqrt(D)) v_t to out and returns the
// log-sum-exp of the scaled scores.
func attend(out, q []float64, keys, values [][]float64) (lse float64) {
	scale := 1 / math.Sqrt(float64(len(q)))
	z := make([]float64, len(keys))
	for t, k := range keys {
		z[t] = dot(q, k) * scale
	}
	lse = logSumExp(z)
	clear(out)
	for t, v := range values {
		p := math.Exp(z[t] - lse)
		for i := range out {
			out[i] += p * v[i]
		}
	}
	return lse
}

// sequences checks Start and Prefix and calls f for each sequence with its
// first row and end, and those of its prefix (0, 0 without one).
func sequences(start, prefix []int32, n, s, maxLen int, f func(plo, phi, lo, hi int)) error {
	if start[0] != 0 || int(start[s]) != n {
		return fmt.Errorf("operand Start runs from %d to %d, want 0 to %d rows", start[0], start[s], n)
	}
	for i := range s {
		if start[i+1] < start[i] {
			return fmt.Errorf("sequence %d has rows %d..%d, want 0 to MaxLen = %d of them", i, start[i], start[i+1], maxLen)
		}
	}
	root := -1 // the sequence that the next one may continue
	at := func(i int) (lo, hi int) { return int(start[i]), int(start[i+1]) }
	var ranges [][4]int
	for i := range s {
		plo, phi := 0, 0
		switch p := prefixOf(prefix, i); {
		case p == -1:
			root = i
		case p < 0 || p != root:
			return fmt.Errorf("row %d: Prefix = %d, want -1 or %d", i, p, root)
		default:
			plo, phi = at(p)
		}
		lo, hi := at(i)
		if l := phi - plo + hi - lo; l > maxLen {
			return fmt.Errorf("sequence %d has rows %d..%d and %d before them, want 0 to MaxLen = %d", i, lo, hi, phi-plo, maxLen)
		}
		ranges = append(ranges, [4]int{plo, phi, lo, hi})
	}
	for _, r := range ranges {
		f(r[0], r[1], r[2], r[3])
	}
	return nil
}

func prefixOf(prefix []int32, i int) int {
	if prefix == nil {
		return -1
	}
	return int(prefix[i])
}

// visible lists the rows that row n of a sequence sees: plo..phi-1, lo..n.
func visible(plo, phi, lo, n int) []int {
	var rows []int
	for t := plo; t < phi; t++ {
		rows = append(rows, t)
	}
	for t := lo; t <= n; t++ {
		rows = append(rows, t)
	}
	return rows
}

// attn: row n of a sequence attends to its prefix and to the rows lo..n.
func (m *memory) attn(o kernels.Attn) error {
	qkv := heads{factors(m.real(o.QKV), o.Compute), o.H, o.KV, o.D}
	out, lse := m.real(o.Out), m.real(o.LSE)
	return sequences(m.index(o.Start), m.index(o.Prefix), m.rows(o.N), m.rows(o.S), o.MaxLen, func(plo, phi, lo, hi int) {
		for n := lo; n < hi; n++ {
			rows := visible(plo, phi, lo, n)
			for h := range o.H {
				g := h / (o.H / o.KV)
				var keys, values [][]float64
				for _, t := range rows {
					keys = append(keys, qkv.key(t, g))
					values = append(values, qkv.value(t, g))
				}
				lse[n*o.H+h] = attend(row(out, n*o.H+h, o.D), qkv.query(n, h), keys, values)
			}
		}
	})
}

// attnBwd: with p_t = exp(q.k_t*scale - lse), dp_t = dout.v_t and
// delta = sum_t p_t*dp_t = dout.out:
//
//	dv_t += p_t*dout    ds_t = p_t*(dp_t - delta)*scale
//	dq += ds_t*k_t      dk_t += ds_t*q
func (m *memory) attnBwd(o kernels.AttnBwd) error {
	qkv := heads{factors(m.real(o.QKV), o.Compute), o.H, o.KV, o.D}
	dqkv := heads{m.real(o.DQKV), o.H, o.KV, o.D}
	dout, out, lse := m.real(o.DOut), m.real(o.Out), m.real(o.LSE)
	scale := 1 / math.Sqrt(float64(o.D))
	rows := m.rows(o.N)
	clear(dqkv.x[:rows*(o.H+2*o.KV)*o.D])
	return sequences(m.index(o.Start), m.index(o.Prefix), rows, m.rows(o.S), o.MaxLen, func(plo, phi, lo, hi int) {
		for n := lo; n < hi; n++ {
			seen := visible(plo, phi, lo, n)
			for h := range o.H {
				g := h / (o.H / o.KV)
				q, dq := qkv.query(n, h), dqkv.query(n, h)
				do := factors(row(dout, n*o.H+h, o.D), o.Compute)
				delta := dot(do, row(out, n*o.H+h, o.D))
				for _, t := range seen {
					k, v, dk, dv := qkv.key(t, g), qkv.value(t, g), dqkv.key(t, g), dqkv.value(t, g)
					p := math.Exp(dot(q, k)*scale - lse[n*o.H+h])
					ds := p * (dot(do, v) - delta) * scale
					for i := range o.D {
						dv[i] += p * do[i]
						dq[i] += ds * k[i]
						dk[i] += ds * q[i]
					}
				}
			}
		}
	})
}

// cached returns head g at position at of slot in a (Slots, KV, Cap, D) cache.
func cached(cache []float64, slot int32, g, kv, at, capacity, d int) []float64 {
	return row(cache, (int(slot)*kv+g)*capacity+at, d)
}

// kvWrite copies the key and value heads of each row into the caches.
func (m *memory) kvWrite(o kernels.KVWrite) error {
	qkv := heads{m.real(o.QKV), o.H, o.KV, o.D}
	k, v, slot, at := m.real(o.K), m.real(o.V), m.index(o.Slot), m.index(o.At)
	for n := range m.rows(o.N) {
		if err := inRange("Slot", n, slot[n], o.Slots); err != nil {
			return err
		}
		if err := inRange("At", n, at[n], o.Cap); err != nil {
			return err
		}
		for g := range o.KV {
			copy(cached(k, slot[n], g, o.KV, int(at[n]), o.Cap, o.D), factors(qkv.key(n, g), o.Compute))
			copy(cached(v, slot[n], g, o.KV, int(at[n]), o.Cap, o.D), factors(qkv.value(n, g), o.Compute))
		}
	}
	return nil
}

// attnDecode attends to the prompt slot's positions, then to the own slot's.
func (m *memory) attnDecode(o kernels.AttnDecode) error {
	qkv := heads{m.real(o.QKV), o.H, o.KV, o.D}
	out, pk, pv, k, v := m.real(o.Out), m.real(o.PK), m.real(o.PV), m.real(o.K), m.real(o.V)
	pslot, plen, slot, length := m.index(o.PSlot), m.index(o.PLen), m.index(o.Slot), m.index(o.Len)
	for n := range m.rows(o.N) {
		if err := decodeRow(o, n, pslot[n], plen[n], slot[n], length[n]); err != nil {
			return err
		}
		prompt, all := int(plen[n]), int(length[n])
		for h := range o.H {
			g := h / (o.H / o.KV)
			var keys, values [][]float64
			for t := range all {
				if t < prompt {
					keys = append(keys, cached(pk, pslot[n], g, o.KV, t, o.PCap, o.D))
					values = append(values, cached(pv, pslot[n], g, o.KV, t, o.PCap, o.D))
				} else {
					keys = append(keys, cached(k, slot[n], g, o.KV, t-prompt, o.Cap, o.D))
					values = append(values, cached(v, slot[n], g, o.KV, t-prompt, o.Cap, o.D))
				}
			}
			attend(row(out, n*o.H+h, o.D), factors(qkv.query(n, h), o.Compute), keys, values)
		}
	}
	return nil
}

// decodeRow checks the four indices of row n. A slot that the row does not
// read (no prompt, or nothing beyond it) may hold any number.
func decodeRow(o kernels.AttnDecode, n int, pslot, plen, slot, length int32) error {
	if length < 1 {
		return fmt.Errorf("row %d: Len = %d, want at least 1", n, length)
	}
	if plen < 0 || plen > length || int(plen) > o.PCap {
		return fmt.Errorf("row %d: PLen = %d, want 0 to min(Len = %d, PCap = %d)", n, plen, length, o.PCap)
	}
	if int(length-plen) > o.Cap {
		return fmt.Errorf("row %d: Len - PLen = %d, want at most Cap = %d", n, length-plen, o.Cap)
	}
	if plen > 0 {
		if err := inRange("PSlot", n, pslot, o.PSlots); err != nil {
			return err
		}
	}
	if length > plen {
		return inRange("Slot", n, slot, o.Slots)
	}
	return nil
}
