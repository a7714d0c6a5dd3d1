//go:build cuda && linux

package emu

import (
	"errors"
	"testing"

	"gradus/kernels"
)

// gk_what of abi.h.
const (
	tok = iota + 1
	pos
	slot
	at
	idx
	idxTwice
	target
	startFirst
	startOrder
	startLast
	seqLen
	pslot
	plen
	length
	prefix
)

// Every index out of range is found with its row, before anything is written
// through it, and the ops behind it do not run.
func TestFaults(t *testing.T) {
	d := device(t)
	const n, h, kv, dim = 5, 4, 2, 8 // rows, heads
	const width = (h + 2*kv) * dim
	alloc := func(p *kernels.Program, name string, dt kernels.DType, size int) kernels.Ref {
		b, err := d.Alloc(dt, int64(size))
		if err != nil {
			t.Fatal(err)
		}
		return p.BindAll(name, b)
	}
	for _, c := range []struct {
		name      string
		op        func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op
		row, what int
	}{
		{"embed above", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.Embed{Out: f(n * 3), W: f(7 * 3), Tok: i(0, 6, 7, 9, 0), N: n, V: 7, C: 3}
		}, 2, tok},
		{"embed_bwd below", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.EmbedBwd{DW: f(7 * 3), DOut: f(n * 3), Tok: i(0, 6, 0, -1, -5), N: n, V: 7, C: 3}
		}, 3, tok},
		{"rope", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.RoPE{QKV: f(n * width), Cos: f(9 * dim / 2), Sin: f(9 * dim / 2), Pos: i(8, 9, 0, 0, 0), N: n, H: h, KV: kv, D: dim, MaxPos: 9}
		}, 1, pos},
		{"kv_write slot", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.KVWrite{K: f(3 * kv * 6 * dim), V: f(3 * kv * 6 * dim), QKV: f(n * width), Slot: i(0, 1, 2, 3, 0), At: i(0, 0, 0, 6, 1), N: n, H: h, KV: kv, D: dim, Slots: 3, Cap: 6}
		}, 3, slot},
		{"kv_write at", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.KVWrite{K: f(3 * kv * 6 * dim), V: f(3 * kv * 6 * dim), QKV: f(n * width), Slot: i(0, 1, 2, 2, 0), At: i(0, 0, 0, 6, -1), N: n, H: h, KV: kv, D: dim, Slots: 3, Cap: 6}
		}, 3, at},
		{"gather", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.GatherRows{Y: f(n * 3), X: f(8 * 3), Idx: i(7, 7, 0, 0, 8), N: n, M: 8, C: 3}
		}, 4, idx},
		{"scatter", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.ScatterRows{Y: f(8 * 3), X: f(n * 3), Idx: i(7, 1, 0, 3, -8), N: n, M: 8, C: 3}
		}, 4, idx},
		{"scatter twice", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.ScatterRows{Y: f(8 * 3), X: f(n * 3), Idx: i(7, 1, 0, 1, 7), N: n, M: 8, C: 3}
		}, 3, idxTwice},
		{"scatter to no rows", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.ScatterRows{Y: f(0), X: f(n * 3), Idx: i(0, 0, 0, 0, 0), N: n, M: 0, C: 3}
		}, 0, idx},
		{"loss_rows", func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
			return kernels.LossRows{LogP: f(n), Ent: f(n), LSE: f(n), H: f(n * 3), W: f(7 * 3), Pack: f(64 * 3), Target: i(0, 0, 0, 7, 8), Scratch: f(2 * 7), N: n, C: 3, V: 7, Chunk: 2}
		}, 3, target},
		{"attn start", attnOp(n, h, kv, dim, 2, 1, 4, 5), 0, startFirst},
		{"attn order", attnOp(n, h, kv, dim, 3, 0, 3, 2, 5), 2, startOrder},
		{"attn end", attnOp(n, h, kv, dim, 2, 0, 2, 4), 2, startLast},
		{"attn length", attnOp(n, h, kv, dim, 2, 0, 1, 5), 1, seqLen},
		{"attn prefix of the first", prefixOp(n, h, kv, dim, 0, -1, -1), 0, prefix},
		{"attn prefix of a prefix", prefixOp(n, h, kv, dim, -1, 0, 1), 2, prefix},
		{"attn prefix ahead", prefixOp(n, h, kv, dim, -1, 2, -1), 1, prefix},
		{"attn prefix too far", prefixOp(n, h, kv, dim, -1, -1, 0), 2, prefix},
		{"attn prefix below", prefixOp(n, h, kv, dim, -1, -2, -1), 1, prefix},
		{"attn length with prefix", prefixOp(n, h, kv, dim, -1, 0, 0), 2, seqLen},
		{"decode empty", decodeOp(n, h, kv, dim, 2, 0), 2, length},
		{"decode long", decodeOp(n, h, kv, dim, 2, 3+6+1), 2, length},
		{"decode prompt", decodeOp(n, h, kv, dim, 3, 2), 3, plen},
	} {
		p := kernels.NewProgram(c.name, kernels.Args{Temperature: 1, TopP: 1})
		p.Max.Rows = n
		f := func(size int) kernels.Ref { return alloc(p, "f", kernels.F32, size) }
		ints := func(x ...int32) kernels.Ref {
			r := alloc(p, "i", kernels.I32, len(x))
			if err := d.WriteI32(p.Bufs[r].Buf, 0, x); err != nil {
				t.Fatal(err)
			}
			return r
		}
		before, after := f(1), f(1)
		ones := f(1)
		if err := d.WriteF32(p.Bufs[ones].Buf, 0, []float32{1}); err != nil {
			t.Fatal(err)
		}
		p.Add(kernels.Copy{Y: before, X: ones, N: 1, C: 1}, c.op(f, ints), kernels.Copy{Y: after, X: ones, N: 1, C: 1})
		e, err := d.Compile(p)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err = e.Run(&kernels.Args{Rows: n, Temperature: 1, TopP: 1})
		var fault *Fault
		if !errors.As(err, &fault) || *fault != (Fault{Op: 1, Row: c.row, What: c.what}) {
			t.Errorf("%s: %v, want fault %d of op 1 in row %d", c.name, err, c.what, c.row)
		}
		for i, want := range map[kernels.Ref]float32{before: 1, after: 0} {
			got := make([]float32, 1)
			if err := d.ReadF32(got, p.Bufs[i].Buf, 0); err != nil || got[0] != want {
				t.Errorf("%s: a copy beside the fault left %g, want %g (%v)", c.name, got[0], want, err)
			}
		}
		if err := e.Free(); err != nil {
			t.Error(err)
		}
	}
}

