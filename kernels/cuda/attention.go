//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"fmt"
	"unsafe"

	"gradus/kernels"
)

// Attention with factors of bf16: what prefill and training read is rounded to
// scratch memory first, as for the products; decoding reads its caches as they are.

// attnKernel is the kernel of a name for heads of d.
func attnKernel(name string, d int) string { return fmt.Sprintf("%s_bf16_%d", name, d) }

// sharedAttnBF16 is the shared memory of those kernels, in bytes: four tiles, whose
// rows are 16 bytes longer than the numbers; sharedAttnDKVBF16 that of the gradient
// of the keys, with lse and delta of the queries besides.
func sharedAttnBF16(d int) int    { return 4 * C.GK_ATTN_TILE * (d + 8) * 2 }
func sharedAttnDKVBF16(d int) int { return sharedAttnBF16(d) + 4*C.GK_ATTN_TILE*4 }

// attnBF16 adds the launches of o, whose parameters are in a.
func (p *plan) attnBF16(at int, o kernels.Attn, a C.gk_attn) {
	n, width := o.N.Of(p.max), (o.H+2*o.KV)*o.D
	a.rounded = p.halves(int64(n) * int64(width))[0]
	launch(p, at, "gk_attn_check", 1, 0, &a)
	p.round(at, o.N, a.rounded, p.f(o.QKV), n, width, 0, 0, false)
	pieces := int64(o.S.Of(p.max)) * ceilDiv(int64(o.MaxLen), C.GK_ATTN_TILE)
	launch(p, at, attnKernel("gk_attn_fwd", o.D), pieces*int64(o.H), sharedAttnBF16(o.D), &a)
}

// attnBwdBF16 does the same for the gradient.
func (p *plan) attnBwdBF16(at int, o kernels.AttnBwd, a C.gk_attn_bwd) {
	n, width := o.N.Of(p.max), (o.H+2*o.KV)*o.D
	m := p.halves(int64(n)*int64(width), int64(n)*int64(o.H*o.D), 2*int64(n)*int64(o.H))
	a.rounded, a.dout_rounded, a.delta = m[0], m[1], (*C.float)(unsafe.Pointer(m[2]))
	launch(p, at, "gk_attn_bwd_check", 1, 0, &a)
	p.round(at, o.N, m[0], p.f(o.QKV), n, width, 0, 0, false)
	p.round(at, o.N, m[1], p.f(o.DOut), n, o.H*o.D, 0, 0, false)
	launch(p, at, "gk_attn_bwd_delta_bf16", ceilDiv(int64(n)*int64(o.H), 4), 0, &a)
	pieces := int64(o.S.Of(p.max)) * ceilDiv(int64(o.MaxLen), C.GK_ATTN_TILE)
	launch(p, at, attnKernel("gk_attn_bwd_dq", o.D), pieces*int64(o.H), sharedAttnBF16(o.D), &a)
	launch(p, at, attnKernel("gk_attn_bwd_dkv", o.D), pieces*int64(o.KV), sharedAttnDKVBF16(o.D), &a)
}
