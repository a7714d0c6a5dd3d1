// The products of bfloat16 factors for the tile registers that the including
// file has chosen, and the table PATH that exports them.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" // of what is shared with the f32 paths
#endif
#include "bf16_loss.h"

// tile_loop multiplies tiles without end of work for the memory.
static double tile_loop(double flops, float *sink) {
	enum { PER_TURN = 16 };
	uint16_t a[TILE_ELEMS] __attribute__((aligned(64))) = {0};
	float sums[TILE_ROWS * 16] __attribute__((aligned(64)));
	tiles t;
	tiles_begin(&t);
	tile_zero(&t, 0);
	tile_zero(&t, 1);
	tile_zero(&t, 2);
	tile_zero(&t, 3);
	tile_load(&t, 4, a, 64);
	tile_load(&t, 5, a, 64);
	tile_load(&t, 6, a, 64);
	tile_load(&t, 7, a, 64);
	double done = 0;
	for (; done < flops; done += PER_TURN * 2.0 * TILE_ELEMS * 16)
		for (int i = 0; i < PER_TURN / 4; i++) {
			tile_multiply(&t, 0, 4, 6);
			tile_multiply(&t, 1, 4, 7);
			tile_multiply(&t, 2, 5, 6);
			tile_multiply(&t, 3, 5, 7);
		}
	tile_store(&t, 0, sums, 64);
	tiles_end(&t);
	*sink = sums[0];
	return done;
}

// tile_once multiplies one pair of tiles, for tests of the arithmetic.
static void tile_once(float *c, const uint16_t *a, const uint16_t *b) {
	tiles t;
	tiles_begin(&t);
	tile_load(&t, 0, c, 64);
	tile_load(&t, 4, a, 64);
	tile_load(&t, 6, b, 64);
	tile_multiply(&t, 0, 4, 6);
	tile_store(&t, 0, c, 64);
	tiles_end(&t);
}

// round_pairs rounds 32 floats, for tests of the arithmetic.
static void round_pairs(uint16_t *to, const float *from) { store_tile_row(to, bf16_pairs(vload(from), vload(from + VL))); }

const gk_table PATH = {
	.lanes = VL, .tile_rows = 2 * TILE_ROWS, .tile_cols = PANEL, .has_fma = 1,
	.run_both = run_linear_bwd_bf16, .fma_loop = tile_loop, .tile_once = tile_once, .round_pairs = round_pairs,
	.run = {
		[GK_PACK_BF16] = run_pack_bf16, [GK_LINEAR_BF16] = run_linear_bf16,
		[GK_LINEAR_DX_BF16] = run_linear_dx_bf16, [GK_LINEAR_DW_BF16] = run_linear_dw_bf16,
		[GK_LOSS_BF16] = run_loss_bf16, [GK_LOSS_BWD_BF16] = run_loss_bwd_bf16,
	},
	.need = {
		[GK_PACK_BF16] = need_pack_bf16, [GK_LINEAR_BF16] = need_linear_bf16,
		[GK_LINEAR_DX_BF16] = need_linear_dx_bf16, [GK_LINEAR_DW_BF16] = need_linear_dw_bf16,
		[GK_LOSS_BF16] = need_loss_bf16, [GK_LOSS_BWD_BF16] = need_loss_bwd_bf16,
	},
};
