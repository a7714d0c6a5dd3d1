package cpu

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"gradus/kernels"
)

// layer is a small decoding step on one device.
type layer struct {
	program
	exec             *exec
	slot, len, at    kernels.Ref
	out, tok, logp   kernels.Ref
	keys             kernels.Ref
	rows, slots, cap int
}

// newLayer makes a decoding step of one layer for at most rows rows. change
// may alter its ops.
func newLayer(t *testing.T, d kernels.Device, rows int, change func(l *layer)) *layer {
	const c, h, kv, dim, f, v = 20, 4, 2, 6, 14, 37
	l := &layer{program: program{t, d, kernels.NewProgram("layer", kernels.Args{Rows: rows})}, rows: rows, slots: rows + 1, cap: 5}
	const qkv = (h + 2*kv) * dim
	each := func(n int, of func(i int) int32) kernels.Ref {
		values := make([]int32, n)
		for i := range values {
			values[i] = of(i)
		}
		return l.i(values...)
	}
	weight := func(o, k int) (w, pack kernels.Ref) {
		w, pack = l.numbers(o*k), l.r(int(kernels.PackLen(o, k)))
		prepare := kernels.NewProgram("pack", kernels.Args{})
		prepare.Add(kernels.Pack{Dst: prepare.BindAll("pack", l.Bufs[pack].Buf), W: prepare.BindAll("w", l.Bufs[w].Buf), O: o, K: k})
		e, err := d.Compile(prepare)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(&kernels.Args{}); err != nil {
			t.Fatal(err)
		}
		return w, pack
	}
	const n = kernels.DimRows
	x, y, act, logits := l.r(rows*c), l.r(rows*c), l.r(rows*2*f), l.r(rows*v)
	heads, q, half := l.r(rows*h*dim), l.r(rows*qkv), l.r(rows*f)
	fed, pos, ent := each(rows, func(i int) int32 { return int32(i * 5 % v) }), each(rows, func(i int) int32 { return int32(i % 7) }), l.r(rows)
	one := func(int) int32 { return 1 }
	l.slot = each(rows, func(i int) int32 { return int32(rows - i) })
	l.at = each(rows, func(i int) int32 { return int32(i % 3) })
	l.len = each(rows, func(i int) int32 { return int32(2 + i%3 + 1) })
	l.keys = l.numbers(l.slots * kv * l.cap * dim)
	values := l.numbers(l.slots * kv * l.cap * dim)
	l.out, l.tok, l.logp = x, l.i(make([]int32, rows)...), l.r(rows)
	linear := func(y, x, res kernels.Ref, o, k int) kernels.Linear {
		w, pack := weight(o, k)
		return kernels.Linear{Y: y, X: x, W: w, Pack: pack, Res: res, N: n, O: o, K: k}
	}
	l.Add(
		kernels.Embed{Out: x, W: l.numbers(v * c), Tok: fed, N: n, V: v, C: c},
		kernels.RMSNorm{Y: y, RStd: l.r(rows), X: x, G: l.numbers(c), N: n, C: c, Eps: 1e-5},
		linear(q, y, 0, qkv, c),
		kernels.RoPE{QKV: q, Cos: l.numbers(7 * dim / 2), Sin: l.numbers(7 * dim / 2), Pos: pos, N: n, H: h, KV: kv, D: dim, MaxPos: 7},
		kernels.KVWrite{K: l.keys, V: values, QKV: q, Slot: l.slot, At: l.at, N: n, H: h, KV: kv, D: dim, Slots: l.slots, Cap: l.cap},
		kernels.AttnDecode{Out: heads, QKV: q, PK: l.numbers(2 * kv * 3 * dim), PV: l.numbers(2 * kv * 3 * dim), K: l.keys, V: values,
			PSlot: each(rows, func(i int) int32 { return int32(i % 2) }), PLen: each(rows, func(int) int32 { return 2 }), Slot: l.slot, Len: l.len,
			N: n, H: h, KV: kv, D: dim, PSlots: 2, PCap: 3, Slots: l.slots, Cap: l.cap},
		linear(x, heads, x, c, h*dim),
		linear(act, x, 0, 2*f, c),
		kernels.SwiGLU{Y: half, GU: act, N: n, F: f},
		linear(x, half, x, c, f),
		linear(logits, x, 0, v, c),
		kernels.Sample{Tok: l.tok, LogP: l.logp, Ent: ent, Logits: logits, Stream: each(2*rows, func(i int) int32 { return int32(i) }), Pos: l.at, N: n, V: v},
		kernels.Advance{Tokens: l.i(make([]int32, rows)...), LogPs: l.r(rows), Ents: l.r(rows), Tok: fed, Pos: pos, At: l.at, Len: l.len,
			Count: each(rows, func(int) int32 { return 0 }), Left: each(rows, one), Drawn: l.tok, LogP: l.logp, Ent: ent, Stop: l.i(-1), N: n, Steps: 1, Stops: 1},
	)
	if change != nil {
		change(l)
	}
	e, err := d.Compile(l.Program)
	if err != nil {
		t.Fatal(err)
	}
	l.exec = e.(*exec)
	return l
}

