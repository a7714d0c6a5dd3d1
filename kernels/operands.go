package kernels

// Access says what an op does with an operand.
type Access uint8

const (
	// Read: the op only reads it.
	Read Access = iota
	// Write: the active rows are overwritten, whatever they held before.
	Write
	// Update: the op reads and changes it (+=), or overwrites a part of it.
	Update
	// Scratch: working memory, its contents are undefined before and after.
	Scratch
)

func (a Access) String() string {
	switch a {
	case Read:
		return "read"
	case Write:
		return "write"
	case Update:
		return "update"
	case Scratch:
		return "scratch"
	}
	return "access?"
}

// mul returns the product of its factors, or -1 if one of them is negative or
// the product does not fit: Program.Validate refuses such an operand.
func mul(factors ...int) int64 {
	p := int64(1)
	for _, f := range factors {
		switch {
		case f < 0 || p < 0:
			return -1
		case f > 0 && p > (1<<62)/int64(f):
			return -1
		}
		p *= int64(f)
	}
	return p
}

func f32(name string, r Ref, a Access, n int64) Operand {
	return Operand{Name: name, Ref: r, DType: F32, Len: n, Access: a}
}

// cached is the keys or values of a cache of attention in compute.
func cached(name string, r Ref, a Access, compute DType, n int64) Operand {
	o := f32(name, r, a, n)
	if compute == BF16 {
		o.DType = BF16
	}
	return o
}

func i32(name string, r Ref, n int64) Operand {
	return Operand{Name: name, Ref: r, DType: I32, Len: n}
}

func optional(o Operand) Operand {
	o.Optional = true
	return o
}

// accumulates is Update for an op that adds to its output, Write otherwise.
func accumulates(acc bool) Access {
	if acc {
		return Update
	}
	return Write
}

// Operands of Embed.
func (o Embed) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Out", o.Out, Write, mul(n, o.C)),
		f32("W", o.W, Read, mul(o.V, o.C)),
		i32("Tok", o.Tok, mul(n)),
	}
}

// Operands of EmbedBwd.
func (o EmbedBwd) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DW", o.DW, Update, mul(o.V, o.C)),
		f32("DOut", o.DOut, Read, mul(n, o.C)),
		i32("Tok", o.Tok, mul(n)),
	}
}

// Operands of RMSNorm.
func (o RMSNorm) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Y", o.Y, Write, mul(n, o.C)),
		f32("RStd", o.RStd, Write, mul(n)),
		f32("X", o.X, Read, mul(n, o.C)),
		f32("G", o.G, Read, mul(o.C)),
	}
}

// Operands of RMSNormBwd.
func (o RMSNormBwd) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DX", o.DX, Update, mul(n, o.C)),
		f32("DG", o.DG, Update, mul(o.C)),
		f32("DY", o.DY, Read, mul(n, o.C)),
		f32("X", o.X, Read, mul(n, o.C)),
		f32("G", o.G, Read, mul(o.C)),
		f32("RStd", o.RStd, Read, mul(n)),
	}
}

// Operands of Pack.
func (o Pack) Operands(*Args) []Operand {
	dst := packed("Dst", o.Dst, o.Compute, o.O, o.K)
	if o.Back {
		dst = packed("Dst", o.Dst, o.Compute, o.K, o.O)
	}
	dst.Access = Write
	return []Operand{
		dst,
		f32("W", o.W, Read, mul(o.O, o.K)),
	}
}

// packed is what Pack writes for an (o, k) weight, of sizes that nobody has
// checked yet.
func packed(name string, r Ref, compute DType, o, k int) Operand {
	switch {
	case mul(o, k) < 0 || mul(o+64, k+32) < 0:
		return f32(name, r, Read, -1)
	case compute == BF16:
		return Operand{Name: name, Ref: r, DType: BF16, Len: PackLenBF16(o, k), Access: Read}
	}
	return f32(name, r, Read, PackLen(o, k))
}

// Operands of Linear.
func (o Linear) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Y", o.Y, Write, mul(n, o.O)),
		f32("X", o.X, Read, mul(n, o.K)),
		f32("W", o.W, Read, mul(o.O, o.K)),
		packed("Pack", o.Pack, o.Compute, o.O, o.K),
		optional(f32("Res", o.Res, Read, mul(n, o.O))),
	}
}

