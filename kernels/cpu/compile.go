package cpu

// #include "pair.h"
// #include "split.h"
import "C"

import (
	"fmt"
	"unsafe"

	"gradus/kernels"
)

// Compile turns p into a command list in C memory.
func (d *Device) Compile(p *kernels.Program) (kernels.Exec, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	r, err := d.resolve(p)
	if err != nil {
		return nil, err
	}
	n := len(p.Ops)
	bytes := C.int64_t(int(unsafe.Sizeof(C.gk_exec{})) + n*int(unsafe.Sizeof(C.gk_cmd{})))
	raw := C.gk_memory(bytes)
	if raw == nil {
		return nil, fmt.Errorf("cpu: program %s: no memory for %d commands", p.Name, n)
	}
	c := (*C.gk_exec)(raw)
	c.products = d.path.products
	c.table, c.pool, c.threads, c.grain, c.count = d.path.table, d.pool, C.int32_t(d.threads), C.int64_t(d.grain), C.int64_t(n)
	c.cmd = (*C.gk_cmd)(unsafe.Add(raw, unsafe.Sizeof(C.gk_exec{})))
	cmds := unsafe.Slice(c.cmd, n)
	for i, op := range p.Ops {
		if !kernels.Has(d, op) {
			C.gk_release(raw, bytes)
			return nil, fmt.Errorf("cpu: program %s: op %d %s: path %s has no products of this kind in %s", p.Name, i, op.Kind(), d.path.Name, kernels.ComputeOf(op))
		}
		if !r.command(&cmds[i], op) {
			C.gk_release(raw, bytes)
			return nil, fmt.Errorf("cpu: program %s: op %d %s: no code for %T", p.Name, i, op.Kind(), op)
		}
	}
	var need C.gk_need
	var largest C.gk_args
	setArgs(&largest, &p.Max)
	C.gk_exec_need(c.table, c.products, c.cmd, c.count, &largest, C.int(d.threads), &need)
	if err := d.reserve(int64(need.shared), int64(need.local)); err != nil {
		C.gk_release(raw, bytes)
		return nil, fmt.Errorf("cpu: program %s: %w", p.Name, err)
	}
	C.gk_pair_plan(c.cmd, c.count, &largest)
	if c.longest = C.gk_split_plan(c.cmd, c.count, &largest); c.longest > 0 {
		// Without the room for it the program runs op by op.
		c.parts = (*C.gk_cmd)(C.gk_memory(partsBytes(c)))
	}
	e := &exec{dev: d, c: c, bytes: bytes, check: kernels.Program{Name: p.Name, Max: p.Max, Ops: append([]kernels.Op(nil), p.Ops...)}, buffers: r.buffers}
	d.execs[e] = struct{}{}
	return e, nil
}

// partsBytes is the size of the copies of a chain of commands that its blocks of
// rows run.
func partsBytes(c *C.gk_exec) C.int64_t {
	return C.int64_t(c.threads) * c.longest * C.int64_t(unsafe.Sizeof(C.gk_cmd{}))
}

// resolver finds the memory behind a Ref.
type resolver struct {
	at      []unsafe.Pointer // by Ref
	buffers []named
}

type named struct {
	name string
	buf  *buffer
}

func (d *Device) resolve(p *kernels.Program) (*resolver, error) {
	r := &resolver{at: make([]unsafe.Pointer, len(p.Bufs))}
	for i := 1; i < len(p.Bufs); i++ {
		b, ok := p.Bufs[i].Buf.(*buffer)
		if !ok || b.dev != d {
			return nil, fmt.Errorf("cpu: program %s: buffer %q is a %T of another device", p.Name, p.Bufs[i].Name, p.Bufs[i].Buf)
		}
		if b.data == nil {
			return nil, fmt.Errorf("cpu: program %s: buffer %q was freed", p.Name, p.Bufs[i].Name)
		}
		r.at[i] = unsafe.Add(b.data, p.Bufs[i].Off*bytesOf(b.dtype))
		r.buffers = append(r.buffers, named{p.Bufs[i].Name, b})
	}
	return r, nil
}

func (r *resolver) f(ref kernels.Ref) *C.float   { return (*C.float)(r.at[ref]) }
func (r *resolver) i(ref kernels.Ref) *C.int32_t { return (*C.int32_t)(r.at[ref]) }

func dim(d kernels.Dim) C.gk_dim { return C.gk_dim(d) }
func size(n int) C.int64_t       { return C.int64_t(n) }

// set writes the fields of an op to the union inside a command.
func set[T any](c *C.gk_cmd, op C.gk_op, v T) {
	c.op = C.int32_t(op)
	*(*T)(unsafe.Pointer(&c.u)) = v
}