type makeOp = func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op

// attnOp is an attention whose sequences, at most four rows long, begin at start.
func attnOp(n, h, kv, d, maxLen int, start ...int32) makeOp {
	return func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
		return kernels.Attn{
			Out: f(n * h * d), LSE: f(n * h), QKV: f(n * (h + 2*kv) * d), Start: i(start...), N: kernels.Dim(n), S: kernels.Dim(len(start) - 1),
			H: h, KV: kv, D: d, MaxLen: max(maxLen, 3),
		}
	}
}

// prefixOp is an attention over three sequences of 1, 1 and 3 rows, of which
// the last is too long behind any prefix.
func prefixOp(n, h, kv, d int, prefix ...int32) makeOp {
	return func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
		o := attnOp(n, h, kv, d, 3, 0, 1, 2, 5)(f, i).(kernels.Attn)
		o.Prefix = i(prefix...)
		return o
	}
}

// decodeOp has prompts of 3 and own parts of 6 at most; row has the length len.
func decodeOp(n, h, kv, d, row int, l int32) makeOp {
	return func(f func(int) kernels.Ref, i func(...int32) kernels.Ref) kernels.Op {
		lens := []int32{4, 4, 4, 4, 4}
		lens[row] = l
		return kernels.AttnDecode{
			Out: f(n * h * d), QKV: f(n * (h + 2*kv) * d), PK: f(2 * kv * 3 * d), PV: f(2 * kv * 3 * d), K: f(n * kv * 6 * d), V: f(n * kv * 6 * d),
			PSlot: i(0, 1, 0, 1, 0), PLen: i(3, 3, 3, 3, 3), Slot: i(0, 1, 2, 3, 4), Len: i(lens...), N: kernels.Dim(n), H: h, KV: kv, D: d,
			PSlots: 2, PCap: 3, Slots: n, Cap: 6,
		}
	}
}