// Operands of LinearDX.
func (o LinearDX) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DX", o.DX, accumulates(o.Acc), mul(n, o.K)),
		f32("DY", o.DY, Read, mul(n, o.O)),
		f32("W", o.W, Read, mul(o.O, o.K)),
		packed("Pack", o.Pack, o.Compute, o.K, o.O),
	}
}

// Operands of LinearDW.
func (o LinearDW) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DW", o.DW, Update, mul(o.O, o.K)),
		f32("DY", o.DY, Read, mul(n, o.O)),
		f32("X", o.X, Read, mul(n, o.K)),
	}
}

// Operands of RoPE.
func (o RoPE) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("QKV", o.QKV, Update, mul(n, o.H+2*o.KV, o.D)),
		f32("Cos", o.Cos, Read, mul(o.MaxPos, o.D/2)),
		f32("Sin", o.Sin, Read, mul(o.MaxPos, o.D/2)),
		i32("Pos", o.Pos, mul(n)),
	}
}

// Operands of KVWrite.
func (o KVWrite) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		cached("K", o.K, Update, o.Compute, mul(o.Slots, o.KV, o.Cap, o.D)),
		cached("V", o.V, Update, o.Compute, mul(o.Slots, o.KV, o.Cap, o.D)),
		f32("QKV", o.QKV, Read, mul(n, o.H+2*o.KV, o.D)),
		i32("Slot", o.Slot, mul(n)),
		i32("At", o.At, mul(n)),
	}
}

// Operands of Attn.
func (o Attn) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Out", o.Out, Write, mul(n, o.H, o.D)),
		f32("LSE", o.LSE, Write, mul(n, o.H)),
		f32("QKV", o.QKV, Read, mul(n, o.H+2*o.KV, o.D)),
		i32("Start", o.Start, mul(o.S.Of(m)+1)),
		optional(i32("Prefix", o.Prefix, mul(o.S.Of(m)))),
	}
}

// Operands of AttnBwd.
func (o AttnBwd) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DQKV", o.DQKV, Write, mul(n, o.H+2*o.KV, o.D)),
		f32("DOut", o.DOut, Read, mul(n, o.H, o.D)),
		f32("QKV", o.QKV, Read, mul(n, o.H+2*o.KV, o.D)),
		f32("Out", o.Out, Read, mul(n, o.H, o.D)),
		f32("LSE", o.LSE, Read, mul(n, o.H)),
		i32("Start", o.Start, mul(o.S.Of(m)+1)),
		optional(i32("Prefix", o.Prefix, mul(o.S.Of(m)))),
	}
}

// Operands of AttnDecode.
func (o AttnDecode) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Out", o.Out, Write, mul(n, o.H, o.D)),
		f32("QKV", o.QKV, Read, mul(n, o.H+2*o.KV, o.D)),
		cached("PK", o.PK, Read, o.Compute, mul(o.PSlots, o.KV, o.PCap, o.D)),
		cached("PV", o.PV, Read, o.Compute, mul(o.PSlots, o.KV, o.PCap, o.D)),
		cached("K", o.K, Read, o.Compute, mul(o.Slots, o.KV, o.Cap, o.D)),
		cached("V", o.V, Read, o.Compute, mul(o.Slots, o.KV, o.Cap, o.D)),
		i32("PSlot", o.PSlot, mul(n)),
		i32("PLen", o.PLen, mul(n)),
		i32("Slot", o.Slot, mul(n)),
		i32("Len", o.Len, mul(n)),
	}
}

// Operands of SwiGLU.
func (o SwiGLU) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Y", o.Y, Write, mul(n, o.F)),
		f32("GU", o.GU, Read, mul(n, 2, o.F)),
	}
}

// Operands of SwiGLUBwd.
func (o SwiGLUBwd) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DGU", o.DGU, Write, mul(n, 2, o.F)),
		f32("DY", o.DY, Read, mul(n, o.F)),
		f32("GU", o.GU, Read, mul(n, 2, o.F)),
	}
}

// Operands of GatherRows.
func (o GatherRows) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Y", o.Y, Write, mul(n, o.C)),
		f32("X", o.X, Read, mul(o.M.Of(m), o.C)),
		i32("Idx", o.Idx, mul(n)),
	}
}

