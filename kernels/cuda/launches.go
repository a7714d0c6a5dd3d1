//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"

	"gradus/kernels"
)

// item is one launch of a program before the grid is chosen: a kernel walks its
// work items with whatever grid it gets.
type item struct {
	op     int // place in the program
	kernel string
	work   int64 // work items of the largest run
	shared int   // bytes of dynamic shared memory
	params []byte
	// library is a product that cuBLASLt does instead of a kernel, nil for none.
	library *libraryProduct
}

// plan turns the ops of a program into launches. It is the one place that knows
// which kernels an op takes, in which order, and how much work each has.
type plan struct {
	dev *Device // nil without one: no library is asked
	max *kernels.Args
	// warpgroups: products in bf16 run on the matrix units of compute capability 9.0.
	warpgroups bool
	at         []cu.DevicePtr // by Ref
	run        cu.DevicePtr   // gk_run
	fault      cu.DevicePtr
	// scratch is memory that an op uses for itself. It is counted first, and
	// its place known only then.
	scratch      cu.DevicePtr
	scratchBytes int64
	items        []item
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// tiles is the number of tiles of a product.
func tiles(rows, cols int) int64 {
	return ceilDiv(int64(rows), C.GK_TILE) * ceilDiv(int64(cols), C.GK_TILE)
}

// The device addresses of operands, in the types of abi.h. They are numbers
// here and pointers only on the GPU.
func (p *plan) f(r kernels.Ref) *C.float { return (*C.float)(devicePointer(p.at[r])) }
func (p *plan) i(r kernels.Ref) *C.int   { return (*C.int)(devicePointer(p.at[r])) }

// h is the address of a packed weight of bf16.
func (p *plan) h(r kernels.Ref) *C.ushort { return (*C.ushort)(devicePointer(p.at[r])) }

func devicePointer(d cu.DevicePtr) unsafe.Pointer {
	word := uintptr(d)
	return *(*unsafe.Pointer)(unsafe.Pointer(&word))
}

// need reserves scratch memory for one op. Ops run one after the other, so all
// use the same.
func (p *plan) need(bytes int64) unsafe.Pointer {
	p.scratchBytes = max(p.scratchBytes, bytes)
	return devicePointer(p.scratch)
}

func (p *plan) head(op int, n kernels.Dim) C.gk_head {
	return C.gk_head{
		run: (*C.gk_run)(devicePointer(p.run)), fault: (*C.gk_u64)(devicePointer(p.fault)),
		op: C.int(op), n: C.gk_dim(n),
	}
}

// launch adds a kernel with its parameter block.
func launch[T any](p *plan, op int, kernel string, work int64, shared int, params *T) {
	block := append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(params)), unsafe.Sizeof(*params))...)
	p.items = append(p.items, item{op: op, kernel: kernel, work: work, shared: shared, params: block})
}

// Shared memory of the attention kernels, in bytes: rows of queries and of what
// belongs to them, keys or values with a pitch of d+1, and scores.
const (
	attnRows = C.GK_ATTN_ROWS
	attnKeys = 32
)

