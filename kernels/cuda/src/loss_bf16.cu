// The products of the loss ops with factors of bf16. What lies between them is
// in loss.cu: logits are f32 either way.
#include "chunk.h"
#include "gemm_bf16.h"

template <class P> DEVICE void chunk_logits(const P &p, smem<bf16> tiles) {
	int n = chunk_rows(p);
	if (n <= 0) return;
	reals<true> x = {p.x + (gk_i64)p.row0 * p.c, p.c, n};
	gemm_bf16(tiles, x, packed_weights(p.pack, p.v, p.c), p.c, p.logits, (const float *)0, p.v);
}

KERNEL(gk_loss_logits_bf16, gk_loss, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	chunk_logits(p, tiles);
}

KERNEL(gk_loss_bwd_logits_bf16, gk_loss_bwd, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	chunk_logits(p, tiles);
}

// DH = dlogits W
KERNEL(gk_loss_bwd_dx_bf16, gk_loss_bwd, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	int n = chunk_rows(p);
	if (n <= 0) return;
	reals<true> d = {p.logits, p.v, n};
	gemm_bf16(tiles, d, packed_weights(p.back, p.c, p.v), p.v, p.dx + (gk_i64)p.row0 * p.c, (const float *)0, p.c);
}

// DW += dlogits^T H
KERNEL(gk_loss_bwd_dw_bf16, gk_loss_bwd, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	int n = chunk_rows(p);
	if (n <= 0) return;
	reals<false> d = {p.logits, p.v, p.v}, x = {p.x + (gk_i64)p.row0 * p.c, p.c, p.c};
	gemm_bf16(tiles, d, x, n, p.dw, p.dw, p.c);
}
