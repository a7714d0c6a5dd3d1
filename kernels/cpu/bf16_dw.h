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
	bf16_panel_rows(w->panels, w->x, n0, w->n, w->k);
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

// bf16_outer_of is a weight gradient with its scratch memory,
// bf16_outer_bytes, at `at`.
static bf16_outer bf16_outer_of(const gk_run *r, char *at, const gk_linear_dw *c) {
	bf16_outer w = {.dw = c->dw, .o = c->o, .k = c->k};
	w.strips = bf16_block(&at, round_up(c->o, PANEL) * OUTER_ROWS);
	w.panels = bf16_block(&at, round_up(c->k, PANEL) * OUTER_ROWS);
	// Blocks whose strips stay in the second-level cache, more as long as there
	// are too few for the threads.
	int64_t ob = ceil_div(w.o, 512), kb = 1, want = r->threads > 1 ? 3 * r->threads : 1;
	while (ob * kb < want && ceil_div(w.o, ob) > 2 * PANEL) ob++;
	while (ob * kb < want && ceil_div(w.k, kb) > 2 * PANEL) kb++;
	w.o_block = round_up(ceil_div(w.o, ob), 2 * TILE_ROWS);
	w.k_block = round_up(ceil_div(w.k, kb), PANEL);
	w.k_blocks = ceil_div(w.k, w.k_block);
	return w;
}

// bf16_outer_rows makes n rows from n0 on the next round.
static void bf16_outer_rows(bf16_outer *w, const gk_linear_dw *c, int64_t n0, int64_t n) {
	w->n = min64(OUTER_ROWS, n - n0);
	w->steps = steps_of(w->n);
	w->dy = c->dy + n0 * w->o;
	w->x = c->x + n0 * w->k;
}

static void bf16_outer_add(gk_run *r, bf16_outer *w) { each(r, bf16_outer_chunk, w, ceil_div(w->o, w->o_block) * w->k_blocks); }

static void run_linear_dw_bf16(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dw *c = &cmd->u.linear_dw;
	int64_t n = gk_count(c->n, r->args);
	bf16_outer w = bf16_outer_of(r, r->shared, c);
	for (int64_t n0 = 0; n0 < n; n0 += OUTER_ROWS) {
		bf16_outer_rows(&w, c, n0, n);
		each(r, bf16_outer_pack, &w, w.steps);
		bf16_outer_add(r, &w);
	}
}

static void need_linear_dw_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_shared(need, bf16_outer_bytes(cmd->u.linear_dw.o, cmd->u.linear_dw.k));
}

// Both gradients of a product read dy. Run together, the rows of a round are
// read and rounded once: the thread that multiplies a block of them with W lays
// them out for dW, too, turned around, and rows of x with them. So what follows
// finds its operands laid out, and not in main memory. The sums are those of
// the two ops on their own. Laying out counts to dx's time.
static void bf16_linear_bwd(gk_run *r, const gk_linear_dw *dw, const gk_linear_dx *dx, int64_t n, int64_t *dw_ns, int64_t *dx_ns) {
	bf16_outer w = bf16_outer_of(r, r->shared, dw);
	for (int64_t n0 = 0; n0 < n; n0 += OUTER_ROWS) {
		int64_t start = r->now ? r->now() : 0;
		bf16_outer_rows(&w, dw, n0, n);
		float *to = dx->dx + n0 * dx->k;
		bf16_matmul(r, (bf16_product){
			.a = w.dy, .panels = (const uint16_t *)dx->pack, .res = dx->acc ? to : 0, .c = to,
			.n = w.n, .depth = dx->o, .cols = dx->k, .lda = dx->o, .ldc = dx->k,
			.turned = w.strips, .across = w.panels, .x = w.x, .x_cols = w.k,
		});
		int64_t middle = r->now ? r->now() : 0;
		bf16_outer_add(r, &w);
		if (!r->now) continue;
		*dx_ns += middle - start;
		*dw_ns += r->now() - middle;
	}
}

static void run_linear_bwd_bf16(gk_run *r, gk_cmd *dw, gk_cmd *dx) {
	bf16_linear_bwd(r, &dw->u.linear_dw, &dx->u.linear_dx, gk_count(dx->u.linear_dx.n, r->args), &dw->ns, &dx->ns);
}

#endif
