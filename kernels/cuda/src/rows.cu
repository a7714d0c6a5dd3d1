// Ops that only move rows: embedding, gather, scatter, zero, copy; and the
// gradient of the embedding.
#include "gpu.h"

#define NO_ROW 0x7fffffff

DEVICE void copy_row(float *y, const float *x, int c) {
	for (int i = tid(); i < c; i += threads()) y[i] = x[i];
}

KERNEL(gk_embed_fwd, gk_embed, 128) {
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		int tok = p.tok[row];
		if (tok < 0 || tok >= p.v) {
			if (tid() == 0) fail(p.h, row, GK_TOK);
			continue;
		}
		copy_row(p.out + row * p.c, p.w + (gk_i64)tok * p.c, p.c);
	}
}

// The block of a row whose token no earlier row has adds up all rows with that
// token, in ascending order. The other blocks have nothing to do: no atomics.
KERNEL(gk_embed_bwd_rows, gk_embed_bwd, 128) {
	SHARED(unsigned, found, 4);
	if (stopped(p.h)) return;
	int n = rows_of(p.h), warps = threads() / WARP;
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		int tok = p.tok[row];
		if (tok < 0 || tok >= p.v) {
			if (tid() == 0) fail(p.h, row, GK_TOK);
			continue;
		}
		bool first = true;
		for (gk_i64 from = 0; from < row && first; from += threads()) {
			gk_i64 at = from + tid();
			unsigned same = ballot(at < row && p.tok[at] == tok);
			if (lane() == 0) found[warp()] = same;
			block_sync();
			for (int w = 0; w < warps; w++) first = first && found[w] == 0;
			block_sync();
		}
		if (!first) continue;
		float *dw = p.dw + (gk_i64)tok * p.c;
		for (gk_i64 from = row; from < n; from += threads()) {
			gk_i64 at = from + tid();
			unsigned same = ballot(at < n && p.tok[at] == tok);
			if (lane() == 0) found[warp()] = same;
			block_sync();
			for (int w = 0; w < warps; w++)
				for (unsigned left = found[w]; left; left &= left - 1) {
					const float *g = p.dout + (from + w * WARP + low_bit(left)) * p.c;
					for (int i = tid(); i < p.c; i += threads()) dw[i] = dw[i] + g[i];
				}
			block_sync();
		}
	}
}

KERNEL(gk_gather_rows, gk_rows, 128) {
	if (stopped(p.h)) return;
	int n = rows_of(p.h), m = gk_count(p.m, p.h.run);
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		int from = p.idx[row];
		if (from < 0 || from >= m) {
			if (tid() == 0) fail(p.h, row, GK_IDX);
			continue;
		}
		copy_row(p.y + row * p.c, p.x + (gk_i64)from * p.c, p.c);
	}
}

// The block of a row of Y looks through the index for the row of X that comes
// there: every row is written once, and a second row with the same index shows.
KERNEL(gk_scatter_rows, gk_rows, 128) {
	SHARED(int, from, 2); // first and second row of X that name this one
	if (stopped(p.h)) return;
	int n = rows_of(p.h), m = gk_count(p.m, p.h.run);
	if (block_id() == 0)
		for (int i = tid(); i < n; i += threads())
			if (p.idx[i] < 0 || p.idx[i] >= m) fail(p.h, i, GK_IDX);
	for (gk_i64 row = block_id(); row < m; row += blocks()) {
		int first = NO_ROW, second = NO_ROW;
		for (int i = tid(); i < n; i += threads()) {
			if (p.idx[i] != row) continue;
			if (first == NO_ROW) first = i;
			else if (second == NO_ROW) second = i;
		}
		block_sync();
		if (tid() == 0) from[0] = NO_ROW, from[1] = NO_ROW;
		block_sync();
		if (first != NO_ROW) shared_min(from + 0, first);
		block_sync();
		int source = from[0];
		int next = first == source ? second : first;
		if (next != NO_ROW) shared_min(from + 1, next);
		block_sync();
		if (tid() == 0 && from[1] != NO_ROW) fail(p.h, from[1], GK_IDX_TWICE);
		float *y = p.y + row * p.c;
		if (source != NO_ROW) copy_row(y, p.x + (gk_i64)source * p.c, p.c);
		else
			for (int i = tid(); i < p.c; i += threads()) y[i] = 0;
	}
}

KERNEL(gk_zero_rows, gk_move, 256) {
	if (stopped(p.h)) return;
	gk_i64 len = (gk_i64)rows_of(p.h) * p.c;
	for (gk_i64 i = block_id() * threads() + tid(); i < len; i += blocks() * threads()) p.y[i] = 0;
}

KERNEL(gk_copy_rows, gk_move, 256) {
	if (stopped(p.h)) return;
	gk_i64 len = (gk_i64)rows_of(p.h) * p.c;
	for (gk_i64 i = block_id() * threads() + tid(); i < len; i += blocks() * threads()) p.y[i] = p.x[i];
}
