package kernels

// The counts below follow these rules, so that figures of two devices and of
// two papers compare:
//
//   - A multiplication, addition, division, square root, exp, log or negation
//     is one operation; comparisons and integer work are none.
//   - Attention counts its matrix products only: 4*D per visible pair and head
//     forward, 10*D backward (five products), as FlashAttention reports them.
//     Pairs are those of equally long sequences, as the run's arguments do not
//     tell the lengths; decoding counts full caches.
//   - Bytes are each input read once and each output written once at 4 bytes
//     an element, 2 of a weight packed in bf16 and of a cache in bf16. An
//     output that accumulates counts twice. Scratch is free: it need not leave the cache.

const elem = 4 // bytes of an f32 or i32 element

// halved takes off what n elements of Pack, or of a cache, are smaller in bf16.
func (w Work) halved(n int64, compute DType) Work {
	if compute == BF16 {
		w.Bytes -= elem / 2 * n
	}
	return w
}

func work(flops, elems int64) Work { return Work{Flops: flops, Bytes: elem * elems} }

func rows(d Dim, a *Args) int64 { return int64(d.Of(a)) }

// Work of Embed: one row read and one written for each token.
func (o Embed) Work(a *Args) Work {
	n, c := rows(o.N, a), int64(o.C)
	return work(0, 2*n*c+n)
}

// Work of EmbedBwd: at most min(N, V) distinct rows of DW change.
func (o EmbedBwd) Work(a *Args) Work {
	n, c := rows(o.N, a), int64(o.C)
	return work(n*c, n*c+2*min(n, int64(o.V))*c+n)
}

// Work of RMSNorm: square, add and two products an element; a division, an
// addition, a square root and a reciprocal a row.
func (o RMSNorm) Work(a *Args) Work {
	n, c := rows(o.N, a), int64(o.C)
	return work(4*n*c+4*n, 2*n*c+c+n)
}

// Work of RMSNormBwd: ten operations an element.
func (o RMSNormBwd) Work(a *Args) Work {
	n, c := rows(o.N, a), int64(o.C)
	return work(10*n*c, 4*n*c+3*c+n)
}

// Work of Pack.
func (o Pack) Work(*Args) Work {
	n := PackLen(o.O, o.K)
	switch {
	case o.Compute == BF16 && o.Back:
		n = PackBackLenBF16(o.O, o.K)
	case o.Compute == BF16:
		n = PackLenBF16(o.O, o.K)
	case o.Back:
		n = PackBackLen(o.O, o.K)
	}
	return work(0, int64(o.O)*int64(o.K)+n).halved(n, o.Compute)
}

// Work of Linear.
func (o Linear) Work(a *Args) Work {
	n, m, k := rows(o.N, a), int64(o.O), int64(o.K)
	w := work(2*n*m*k, n*k+m*k+n*m)
	if o.Res != 0 {
		w.Flops += n * m
		w.Bytes += elem * n * m
	}
	return w.halved(m*k, o.Compute)
}

// Work of LinearDX.
func (o LinearDX) Work(a *Args) Work {
	n, m, k := rows(o.N, a), int64(o.O), int64(o.K)
	w := work(2*n*m*k, n*m+m*k+n*k)
	if o.Acc {
		w.Flops += n * k
		w.Bytes += elem * n * k
	}
	return w.halved(m*k, o.Compute)
}

// Work of LinearDW.
func (o LinearDW) Work(a *Args) Work {
	n, m, k := rows(o.N, a), int64(o.O), int64(o.K)
	return work(2*n*m*k, n*m+n*k+2*m*k)
}

// Work of RoPE: six operations a pair of elements.
func (o RoPE) Work(a *Args) Work {
	n, d := rows(o.N, a), int64(o.D)
	e := n * int64(o.H+o.KV) * d
	return work(3*e, 2*e+min(n, int64(o.MaxPos))*d+n)
}

// Work of KVWrite.
func (o KVWrite) Work(a *Args) Work {
	n := rows(o.N, a)
	cached := 2 * n * int64(o.KV) * int64(o.D)
	return work(0, 2*cached+2*n).halved(cached, o.Compute)
}

