// Log-prob and entropy of one target token per row, and their gradient, a
// chunk of rows at a time: logits, then rows, then (backward) both products.
#include "chunk.h"
#include "gemm.h"
#include "stats.h"

template <class P> DEVICE void chunk_logits(const P &p, smem<float> tiles) {
	int n = chunk_rows(p);
	if (n <= 0) return;
	operand<true> x = {p.x + (gk_i64)p.row0 * p.c, p.c, n}, w = {p.w, p.c, p.v};
	gemm(tiles, x, w, p.c, p.logits, (const float *)0, p.v);
}

KERNEL_BLOCKS(gk_loss_logits, gk_loss, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	chunk_logits(p, tiles);
}

KERNEL(gk_loss_rows, gk_loss, 256) {
	SHARED(float, part, 3 * BLOCK_WARPS);
	if (stopped(p.h)) return;
	int n = chunk_rows(p);
	float inv_t = 1.f / p.h.run->temperature;
	for (gk_i64 i = block_id(); i < n; i += blocks()) {
		gk_i64 row = p.row0 + i;
		int target = p.target[row];
		if (target < 0 || target >= p.v) {
			if (tid() == 0) fail(p.h, row, GK_TARGET);
			continue;
		}
		const float *z = p.logits + i * p.v;
		row_stats s = logits_stats(z, p.v, inv_t, part);
		if (tid() == 0) {
			p.logp[row] = row_logp(s, z[target], inv_t);
			p.ent[row] = s.entropy;
			p.lse[row] = s.top + s.log_sum;
		}
		block_sync();
	}
}

KERNEL_BLOCKS(gk_loss_bwd_logits, gk_loss_bwd, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	chunk_logits(p, tiles);
}

// With p = softmax(z), l = log p = z - lse and z = logits/T, in place:
//
//	d/dlogits_v = (coef*([v = target] - p_v) - ent_coef*p_v*(l_v + ent)) / T
KERNEL(gk_loss_bwd_rows, gk_loss_bwd, 256) {
	if (stopped(p.h)) return;
	int n = chunk_rows(p);
	float inv_t = 1.f / p.h.run->temperature;
	for (gk_i64 i = block_id(); i < n; i += blocks()) {
		gk_i64 row = p.row0 + i;
		int target = p.target[row];
		if (target < 0 || target >= p.v) {
			if (tid() == 0) fail(p.h, row, GK_TARGET);
			continue;
		}
		float *z = p.logits + i * p.v;
		float lse = p.lse[row], ent = p.ent[row], coef = p.coef[row], ent_coef = p.ent_coef ? p.ent_coef[row] : 0.f;
		for (int v = tid(); v < p.v; v += BLOCK) {
			float l = z[v] * inv_t - lse;
			float d = -(gk_exp(l) * (coef + ent_coef * (l + ent)) * inv_t);
			z[v] = v == target ? d + coef * inv_t : d;
		}
	}
}

// DH = dlogits W
KERNEL_BLOCKS(gk_loss_bwd_dx, gk_loss_bwd, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	int n = chunk_rows(p);
	if (n <= 0) return;
	operand<true> d = {p.logits, p.v, n};
	operand<false> w = {p.w, p.c, p.c};
	gemm(tiles, d, w, p.v, p.dx + (gk_i64)p.row0 * p.c, (const float *)0, p.c);
}

// DW += dlogits^T H
KERNEL_BLOCKS(gk_loss_bwd_dw, gk_loss_bwd, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped_by_check(p.h)) return;
	int n = chunk_rows(p);
	if (n <= 0) return;
	operand<false> d = {p.logits, p.v, p.v}, x = {p.x + (gk_i64)p.row0 * p.c, p.c, p.c};
	gemm(tiles, d, x, n, p.dw, p.dw, p.c);
}
