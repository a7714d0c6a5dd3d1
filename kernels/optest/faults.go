package optest

import (
	"errors"
	"fmt"
	"strings"

	"gradus/kernels"
)

// Faults holds a device to its promise on indices out of range: the run stops
// with an error that names program, op, row, operand and range; the ops before
// the bad one have taken effect, those after it have not, and the device works
// on. The reference device only has to refuse, in words of its own. That no
// memory outside the buffers is touched shows under valgrind or ASan.
func Faults(dev kernels.Device) error {
	var failed failures
	for _, f := range faults() {
		if err := f.run(dev, &failed); err != nil {
			failed.add("%s: %s: %w", dev.Name(), f.name, err)
		}
	}
	return failed.err()
}

// fault is an op that reads bad indices, and what the error has to contain.
type fault struct {
	name string
	op   func(p *inputs) kernels.Op
	want []string // empty: the run succeeds
}

func (f fault) run(dev kernels.Device, failed *failures) (err error) {
	p := &inputs{dev: dev, program: kernels.NewProgram("faults", kernels.Args{Rows: 2})}
	defer func() { err = errors.Join(err, p.free()) }()
	marker, before, after := p.reals(1), p.reals(1), p.reals(1)
	op := f.op(p)
	if p.err != nil {
		return p.err
	}
	if err := dev.WriteF32(p.program.Bufs[marker].Buf, 0, []float32{1}); err != nil {
		return err
	}
	p.program.Add(kernels.Copy{Y: before, X: marker, N: 1, C: 1}, op, kernels.Copy{Y: after, X: marker, N: 1, C: 1})
	e, err := dev.Compile(p.program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Free()) }()

	got, bad := e.Run(&kernels.Args{Rows: 2, Temperature: 1}), len(f.want) > 0
	switch {
	case bad && got == nil:
		failed.add("%s: %s: no error", dev.Name(), f.name)
	case !bad && got != nil:
		failed.add("%s: %s: %w", dev.Name(), f.name, got)
	case bad && dev.Name() != "ref":
		for _, part := range append([]string{"program faults: op 1 "}, f.want...) {
			if !strings.Contains(got.Error(), part) {
				failed.add("%s: %s: %q does not contain %q", dev.Name(), f.name, got, part)
			}
		}
	}
	var wrote [2]float32
	if err := errors.Join(dev.ReadF32(wrote[:1], p.program.Bufs[before].Buf, 0), dev.ReadF32(wrote[1:], p.program.Bufs[after].Buf, 0)); err != nil {
		return err
	}
	if wrote[0] != 1 || (wrote[1] == 0) != bad {
		failed.add("%s: %s: the op before wrote %g, the op after %g", dev.Name(), f.name, wrote[0], wrote[1])
	}
	return nil
}

// inputs binds new buffers of a device to a program.
type inputs struct {
	dev     kernels.Device
	program *kernels.Program
	err     error // the first that came up
}

// reals is a buffer of n zeros.
func (p *inputs) reals(n int) kernels.Ref { return p.bind("f", kernels.F32, n) }

// index is a buffer with the given values.
func (p *inputs) index(values ...int32) kernels.Ref {
	ref := p.bind("i", kernels.I32, len(values))
	if p.err == nil {
		p.err = p.dev.WriteI32(p.program.Bufs[ref].Buf, 0, values)
	}
	return ref
}

func (p *inputs) bind(prefix string, dtype kernels.DType, n int) kernels.Ref {
	if p.err != nil {
		return 0
	}
	b, err := p.dev.Alloc(dtype, int64(n))
	if err != nil {
		p.err = err
		return 0
	}
	return p.program.BindAll(fmt.Sprintf("%s%d", prefix, len(p.program.Bufs)), b)
}

func (p *inputs) free() error {
	var errs []error
	for _, b := range p.program.Bufs {
		if b.Buf != nil {
			errs = append(errs, b.Buf.Free())
		}
	}
	return errors.Join(errs...)
}

