// Ops that only move rows: embedding, gather, scatter, zero, copy.
#ifndef GRADUS_CPU_ROWS_H
#define GRADUS_CPU_ROWS_H

#include "par.h"
#include "vec.h"

// move_task: y[n] = x[index[n]], or x[n] without an index, or 0 without x or
// where the index is -1.
typedef struct {
	float *y;
	const float *x;
	const int32_t *index;
	int64_t n, c, chunk_rows;
} move_task;

static void move_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const move_task *t = task;
	int64_t n = chunk * t->chunk_rows, end = min64(t->n, n + t->chunk_rows);
	size_t bytes = (size_t)t->c * 4;
	if (!t->x) memset(t->y + n * t->c, 0, (size_t)(end - n) * bytes);
	else if (!t->index) memmove(t->y + n * t->c, t->x + n * t->c, (size_t)(end - n) * bytes);
	else
		for (; n < end; n++) {
			if (t->index[n] >= 0) memcpy(t->y + n * t->c, t->x + t->index[n] * t->c, bytes);
			else memset(t->y + n * t->c, 0, bytes);
		}
}

static void move_rows(gk_run *r, move_task t) {
	t.chunk_rows = rows_per_chunk(r, t.n, ceil_div(t.c, 4));
	each(r, move_chunk, &t, ceil_div(t.n, t.chunk_rows));
}

static void run_embed(gk_run *r, const gk_cmd *cmd) {
	const gk_embed *c = &cmd->u.embed;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_TOK, c->tok, n, 0, c->v - 1)) return;
	move_rows(r, (move_task){.y = c->out, .x = c->w, .index = c->tok, .n = n, .c = c->c});
}

// EmbedBwd: a chunk is a range of columns and walks all rows in ascending
// order, so rows with the same token meet in one order.
typedef struct { const gk_embed_bwd *c; int64_t n, cols; } embed_bwd_task;

static void embed_bwd_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const embed_bwd_task *t = task;
	const gk_embed_bwd *c = t->c;
	int64_t c0 = chunk * t->cols, c1 = min64(c->c, c0 + t->cols);
	for (int64_t n = 0; n < t->n; n++) {
		float *dw = c->dw + c->tok[n] * c->c;
		const float *g = c->dout + n * c->c;
		for (int64_t i = c0; i < c1; i++) dw[i] += g[i];
	}
}

static void run_embed_bwd(gk_run *r, const gk_cmd *cmd) {
	const gk_embed_bwd *c = &cmd->u.embed_bwd;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_TOK, c->tok, n, 0, c->v - 1)) return;
	embed_bwd_task t = {c, n, round_up(rows_per_chunk(r, c->c, n / 2), 16)};
	each(r, embed_bwd_chunk, &t, ceil_div(c->c, t.cols));
}

static void run_gather(gk_run *r, const gk_cmd *cmd) {
	const gk_rows *c = &cmd->u.rows;
	int64_t n = gk_count(c->n, r->args), m = gk_count(c->m, r->args);
	if (out_of_range(r, GK_IDX, c->idx, n, 0, m - 1)) return;
	move_rows(r, (move_task){.y = c->y, .x = c->x, .index = c->idx, .n = n, .c = c->c});
}

// ScatterRows turns the index around first: which row of X comes to row m of
// Y, if any. That also finds repeats.
static void run_scatter(gk_run *r, const gk_cmd *cmd) {
	const gk_rows *c = &cmd->u.rows;
	int64_t n = gk_count(c->n, r->args), m = gk_count(c->m, r->args);
	if (out_of_range(r, GK_IDX, c->idx, n, 0, m - 1)) return;
	int32_t *from = (int32_t *)r->shared;
	memset(from, 0xff, (size_t)m * 4); // -1
	for (int64_t i = 0; i < n; i++) {
		if (from[c->idx[i]] >= 0) {
			r->fault = (gk_fault){.what = GK_IDX_TWICE, .row = i, .value = c->idx[i], .min = from[c->idx[i]]};
			return;
		}
		from[c->idx[i]] = (int32_t)i;
	}
	move_rows(r, (move_task){.y = c->y, .x = c->x, .index = from, .n = m, .c = c->c});
}

static void need_scatter(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)threads;
	want_shared(need, gk_count(cmd->u.rows.m, max) * 4);
}

static void run_zero(gk_run *r, const gk_cmd *cmd) {
	const gk_move *c = &cmd->u.move;
	move_rows(r, (move_task){.y = c->y, .n = gk_count(c->n, r->args), .c = c->c});
}

static void run_copy(gk_run *r, const gk_cmd *cmd) {
	const gk_move *c = &cmd->u.move;
	move_rows(r, (move_task){.y = c->y, .x = c->x, .n = gk_count(c->n, r->args), .c = c->c});
}

#endif
