//go:build cuda && linux

package cuda

import (
	"fmt"
	"strings"
	"testing"

	"gradus/kernels"
)

// program builds an op over new buffers of a device: r(n) is n numbers of f32,
// i an index with the given values.
type program struct {
	t   *testing.T
	dev kernels.Device
	*kernels.Program
}

func (p program) r(n int) kernels.Ref {
	p.t.Helper()
	b, err := p.dev.Alloc(kernels.F32, int64(n))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.BindAll(fmt.Sprintf("f%d", len(p.Bufs)), b)
}

func (p program) i(values ...int32) kernels.Ref {
	p.t.Helper()
	b, err := p.dev.Alloc(kernels.I32, int64(len(values)))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.dev.WriteI32(b, 0, values); err != nil {
		p.t.Fatal(err)
	}
	return p.BindAll(fmt.Sprintf("i%d", len(p.Bufs)), b)
}

// An index out of range stops the run with an error that names op, row, operand
// and range, as on the CPU. The ops before it have taken effect, those after it
// have not, and the device works on.
func TestFaults(t *testing.T) {
	d := conforming(t, Options{})
	n := kernels.DimRows
	const big = 1 << 30
	ok := []int32{0, 0}
	decode := func(p program, pslot, plen, slot, length []int32) kernels.Op {
		return kernels.AttnDecode{Out: p.r(2 * 8), QKV: p.r(2 * 16), PK: p.r(2 * 3 * 4), PV: p.r(2 * 3 * 4), K: p.r(2 * 4 * 4), V: p.r(2 * 4 * 4),
			PSlot: p.i(pslot...), PLen: p.i(plen...), Slot: p.i(slot...), Len: p.i(length...), N: n, H: 2, KV: 1, D: 4, PSlots: 2, PCap: 3, Slots: 2, Cap: 4}
	}
	attn := func(p program, start ...int32) kernels.Op {
		return kernels.Attn{Out: p.r(4 * 4), LSE: p.r(4), QKV: p.r(4 * 12), Start: p.i(start...), N: kernels.Dim(4), S: kernels.Dim(2), H: 1, KV: 1, D: 4, MaxLen: 3}
	}
	prefixed := func(p program, maxLen int, prefix ...int32) kernels.Op {
		return kernels.Attn{Out: p.r(4 * 4), LSE: p.r(4), QKV: p.r(4 * 12), Start: p.i(0, 1, 3, 4), Prefix: p.i(prefix...), N: kernels.Dim(4), S: kernels.Dim(3), H: 1, KV: 1, D: 4, MaxLen: maxLen}
	}
	for name, c := range map[string]struct {
		op   func(p program) kernels.Op
		want string // empty: the run succeeds
	}{
		"embed ok": {op: func(p program) kernels.Op {
			return kernels.Embed{Out: p.r(8), W: p.r(12), Tok: p.i(2, 0), N: n, V: 3, C: 4}
		}},
		"embed": {func(p program) kernels.Op {
			return kernels.Embed{Out: p.r(8), W: p.r(12), Tok: p.i(3, -1), N: n, V: 3, C: 4}
		}, "op 1 embed: row 0: Tok = 3, want 0..2"},
		"embed_bwd": {func(p program) kernels.Op {
			return kernels.EmbedBwd{DW: p.r(12), DOut: p.r(8), Tok: p.i(0, big), N: n, V: 3, C: 4}
		}, fmt.Sprintf("op 1 embed_bwd: row 1: Tok = %d, want 0..2", big)},
		"rope": {func(p program) kernels.Op {
			return kernels.RoPE{QKV: p.r(2 * 12), Cos: p.r(10), Sin: p.r(10), Pos: p.i(4, 5), N: n, H: 1, KV: 1, D: 4, MaxPos: 5}
		}, "rope: row 1: Pos = 5, want 0..4"},
		"kv_write slot": {func(p program) kernels.Op {
			return kernels.KVWrite{K: p.r(24), V: p.r(24), QKV: p.r(24), Slot: p.i(2, 0), At: p.i(0, 0), N: n, H: 1, KV: 1, D: 4, Slots: 2, Cap: 3}
		}, "kv_write: row 0: Slot = 2, want 0..1"},
		"kv_write at": {func(p program) kernels.Op {
			return kernels.KVWrite{K: p.r(24), V: p.r(24), QKV: p.r(24), Slot: p.i(0, 1), At: p.i(0, 3), N: n, H: 1, KV: 1, D: 4, Slots: 2, Cap: 3}
		}, "kv_write: row 1: At = 3, want 0..2"},
		"attn ok":         {op: func(p program) kernels.Op { return attn(p, 0, 1, 4) }},
		"attn first":      {func(p program) kernels.Op { return attn(p, 1, 2, 4) }, "attn: row 0: Start = 1, want 0"},
		"attn last":       {func(p program) kernels.Op { return attn(p, 0, 2, 5) }, "attn: row 2: Start = 5, want the number of rows, 4"},
		"attn falling":    {func(p program) kernels.Op { return attn(p, 0, -big, 4) }, fmt.Sprintf("attn: row 1: Start = %d, below 0 of the row before", -big)},
		"attn too long":   {func(p program) kernels.Op { return attn(p, 0, 4, 4) }, "attn: row 0: sequence of 4 rows, MaxLen is 3"},
		"prefix ok":       {op: func(p program) kernels.Op { return prefixed(p, 3, -1, 0, 0) }},
		"prefix first":    {func(p program) kernels.Op { return prefixed(p, 3, 0, -1, -1) }, "attn: row 0: Prefix = 0, want -1: there is no sequence before it"},
		"prefix later":    {func(p program) kernels.Op { return prefixed(p, 3, -1, -1, 0) }, "attn: row 2: Prefix = 0, want -1 or 1, the last sequence without one"},
		"prefix too long": {func(p program) kernels.Op { return prefixed(p, 2, -1, 0, 0) }, "attn: row 1: sequence of 2 rows after a prefix of 1, MaxLen is 2"},
		"attn_bwd": {func(p program) kernels.Op {
			return kernels.AttnBwd{DQKV: p.r(48), DOut: p.r(16), QKV: p.r(48), Out: p.r(16), LSE: p.r(4), Start: p.i(0, 9, 4), N: kernels.Dim(4), S: kernels.Dim(2), H: 1, KV: 1, D: 4, MaxLen: 3}
		}, "attn_bwd: row "},
		"decode ok":    {op: func(p program) kernels.Op { return decode(p, ok, []int32{3, 0}, ok, []int32{3, 4}) }},
		"decode len":   {func(p program) kernels.Op { return decode(p, ok, ok, ok, []int32{1, 0}) }, "attn_decode: row 1: Len = 0, want 1..4"},
		"decode plen":  {func(p program) kernels.Op { return decode(p, ok, []int32{4, 0}, ok, []int32{5, 1}) }, "attn_decode: row 0: PLen = 4, want 0..3"},
		"decode cap":   {func(p program) kernels.Op { return decode(p, ok, []int32{1, 1}, ok, []int32{2, 6}) }, "attn_decode: row 1: Len = 6, want 1..5"},
		"decode pslot": {func(p program) kernels.Op { return decode(p, []int32{0, 2}, []int32{0, 1}, ok, []int32{2, 1}) }, "attn_decode: row 1: PSlot = 2, want 0..1"},
		"decode slot":  {func(p program) kernels.Op { return decode(p, ok, []int32{0, 1}, []int32{-1, 0}, []int32{2, 1}) }, "attn_decode: row 0: Slot = -1, want 0..1"},
		"gather": {func(p program) kernels.Op {
			return kernels.GatherRows{Y: p.r(8), X: p.r(12), Idx: p.i(0, 3), N: n, M: kernels.Dim(3), C: 4}
		}, "gather_rows: row 1: Idx = 3, want 0..2"},
		"scatter": {func(p program) kernels.Op {
			return kernels.ScatterRows{Y: p.r(12), X: p.r(8), Idx: p.i(0, -1), N: n, M: kernels.Dim(3), C: 4}
		}, "scatter_rows: row 1: Idx = -1, want 0..2"},
		"scatter twice": {func(p program) kernels.Op {
			return kernels.ScatterRows{Y: p.r(12), X: p.r(8), Idx: p.i(1, 1), N: n, M: kernels.Dim(3), C: 4}
		}, "scatter_rows: row 1: Idx = 1, which another row has already"},
		"loss": {func(p program) kernels.Op {
			return kernels.LossRows{LogP: p.r(2), Ent: p.r(2), LSE: p.r(2), H: p.r(8), W: p.r(20), Pack: p.r(int(kernels.PackLen(5, 4))),
				Target: p.i(4, 5), Scratch: p.r(5), N: n, C: 4, V: 5, Chunk: 1}
		}, "loss_rows: row 1: Target = 5, want 0..4"},
		"loss_bwd": {func(p program) kernels.Op {
			return kernels.LossRowsBwd{DH: p.r(8), DW: p.r(20), H: p.r(8), W: p.r(20), Pack: p.r(int(kernels.PackLen(5, 4))), PackBack: p.r(int(kernels.PackBackLen(5, 4))),
				Target: p.i(-1, 5), LSE: p.r(2), Ent: p.r(2), Coef: p.r(2), Scratch: p.r(5), N: n, C: 4, V: 5, Chunk: 1}
		}, "loss_rows_bwd: row 0: Target = -1, want 0..4"},
	} {
		t.Run(name, func(t *testing.T) {
			p := program{t, d, kernels.NewProgram("faults", kernels.Args{Rows: 2})}
			before, marker, after := p.r(1), p.r(1), p.r(1)
			one := p.Bufs[marker].Buf
			if err := d.WriteF32(one, 0, []float32{1}); err != nil {
				t.Fatal(err)
			}
			op := c.op(p)
			p.Add(kernels.Copy{Y: before, X: marker, N: 1, C: 1}, op, kernels.Copy{Y: after, X: marker, N: 1, C: 1})
			e, err := d.Compile(p.Program)
			if err != nil {
				t.Fatal(err)
			}
			err = e.Run(&kernels.Args{Rows: 2, Temperature: 1})
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), "cuda: program faults: op 1 ") || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v\nwant in it %q", err, c.want)
			}
			got := make([]float32, 2)
			if err := d.ReadF32(got[:1], p.Bufs[before].Buf, 0); err != nil {
				t.Fatal(err)
			}
			if err := d.ReadF32(got[1:], p.Bufs[after].Buf, 0); err != nil {
				t.Fatal(err)
			}
			if failed := c.want != ""; got[0] != 1 || (got[1] == 0) != failed {
				t.Errorf("the op before wrote %g, the op after %g", got[0], got[1])
			}
			if err := e.Free(); err != nil {
				t.Error(err)
			}
			for _, b := range p.Bufs[1:] {
				if err := b.Buf.Free(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
