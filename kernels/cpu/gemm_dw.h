// The gradient of a weight matrix: a product over the rows of a batch. A sum runs
// over DW_DEPTH rows at a time, ascending, and the sums are added to dw in
// ascending order, so the bits follow from the number of rows alone.
#ifndef GRADUS_CPU_GEMM_DW_H
#define GRADUS_CPU_GEMM_DW_H

#include "gemm.h"

#define DW_DEPTH 256

// dw (o, k) += dy (n, o)^T x (n, k). Both operands lie across the direction in
// which they are read, so DW_ROWS rows at a time are packed first, reading along
// the rows, and then multiplied in blocks of dw: one block's strips of dy, one
// panel of x and the block itself are in the caches at a time. The depth of
// a product is cut at multiples of DW_DEPTH.
typedef struct {
	float *strips, *panels;
	float *dw;
	const float *dy, *x; // row 0 of this round
	int64_t n, o, k;     // rows of this round
	int64_t pack_rows, o_block, k_block, k_blocks;
} outer;

enum { DW_ROWS = 2 * DW_DEPTH, DW_O = 16 * MR, DW_K = 256 };

static int64_t panel_floats(int64_t rows, int64_t cols) { return round_up(cols, NR) * rows; }

// strips hold dy as [row block][strip of MR columns][row][MR], with some room
// behind each strip because rows are copied in whole vectors.
static int64_t strip_floats(int64_t depth) { return round_up(depth * MR + 2 * VL, 16); }
static int64_t strips_floats(int64_t o) { return ceil_div(o, MR) * strip_floats(DW_DEPTH); }

// outer_pack_chunk packs pack_rows rows, a divisor of DW_DEPTH. What a vector
// has too much is overwritten by the next row, except in the last one, which
// another thread's rows follow. What it reads too much (2 floats at most) is
// the next row or the pad behind a buffer.
static void outer_pack_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const outer *w = task;
	int64_t n0 = chunk * w->pack_rows, n1 = min64(w->n, n0 + w->pack_rows);
	int64_t block = n0 / DW_DEPTH * DW_DEPTH, depth = min64(DW_DEPTH, w->n - block);
	int64_t strips = ceil_div(w->o, MR), step = strip_floats(DW_DEPTH);
	float *to = w->strips + block / DW_DEPTH * strips * step;
	for (int64_t n = n0; n < n1; n++) {
		const float *from = w->dy + n * w->o;
		float *at = to + (n - block) * MR;
		if (n + 1 < n1) {
			for (int64_t i = 0; i < strips; i++, from += MR, at += step)
				for (int v = 0; v < MR; v += VL) vstore(at + v, vload(from + v));
		} else {
			for (int64_t i = 0; i < strips; i++) memcpy(at + i * step, from + i * MR, (size_t)min64(MR, w->o - i * MR) * 4);
		}
	}
	pack_panels(w->panels + block * round_up(w->k, NR), w->x + block * w->k, w->k, depth, w->k, n0 - block, n1 - block, 0);
}

static void outer_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const outer *w = task;
	int64_t o0 = chunk / w->k_blocks * w->o_block, o1 = min64(w->o, o0 + w->o_block);
	int64_t k0 = chunk % w->k_blocks * w->k_block, k1 = min64(w->k, k0 + w->k_block);
	for (int64_t n0 = 0; n0 < w->n; n0 += DW_DEPTH) {
		int64_t depth = min64(DW_DEPTH, w->n - n0);
		const float *strips = w->strips + n0 / DW_DEPTH * strips_floats(w->o), *panels = w->panels + n0 * round_up(w->k, NR);
		for (int64_t j = k0; j < k1; j += NR)
			for (int64_t i = o0; i < o1; i += MR) {
				float *c = w->dw + i * w->k + j;
				tile t = {
					.depth = depth, .a = strips + i / MR * strip_floats(DW_DEPTH), .lda = MR, .b = panels + j * depth,
					.c = c, .ldc = w->k, .res = c, .cols = min64(NR, w->k - j),
				};
				cols_tile[min64(MR, w->o - i)](&t);
			}
	}
}

// outer_product takes its scratch memory from at.
static void outer_product(gk_run *r, char *at, float *dw, const float *dy, const float *x, int64_t n, int64_t o, int64_t k) {
	outer w = {.dw = dw, .dy = dy, .x = x, .o = o, .k = k};
	w.strips = float_block(&at, DW_ROWS / DW_DEPTH * strips_floats(o));
	w.panels = float_block(&at, panel_floats(DW_ROWS, k));
	// Equal blocks; smaller ones as long as there are too few for the threads.
	int64_t ob = ceil_div(o, DW_O), kb = ceil_div(k, DW_K);
	int64_t want = r->threads > 1 ? 3 * r->threads : 1;
	while (ob * kb < want && ceil_div(o, ob) > 4 * MR) ob++;
	while (ob * kb < want && ceil_div(k, kb) > 4 * NR) kb++;
	w.o_block = round_up(ceil_div(o, ob), MR);
	w.k_block = round_up(ceil_div(k, kb), NR);
	w.k_blocks = ceil_div(k, w.k_block);
	w.pack_rows = r->threads > 1 ? 32 : DW_DEPTH;
	for (int64_t n0 = 0; n0 < n; n0 += DW_ROWS) {
		w.n = min64(DW_ROWS, n - n0);
		w.dy = dy + n0 * o;
		w.x = x + n0 * k;
		each(r, outer_pack_chunk, &w, ceil_div(w.n, w.pack_rows));
		each(r, outer_chunk, &w, ceil_div(o, w.o_block) * w.k_blocks);
	}
}

static int64_t outer_bytes(int64_t o, int64_t k) {
	return block_bytes(DW_ROWS / DW_DEPTH * strips_floats(o)) + block_bytes(panel_floats(DW_ROWS, k));
}

static void run_linear_dw(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dw *c = &cmd->u.linear_dw;
	outer_product(r, r->shared, c->dw, c->dy, c->x, gk_count(c->n, r->args), c->o, c->k);
}

static void need_linear_dw(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_shared(need, outer_bytes(cmd->u.linear_dw.o, cmd->u.linear_dw.k));
}

#endif