func sharedAttn(d int) int    { return 4 * (2*attnRows*d + attnKeys*(d+1) + attnRows*attnKeys) }
func sharedAttnDQ(d int) int  { return 4 * (3*attnRows*d + attnKeys*(d+1) + attnRows*attnKeys) }
func sharedAttnDKV(d int) int { return 4 * (4*attnRows*d + attnKeys*(d+1) + 2*attnRows*(attnRows+1)) }

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// add appends the launches of op.
func (p *plan) add(at int, op kernels.Op) error {
	tooLarge := 0
	c := func(n int) C.int {
		if n > math.MaxInt32 {
			tooLarge = n
		}
		return C.int(n)
	}
	rows := func(n kernels.Dim) int64 { return int64(n.Of(p.max)) }
	half := kernels.ComputeOf(op) == kernels.BF16
	switch o := op.(type) {
	case kernels.Embed:
		launch(p, at, "gk_embed_fwd", rows(o.N), 0, &C.gk_embed{h: p.head(at, o.N), out: p.f(o.Out), w: p.f(o.W), tok: p.i(o.Tok), v: c(o.V), c: c(o.C)})
	case kernels.EmbedBwd:
		launch(p, at, "gk_embed_bwd_rows", rows(o.N), 0, &C.gk_embed_bwd{h: p.head(at, o.N), dw: p.f(o.DW), dout: p.f(o.DOut), tok: p.i(o.Tok), v: c(o.V), c: c(o.C)})
	case kernels.RMSNorm:
		launch(p, at, "gk_rmsnorm_fwd", rows(o.N), 0, &C.gk_rmsnorm{h: p.head(at, o.N), y: p.f(o.Y), rstd: p.f(o.RStd), x: p.f(o.X), g: p.f(o.G), c: c(o.C), eps: C.float(o.Eps)})
	case kernels.RMSNormBwd:
		b := C.gk_rmsnorm_bwd{h: p.head(at, o.N), dx: p.f(o.DX), dg: p.f(o.DG), dy: p.f(o.DY), x: p.f(o.X), g: p.f(o.G), rstd: p.f(o.RStd), c: c(o.C)}
		launch(p, at, "gk_rmsnorm_bwd_dg", ceilDiv(int64(o.C), 32), 0, &b)
		launch(p, at, "gk_rmsnorm_bwd_dx", rows(o.N), 0, &b)
	case kernels.Pack:
		if half { // products in f32 read the weights as they are
			launch(p, at, "gk_pack_bf16", ceilDiv(int64(o.O)*int64(o.K), 1024), 0, &C.gk_pack{h: p.head(at, 1), dst: p.h(o.Dst), w: p.f(o.W), o: c(o.O), k: c(o.K), back: flag(o.Back)})
		}
	case kernels.Linear:
		if half {
			c(max(o.O, o.K))
			p.linearBF16(at, o)
			break
		}
		launch(p, at, "gk_linear_fwd", tiles(o.N.Of(p.max), o.O), 0, &C.gk_linear{h: p.head(at, o.N), y: p.f(o.Y), x: p.f(o.X), w: p.f(o.W), res: p.f(o.Res), o: c(o.O), k: c(o.K)})
	case kernels.LinearDX:
		if half {
			c(max(o.O, o.K))
			p.linearDXBF16(at, o)
			break
		}
		launch(p, at, "gk_linear_bwd_dx", tiles(o.N.Of(p.max), o.K), 0, &C.gk_linear_dx{h: p.head(at, o.N), dx: p.f(o.DX), dy: p.f(o.DY), w: p.f(o.W), o: c(o.O), k: c(o.K), acc: flag(o.Acc)})
	case kernels.LinearDW:
		if half {
			c(max(o.O, o.K))
			p.linearDWBF16(at, o)
			break
		}
		launch(p, at, "gk_linear_bwd_dw", tiles(o.O, o.K), 0, &C.gk_linear_dw{h: p.head(at, o.N), dw: p.f(o.DW), dy: p.f(o.DY), x: p.f(o.X), o: c(o.O), k: c(o.K)})
	case kernels.RoPE:
		launch(p, at, "gk_rope_rows", rows(o.N), 0, &C.gk_rope{h: p.head(at, o.N), qkv: p.f(o.QKV), cos: p.f(o.Cos), sin: p.f(o.Sin), pos: p.i(o.Pos),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), max_pos: c(o.MaxPos), inverse: flag(o.Inverse)})
	case kernels.KVWrite:
		if half {
			launch(p, at, "gk_kv_write_rows_bf16", rows(o.N), 0, &C.gk_kv_write_bf16{h: p.head(at, o.N), k: p.h(o.K), v: p.h(o.V), qkv: p.f(o.QKV), slot: p.i(o.Slot), at: p.i(o.At),
				heads: c(o.H), kv: c(o.KV), d: c(o.D), slots: c(o.Slots), cap: c(o.Cap)})
			break
		}
		launch(p, at, "gk_kv_write_rows", rows(o.N), 0, &C.gk_kv_write{h: p.head(at, o.N), k: p.f(o.K), v: p.f(o.V), qkv: p.f(o.QKV), slot: p.i(o.Slot), at: p.i(o.At),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), slots: c(o.Slots), cap: c(o.Cap)})
	case kernels.Attn:
		a := C.gk_attn{h: p.head(at, o.N), out: p.f(o.Out), lse: p.f(o.LSE), qkv: p.f(o.QKV), start: p.i(o.Start), prefix: p.i(o.Prefix),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), max_len: c(o.MaxLen), s: C.gk_dim(o.S)}
		if half {
			p.attnBF16(at, o, a)
			break
		}
		launch(p, at, "gk_attn_check", 1, 0, &a)
		launch(p, at, "gk_attn_fwd", rows(o.S)*int64(o.H)*ceilDiv(int64(o.MaxLen), attnRows), sharedAttn(o.D), &a)
	case kernels.AttnBwd:
		n := rows(o.N) * int64(o.H)
		a := C.gk_attn_bwd{h: p.head(at, o.N), dqkv: p.f(o.DQKV), dout: p.f(o.DOut), qkv: p.f(o.QKV), out: p.f(o.Out), lse: p.f(o.LSE), start: p.i(o.Start), prefix: p.i(o.Prefix),
			delta: (*C.float)(p.need(4 * n)), heads: c(o.H), kv: c(o.KV), d: c(o.D), max_len: c(o.MaxLen), s: C.gk_dim(o.S)}
		if half {
			p.attnBwdBF16(at, o, a)
			break
		}
		blocks := rows(o.S) * ceilDiv(int64(o.MaxLen), attnRows)
		launch(p, at, "gk_attn_bwd_check", 1, 0, &a)
		launch(p, at, "gk_attn_bwd_delta", ceilDiv(n, 4), 0, &a)
		launch(p, at, "gk_attn_bwd_dq", blocks*int64(o.H), sharedAttnDQ(o.D), &a)
		launch(p, at, "gk_attn_bwd_dkv", blocks*int64(o.KV), sharedAttnDKV(o.D), &a)
	case kernels.AttnDecode:
		groups := rows(o.N) * int64(o.KV) * ceilDiv(int64(o.H/o.KV), attnRows)
		if half {
			launch(p, at, attnKernel("gk_attn_decode", o.D), groups, sharedAttnBF16(o.D), &C.gk_attn_decode_bf16{h: p.head(at, o.N), out: p.f(o.Out), qkv: p.f(o.QKV),
				pk: p.h(o.PK), pv: p.h(o.PV), k: p.h(o.K), v: p.h(o.V), pslot: p.i(o.PSlot), plen: p.i(o.PLen), slot: p.i(o.Slot), len: p.i(o.Len),
				heads: c(o.H), kv: c(o.KV), d: c(o.D), pslots: c(o.PSlots), pcap: c(o.PCap), slots: c(o.Slots), cap: c(o.Cap)})
			break
		}
		launch(p, at, "gk_attn_decode_fwd", groups, sharedAttn(o.D), &C.gk_attn_decode{h: p.head(at, o.N), out: p.f(o.Out), qkv: p.f(o.QKV),
			pk: p.f(o.PK), pv: p.f(o.PV), k: p.f(o.K), v: p.f(o.V), pslot: p.i(o.PSlot), plen: p.i(o.PLen), slot: p.i(o.Slot), len: p.i(o.Len),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), pslots: c(o.PSlots), pcap: c(o.PCap), slots: c(o.Slots), cap: c(o.Cap)})
	case kernels.SwiGLU:
		launch(p, at, "gk_swiglu_fwd", rows(o.N), 0, &C.gk_swiglu{h: p.head(at, o.N), y: p.f(o.Y), gu: p.f(o.GU), f: c(o.F)})
	case kernels.SwiGLUBwd:
		launch(p, at, "gk_swiglu_bwd_rows", rows(o.N), 0, &C.gk_swiglu_bwd{h: p.head(at, o.N), dgu: p.f(o.DGU), dy: p.f(o.DY), gu: p.f(o.GU), f: c(o.F)})
	case kernels.GatherRows:
		launch(p, at, "gk_gather_rows", rows(o.N), 0, &C.gk_rows{h: p.head(at, o.N), y: p.f(o.Y), x: p.f(o.X), idx: p.i(o.Idx), c: c(o.C), m: C.gk_dim(o.M)})
	case kernels.ScatterRows:
		launch(p, at, "gk_scatter_rows", rows(o.M), 0, &C.gk_rows{h: p.head(at, o.N), y: p.f(o.Y), x: p.f(o.X), idx: p.i(o.Idx), c: c(o.C), m: C.gk_dim(o.M)})
	case kernels.LossRows:
		for row := 0; row < o.N.Of(p.max); row += o.Chunk {
			l := C.gk_loss{h: p.head(at, o.N), logp: p.f(o.LogP), ent: p.f(o.Ent), lse: p.f(o.LSE), x: p.f(o.H), w: p.f(o.W), target: p.i(o.Target),
				logits: p.f(o.Scratch), c: c(o.C), v: c(o.V), chunk: c(o.Chunk), row0: c(row)}
			if half {
				p.lossLogitsBF16(at, o, l)
			} else {
				launch(p, at, "gk_loss_logits", tiles(o.Chunk, o.V), 0, &l)
			}
			launch(p, at, "gk_loss_rows", int64(o.Chunk), 0, &l)
		}
	case kernels.LossRowsBwd:
		for row := 0; row < o.N.Of(p.max); row += o.Chunk {
			l := C.gk_loss_bwd{h: p.head(at, o.N), dx: p.f(o.DH), dw: p.f(o.DW), x: p.f(o.H), w: p.f(o.W), target: p.i(o.Target), lse: p.f(o.LSE), ent: p.f(o.Ent),
				coef: p.f(o.Coef), ent_coef: p.f(o.EntCoef), logits: p.f(o.Scratch), c: c(o.C), v: c(o.V), chunk: c(o.Chunk), row0: c(row)}
			if half {
				p.lossBwdBF16(at, o, l)
				continue
			}
			launch(p, at, "gk_loss_bwd_logits", tiles(o.Chunk, o.V), 0, &l)
			launch(p, at, "gk_loss_bwd_rows", int64(o.Chunk), 0, &l)
			launch(p, at, "gk_loss_bwd_dx", tiles(o.Chunk, o.C), 0, &l)
			launch(p, at, "gk_loss_bwd_dw", tiles(o.V, o.C), 0, &l)
		}
	case kernels.Sample:
		launch(p, at, "gk_sample_rows", rows(o.N), 0, &C.gk_sample{h: p.head(at, o.N), tok: p.i(o.Tok), logp: p.f(o.LogP), ent: p.f(o.Ent), logits: p.f(o.Logits),
			stream: p.i(o.Stream), pos: p.i(o.Pos), v: c(o.V)})
	case kernels.Advance:
		launch(p, at, "gk_advance_rows", ceilDiv(rows(o.N), 128), 0, &C.gk_advance{h: p.head(at, o.N), tokens: p.i(o.Tokens), logps: p.f(o.LogPs), ents: p.f(o.Ents),
			tok: p.i(o.Tok), pos: p.i(o.Pos), at: p.i(o.At), len: p.i(o.Len), count: p.i(o.Count), left: p.i(o.Left),
			drawn: p.i(o.Drawn), logp: p.f(o.LogP), ent: p.f(o.Ent), stop: p.i(o.Stop), steps: c(o.Steps), stops: c(o.Stops)})
	case kernels.SumSq:
		parts := ceilDiv(o.Len, C.GK_SUM_BLOCK)
		s := C.gk_sum_sq{h: p.head(at, 1), out: p.f(o.Out), x: p.f(o.X), len: C.gk_i64(o.Len), part: (*C.double)(p.need(8 * parts))}
		launch(p, at, "gk_sum_sq_part", parts, 0, &s)
		launch(p, at, "gk_sum_sq_all", 1, 0, &s)
	case kernels.AdamW:
		launch(p, at, "gk_adamw_step", ceilDiv(o.Len, 1024), 0, &C.gk_adamw{h: p.head(at, 1), w: p.f(o.W), g: p.f(o.G), m: p.f(o.M), v: p.f(o.V), len: C.gk_i64(o.Len),
			beta1: C.float(o.Beta1), beta2: C.float(o.Beta2), eps: C.float(o.Eps), weight_decay: C.float(o.WeightDecay)})
	case kernels.Zero:
		p.move(at, "gk_zero_rows", o.N, o.C, o.X, 0)
	case kernels.Copy:
		p.move(at, "gk_copy_rows", o.N, o.C, o.Y, o.X)
	default:
		return fmt.Errorf("no kernel for %T", op)
	}
	if tooLarge > 0 {
		return fmt.Errorf("size %d is above %d, the most that a kernel counts to", tooLarge, math.MaxInt32)
	}
	return nil
}

// move adds a Zero or a Copy. The whole of a model's gradients is one row of
// more columns than a kernel counts to, so rows are laid end to end, as they
// lie in memory, and cut into pieces.
func (p *plan) move(at int, kernel string, n kernels.Dim, c int, y, x kernels.Ref) {
	const most = 1 << 30
	one := func(n kernels.Dim, c int64, off int64) {
		m := C.gk_move{h: p.head(at, n), y: (*C.float)(devicePointer(p.at[y] + cu.DevicePtr(off*elementSize))), c: C.int(c)}
		if x != 0 {
			m.x = (*C.float)(devicePointer(p.at[x] + cu.DevicePtr(off*elementSize)))
		}
		launch(p, at, kernel, ceilDiv(int64(n.Of(p.max))*c, 1024), 0, &m)
	}
	if n < 0 {
		one(n, int64(c), 0) // rows of a run have no more columns than a layer is wide
		return
	}
	total := int64(n) * int64(c)
	for off := int64(0); off < total; off += most {
		one(1, min(most, total-off), off)
	}
}
