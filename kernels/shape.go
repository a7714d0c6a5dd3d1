package kernels

import "fmt"

// size is one fixed size of an op.
type size struct {
	name string
	n    int
}

// shape is what Program.Validate checks of an op besides its operands.
type shape struct {
	dims   []Dim
	sizes  []size
	h, kv  int // query and key/value heads, 0 where the op has none
	d      int // head size that must be even, 0 where any will do
	length int64
	// compute is the dtype of a product's factors, 0 where the op has none.
	compute DType
	heads   int // head size of attention that has a compute, 0 elsewhere
}

// shapeOf returns the sizes of one of this package's ops.
func shapeOf(op Op) shape {
	switch o := op.(type) {
	case Embed:
		return shape{dims: []Dim{o.N}, sizes: []size{{"V", o.V}, {"C", o.C}}}
	case EmbedBwd:
		return shape{dims: []Dim{o.N}, sizes: []size{{"V", o.V}, {"C", o.C}}}
	case RMSNorm:
		return shape{dims: []Dim{o.N}, sizes: []size{{"C", o.C}}}
	case RMSNormBwd:
		return shape{dims: []Dim{o.N}, sizes: []size{{"C", o.C}}}
	case Pack:
		return shape{sizes: []size{{"O", o.O}, {"K", o.K}}, compute: o.Compute}
	case Linear:
		return shape{dims: []Dim{o.N}, sizes: []size{{"O", o.O}, {"K", o.K}}, compute: o.Compute}
	case LinearDX:
		return shape{dims: []Dim{o.N}, sizes: []size{{"O", o.O}, {"K", o.K}}, compute: o.Compute}
	case LinearDW:
		return shape{dims: []Dim{o.N}, sizes: []size{{"O", o.O}, {"K", o.K}}, compute: o.Compute}
	case RoPE:
		return shape{dims: []Dim{o.N}, sizes: []size{{"H", o.H}, {"KV", o.KV}, {"D", o.D}, {"MaxPos", o.MaxPos}}, h: o.H, kv: o.KV, d: o.D}
	case KVWrite:
		return shape{dims: []Dim{o.N}, sizes: []size{{"H", o.H}, {"KV", o.KV}, {"D", o.D}, {"Slots", o.Slots}, {"Cap", o.Cap}}, h: o.H, kv: o.KV, heads: o.D, compute: o.Compute}
	case Attn:
		return shape{dims: []Dim{o.N, o.S}, sizes: []size{{"H", o.H}, {"KV", o.KV}, {"D", o.D}, {"MaxLen", o.MaxLen}}, h: o.H, kv: o.KV, heads: o.D, compute: o.Compute}
	case AttnBwd:
		return shape{dims: []Dim{o.N, o.S}, sizes: []size{{"H", o.H}, {"KV", o.KV}, {"D", o.D}, {"MaxLen", o.MaxLen}}, h: o.H, kv: o.KV, heads: o.D, compute: o.Compute}
	case AttnDecode:
		return shape{dims: []Dim{o.N}, sizes: []size{{"H", o.H}, {"KV", o.KV}, {"D", o.D},
			{"PSlots", o.PSlots}, {"PCap", o.PCap}, {"Slots", o.Slots}, {"Cap", o.Cap}}, h: o.H, kv: o.KV, heads: o.D, compute: o.Compute}
	case SwiGLU:
		return shape{dims: []Dim{o.N}, sizes: []size{{"F", o.F}}}
	case SwiGLUBwd:
		return shape{dims: []Dim{o.N}, sizes: []size{{"F", o.F}}}
	case GatherRows:
		return shape{dims: []Dim{o.N, o.M}, sizes: []size{{"C", o.C}}}
	case ScatterRows:
		return shape{dims: []Dim{o.N, o.M}, sizes: []size{{"C", o.C}}}
	case LossRows:
		return shape{dims: []Dim{o.N}, sizes: []size{{"C", o.C}, {"V", o.V}, {"Chunk", o.Chunk}}, compute: o.Compute}
	case LossRowsBwd:
		return shape{dims: []Dim{o.N}, sizes: []size{{"C", o.C}, {"V", o.V}, {"Chunk", o.Chunk}}, compute: o.Compute}
	case Sample:
		return shape{dims: []Dim{o.N}, sizes: []size{{"V", o.V}}}
	case Advance:
		return shape{dims: []Dim{o.N}, sizes: []size{{"Steps", o.Steps}, {"Stops", o.Stops}}}
	case SumSq:
		return shape{length: o.Len}
	case AdamW:
		return shape{length: o.Len}
	case Zero:
		return shape{dims: []Dim{o.N}, sizes: []size{{"C", o.C}}}
	case Copy:
		return shape{dims: []Dim{o.N}, sizes: []size{{"C", o.C}}}
	}
	return shape{}
}

// check reports the first size that no run could have.
func (s shape) check() error {
	for _, d := range s.dims {
		if d < DimPicks {
			return fmt.Errorf("dim %d: want a number of rows >= 0, DimRows, DimSeqs or DimPicks", d)
		}
	}
	for _, z := range s.sizes {
		if z.n < 1 {
			return fmt.Errorf("size %s = %d, want at least 1", z.name, z.n)
		}
	}
	if s.kv > 0 && s.h%s.kv != 0 {
		return fmt.Errorf("size KV = %d does not divide H = %d", s.kv, s.h)
	}
	if s.d%2 != 0 {
		return fmt.Errorf("size D = %d, want an even one", s.d)
	}
	if s.compute != 0 && s.compute != F32 && s.compute != BF16 {
		return fmt.Errorf("compute dtype %s, want f32 or bf16", s.compute)
	}
	if s.heads > 0 && !AttendsHeads(s.compute, s.heads) {
		return fmt.Errorf("size D = %d, attention in %s has heads of 64 or 128", s.heads, s.compute)
	}
	if s.length < 0 {
		return fmt.Errorf("size Len = %d, want at least 0", s.length)
	}
	return nil
}
