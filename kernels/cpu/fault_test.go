package cpu

import (
	"fmt"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// program builds an op over buffers of a device: r(n) is n numbers of f32, i
// an index with the given values.
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

// An index out of range stops the run with an error that names op, row and
// operand, on the CPU where the reference device says so too, and touches no
// memory outside the buffers (run with valgrind or ASan to see that part).
func TestFaults(t *testing.T) {
	n := kernels.DimRows
	const big = 1 << 30
	decode := func(p program, pslot, plen, slot, length []int32) kernels.Op {
		return kernels.AttnDecode{Out: p.r(2 * 8), QKV: p.r(2 * 16), PK: p.r(2 * 3 * 4), PV: p.r(2 * 3 * 4), K: p.r(2 * 4 * 4), V: p.r(2 * 4 * 4),
			PSlot: p.i(pslot...), PLen: p.i(plen...), Slot: p.i(slot...), Len: p.i(length...), N: n, H: 2, KV: 1, D: 4, PSlots: 2, PCap: 3, Slots: 2, Cap: 4}
	}
	attn := func(p program, start ...int32) kernels.Op {
		return kernels.Attn{Out: p.r(4 * 4), LSE: p.r(4), QKV: p.r(4 * 12), Start: p.i(start...), N: kernels.Dim(4), S: kernels.Dim(2), H: 1, KV: 1, D: 4, MaxLen: 3}
	}
	family := func(p program, prefix ...int32) kernels.Op {
		return kernels.Attn{Out: p.r(4 * 4), LSE: p.r(4), QKV: p.r(4 * 12), Start: p.i(0, 1, 2, 4), Prefix: p.i(prefix...),
			N: kernels.Dim(4), S: kernels.Dim(3), H: 1, KV: 1, D: 4, MaxLen: 3}
	}
	ok := []int32{0, 0}
	for name, c := range map[string]struct {
		op   func(p program) kernels.Op
		want []string // empty: the run succeeds
	}{
		"embed ok": {op: func(p program) kernels.Op {
			return kernels.Embed{Out: p.r(8), W: p.r(12), Tok: p.i(2, 0), N: n, V: 3, C: 4}
		}},
		"embed": {func(p program) kernels.Op {
			return kernels.Embed{Out: p.r(8), W: p.r(12), Tok: p.i(2, 3), N: n, V: 3, C: 4}
		}, []string{"embed", "row 1", "Tok = 3", "0..2"}},
		"embed negative": {func(p program) kernels.Op {
			return kernels.Embed{Out: p.r(8), W: p.r(12), Tok: p.i(-big, 3), N: n, V: 3, C: 4}
		}, []string{"embed", "row 0", fmt.Sprintf("Tok = %d", -big)}},
		"embed_bwd": {func(p program) kernels.Op {
			return kernels.EmbedBwd{DW: p.r(12), DOut: p.r(8), Tok: p.i(0, big), N: n, V: 3, C: 4}
		}, []string{"embed_bwd", "row 1", "Tok"}},
		"rope": {func(p program) kernels.Op {
			return kernels.RoPE{QKV: p.r(2 * 12), Cos: p.r(10), Sin: p.r(10), Pos: p.i(4, 5), N: n, H: 1, KV: 1, D: 4, MaxPos: 5}
		}, []string{"rope", "row 1", "Pos = 5", "0..4"}},
		"kv_write slot": {func(p program) kernels.Op {
			return kernels.KVWrite{K: p.r(24), V: p.r(24), QKV: p.r(24), Slot: p.i(2, 0), At: p.i(0, 0), N: n, H: 1, KV: 1, D: 4, Slots: 2, Cap: 3}
		}, []string{"kv_write", "row 0", "Slot = 2"}},
		"kv_write at": {func(p program) kernels.Op {
			return kernels.KVWrite{K: p.r(24), V: p.r(24), QKV: p.r(24), Slot: p.i(0, 1), At: p.i(0, 3), N: n, H: 1, KV: 1, D: 4, Slots: 2, Cap: 3}
		}, []string{"kv_write", "row 1", "At = 3"}},
		"attn ok":              {op: func(p program) kernels.Op { return attn(p, 0, 1, 4) }},
		"attn empty":           {op: func(p program) kernels.Op { return attn(p, 0, 0, 3) }, want: []string{"attn", "Start"}},
		"attn first":           {func(p program) kernels.Op { return attn(p, 1, 2, 4) }, []string{"attn", "Start"}},
		"attn last":            {func(p program) kernels.Op { return attn(p, 0, 2, 5) }, []string{"attn", "Start"}},
		"attn falling":         {func(p program) kernels.Op { return attn(p, 0, 5, 4) }, []string{"attn"}},
		"attn far outside":     {func(p program) kernels.Op { return attn(p, 0, -big, 4) }, []string{"attn"}},
		"attn too long":        {func(p program) kernels.Op { return attn(p, 0, 4, 4) }, []string{"attn", "MaxLen"}},
		"attn prefix ok":       {op: func(p program) kernels.Op { return family(p, -1, 0, 0) }},
		"attn prefix first":    {func(p program) kernels.Op { return family(p, 0, 0, 0) }, []string{"attn", "row 0", "Prefix = 0", "want -1"}},
		"attn prefix later":    {func(p program) kernels.Op { return family(p, -1, 2, 0) }, []string{"attn", "row 1", "Prefix = 2", "-1 or 0"}},
		"attn prefix nested":   {func(p program) kernels.Op { return family(p, -1, 0, 1) }, []string{"attn", "row 2", "Prefix = 1", "-1 or 0"}},
		"attn prefix not last": {func(p program) kernels.Op { return family(p, -1, -1, 0) }, []string{"attn", "row 2", "Prefix = 0", "-1 or 1"}},
		"attn prefix negative": {func(p program) kernels.Op { return family(p, -1, -big, 0) }, []string{"attn", "row 1", "Prefix"}},
		"attn prefix too long": {func(p program) kernels.Op {
			o := family(p, -1, 0, 0).(kernels.Attn)
			o.MaxLen = 2
			return o
		}, []string{"attn", "MaxLen"}},
		"attn_bwd": {func(p program) kernels.Op {
			return kernels.AttnBwd{DQKV: p.r(48), DOut: p.r(16), QKV: p.r(48), Out: p.r(16), LSE: p.r(4), Start: p.i(0, 9, 4), N: kernels.Dim(4), S: kernels.Dim(2), H: 1, KV: 1, D: 4, MaxLen: 3}
		}, []string{"attn_bwd"}},
		"decode ok": {op: func(p program) kernels.Op { return decode(p, ok, []int32{3, 0}, ok, []int32{3, 4}) }},
		"decode unused slots": {op: func(p program) kernels.Op {
			return decode(p, []int32{0, -1}, []int32{3, 0}, []int32{big, 0}, []int32{3, 4})
		}},
		"decode len":        {func(p program) kernels.Op { return decode(p, ok, ok, ok, []int32{1, 0}) }, []string{"attn_decode", "row 1", "Len = 0"}},
		"decode plen":       {func(p program) kernels.Op { return decode(p, ok, []int32{4, 0}, ok, []int32{5, 1}) }, []string{"attn_decode", "row 0", "PLen = 4"}},
		"decode plen > len": {func(p program) kernels.Op { return decode(p, ok, []int32{3, 0}, ok, []int32{2, 1}) }, []string{"attn_decode", "row 0", "PLen = 3"}},
		"decode plen < 0":   {func(p program) kernels.Op { return decode(p, ok, []int32{0, -1}, ok, []int32{2, 1}) }, []string{"attn_decode", "row 1", "PLen = -1"}},
		"decode cap":        {func(p program) kernels.Op { return decode(p, ok, []int32{1, 1}, ok, []int32{2, 6}) }, []string{"attn_decode", "row 1", "Len"}},
		"decode pslot":      {func(p program) kernels.Op { return decode(p, []int32{0, 2}, []int32{0, 1}, ok, []int32{2, 1}) }, []string{"attn_decode", "row 1", "PSlot = 2"}},
		"decode slot":       {func(p program) kernels.Op { return decode(p, ok, []int32{0, 1}, []int32{-1, 0}, []int32{2, 1}) }, []string{"attn_decode", "row 0", "Slot = -1"}},
		"gather": {func(p program) kernels.Op {
			return kernels.GatherRows{Y: p.r(8), X: p.r(12), Idx: p.i(0, 3), N: n, M: kernels.Dim(3), C: 4}
		}, []string{"gather_rows", "row 1", "Idx = 3"}},
		"scatter": {func(p program) kernels.Op {
			return kernels.ScatterRows{Y: p.r(12), X: p.r(8), Idx: p.i(0, -1), N: n, M: kernels.Dim(3), C: 4}
		}, []string{"scatter_rows", "row 1", "Idx = -1"}},
		"scatter twice": {func(p program) kernels.Op {
			return kernels.ScatterRows{Y: p.r(12), X: p.r(8), Idx: p.i(1, 1), N: n, M: kernels.Dim(3), C: 4}
		}, []string{"scatter_rows", "row 1", "Idx = 1", "row 0"}},
		"loss": {func(p program) kernels.Op {
			return kernels.LossRows{LogP: p.r(2), Ent: p.r(2), LSE: p.r(2), H: p.r(8), W: p.r(20), Pack: p.r(int(kernels.PackLen(5, 4))),
				Target: p.i(4, 5), Scratch: p.r(5), N: n, C: 4, V: 5, Chunk: 1}
		}, []string{"loss_rows", "row 1", "Target = 5"}},
		"loss_bwd": {func(p program) kernels.Op {
			return kernels.LossRowsBwd{DH: p.r(8), DW: p.r(20), H: p.r(8), W: p.r(20), Pack: p.r(int(kernels.PackLen(5, 4))), PackBack: p.r(int(kernels.PackBackLen(5, 4))),
				Target: p.i(-1, 5), LSE: p.r(2), Ent: p.r(2), Coef: p.r(2), Scratch: p.r(5), N: n, C: 4, V: 5, Chunk: 1}
		}, []string{"loss_rows_bwd", "row 0", "Target = -1"}},
	} {
		t.Run(name, func(t *testing.T) {
			devices := []kernels.Device{ref.New()}
			for _, p := range testPaths(t) {
				devices = append(devices, openPath(t, p, 2))
			}
			for _, d := range devices {
				p := program{t, d, kernels.NewProgram("p", kernels.Args{Rows: 2})}
				p.Add(c.op(p))
				e, err := d.Compile(p.Program)
				if err != nil {
					t.Fatalf("%s: %v", d.Name(), err)
				}
				err = e.Run(&kernels.Args{Rows: 2, Temperature: 1})
				if len(c.want) == 0 && err != nil {
					t.Errorf("%s: %v", d.Name(), err)
				}
				if len(c.want) > 0 && err == nil {
					t.Errorf("%s: no error", d.Name())
				}
				if d.Name() == "ref" || err == nil {
					continue
				}
				for _, part := range append([]string{"program p", "op 0"}, c.want...) {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s: %q does not contain %q", d.Name(), err, part)
					}
				}
			}
		})
	}
}