// Operands of ScatterRows.
func (o ScatterRows) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Y", o.Y, Write, mul(o.M.Of(m), o.C)),
		f32("X", o.X, Read, mul(n, o.C)),
		i32("Idx", o.Idx, mul(n)),
	}
}

// Operands of LossRows.
func (o LossRows) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("LogP", o.LogP, Write, mul(n)),
		f32("Ent", o.Ent, Write, mul(n)),
		f32("LSE", o.LSE, Write, mul(n)),
		f32("H", o.H, Read, mul(n, o.C)),
		f32("W", o.W, Read, mul(o.V, o.C)),
		packed("Pack", o.Pack, o.Compute, o.V, o.C),
		i32("Target", o.Target, mul(n)),
		f32("Scratch", o.Scratch, Scratch, mul(o.Chunk, o.V)),
	}
}

// Operands of LossRowsBwd.
func (o LossRowsBwd) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("DH", o.DH, Write, mul(n, o.C)),
		f32("DW", o.DW, Update, mul(o.V, o.C)),
		f32("H", o.H, Read, mul(n, o.C)),
		f32("W", o.W, Read, mul(o.V, o.C)),
		packed("Pack", o.Pack, o.Compute, o.V, o.C),
		packed("PackBack", o.PackBack, o.Compute, o.C, o.V),
		i32("Target", o.Target, mul(n)),
		f32("LSE", o.LSE, Read, mul(n)),
		f32("Ent", o.Ent, Read, mul(n)),
		f32("Coef", o.Coef, Read, mul(n)),
		optional(f32("EntCoef", o.EntCoef, Read, mul(n))),
		f32("Scratch", o.Scratch, Scratch, mul(o.Chunk, o.V)),
	}
}

// Operands of Sample.
func (o Sample) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	tok := i32("Tok", o.Tok, mul(n))
	tok.Access = Write
	return []Operand{
		tok,
		f32("LogP", o.LogP, Write, mul(n)),
		f32("Ent", o.Ent, Write, mul(n)),
		f32("Logits", o.Logits, Read, mul(n, o.V)),
		i32("Stream", o.Stream, mul(n, 2)),
		i32("Pos", o.Pos, mul(n)),
	}
}

// Operands of Advance.
func (o Advance) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	updated := func(name string, r Ref, n int64) Operand {
		x := i32(name, r, n)
		x.Access = Update
		return x
	}
	return []Operand{
		updated("Tokens", o.Tokens, mul(n, o.Steps)),
		f32("LogPs", o.LogPs, Update, mul(n, o.Steps)),
		f32("Ents", o.Ents, Update, mul(n, o.Steps)),
		updated("Tok", o.Tok, mul(n)),
		updated("Pos", o.Pos, mul(n)),
		updated("At", o.At, mul(n)),
		updated("Len", o.Len, mul(n)),
		updated("Count", o.Count, mul(n)),
		updated("Left", o.Left, mul(n)),
		i32("Drawn", o.Drawn, mul(n)),
		f32("LogP", o.LogP, Read, mul(n)),
		f32("Ent", o.Ent, Read, mul(n)),
		i32("Stop", o.Stop, mul(o.Stops)),
	}
}

// Operands of SumSq.
func (o SumSq) Operands(*Args) []Operand {
	return []Operand{
		f32("Out", o.Out, Write, 1),
		f32("X", o.X, Read, o.Len),
	}
}

// Operands of AdamW.
func (o AdamW) Operands(*Args) []Operand {
	return []Operand{
		f32("W", o.W, Update, o.Len),
		f32("G", o.G, Read, o.Len),
		f32("M", o.M, Update, o.Len),
		f32("V", o.V, Update, o.Len),
	}
}

// Operands of Zero.
func (o Zero) Operands(m *Args) []Operand {
	return []Operand{f32("X", o.X, Write, mul(o.N.Of(m), o.C))}
}

// Operands of Copy.
func (o Copy) Operands(m *Args) []Operand {
	n := o.N.Of(m)
	return []Operand{
		f32("Y", o.Y, Write, mul(n, o.C)),
		f32("X", o.X, Read, mul(n, o.C)),
	}
}
