// The gradient of a weight matrix: a product over the rows of a batch. A sum runs
// over DW_DEPTH rows at a time, ascending, and the sums are added to dw in
// ascending order, so the bits follow from the number of rows alone.
#ifndef GRADUS_CPU_GEMM_DW_H
#define GRADUS_CPU_GEMM_DW_H

#include "gemm.h"

#define DW_DEPTH 256

// dw (o, k) += dy (n, o)^T x (n, k). Both operands lie across the direction in
// which they are read, so they are packed first: DW_ROWS rows of x as panels,
// by all threads, and then, by the thread that multiplies a block of rows of
// dw, the columns of dy that belong to it as strips. Those stay in that core's
// second-level cache. While blocks of these rows of x are multiplied, the next
// rows are packed: the threads meet once a round, and who is done first packs.
typedef struct {
	gk_run *run;
	float *dw;
	int64_t o, k;
	int64_t pack_rows;
	const float *dy, *panels; // of this round
	int64_t n, blocks;        // 0: no rows yet
	const float *next_x;
	float *next_panels;
	int64_t next_n; // 0: no more rows
} outer;

enum { DW_ROWS = 2 * DW_DEPTH, DW_O = 16 * MR, FETCH_ROWS = 8 };

static int64_t panel_floats(int64_t rows, int64_t cols) { return round_up(cols, NR) * rows; }

// strips hold dy as [strip of MR columns][row][MR], with some room behind each
// strip because rows are copied in whole vectors.
static int64_t strip_floats(int64_t depth) { return round_up(depth * MR + 2 * VL, 16); }

// outer_pack packs pack_rows rows of the next x, a divisor of DW_DEPTH.
static void outer_pack(const outer *w, int64_t piece) {
	int64_t n0 = piece * w->pack_rows, n1 = min64(w->next_n, n0 + w->pack_rows);
	int64_t block = n0 / DW_DEPTH * DW_DEPTH, depth = min64(DW_DEPTH, w->next_n - block);
	pack_panels(w->next_panels + block * round_up(w->k, NR), w->next_x + block * w->k, w->k, depth, w->k, n0 - block, n1 - block, 0);
}

// pack_strips packs columns o0 .. o1-1 of depth rows of dy. What a vector has
// too much is overwritten by the next row. What it reads too much (less than a
// vector) is the next row or the pad behind a buffer.
static void pack_strips(float *strips, const float *dy, int64_t ld, int64_t depth, int64_t o0, int64_t o1) {
	int64_t n_strips = ceil_div(o1 - o0, MR), step = strip_floats(DW_DEPTH);
	for (int64_t n = 0; n < depth; n++) {
		const float *from = dy + n * ld + o0;
		float *at = strips + n * MR;
		for (int64_t i = 0; i < n_strips * MR; i += 16) __builtin_prefetch(from + FETCH_ROWS * ld + i);
		for (int64_t i = 0; i < n_strips; i++, from += MR, at += step)
			for (int v = 0; v < MR; v += VL) vstore(at + v, vload(from + v));
	}
}

static void outer_multiply(const outer *w, int64_t chunk, int thread) {
	float *strips = (float *)local_scratch(w->run, thread);
	int64_t o_strips = ceil_div(w->o, MR); // dealt out evenly
	int64_t o0 = o_strips * chunk / w->blocks * MR, o1 = min64(w->o, o_strips * (chunk + 1) / w->blocks * MR), step = strip_floats(DW_DEPTH);
	for (int64_t n0 = 0; n0 < w->n; n0 += DW_DEPTH) {
		int64_t depth = min64(DW_DEPTH, w->n - n0);
		const float *panels = w->panels + n0 * round_up(w->k, NR);
		pack_strips(strips, w->dy + n0 * w->o, w->o, depth, o0, o1);
		for (int64_t j = 0; j < w->k; j += NR)
			for (int64_t i = o0; i < o1; i += MR) {
				float *c = w->dw + i * w->k + j;
				cols_tile[min64(MR, w->o - i)](&(tile){
					.depth = depth, .a = strips + (i - o0) / MR * step, .lda = MR, .b = panels + j * depth,
					.c = c, .ldc = w->k, .res = c, .cols = min64(NR, w->k - j),
				});
			}
	}
}

static void outer_chunk(void *task, int64_t chunk, int thread) {
	const outer *w = task;
	if (chunk < w->blocks) outer_multiply(w, chunk, thread);
	else outer_pack(w, chunk - w->blocks);
}

// outer_product takes its shared scratch memory from at.
static void outer_product(gk_run *r, char *at, float *dw, const float *dy, const float *x, int64_t n, int64_t o, int64_t k) {
	outer w = {.run = r, .dw = dw, .o = o, .k = k, .next_x = x, .next_n = min64(DW_ROWS, n)};
	float *panels[2] = {float_block(&at, panel_floats(DW_ROWS, k)), float_block(&at, panel_floats(DW_ROWS, k))};
	w.next_panels = panels[0];
	w.pack_rows = r->threads > 1 ? 32 : DW_DEPTH;
	each(r, outer_chunk, &w, ceil_div(w.next_n, w.pack_rows));
	// As many blocks for each thread as for the others, and some to even out
	// what disturbs one of them, but none of less than four strips.
	w.blocks = ceil_div(o, DW_O);
	if (r->threads > 1) w.blocks = max64(min64(round_up(max64(w.blocks, 3 * r->threads), r->threads), ceil_div(o, 4 * MR)), 1);
	for (int64_t n0 = 0, round = 0; n0 < n; n0 += DW_ROWS, round++) {
		w.n = w.next_n;
		w.dy = dy + n0 * o;
		w.panels = panels[round % 2];
		w.next_x += w.n * k;
		w.next_panels = panels[1 - round % 2];
		w.next_n = max64(min64(DW_ROWS, n - n0 - DW_ROWS), 0);
		each(r, outer_chunk, &w, w.blocks + ceil_div(w.next_n, w.pack_rows));
	}
}

static void need_outer(gk_need *need, int64_t o, int64_t k) {
	want_shared(need, 2 * block_bytes(panel_floats(DW_ROWS, k)));
	want_local(need, ceil_div(min64(o, DW_O), MR) * strip_floats(DW_DEPTH) * 4);
}

static void run_linear_dw(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dw *c = &cmd->u.linear_dw;
	outer_product(r, r->shared, c->dw, c->dy, c->x, gk_count(c->n, r->args), c->o, c->k);
}

static void need_linear_dw(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	need_outer(need, cmd->u.linear_dw.o, cmd->u.linear_dw.k);
}

#endif
