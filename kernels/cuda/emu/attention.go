//go:build cuda && linux

package emu

// #include "../abi.h"
import "C"

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

// attend starts a kernel of attention in bf16 for heads of d.
func (e *program) attend(name string, d int, items int64, params []byte) error {
	shared := 4 * C.GK_ATTN_TILE * (d + 8) * 2
	if name == "gk_attn_bwd_dkv" {
		shared += 4 * C.GK_ATTN_TILE * 4
	}
	return e.start(fmt.Sprintf("%s_bf16_%d", name, d), items, 128, shared, params)
}

// attnBF16 rounds QKV and runs attention in bf16, whose sequences have been checked.
func (e *program) attnBF16(o kernels.Attn, a *kernels.Args, p C.gk_attn) error {
	return e.rounded(func(r *rounding) error {
		p.rounded = r.rows(p.h, (*C.float)(e.at[o.QKV]), o.N.Of(a), (o.H+2*o.KV)*o.D, chunk{})
		return e.attend("gk_attn_fwd", o.D, int64(o.S.Of(a)*o.H)*ceilDiv(int64(o.MaxLen), C.GK_ATTN_TILE), bytes(&p))
	})
}

// attnBwdBF16 runs its gradient.
func (e *program) attnBwdBF16(o kernels.AttnBwd, a *kernels.Args, p C.gk_attn_bwd) error {
	n, pieces := o.N.Of(a), int64(o.S.Of(a))*ceilDiv(int64(o.MaxLen), C.GK_ATTN_TILE)
	return e.rounded(func(r *rounding) error {
		if err := e.start("gk_attn_bwd_check", 1, 256, 0, bytes(&p)); err != nil {
			return err
		}
		p.rounded = r.rows(p.h, (*C.float)(e.at[o.QKV]), n, (o.H+2*o.KV)*o.D, chunk{})
		p.dout_rounded = r.rows(p.h, (*C.float)(e.at[o.DOut]), n, o.H*o.D, chunk{})
		return errors.Join(
			e.start("gk_attn_bwd_delta_bf16", ceilDiv(int64(n)*int64(o.H), 4), 128, 0, bytes(&p)),
			e.attend("gk_attn_bwd_dq", o.D, pieces*int64(o.H), bytes(&p)),
			e.attend("gk_attn_bwd_dkv", o.D, pieces*int64(o.KV), bytes(&p)))
	})
}