// numbers binds a buffer of n numbers between -1 and 1.
func (p program) numbers(n int) kernels.Ref {
	r := p.r(n)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32((i*7919+n)%199)/99 - 1
	}
	if err := p.dev.WriteF32(p.Bufs[r].Buf, 0, x); err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (l *layer) set(r kernels.Ref, i int, x int32) {
	l.t.Helper()
	if err := l.dev.WriteI32(l.Bufs[r].Buf, int64(i), []int32{x}); err != nil {
		l.t.Fatal(err)
	}
}

// run returns what the step leaves in its results and in its cache, of all rows.
func (l *layer) run(rows int) ([]float32, error) {
	err := l.exec.Run(&kernels.Args{Rows: rows, Temperature: 1, TopP: 1, Seed: 3})
	var all []float32
	for _, r := range []kernels.Ref{l.out, l.logp, l.keys} {
		x := make([]float32, l.Bufs[r].Buf.Len())
		if err := l.dev.ReadF32(x, l.Bufs[r].Buf, 0); err != nil {
			l.t.Fatal(err)
		}
		all = append(all, x...)
	}
	tok := make([]int32, l.rows)
	if err := l.dev.ReadI32(tok, l.Bufs[l.tok].Buf, 0); err != nil {
		l.t.Fatal(err)
	}
	for _, x := range tok {
		all = append(all, float32(x))
	}
	return all, err
}

// A decoding step has the same bits on any number of threads: with rows enough
// for a part each, with too few, and where two rows have one cache slot.
func TestSplitBits(t *testing.T) {
	const rows = 151
	for _, path := range testPaths(t) {
		one := newLayer(t, openPath(t, path, 1), rows, nil)
		for _, threads := range []int{2, 3} {
			many := newLayer(t, openPath(t, path, threads), rows, nil)
			if many.exec.c.parts == nil {
				t.Fatalf("%s: a decoding step runs op by op on %d threads", path.Name, threads)
			}
			for _, n := range []int{rows, 100, 49, 7, 0} {
				for _, shared := range []bool{false, true} {
					slot := int32(rows - (rows - 1))
					if shared {
						slot = rows // row 0's
					}
					for _, l := range []*layer{one, many} {
						l.set(l.slot, rows-1, slot)
					}
					want, err := one.run(n)
					if err != nil {
						t.Fatal(err)
					}
					got, err := many.run(n)
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: %d rows, %d threads, shared slot %v: other bits than on one thread", path.Name, n, threads, shared)
					}
				}
			}
		}
	}
}

