//go:build cuda && linux

package emu

// #include "../abi.h"
import "C"

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// tiles is the number of tiles of a product.
func tiles(rows, cols int) int64 {
	return ceilDiv(int64(rows), C.GK_TILE) * ceilDiv(int64(cols), C.GK_TILE)
}

// op launches the kernels of one op.
func (e *program) op(i int, op kernels.Op, a *kernels.Args) error {
	f := func(r kernels.Ref) *C.float { return (*C.float)(e.at[r]) }
	ix := func(r kernels.Ref) *C.int { return (*C.int)(e.at[r]) }
	h := func(r kernels.Ref) *C.ushort { return (*C.ushort)(e.at[r]) }
	half := kernels.ComputeOf(op) == kernels.BF16
	head := func(n kernels.Dim) C.gk_head {
		return C.gk_head{run: e.run, fault: e.fault, op: C.int(i), n: C.gk_dim(n)}
	}
	flag := func(b bool) C.int {
		if b {
			return 1
		}
		return 0
	}
	type c = C.int
	switch o := op.(type) {
	case kernels.Embed:
		p := C.gk_embed{h: head(o.N), out: f(o.Out), w: f(o.W), tok: ix(o.Tok), v: c(o.V), c: c(o.C)}
		return e.start("gk_embed_fwd", int64(o.N.Of(a)), 128, 0, bytes(&p))
	case kernels.EmbedBwd:
		p := C.gk_embed_bwd{h: head(o.N), dw: f(o.DW), dout: f(o.DOut), tok: ix(o.Tok), v: c(o.V), c: c(o.C)}
		return e.start("gk_embed_bwd_rows", int64(o.N.Of(a)), 128, 0, bytes(&p))
	case kernels.RMSNorm:
		p := C.gk_rmsnorm{h: head(o.N), y: f(o.Y), rstd: f(o.RStd), x: f(o.X), g: f(o.G), c: c(o.C), eps: C.float(o.Eps)}
		return e.start("gk_rmsnorm_fwd", int64(o.N.Of(a)), 256, 0, bytes(&p))
	case kernels.RMSNormBwd:
		p := C.gk_rmsnorm_bwd{h: head(o.N), dx: f(o.DX), dg: f(o.DG), dy: f(o.DY), x: f(o.X), g: f(o.G), rstd: f(o.RStd), c: c(o.C)}
		if err := e.start("gk_rmsnorm_bwd_dg", ceilDiv(int64(o.C), 32), 256, 0, bytes(&p)); err != nil {
			return err
		}
		return e.start("gk_rmsnorm_bwd_dx", int64(o.N.Of(a)), 256, 0, bytes(&p))
	case kernels.Pack:
		if !half {
			return nil // the kernels read W itself
		}
		p := C.gk_pack{h: head(1), dst: h(o.Dst), w: f(o.W), o: c(o.O), k: c(o.K), back: flag(o.Back)}
		return e.start("gk_pack_bf16", ceilDiv(kernels.PackLenBF16(o.O, o.K), 1024), 256, 0, bytes(&p))
	case kernels.Linear:
		p := C.gk_linear{h: head(o.N), y: f(o.Y), x: f(o.X), w: f(o.W), res: f(o.Res), o: c(o.O), k: c(o.K)}
		if !half {
			return e.start("gk_linear_fwd", tiles(o.N.Of(a), o.O), 256, 0, bytes(&p))
		}
		p.pack = h(o.Pack)
		return e.rounded(func(r *rounding) error {
			p.rounded = r.rows(head(o.N), f(o.X), o.N.Of(a), o.K, chunk{})
			return r.product("gk_linear_fwd_bf16", o.N.Of(a), o.O, bytes(&p))
		})
	case kernels.LinearDX:
		p := C.gk_linear_dx{h: head(o.N), dx: f(o.DX), dy: f(o.DY), w: f(o.W), o: c(o.O), k: c(o.K), acc: flag(o.Acc)}
		if !half {
			return e.start("gk_linear_bwd_dx", tiles(o.N.Of(a), o.K), 256, 0, bytes(&p))
		}
		p.back = h(o.Pack)
		return e.rounded(func(r *rounding) error {
			p.rounded = r.rows(head(o.N), f(o.DY), o.N.Of(a), o.O, chunk{})
			return r.product("gk_linear_bwd_dx_bf16", o.N.Of(a), o.K, bytes(&p))
		})
	case kernels.LinearDW:
		p := C.gk_linear_dw{h: head(o.N), dw: f(o.DW), dy: f(o.DY), x: f(o.X), o: c(o.O), k: c(o.K)}
		if !half {
			return e.start("gk_linear_bwd_dw", tiles(o.O, o.K), 256, 0, bytes(&p))
		}
		return e.rounded(func(r *rounding) error {
			p.dy_turned = r.columns(head(o.N), f(o.DY), o.N.Of(a), o.O, chunk{})
			p.x_turned = r.columns(head(o.N), f(o.X), o.N.Of(a), o.K, chunk{})
			return r.product("gk_linear_bwd_dw_bf16", o.O, o.K, bytes(&p))
		})
	case kernels.RoPE:
		p := C.gk_rope{h: head(o.N), qkv: f(o.QKV), cos: f(o.Cos), sin: f(o.Sin), pos: ix(o.Pos),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), max_pos: c(o.MaxPos), inverse: flag(o.Inverse)}
		return e.start("gk_rope_rows", int64(o.N.Of(a)), 128, 0, bytes(&p))
	case kernels.KVWrite:
		if half {
			p := C.gk_kv_write_bf16{h: head(o.N), k: h(o.K), v: h(o.V), qkv: f(o.QKV), slot: ix(o.Slot), at: ix(o.At),
				heads: c(o.H), kv: c(o.KV), d: c(o.D), slots: c(o.Slots), cap: c(o.Cap)}
			return e.start("gk_kv_write_rows_bf16", int64(o.N.Of(a)), 128, 0, bytes(&p))
		}
		p := C.gk_kv_write{h: head(o.N), k: f(o.K), v: f(o.V), qkv: f(o.QKV), slot: ix(o.Slot), at: ix(o.At),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), slots: c(o.Slots), cap: c(o.Cap)}
		return e.start("gk_kv_write_rows", int64(o.N.Of(a)), 128, 0, bytes(&p))
	case kernels.Attn:
		p := C.gk_attn{h: head(o.N), out: f(o.Out), lse: f(o.LSE), qkv: f(o.QKV), start: ix(o.Start), prefix: ix(o.Prefix),
			heads: c(o.H), kv: c(o.KV), d: c(o.D), max_len: c(o.MaxLen), s: C.gk_dim(o.S)}
		if err := e.start("gk_attn_check", 1, 256, 0, bytes(&p)); err != nil {
			return err
		}
		if half {
			return e.attnBF16(o, a, p)
		}
		return e.start("gk_attn_fwd", int64(o.S.Of(a)*o.H)*ceilDiv(int64(o.MaxLen), 16), 128, attendShared(o.D), bytes(&p))
	case kernels.AttnBwd:
		delta, err := scratch(int64(o.N.Of(a) * o.H))
		if err != nil {
			return err
		}
		defer delta.free()
		p := C.gk_attn_bwd{h: head(o.N), dqkv: f(o.DQKV), dout: f(o.DOut), qkv: f(o.QKV), out: f(o.Out), lse: f(o.LSE), start: ix(o.Start), prefix: ix(o.Prefix),
			delta: (*C.float)(delta.data), heads: c(o.H), kv: c(o.KV), d: c(o.D), max_len: c(o.MaxLen), s: C.gk_dim(o.S)}
		if half {
			return e.attnBwdBF16(o, a, p)
		}
		n, s, t := int64(o.N.Of(a)), int64(o.S.Of(a)), ceilDiv(int64(o.MaxLen), 16)
		for _, k := range []struct {
			name    string
			items   int64
			threads int
			shared  int
		}{
			{"gk_attn_bwd_check", 1, 256, 0},
			{"gk_attn_bwd_delta", ceilDiv(n*int64(o.H), 4), 128, 0},
			{"gk_attn_bwd_dq", s * int64(o.H) * t, 128, 4 * (48*o.D + 32*(o.D+1) + 512)},
			{"gk_attn_bwd_dkv", s * int64(o.KV) * t, 128, 4 * (64*o.D + 32*(o.D+1) + 2*16*17)},
		} {
			if err := e.start(k.name, k.items, k.threads, k.shared, bytes(&p)); err != nil {
				return err
			}
		}
		return nil
	case kernels.AttnDecode:
		if half {
			p := C.gk_attn_decode_bf16{h: head(o.N), out: f(o.Out), qkv: f(o.QKV), pk: h(o.PK), pv: h(o.PV), k: h(o.K), v: h(o.V),
				pslot: ix(o.PSlot), plen: ix(o.PLen), slot: ix(o.Slot), len: ix(o.Len), heads: c(o.H), kv: c(o.KV), d: c(o.D),
				pslots: c(o.PSlots), pcap: c(o.PCap), slots: c(o.Slots), cap: c(o.Cap)}
			return e.attend("gk_attn_decode", o.D, int64(o.N.Of(a)*o.KV), bytes(&p))
		}
		p := C.gk_attn_decode{h: head(o.N), out: f(o.Out), qkv: f(o.QKV), pk: f(o.PK), pv: f(o.PV), k: f(o.K), v: f(o.V),
			pslot: ix(o.PSlot), plen: ix(o.PLen), slot: ix(o.Slot), len: ix(o.Len), heads: c(o.H), kv: c(o.KV), d: c(o.D),
			pslots: c(o.PSlots), pcap: c(o.PCap), slots: c(o.Slots), cap: c(o.Cap)}
		return e.start("gk_attn_decode_fwd", int64(o.N.Of(a)*o.KV), 128, attendShared(o.D), bytes(&p))
	case kernels.SwiGLU:
		p := C.gk_swiglu{h: head(o.N), y: f(o.Y), gu: f(o.GU), f: c(o.F)}
		return e.start("gk_swiglu_fwd", ceilDiv(int64(o.N.Of(a)*o.F), 256), 256, 0, bytes(&p))
	case kernels.SwiGLUBwd:
		p := C.gk_swiglu_bwd{h: head(o.N), dgu: f(o.DGU), dy: f(o.DY), gu: f(o.GU), f: c(o.F)}
		return e.start("gk_swiglu_bwd_rows", ceilDiv(int64(o.N.Of(a)*o.F), 256), 256, 0, bytes(&p))
	case kernels.GatherRows:
		p := C.gk_rows{h: head(o.N), y: f(o.Y), x: f(o.X), idx: ix(o.Idx), c: c(o.C), m: C.gk_dim(o.M)}
		return e.start("gk_gather_rows", int64(o.N.Of(a)), 128, 0, bytes(&p))
	case kernels.ScatterRows:
		p := C.gk_rows{h: head(o.N), y: f(o.Y), x: f(o.X), idx: ix(o.Idx), c: c(o.C), m: C.gk_dim(o.M)}
		return e.start("gk_scatter_rows", int64(o.M.Of(a)), 128, 0, bytes(&p))
	case kernels.LossRows:
		for at := 0; at < o.N.Of(a); at += o.Chunk {
			p := C.gk_loss{h: head(o.N), logp: f(o.LogP), ent: f(o.Ent), lse: f(o.LSE), x: f(o.H), w: f(o.W), target: ix(o.Target),
				logits: f(o.Scratch), c: c(o.C), v: c(o.V), chunk: c(o.Chunk), row0: c(at)}
			logits := func() error { return e.start("gk_loss_logits", tiles(o.Chunk, o.V), 256, 0, bytes(&p)) }
			if half {
				logits = func() error {
					return e.rounded(func(r *rounding) error {
						p.pack, p.rounded = h(o.Pack), r.rows(head(o.N), row(f(o.H), at, o.C), o.Chunk, o.C, chunk{o.Chunk, at})
						return r.product("gk_loss_logits_bf16", o.Chunk, o.V, bytes(&p))
					})
				}
			}
			if err := logits(); err != nil {
				return err
			}
			if err := e.start("gk_loss_rows", int64(o.Chunk), 256, 0, bytes(&p)); err != nil {
				return err
			}
		}
		return nil
	case kernels.LossRowsBwd:
		for at := 0; at < o.N.Of(a); at += o.Chunk {
			p := C.gk_loss_bwd{h: head(o.N), dx: f(o.DH), dw: f(o.DW), x: f(o.H), w: f(o.W), target: ix(o.Target), lse: f(o.LSE), ent: f(o.Ent),
				coef: f(o.Coef), ent_coef: f(o.EntCoef), logits: f(o.Scratch), c: c(o.C), v: c(o.V), chunk: c(o.Chunk), row0: c(at)}
			rows := func() error { return e.start("gk_loss_bwd_rows", int64(o.Chunk), 256, 0, bytes(&p)) }
			if half {
				p.pack, p.back = h(o.Pack), h(o.PackBack)
				err := e.rounded(func(r *rounding) error {
					part, x := chunk{o.Chunk, at}, row(f(o.H), at, o.C)
					p.rounded = r.rows(head(o.N), x, o.Chunk, o.C, part)
					if err := errors.Join(r.product("gk_loss_bwd_logits_bf16", o.Chunk, o.V, bytes(&p)), rows()); err != nil {
						return err
					}
					p.rounded = r.rows(head(o.N), f(o.Scratch), o.Chunk, o.V, part)
					if err := r.product("gk_loss_bwd_dx_bf16", o.Chunk, o.C, bytes(&p)); err != nil {
						return err
					}
					p.rounded, p.h_turned = r.columns(head(o.N), f(o.Scratch), o.Chunk, o.V, part), r.columns(head(o.N), x, o.Chunk, o.C, part)
					return r.product("gk_loss_bwd_dw_bf16", o.V, o.C, bytes(&p))
				})
				if err != nil {
					return err
				}
				continue
			}
			if err := e.start("gk_loss_bwd_logits", tiles(o.Chunk, o.V), 256, 0, bytes(&p)); err != nil {
				return err
			}
			if err := rows(); err != nil {
				return err
			}
			if err := e.start("gk_loss_bwd_dx", tiles(o.Chunk, o.C), 256, 0, bytes(&p)); err != nil {
				return err
			}
			if err := e.start("gk_loss_bwd_dw", tiles(o.V, o.C), 256, 0, bytes(&p)); err != nil {
				return err
			}
		}
		return nil
	case kernels.Sample:
		p := C.gk_sample{h: head(o.N), tok: ix(o.Tok), logp: f(o.LogP), ent: f(o.Ent), logits: f(o.Logits), stream: ix(o.Stream), pos: ix(o.Pos), v: c(o.V)}
		return e.start("gk_sample_rows", int64(o.N.Of(a)), 256, 0, bytes(&p))
	case kernels.Advance:
		p := C.gk_advance{h: head(o.N), tokens: ix(o.Tokens), logps: f(o.LogPs), ents: f(o.Ents), tok: ix(o.Tok), pos: ix(o.Pos), at: ix(o.At), len: ix(o.Len),
			count: ix(o.Count), left: ix(o.Left), drawn: ix(o.Drawn), logp: f(o.LogP), ent: f(o.Ent), stop: ix(o.Stop), steps: c(o.Steps), stops: c(o.Stops)}
		return e.start("gk_advance_rows", ceilDiv(int64(o.N.Of(a)), 128), 128, 0, bytes(&p))
	case kernels.SumSq:
		part, err := scratch(2 * ceilDiv(o.Len, C.GK_SUM_BLOCK))
		if err != nil {
			return err
		}
		defer part.free()
		p := C.gk_sum_sq{h: head(1), out: f(o.Out), x: f(o.X), len: C.gk_i64(o.Len), part: (*C.double)(part.data)}
		if err := e.start("gk_sum_sq_part", ceilDiv(o.Len, C.GK_SUM_BLOCK), 256, 0, bytes(&p)); err != nil {
			return err
		}
		return e.start("gk_sum_sq_all", 1, 256, 0, bytes(&p))
	case kernels.AdamW:
		p := C.gk_adamw{h: head(1), w: f(o.W), g: f(o.G), m: f(o.M), v: f(o.V), len: C.gk_i64(o.Len),
			beta1: C.float(o.Beta1), beta2: C.float(o.Beta2), eps: C.float(o.Eps), weight_decay: C.float(o.WeightDecay)}
		return e.start("gk_adamw_step", ceilDiv(o.Len, 1024), 256, 0, bytes(&p))
	case kernels.Zero:
		p := C.gk_move{h: head(o.N), y: f(o.X), c: c(o.C)}
		return e.start("gk_zero_rows", ceilDiv(int64(o.N.Of(a)*o.C), 1024), 256, 0, bytes(&p))
	case kernels.Copy:
		p := C.gk_move{h: head(o.N), y: f(o.Y), x: f(o.X), c: c(o.C)}
		return e.start("gk_copy_rows", ceilDiv(int64(o.N.Of(a)*o.C), 1024), 256, 0, bytes(&p))
	}
	return fmt.Errorf("%w for %T", errNoKernel, op)
}

// attendShared is the shared memory of attention forward, in bytes.
func attendShared(d int) int { return 4 * (2*16*d + 32*(d+1) + 16*32) }
