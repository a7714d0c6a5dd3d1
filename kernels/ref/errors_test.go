package ref_test

import (
	"strings"
	"testing"

	"gradus/kernels"
)

// An index outside its range is an error that names the op, the operand and
// the row.
func TestIndexErrors(t *testing.T) {
	const n, c = 3, 4
	rope := func(b *bench, pos ...int32) kernels.Op {
		return kernels.RoPE{
			QKV: b.room("QKV", n*3*c), Cos: b.room("Cos", 5*c/2), Sin: b.room("Sin", 5*c/2), Pos: b.index("Pos", pos...),
			N: n, H: 1, KV: 1, D: c, MaxPos: 5,
		}
	}
	write := func(b *bench, slot, at []int32) kernels.Op {
		return kernels.KVWrite{
			K: b.room("K", 2*5*c), V: b.room("V", 2*5*c), QKV: b.room("QKV", n*3*c), Slot: b.index("Slot", slot...), At: b.index("At", at...),
			N: n, H: 1, KV: 1, D: c, Slots: 2, Cap: 5,
		}
	}
	attn := func(b *bench, maxLen int, start ...int32) kernels.Op {
		return kernels.Attn{
			Out: b.room("Out", n*c), LSE: b.room("LSE", n), QKV: b.room("QKV", n*3*c), Start: b.index("Start", start...),
			N: n, S: kernels.Dim(len(start) - 1), H: 1, KV: 1, D: c, MaxLen: maxLen,
		}
	}
	decode := func(b *bench, pslot, plen, slot, length int32) kernels.Op {
		return kernels.AttnDecode{
			Out: b.room("Out", c), QKV: b.room("QKV", 3*c), PK: b.room("PK", 2*5*c), PV: b.room("PV", 2*5*c),
			K: b.room("K", 3*4*c), V: b.room("V", 3*4*c),
			PSlot: b.index("PSlot", pslot), PLen: b.index("PLen", plen), Slot: b.index("Slot", slot), Len: b.index("Len", length),
			N: 1, H: 1, KV: 1, D: c, PSlots: 2, PCap: 5, Slots: 3, Cap: 4,
		}
	}
	loss := func(b *bench, target ...int32) kernels.Op {
		return kernels.LossRows{
			LogP: b.room("LogP", n), Ent: b.room("Ent", n), LSE: b.room("LSE", n), H: b.room("H", n*c), W: b.room("W", 7*c),
			Pack: b.room("Pack", int(kernels.PackLen(7, c))), Target: b.index("Target", target...), Scratch: b.room("Scratch", 7),
			N: n, C: c, V: 7, Chunk: 1,
		}
	}
	rows := func(b *bench, idx ...int32) (y, x, i kernels.Ref) {
		return b.room("Y", 5*c), b.room("X", 5*c), b.index("Idx", idx...)
	}
	cases := []struct {
		name string
		op   func(b *bench) kernels.Op
		want []string // parts of the message
	}{
		{"token = V", func(b *bench) kernels.Op {
			return kernels.Embed{Out: b.room("Out", n*c), W: b.room("W", 7*c), Tok: b.index("Tok", 0, 6, 7), N: n, V: 7, C: c}
		}, []string{"op 0 embed:", "row 2", "Tok = 7", "0..6"}},
		{"token < 0", func(b *bench) kernels.Op {
			return kernels.EmbedBwd{DW: b.room("DW", 7*c), DOut: b.room("DOut", n*c), Tok: b.index("Tok", -1, 6, 0), N: n, V: 7, C: c}
		}, []string{"embed_bwd", "row 0", "Tok = -1"}},
		{"position", func(b *bench) kernels.Op { return rope(b, 0, 5, 0) }, []string{"rope", "row 1", "Pos = 5", "0..4"}},
		{"slot", func(b *bench) kernels.Op { return write(b, []int32{0, 1, 2}, []int32{0, 0, 0}) }, []string{"kv_write", "row 2", "Slot = 2"}},
		{"place", func(b *bench) kernels.Op { return write(b, []int32{0, 1, 1}, []int32{0, 5, 0}) }, []string{"kv_write", "row 1", "At = 5"}},
		{"start not 0", func(b *bench) kernels.Op { return attn(b, 3, 1, 3) }, []string{"attn", "Start", "from 1 to 3"}},
		{"start short of the rows", func(b *bench) kernels.Op { return attn(b, 3, 0, 2) }, []string{"attn", "from 0 to 2"}},
		{"start falls", func(b *bench) kernels.Op { return attn(b, 3, 0, 2, 1, 3) }, []string{"attn", "sequence 1", "2..1"}},
		{"sequence too long", func(b *bench) kernels.Op { return attn(b, 2, 0, 3) }, []string{"attn", "sequence 0", "MaxLen = 2"}},
		{"length 0", func(b *bench) kernels.Op { return decode(b, 0, 0, 0, 0) }, []string{"attn_decode", "row 0", "Len = 0"}},
		{"prompt longer than all", func(b *bench) kernels.Op { return decode(b, 0, 3, 0, 2) }, []string{"attn_decode", "PLen = 3"}},
		{"prompt beyond its slot", func(b *bench) kernels.Op { return decode(b, 0, 6, 0, 7) }, []string{"attn_decode", "PLen = 6", "PCap = 5"}},
		{"own part beyond its slot", func(b *bench) kernels.Op { return decode(b, 0, 1, 0, 6) }, []string{"attn_decode", "Cap = 4"}},
		{"prompt slot", func(b *bench) kernels.Op { return decode(b, 2, 1, 0, 2) }, []string{"attn_decode", "PSlot = 2"}},
		{"own slot", func(b *bench) kernels.Op { return decode(b, 0, 1, -1, 2) }, []string{"attn_decode", "Slot = -1"}},
		{"target", func(b *bench) kernels.Op { return loss(b, 0, 0, 7) }, []string{"loss_rows", "row 2", "Target = 7"}},
		{"gather", func(b *bench) kernels.Op {
			y, x, i := rows(b, 4, 5)
			return kernels.GatherRows{Y: y, X: x, Idx: i, N: 2, M: 5, C: c}
		}, []string{"gather_rows", "row 1", "Idx = 5"}},
		{"scatter", func(b *bench) kernels.Op {
			y, x, i := rows(b, 4, -2)
			return kernels.ScatterRows{Y: y, X: x, Idx: i, N: 2, M: 5, C: c}
		}, []string{"scatter_rows", "row 1", "Idx = -2"}},
		{"scatter twice", func(b *bench) kernels.Op {
			y, x, i := rows(b, 4, 1, 4)
			return kernels.ScatterRows{Y: y, X: x, Idx: i, N: 3, M: 5, C: c}
		}, []string{"scatter_rows", "row 2", "Idx = 4", "row 0"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, kernels.Args{})
			err := b.try(kernels.Args{Temperature: 1}, c.op(b))
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
	// A slot that a row does not read may hold anything.
	b := newBench(t, kernels.Args{})
	if err := b.try(kernels.Args{}, decode(b, -1, 0, 0, 1)); err != nil {
		t.Errorf("no prompt: %v", err)
	}
	if err := b.try(kernels.Args{}, decode(b, 0, 3, -1, 3)); err != nil {
		t.Errorf("prompt only: %v", err)
	}
}

// Linear, LinearDX, LossRows and LossRowsBwd refuse a Pack older than its weights.
func TestStalePack(t *testing.T) {
	b := newBench(t, kernels.Args{})
	w, pack := b.real("W", 1, 2, 3, 4), b.room("Pack", int(kernels.PackLen(2, 2)))
	linear := kernels.Linear{Y: b.room("Y", 2), X: b.room("X", 2), W: w, Pack: pack, N: 1, O: 2, K: 2}
	back := b.room("PackBack", int(kernels.PackBackLen(2, 2)))
	repack, repackBack := kernels.Pack{Dst: pack, W: w, O: 2, K: 2}, kernels.Pack{Dst: back, W: w, O: 2, K: 2, Back: true}
	dx := kernels.LinearDX{DX: linear.X, DY: linear.Y, W: w, Pack: back, N: 1, O: 2, K: 2}
	b.run(kernels.Args{}, repack, repackBack, linear, dx)
	b.got(w)[3] = 5
	loss := kernels.LossRows{
		LogP: b.room("LogP", 1), Ent: b.room("Ent", 1), LSE: b.room("LSE", 1), H: linear.X, W: w, Pack: pack,
		Target: b.index("Target", 0), Scratch: linear.Y, N: 1, C: 2, V: 2, Chunk: 1,
	}
	bwd := kernels.LossRowsBwd{
		DH: b.room("DH", 2), DW: b.room("DW", 4), H: linear.X, W: w, Pack: pack, PackBack: back, Target: loss.Target,
		LSE: loss.LSE, Ent: loss.Ent, Coef: b.room("Coef", 1), Scratch: linear.Y, N: 1, C: 2, V: 2, Chunk: 1,
	}
	for _, op := range []kernels.Op{linear, dx, loss, bwd} {
		err := b.try(kernels.Args{Temperature: 1}, op)
		if err == nil || !strings.Contains(err.Error(), "run Pack after each change of W") || !strings.Contains(err.Error(), "row 1, column 1") {
			t.Errorf("%s with a stale pack: error is %v", op.Kind(), err)
		}
	}
	b.run(kernels.Args{Temperature: 1}, repack, linear, loss)
	if err := b.try(kernels.Args{Temperature: 1}, bwd); err == nil {
		t.Error("loss_rows_bwd accepts a stale PackBack")
	}
	b.run(kernels.Args{Temperature: 1}, repackBack, dx, bwd)
}

// An op by pointer satisfies kernels.Op but is not in the op list.
func TestUnknownOp(t *testing.T) {
	b := newBench(t, kernels.Args{})
	err := b.try(kernels.Args{}, &kernels.Zero{X: b.room("X", 1), N: 1, C: 1})
	if err == nil || !strings.Contains(err.Error(), "*kernels.Zero") {
		t.Errorf("error is %v, want one that names *kernels.Zero", err)
	}
}