func faults() []fault {
	n := kernels.DimRows
	const big = 1 << 30
	decode := func(p *inputs, pslot, plen, slot, length []int32) kernels.Op {
		return kernels.AttnDecode{Out: p.reals(2 * 8), QKV: p.reals(2 * 16), PK: p.reals(2 * 3 * 4), PV: p.reals(2 * 3 * 4), K: p.reals(2 * 4 * 4), V: p.reals(2 * 4 * 4),
			PSlot: p.index(pslot...), PLen: p.index(plen...), Slot: p.index(slot...), Len: p.index(length...), N: n, H: 2, KV: 1, D: 4, PSlots: 2, PCap: 3, Slots: 2, Cap: 4}
	}
	attn := func(p *inputs, start ...int32) kernels.Op {
		return kernels.Attn{Out: p.reals(4 * 4), LSE: p.reals(4), QKV: p.reals(4 * 12), Start: p.index(start...), N: kernels.Dim(4), S: kernels.Dim(2), H: 1, KV: 1, D: 4, MaxLen: 3}
	}
	family := func(p *inputs, prefix ...int32) kernels.Op {
		return kernels.Attn{Out: p.reals(4 * 4), LSE: p.reals(4), QKV: p.reals(4 * 12), Start: p.index(0, 1, 2, 4), Prefix: p.index(prefix...),
			N: kernels.Dim(4), S: kernels.Dim(3), H: 1, KV: 1, D: 4, MaxLen: 3}
	}
	ok := []int32{0, 0}
	return []fault{
		{name: "embed ok", op: func(p *inputs) kernels.Op {
			return kernels.Embed{Out: p.reals(8), W: p.reals(12), Tok: p.index(2, 0), N: n, V: 3, C: 4}
		}},
		{"embed", func(p *inputs) kernels.Op {
			return kernels.Embed{Out: p.reals(8), W: p.reals(12), Tok: p.index(2, 3), N: n, V: 3, C: 4}
		}, []string{"embed: row 1: Tok = 3, want 0..2"}},
		{"embed negative", func(p *inputs) kernels.Op {
			return kernels.Embed{Out: p.reals(8), W: p.reals(12), Tok: p.index(-big, 3), N: n, V: 3, C: 4}
		}, []string{fmt.Sprintf("embed: row 0: Tok = %d, want 0..2", -big)}},
		{"embed_bwd", func(p *inputs) kernels.Op {
			return kernels.EmbedBwd{DW: p.reals(12), DOut: p.reals(8), Tok: p.index(0, big), N: n, V: 3, C: 4}
		}, []string{fmt.Sprintf("embed_bwd: row 1: Tok = %d, want 0..2", big)}},
		{"rope", func(p *inputs) kernels.Op {
			return kernels.RoPE{QKV: p.reals(2 * 12), Cos: p.reals(10), Sin: p.reals(10), Pos: p.index(4, 5), N: n, H: 1, KV: 1, D: 4, MaxPos: 5}
		}, []string{"rope: row 1: Pos = 5, want 0..4"}},
		{"kv_write slot", func(p *inputs) kernels.Op {
			return kernels.KVWrite{K: p.reals(24), V: p.reals(24), QKV: p.reals(24), Slot: p.index(2, 0), At: p.index(0, 0), N: n, H: 1, KV: 1, D: 4, Slots: 2, Cap: 3}
		}, []string{"kv_write: row 0: Slot = 2, want 0..1"}},
		{"kv_write at", func(p *inputs) kernels.Op {
			return kernels.KVWrite{K: p.reals(24), V: p.reals(24), QKV: p.reals(24), Slot: p.index(0, 1), At: p.index(0, 3), N: n, H: 1, KV: 1, D: 4, Slots: 2, Cap: 3}
		}, []string{"kv_write: row 1: At = 3, want 0..2"}},
		{name: "attn ok", op: func(p *inputs) kernels.Op { return attn(p, 0, 1, 4) }},
		{name: "attn empty", op: func(p *inputs) kernels.Op { return attn(p, 0, 0, 3) }, want: []string{"attn: row ", "Start"}},
		{"attn first", func(p *inputs) kernels.Op { return attn(p, 1, 2, 4) }, []string{"attn: row 0: Start = 1, want 0"}},
		{"attn last", func(p *inputs) kernels.Op { return attn(p, 0, 2, 5) }, []string{"attn: row 2: Start = 5, want the number of rows, 4"}},
		{"attn falling", func(p *inputs) kernels.Op { return attn(p, 0, 5, 4) }, []string{"attn: row "}},
		{"attn far outside", func(p *inputs) kernels.Op { return attn(p, 0, -big, 4) }, []string{fmt.Sprintf("attn: row 1: Start = %d, below 0 of the row before", -big)}},
		{"attn too long", func(p *inputs) kernels.Op { return attn(p, 0, 4, 4) }, []string{"attn: row 0: sequence of 4 rows, MaxLen is 3"}},
		{name: "attn prefix ok", op: func(p *inputs) kernels.Op { return family(p, -1, 0, 0) }},
		{"attn prefix first", func(p *inputs) kernels.Op { return family(p, 0, 0, 0) }, []string{"attn: row 0: Prefix = 0, want -1: there is no sequence before it"}},
		{"attn prefix later", func(p *inputs) kernels.Op { return family(p, -1, 2, 0) }, []string{"attn: row 1: Prefix = 2, want -1 or 0, the last sequence without one"}},
		{"attn prefix nested", func(p *inputs) kernels.Op { return family(p, -1, 0, 1) }, []string{"attn: row 2: Prefix = 1, want -1 or 0, the last sequence without one"}},
		{"attn prefix not last", func(p *inputs) kernels.Op { return family(p, -1, -1, 0) }, []string{"attn: row 2: Prefix = 0, want -1 or 1, the last sequence without one"}},
		{"attn prefix negative", func(p *inputs) kernels.Op { return family(p, -1, -big, 0) }, []string{fmt.Sprintf("attn: row 1: Prefix = %d, want -1 or 0", -big)}},
		{"attn prefix too long", func(p *inputs) kernels.Op {
			o := family(p, -1, 0, 0).(kernels.Attn)
			o.MaxLen = 2
			return o
		}, []string{"attn: row 2: sequence of ", "MaxLen is 2"}},
		{"attn_bwd", func(p *inputs) kernels.Op {
			return kernels.AttnBwd{DQKV: p.reals(48), DOut: p.reals(16), QKV: p.reals(48), Out: p.reals(16), LSE: p.reals(4), Start: p.index(0, 9, 4), N: kernels.Dim(4), S: kernels.Dim(2), H: 1, KV: 1, D: 4, MaxLen: 3}
		}, []string{"attn_bwd: row "}},
		{name: "decode ok", op: func(p *inputs) kernels.Op { return decode(p, ok, []int32{3, 0}, ok, []int32{3, 4}) }},
		{name: "decode unused slots", op: func(p *inputs) kernels.Op {
			return decode(p, []int32{0, -1}, []int32{3, 0}, []int32{big, 0}, []int32{3, 4})
		}},
		{"decode len", func(p *inputs) kernels.Op { return decode(p, ok, ok, ok, []int32{1, 0}) }, []string{"attn_decode: row 1: Len = 0, want 1..4"}},
		{"decode plen", func(p *inputs) kernels.Op { return decode(p, ok, []int32{4, 0}, ok, []int32{5, 1}) }, []string{"attn_decode: row 0: PLen = 4, want 0..3"}},
		{"decode plen > len", func(p *inputs) kernels.Op { return decode(p, ok, []int32{3, 0}, ok, []int32{2, 1}) }, []string{"attn_decode: row 0: PLen = 3, want 0..2"}},
		{"decode plen < 0", func(p *inputs) kernels.Op { return decode(p, ok, []int32{0, -1}, ok, []int32{2, 1}) }, []string{"attn_decode: row 1: PLen = -1, want 0..1"}},
		{"decode cap", func(p *inputs) kernels.Op { return decode(p, ok, []int32{1, 1}, ok, []int32{2, 6}) }, []string{"attn_decode: row 1: Len = 6, want 1..5"}},
		{"decode pslot", func(p *inputs) kernels.Op { return decode(p, []int32{0, 2}, []int32{0, 1}, ok, []int32{2, 1}) }, []string{"attn_decode: row 1: PSlot = 2, want 0..1"}},
		{"decode slot", func(p *inputs) kernels.Op { return decode(p, ok, []int32{0, 1}, []int32{-1, 0}, []int32{2, 1}) }, []string{"attn_decode: row 0: Slot = -1, want 0..1"}},
		{"gather", func(p *inputs) kernels.Op {
			return kernels.GatherRows{Y: p.reals(8), X: p.reals(12), Idx: p.index(0, 3), N: n, M: kernels.Dim(3), C: 4}
		}, []string{"gather_rows: row 1: Idx = 3, want 0..2"}},
		{"scatter", func(p *inputs) kernels.Op {
			return kernels.ScatterRows{Y: p.reals(12), X: p.reals(8), Idx: p.index(0, -1), N: n, M: kernels.Dim(3), C: 4}
		}, []string{"scatter_rows: row 1: Idx = -1, want 0..2"}},
		{"scatter twice", func(p *inputs) kernels.Op {
			return kernels.ScatterRows{Y: p.reals(12), X: p.reals(8), Idx: p.index(1, 1), N: n, M: kernels.Dim(3), C: 4}
		}, []string{"scatter_rows: row 1: Idx = 1, which ", " has already"}},
		{"loss", func(p *inputs) kernels.Op {
			return kernels.LossRows{LogP: p.reals(2), Ent: p.reals(2), LSE: p.reals(2), H: p.reals(8), W: p.reals(20), Pack: p.reals(int(kernels.PackLen(5, 4))),
				Target: p.index(4, 5), Scratch: p.reals(5), N: n, C: 4, V: 5, Chunk: 1}
		}, []string{"loss_rows: row 1: Target = 5, want 0..4"}},
		{"loss_bwd", func(p *inputs) kernels.Op {
			return kernels.LossRowsBwd{DH: p.reals(8), DW: p.reals(20), H: p.reals(8), W: p.reals(20), Pack: p.reals(int(kernels.PackLen(5, 4))), PackBack: p.reals(int(kernels.PackBackLen(5, 4))),
				Target: p.index(-1, 5), LSE: p.reals(2), Ent: p.reals(2), Coef: p.reals(2), Scratch: p.reals(5), N: n, C: 4, V: 5, Chunk: 1}
		}, []string{"loss_rows_bwd: row 0: Target = -1, want 0..4"}},
	}
}