// chains returns where the chains of a program begin and end, in commands.
func chains(e *exec) (found [][2]int) {
	for i, c := range unsafe.Slice(e.c.cmd, int(e.c.count)) {
		if c.together > 1 {
			found = append(found, [2]int{i, i + int(c.together)})
		}
	}
	return found
}

// A chain ends before a command of which one row reads what another wrote.
func TestSplitRefused(t *testing.T) {
	const rows = 60
	d := openPath(t, Paths()[0], 2)
	if got, want := chains(newLayer(t, d, rows, nil).exec), [][2]int{{0, 13}}; !slices.Equal(got, want) {
		t.Fatalf("a decoding step has the chains %v, want %v", got, want)
	}
	for name, c := range map[string]struct {
		end    int // the command that cannot join
		change func(l *layer)
	}{
		"rows of another op": {13, func(l *layer) {
			b := l.Bufs[l.out].Buf
			later := l.Bind("rows from 1 on", b, 20, b.Len()-20)
			l.Add(kernels.RMSNorm{Y: l.r(rows * 20), RStd: l.r(rows), X: later, G: l.numbers(20), N: kernels.DimRows, C: 20})
			l.Max.Rows = rows - 1
		}},
		"rows of another width": {13, func(l *layer) {
			l.Add(kernels.SwiGLU{Y: l.r(rows * 5), GU: l.out, N: kernels.DimRows, F: 5})
		}},
		"weights that a row writes": {13, func(l *layer) {
			b := l.Bufs[l.out].Buf
			l.Add(kernels.RMSNorm{Y: l.r(rows * 20), RStd: l.r(rows), X: l.numbers(rows * 20), G: l.Bind("gain", b, 0, 20), N: kernels.DimRows, C: 20})
		}},
		"slots that a row draws": {5, func(l *layer) {
			o := l.Ops[4].(kernels.KVWrite)
			o.Slot = l.tok
			l.Ops[4] = o
		}},
		"a cache that is only written": {4, func(l *layer) {
			l.Ops = slices.Delete(l.Ops, 5, 6)
		}},
		"an op over all rows": {13, func(l *layer) {
			l.Add(kernels.GatherRows{Y: l.r(rows * 20), X: l.out, Idx: l.i(make([]int32, rows)...), N: kernels.DimRows, M: kernels.DimRows, C: 20})
		}},
		"a fixed number of rows": {13, func(l *layer) {
			l.Add(kernels.SwiGLU{Y: l.r(rows), GU: l.r(2 * rows), N: kernels.Dim(rows), F: 1})
		}},
	} {
		if got := chains(newLayer(t, d, rows, c.change).exec); len(got) == 0 || got[0] != [2]int{0, c.end} {
			t.Errorf("%s: chains %v, want the first to end at %d", name, got, c.end)
		}
	}
}

// newForward makes what lies between two attention ops of training, twice,
// with an op between that looks at all rows, and returns its last result.
func newForward(t *testing.T, d kernels.Device, rows, f int) (p program, e *exec, pos, out kernels.Ref) {
	const c, h, kv, dim, qkv = 20, 2, 1, 6, 4 * 6
	p = program{t, d, kernels.NewProgram("forward", kernels.Args{Rows: rows})}
	weight := func(o, k int) (w, pack kernels.Ref) {
		w, pack = p.numbers(o*k), p.r(int(kernels.PackLen(o, k)))
		p.Add(kernels.Pack{Dst: pack, W: w, O: o, K: k})
		return w, pack
	}
	const n = kernels.DimRows
	gu, guPack := weight(2*f, c)
	down, downPack := weight(c, f)
	q, qPack := weight(qkv, c)
	x, y, back := p.numbers(rows*c), p.r(rows*c), make([]int32, rows)
	act, half := p.r(rows*2*f), p.r(rows*f)
	out, pos = p.r(rows*qkv), p.i(make([]int32, rows)...)
	for i := range back {
		back[i] = int32(rows - 1 - i)
	}
	idx := p.i(back...)
	for range 2 {
		p.Add(
			kernels.RMSNorm{Y: y, RStd: p.r(rows), X: x, G: p.numbers(c), N: n, C: c, Eps: 1e-5},
			kernels.Linear{Y: act, X: y, W: gu, Pack: guPack, N: n, O: 2 * f, K: c},
			kernels.SwiGLU{Y: half, GU: act, N: n, F: f},
			kernels.Linear{Y: y, X: half, W: down, Pack: downPack, Res: x, N: n, O: c, K: f},
			kernels.GatherRows{Y: x, X: y, Idx: idx, N: n, M: n, C: c},
		)
	}
	p.Add(
		kernels.Linear{Y: out, X: x, W: q, Pack: qPack, N: n, O: qkv, K: c},
		kernels.RoPE{QKV: out, Cos: p.numbers(7 * dim / 2), Sin: p.numbers(7 * dim / 2), Pos: pos, N: n, H: h, KV: kv, D: dim, MaxPos: 7},
	)
	compiled, err := d.Compile(p.Program)
	if err != nil {
		t.Fatal(err)
	}
	return p, compiled.(*exec), pos, out
}