// visiblePairs is the number of (row, visible row) pairs when n rows are
// split into s equally long causal sequences: n*(n/s + 1)/2.
func visiblePairs(n, s int64) int64 {
	if s <= 0 {
		return 0
	}
	return n * (n + s) / (2 * s)
}

// Work of Attn.
func (o Attn) Work(a *Args) Work {
	n, s, h, d := rows(o.N, a), rows(o.S, a), int64(o.H), int64(o.D)
	return work(4*d*h*visiblePairs(n, s), n*int64(o.H+2*o.KV)*d+n*h*d+n*h+s+1)
}

// Work of AttnBwd.
func (o AttnBwd) Work(a *Args) Work {
	n, s, h, d := rows(o.N, a), rows(o.S, a), int64(o.H), int64(o.D)
	return work(10*d*h*visiblePairs(n, s), 2*n*int64(o.H+2*o.KV)*d+2*n*h*d+n*h+s+1)
}

// Work of AttnDecode with full caches; a shared prompt slot is read once.
func (o AttnDecode) Work(a *Args) Work {
	n, h, kv, d := rows(o.N, a), int64(o.H), int64(o.KV), int64(o.D)
	shared := min(n, int64(o.PSlots)) * int64(o.PCap)
	own := min(n, int64(o.Slots)) * int64(o.Cap)
	cached := 2 * kv * d * (shared + own)
	return work(4*d*h*n*int64(o.PCap+o.Cap), cached+2*n*h*d+4*n).halved(cached, o.Compute)
}

// Work of SwiGLU: five operations an element.
func (o SwiGLU) Work(a *Args) Work {
	e := rows(o.N, a) * int64(o.F)
	return work(5*e, 3*e)
}

// Work of SwiGLUBwd: twelve operations an element.
func (o SwiGLUBwd) Work(a *Args) Work {
	e := rows(o.N, a) * int64(o.F)
	return work(12*e, 5*e)
}

// Work of GatherRows.
func (o GatherRows) Work(a *Args) Work {
	n := rows(o.N, a)
	return work(0, 2*n*int64(o.C)+n)
}

// Work of ScatterRows.
func (o ScatterRows) Work(a *Args) Work {
	n, m := rows(o.N, a), rows(o.M, a)
	return work(0, (n+m)*int64(o.C)+n)
}

// Work of LossRows: the product and six operations a logit.
func (o LossRows) Work(a *Args) Work {
	n, c, v := rows(o.N, a), int64(o.C), int64(o.V)
	return work(2*n*v*c+6*n*v, n*c+v*c+4*n).halved(v*c, o.Compute)
}

// Work of LossRowsBwd: the logits again, two products and eight operations a
// logit.
func (o LossRowsBwd) Work(a *Args) Work {
	n, c, v := rows(o.N, a), int64(o.C), int64(o.V)
	w := work(6*n*v*c+8*n*v, 2*n*c+3*v*c+4*n)
	if o.EntCoef != 0 {
		w.Bytes += elem * n
	}
	return w.halved(2*v*c, o.Compute)
}

// Work of Sample: seven operations a logit.
func (o Sample) Work(a *Args) Work {
	n, v := rows(o.N, a), int64(o.V)
	return work(7*n*v, n*v+6*n)
}

// Work of Advance: no arithmetic on reals; a row reads nine numbers and the
// stop tokens, and writes nine.
func (o Advance) Work(a *Args) Work { return work(0, 18*rows(o.N, a)+int64(o.Stops)) }

// Work of SumSq.
func (o SumSq) Work(*Args) Work { return work(2*o.Len, o.Len+1) }

// Work of AdamW: seventeen operations an element, four reads, three writes.
func (o AdamW) Work(*Args) Work { return work(17*o.Len, 7*o.Len) }

// Work of Zero.
func (o Zero) Work(a *Args) Work { return work(0, rows(o.N, a)*int64(o.C)) }

// Work of Copy.
func (o Copy) Work(a *Args) Work { return work(0, 2*rows(o.N, a)*int64(o.C)) }
