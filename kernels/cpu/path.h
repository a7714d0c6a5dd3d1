// One code path: every op family for the vector length and tile that the
// including file has set, and the table that exports them.
//
//	VL        floats in a vector
//	MR        rows of a matrix tile
//	PATH      name of the exported table
//	PATH_FMA  whether vfma rounds once
#include "adam.h"
#include "advance.h"
#include "attn.h"
#include "decode.h"
#include "gemm.h"
#include "gemm_dw.h"
#include "loss.h"
#include "norm.h"
#include "rope.h"
#include "rows.h"
#include "sample.h"
#include "swiglu.h"

static void need_nothing(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)cmd, (void)max, (void)threads, (void)need;
}

// fma_loop keeps 2*MR independent chains in registers, as a tile does.
static double fma_loop(double flops, float *sink) {
	vf acc[2 * MR], x = vset(0.999f), y = vset(1e-3f);
	for (int i = 0; i < 2 * MR; i++) acc[i] = vset((float)i);
	double per_turn = 2.0 * 2 * MR * VL, done = 0;
	for (; done < flops; done += 16 * per_turn)
		for (int turn = 0; turn < 16; turn++)
UNROLL(32)
			for (int i = 0; i < 2 * MR; i++) acc[i] = vfma(acc[i], x, y);
	vf sum = {0};
	for (int i = 0; i < 2 * MR; i++) sum += acc[i];
	*sink = vsum(sum);
	return done;
}

static float read_loop(const float *x, int64_t n) {
	vf sum[8] = {{0}};
	for (int64_t i = 0; i + 8 * VL <= n; i += 8 * VL)
UNROLL(8)
		for (int j = 0; j < 8; j++) sum[j] += vload(x + i + j * VL);
	for (int j = 1; j < 8; j++) sum[0] += sum[j];
	return vsum(sum[0]);
}

const gk_table PATH = {
	.lanes = VL, .tile_rows = MR, .tile_cols = NR, .has_fma = PATH_FMA,
	.fma_loop = fma_loop, .read_loop = read_loop,
	.run = {
		[GK_EMBED] = run_embed, [GK_EMBED_BWD] = run_embed_bwd,
		[GK_RMSNORM] = run_rmsnorm, [GK_RMSNORM_BWD] = run_rmsnorm_bwd,
		[GK_PACK] = run_pack, [GK_LINEAR] = run_linear,
		[GK_LINEAR_DX] = run_linear_dx, [GK_LINEAR_DW] = run_linear_dw,
		[GK_ROPE] = run_rope, [GK_KV_WRITE] = run_kv_write,
		[GK_ATTN] = run_attn, [GK_ATTN_BWD] = run_attn_bwd, [GK_ATTN_DECODE] = run_attn_decode,
		[GK_SWIGLU] = run_swiglu, [GK_SWIGLU_BWD] = run_swiglu_bwd,
		[GK_GATHER] = run_gather, [GK_SCATTER] = run_scatter,
		[GK_LOSS] = run_loss, [GK_LOSS_BWD] = run_loss_bwd, [GK_SAMPLE] = run_sample, [GK_ADVANCE] = run_advance,
		[GK_SUM_SQ] = run_sum_sq, [GK_ADAMW] = run_adamw,
		[GK_ZERO] = run_zero, [GK_COPY] = run_copy,
	},
	.need = {
		[GK_EMBED] = need_nothing, [GK_EMBED_BWD] = need_nothing,
		[GK_RMSNORM] = need_nothing, [GK_RMSNORM_BWD] = need_rmsnorm_bwd,
		[GK_PACK] = need_nothing, [GK_LINEAR] = need_nothing,
		[GK_LINEAR_DX] = need_nothing, [GK_LINEAR_DW] = need_linear_dw,
		[GK_ROPE] = need_nothing, [GK_KV_WRITE] = need_nothing,
		[GK_ATTN] = need_attn, [GK_ATTN_BWD] = need_attn_bwd, [GK_ATTN_DECODE] = need_attn_decode,
		[GK_SWIGLU] = need_nothing, [GK_SWIGLU_BWD] = need_nothing,
		[GK_GATHER] = need_nothing, [GK_SCATTER] = need_scatter,
		[GK_LOSS] = need_nothing, [GK_LOSS_BWD] = need_loss_bwd, [GK_SAMPLE] = need_sample, [GK_ADVANCE] = need_nothing,
		[GK_SUM_SQ] = need_sum_sq, [GK_ADAMW] = need_nothing,
		[GK_ZERO] = need_nothing, [GK_COPY] = need_nothing,
	},
};