// A forward pass has the same bits op by op, and by blocks of rows on any number
// of threads. The blocks are more than the threads; a fault has its place in
// the whole batch.
func TestSplitForward(t *testing.T) {
	const rows, inner = 330, 1000 // about 90 rows a block
	for _, path := range testPaths(t) {
		var want []float32
		for _, threads := range []int{0, 1, 2, 3} { // 0: op by op
			p, e, pos, out := newForward(t, openPath(t, path, max(threads, 1)), rows, inner)
			if got := chains(e); !slices.Equal(got, [][2]int{{3, 7}, {8, 12}, {13, 15}}) {
				t.Fatalf("%s: chains %v", path.Name, got)
			}
			if threads == 0 {
				for i := range unsafe.Slice(e.c.cmd, int(e.c.count)) {
					unsafe.Slice(e.c.cmd, int(e.c.count))[i].together = 0
				}
			}
			for _, n := range []int{rows, 0} { // without rows nothing changes
				if err := e.Run(&kernels.Args{Rows: n}); err != nil && n > 0 {
					t.Fatal(err)
				}
			}
			got := make([]float32, p.Bufs[out].Buf.Len())
			if err := p.dev.ReadF32(got, p.Bufs[out].Buf, 0); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d threads: other bits than op by op", path.Name, threads)
			}
			bad := make([]int32, rows)
			bad[rows-1], bad[rows-2], bad[3] = -1, 9, 7
			if err := p.dev.WriteI32(p.Bufs[pos].Buf, 0, bad); err != nil {
				t.Fatal(err)
			}
			tries := 1
			if threads > 1 {
				tries = 5 // any thread may take the part with the first fault
			}
			for range tries {
				if err := e.Run(&kernels.Args{Rows: rows}); err == nil || !strings.Contains(err.Error(), "op 14 rope: row 3: Pos = 7, want 0..6") {
					t.Fatalf("%s: %d threads: %v, want the position of row 3", path.Name, threads, err)
				}
			}
		}
	}
}

// The fault that comes first in the program is the one that is told, whichever
// thread finds it, with its row in the whole batch.
func TestSplitFault(t *testing.T) {
	const rows = 70
	l := newLayer(t, openPath(t, Paths()[0], 2), rows, nil)
	l.set(l.at, rows-1, 99)
	l.set(l.len, 1, -4)
	_, err := l.run(rows)
	for _, part := range []string{"op 4", "kv_write", "row 69", "At = 99"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not contain %q", err, part)
		}
	}
	l.set(l.at, rows-1, 1)
	if _, err = l.run(rows); err == nil || !strings.Contains(err.Error(), "row 1: Len = -4") {
		t.Errorf("%v, want the length of row 1", err)
	}
	l.set(l.len, 1, 3)
	if _, err = l.run(rows); err != nil {
		t.Error(err)
	}
}