// What an argument can break is refused before any op runs.
func TestBadArgs(t *testing.T) {
	d, err := Open(Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p := program{t, d, kernels.NewProgram("p", kernels.Args{Rows: 2})}
	y, x := p.r(2), p.r(2)
	if err := d.WriteF32(p.Bufs[x].Buf, 0, []float32{7, 8}); err != nil {
		t.Fatal(err)
	}
	p.Add(kernels.Copy{Y: y, X: x, N: kernels.DimRows, C: 1}, kernels.Sample{
		Tok: p.i(0, 0), LogP: p.r(2), Ent: p.r(2), Logits: p.r(6), Stream: p.i(0, 0, 0, 0), Pos: p.i(0, 0), N: kernels.DimRows, V: 3,
	})
	e, err := d.Compile(p.Program)
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(0)
	nan /= nan
	for _, a := range []kernels.Args{
		{Rows: 3, Temperature: 1, TopP: 1}, {Rows: -1, Temperature: 1, TopP: 1},
		{Rows: 1, TopP: 1}, {Rows: 1, Temperature: -1, TopP: 1}, {Rows: 1, Temperature: nan, TopP: 1},
		{Rows: 1, Temperature: 1}, {Rows: 1, Temperature: 1, TopP: nan}, {Rows: 1, Temperature: 1, TopP: 1, TopK: -1},
	} {
		if err := e.Run(&a); err == nil {
			t.Errorf("%+v: no error", a)
		}
	}
	got := make([]float32, 2)
	if err := d.ReadF32(got, p.Bufs[y].Buf, 0); err != nil || got[0] != 0 {
		t.Errorf("an op ran before the arguments were refused: %v, %v", got, err)
	}
	if err := e.Run(&kernels.Args{Rows: 2, Temperature: 1, TopP: 1}); err != nil {
		t.Error(err)
	}
}

// NaN in the logits reaches the log-prob, and the token stays in range.
func TestNaNLogits(t *testing.T) {
	nan := float32(0)
	nan /= nan
	for _, path := range testPaths(t) {
		for _, a := range []kernels.Args{{Rows: 1, Temperature: 1, TopP: 1}, {Rows: 1, Temperature: 1, TopP: 0.5, TopK: 3}} {
			d := openPath(t, path, 1)
			p := program{t, d, kernels.NewProgram("p", kernels.Args{Rows: 1})}
			tok, logp, logits := p.i(-1), p.r(1), p.r(37)
			x := make([]float32, 37)
			x[20] = nan
			if err := d.WriteF32(p.Bufs[logits].Buf, 0, x); err != nil {
				t.Fatal(err)
			}
			p.Add(kernels.Sample{Tok: tok, LogP: logp, Ent: p.r(1), Logits: logits, Stream: p.i(0, 0), Pos: p.i(0), N: kernels.DimRows, V: 37})
			e, err := d.Compile(p.Program)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Run(&a); err != nil {
				t.Fatal(err)
			}
			drawn, lp := []int32{0}, []float32{0}
			if err := d.ReadI32(drawn, p.Bufs[tok].Buf, 0); err != nil || drawn[0] < 0 || drawn[0] >= 37 {
				t.Errorf("%s: token %v, %v", path.Name, drawn, err)
			}
			if err := d.ReadF32(lp, p.Bufs[logp].Buf, 0); err != nil || lp[0] == lp[0] {
				t.Errorf("%s: log-prob %v, want NaN", path.Name, lp)
			}
		}
	}
}
