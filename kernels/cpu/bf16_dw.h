// The gradient of a weight matrix in bf16: dw (o, k) += dy (n, o)^T x (n, k),
// whose depth are the rows of the batch. OUTER_ROWS of them at a time are
// rounded and laid out, dy as strips and x as panels, and multiplied; the sums
// are added to dw in ascending order, so the bits follow from n alone.
#ifndef GRADUS_CPU_BF16_DW_H
#define GRADUS_CPU_BF16_DW_H

#include "bf16.h"

enum { OUTER_ROWS = 512, OUTER_STEPS = OUTER_ROWS / TILE_DEPTH };

typedef struct {
	uint16_t *strips, *panels; // [strip][steps][..], [panel][steps][..]
	float *dw;
	const float *dy, *x; // row 0 of this round
	int64_t n, o, k, steps;
	int64_t o_block, k_block, k_blocks;
} bf16_outer;

static int64_t bf16_outer_bytes(int64_t o, int64_t k) {
	return block_bytes(round_up(o, PANEL) * OUTER_ROWS / 2) + block_bytes(round_up(k, PANEL) * OUTER_ROWS / 2);
}

// bf16_outer_pack lays out 32 rows.
static void bf16_outer_pack(void *task, int64_t step, int thread) {
	(void)thread;
	const bf16_outer *w = task;
	int64_t n0 = step * TILE_DEPTH, depth = w->n - n0;
	for (int64_t o = 0; o < w->o; o += TILE_ROWS)
		make_tile(w->strips + (o / TILE_ROWS * w->steps + step) * TILE_ELEMS, w->dy + n0 * w->o + o, w->o, depth, w->o - o, 1);
	for (int64_t k = 0; k < round_up(w->k, PANEL); k += TILE_ROWS) {
		uint16_t *to = w->panels + (k / PANEL * w->steps + step) * PANEL_STEP + k % PANEL * TILE_DEPTH;
		if (k < w->k) make_tile(to, w->x + n0 * w->k + k, w->k, depth, w->k - k, 0);
		else memset(to, 0, TILE_ELEMS * 2);
	}
}

static void bf16_outer_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const bf16_outer *w = task;
	int64_t o0 = chunk / w->k_blocks * w->o_block, o1 = min64(w->o, o0 + w->o_block);
	int64_t k0 = chunk % w->k_blocks * w->k_block, k1 = min64(w->k, k0 + w->k_block);
	int64_t strip = w->steps * TILE_ELEMS;
	float sums[2 * TILE_ROWS * PANEL] __attribute__((aligned(64)));
	tiles t;
	tiles_begin(&t);
	for (int64_t j = k0; j < k1; j += PANEL)
		for (int64_t i = o0; i < o1; i += 2 * TILE_ROWS) {
			const uint16_t *a = w->strips + i / TILE_ROWS * strip, *b = w->panels + j / PANEL * w->steps * PANEL_STEP;
			if (w->o - i > TILE_ROWS) multiply_tiles(&t, 2, a, strip, b, w->steps, sums, 1);
			else multiply_tiles(&t, 1, a, strip, b, w->steps, sums, 1);
			float *c = w->dw + i * w->k + j;
			add_sums(c, w->k, c, sums, min64(2 * TILE_ROWS, w->o - i), w->k - j);
		}
	tiles_end(&t);
}

// bf16_outer_product takes its scratch memory, bf16_outer_bytes, from at.
static void bf16_outer_product(gk_run *r, char *at, float *dw, const float *dy, const float *x, int64_t n, int64_t o, int64_t k) {
	bf16_outer w = {.dw = dw, .o = o, .k = k};
	w.strips = bf16_block(&at, round_up(o, PANEL) * OUTER_ROWS);
	w.panels = bf16_block(&at, round_up(k, PANEL) * OUTER_ROWS);
	// Blocks whose strips stay in the second-level cache, more as long as there
	// are too few for the threads.
	int64_t ob = ceil_div(o, 512), kb = 1, want = r->threads > 1 ? 3 * r->threads : 1;
	while (ob * kb < want && ceil_div(o, ob) > 2 * PANEL) ob++;
	while (ob * kb < want && ceil_div(k, kb) > 2 * PANEL) kb++;
	w.o_block = round_up(ceil_div(o, ob), 2 * TILE_ROWS);
	w.k_block = round_up(ceil_div(k, kb), PANEL);
	w.k_blocks = ceil_div(k, w.k_block);
	for (int64_t n0 = 0; n0 < n; n0 += OUTER_ROWS) {
		w.n = min64(OUTER_ROWS, n - n0);
		w.steps = steps_of(w.n);
		w.dy = dy + n0 * o;
		w.x = x + n0 * k;
		each(r, bf16_outer_pack, &w, w.steps);
		each(r, bf16_outer_chunk, &w, ceil_div(o, w.o_block) * w.k_blocks);
	}
}

static void run_linear_dw_bf16(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dw *c = &cmd->u.linear_dw;
	bf16_outer_product(r, r->shared, c->dw, c->dy, c->x, gk_count(c->n, r->args), c->o, c->k);
}

static void need_linear_dw_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_shared(need, bf16_outer_bytes(cmd->u.linear_dw.o, cmd->u.linear_dw.k));
}

#endif
