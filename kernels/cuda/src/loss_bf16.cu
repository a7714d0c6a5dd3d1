// The products of the loss ops with factors of bf16. What lies between them is
// in loss.cu: logits are f32 either way. Their factors are rounded before each
// product (round.cu).
#include "chunk.h"
#include "gemm_bf16.h"

template <class P> DEVICE void chunk_logits(const P &p, smem<bf16> tiles) {
	int n = chunk_rows(p);
	if (n > 0) gemm_bf16(tiles, factor_of(p.rounded, n, p.c), factor_of(p.pack, p.v, p.c), p.logits, (const float *)0, p.v);
}

KERNEL_BLOCKS(gk_loss_logits_bf16, gk_loss, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped_by_check(p.h)) return;
	chunk_logits(p, tiles);
}

KERNEL_BLOCKS(gk_loss_bwd_logits_bf16, gk_loss_bwd, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped_by_check(p.h)) return;
	chunk_logits(p, tiles);
}

// DH = dlogits W
KERNEL_BLOCKS(gk_loss_bwd_dx_bf16, gk_loss_bwd, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped_by_check(p.h)) return;
	int n = chunk_rows(p);
	if (n > 0) gemm_bf16(tiles, factor_of(p.rounded, n, p.v), factor_of(p.back, p.c, p.v), p.dx + (gk_i64)p.row0 * p.c, (const float *)0, p.c);
}

// DW += dlogits^T H
KERNEL_BLOCKS(gk_loss_bwd_dw_bf16, gk_loss_bwd, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped_by_check(p.h)) return;
	int n = chunk_rows(p);
	if (n > 0) gemm_bf16(tiles, factor_of(p.rounded, p.v, n), factor_of(p.h_turned, p.c, n), p.dw, p.dw, p.c);
}