// in returns the code of an op with its factors in compute.
func in(compute kernels.DType, f32, bf16 C.gk_op) C.gk_op {
	if compute == kernels.BF16 {
		return bf16
	}
	return f32
}

// command fills c with op. It returns false for an op it does not know.
func (r *resolver) command(c *C.gk_cmd, op kernels.Op) bool {
	switch o := op.(type) {
	case kernels.Embed:
		set(c, C.GK_EMBED, C.gk_embed{out: r.f(o.Out), w: r.f(o.W), tok: r.i(o.Tok), v: size(o.V), c: size(o.C), n: dim(o.N)})
	case kernels.EmbedBwd:
		set(c, C.GK_EMBED_BWD, C.gk_embed_bwd{dw: r.f(o.DW), dout: r.f(o.DOut), tok: r.i(o.Tok), v: size(o.V), c: size(o.C), n: dim(o.N)})
	case kernels.RMSNorm:
		set(c, C.GK_RMSNORM, C.gk_rmsnorm{y: r.f(o.Y), rstd: r.f(o.RStd), x: r.f(o.X), g: r.f(o.G), c: size(o.C), eps: C.float(o.Eps), n: dim(o.N)})
	case kernels.RMSNormBwd:
		set(c, C.GK_RMSNORM_BWD, C.gk_rmsnorm_bwd{dx: r.f(o.DX), dg: r.f(o.DG), dy: r.f(o.DY), x: r.f(o.X), g: r.f(o.G), rstd: r.f(o.RStd), c: size(o.C), n: dim(o.N)})
	case kernels.Pack:
		p := C.gk_pack{dst: r.f(o.Dst), w: r.f(o.W), o: size(o.O), k: size(o.K)}
		if o.Back {
			p.back = 1
		}
		set(c, in(o.Compute, C.GK_PACK, C.GK_PACK_BF16), p)
	case kernels.Linear:
		set(c, in(o.Compute, C.GK_LINEAR, C.GK_LINEAR_BF16), C.gk_linear{y: r.f(o.Y), x: r.f(o.X), pack: r.f(o.Pack), res: r.f(o.Res), o: size(o.O), k: size(o.K), n: dim(o.N)})
	case kernels.LinearDX:
		l := C.gk_linear_dx{dx: r.f(o.DX), dy: r.f(o.DY), pack: r.f(o.Pack), o: size(o.O), k: size(o.K), n: dim(o.N)}
		if o.Acc {
			l.acc = 1
		}
		set(c, in(o.Compute, C.GK_LINEAR_DX, C.GK_LINEAR_DX_BF16), l)
	case kernels.LinearDW:
		set(c, in(o.Compute, C.GK_LINEAR_DW, C.GK_LINEAR_DW_BF16), C.gk_linear_dw{dw: r.f(o.DW), dy: r.f(o.DY), x: r.f(o.X), o: size(o.O), k: size(o.K), n: dim(o.N)})
	case kernels.RoPE:
		q := C.gk_rope{qkv: r.f(o.QKV), cos: r.f(o.Cos), sin: r.f(o.Sin), pos: r.i(o.Pos), h: size(o.H), kv: size(o.KV), d: size(o.D), max_pos: size(o.MaxPos), n: dim(o.N)}
		if o.Inverse {
			q.inverse = 1
		}
		set(c, C.GK_ROPE, q)
	case kernels.KVWrite:
		set(c, C.GK_KV_WRITE, C.gk_kv_write{k: r.f(o.K), v: r.f(o.V), qkv: r.f(o.QKV), slot: r.i(o.Slot), at: r.i(o.At),
			h: size(o.H), kv: size(o.KV), d: size(o.D), slots: size(o.Slots), cap: size(o.Cap), n: dim(o.N)})
	case kernels.Attn:
		set(c, C.GK_ATTN, C.gk_attn{out: r.f(o.Out), lse: r.f(o.LSE), qkv: r.f(o.QKV), start: r.i(o.Start), prefix: r.i(o.Prefix),
			h: size(o.H), kv: size(o.KV), d: size(o.D), max_len: size(o.MaxLen), n: dim(o.N), s: dim(o.S)})
	case kernels.AttnBwd:
		set(c, C.GK_ATTN_BWD, C.gk_attn_bwd{dqkv: r.f(o.DQKV), dout: r.f(o.DOut), qkv: r.f(o.QKV), out: r.f(o.Out), lse: r.f(o.LSE), start: r.i(o.Start), prefix: r.i(o.Prefix),
			h: size(o.H), kv: size(o.KV), d: size(o.D), max_len: size(o.MaxLen), n: dim(o.N), s: dim(o.S)})
	case kernels.AttnDecode:
		set(c, C.GK_ATTN_DECODE, C.gk_attn_decode{out: r.f(o.Out), qkv: r.f(o.QKV), pk: r.f(o.PK), pv: r.f(o.PV), k: r.f(o.K), v: r.f(o.V),
			pslot: r.i(o.PSlot), plen: r.i(o.PLen), slot: r.i(o.Slot), len: r.i(o.Len), h: size(o.H), kv: size(o.KV), d: size(o.D),
			pslots: size(o.PSlots), pcap: size(o.PCap), slots: size(o.Slots), cap: size(o.Cap), n: dim(o.N)})
	case kernels.SwiGLU:
		set(c, C.GK_SWIGLU, C.gk_swiglu{y: r.f(o.Y), gu: r.f(o.GU), f: size(o.F), n: dim(o.N)})
	case kernels.SwiGLUBwd:
		set(c, C.GK_SWIGLU_BWD, C.gk_swiglu_bwd{dgu: r.f(o.DGU), dy: r.f(o.DY), gu: r.f(o.GU), f: size(o.F), n: dim(o.N)})
	case kernels.GatherRows:
		set(c, C.GK_GATHER, C.gk_rows{y: r.f(o.Y), x: r.f(o.X), idx: r.i(o.Idx), c: size(o.C), n: dim(o.N), m: dim(o.M)})
	case kernels.ScatterRows:
		set(c, C.GK_SCATTER, C.gk_rows{y: r.f(o.Y), x: r.f(o.X), idx: r.i(o.Idx), c: size(o.C), n: dim(o.N), m: dim(o.M)})
	case kernels.LossRows:
		set(c, in(o.Compute, C.GK_LOSS, C.GK_LOSS_BF16), C.gk_loss{logp: r.f(o.LogP), ent: r.f(o.Ent), lse: r.f(o.LSE), h: r.f(o.H), pack: r.f(o.Pack), target: r.i(o.Target),
			scratch: r.f(o.Scratch), c: size(o.C), v: size(o.V), chunk: size(o.Chunk), n: dim(o.N)})
	case kernels.LossRowsBwd:
		set(c, in(o.Compute, C.GK_LOSS_BWD, C.GK_LOSS_BWD_BF16), C.gk_loss_bwd{dh: r.f(o.DH), dw: r.f(o.DW), h: r.f(o.H), pack: r.f(o.Pack), pack_back: r.f(o.PackBack), target: r.i(o.Target),
			lse: r.f(o.LSE), ent: r.f(o.Ent), coef: r.f(o.Coef), ent_coef: r.f(o.EntCoef), scratch: r.f(o.Scratch),
			c: size(o.C), v: size(o.V), chunk: size(o.Chunk), n: dim(o.N)})
	case kernels.Sample:
		set(c, C.GK_SAMPLE, C.gk_sample{tok: r.i(o.Tok), logp: r.f(o.LogP), ent: r.f(o.Ent), logits: r.f(o.Logits), stream: r.i(o.Stream), pos: r.i(o.Pos), v: size(o.V), n: dim(o.N)})
	case kernels.Advance:
		set(c, C.GK_ADVANCE, C.gk_advance{tokens: r.i(o.Tokens), logps: r.f(o.LogPs), ents: r.f(o.Ents), tok: r.i(o.Tok), pos: r.i(o.Pos), at: r.i(o.At), len: r.i(o.Len),
			count: r.i(o.Count), left: r.i(o.Left), drawn: r.i(o.Drawn), logp: r.f(o.LogP), ent: r.f(o.Ent), stop: r.i(o.Stop),
			steps: size(o.Steps), stops: size(o.Stops), n: dim(o.N)})
	case kernels.SumSq:
		set(c, C.GK_SUM_SQ, C.gk_sum_sq{out: r.f(o.Out), x: r.f(o.X), len: C.int64_t(o.Len)})
	case kernels.AdamW:
		set(c, C.GK_ADAMW, C.gk_adamw{w: r.f(o.W), g: r.f(o.G), m: r.f(o.M), v: r.f(o.V), len: C.int64_t(o.Len),
			beta1: C.float(o.Beta1), beta2: C.float(o.Beta2), eps: C.float(o.Eps), weight_decay: C.float(o.WeightDecay)})
	case kernels.Zero:
		set(c, C.GK_ZERO, C.gk_move{y: r.f(o.X), c: size(o.C), n: dim(o.N)})
	case kernels.Copy:
		set(c, C.GK_COPY, C.gk_move{y: r.f(o.Y), x: r.f(o.X), c: size(o.C), n: dim(o.N)})
	default:
		return false
	}
	return true
}
