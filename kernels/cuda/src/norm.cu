// RMSNorm, forward and backward. A row is one block's work.
#include "reduce.h"

KERNEL(gk_rmsnorm_fwd, gk_rmsnorm, 256) {
	SHARED(float, part, BLOCK_WARPS);
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		const float *x = p.x + row * p.c;
		float *y = p.y + row * p.c, sum = 0;
		for (int i = tid(); i < p.c; i += BLOCK) sum = gk_fma(x[i], x[i], sum);
		float r = 1.f / gk_sqrt(block_sum(sum, part) / (float)p.c + p.eps);
		if (tid() == 0) p.rstd[row] = r;
		for (int i = tid(); i < p.c; i += BLOCK) y[i] = x[i] * r * p.g[i];
		block_sync();
	}
}

// With k = r^3/C * sum_j dy_j*g_j*x_j: dx_c += r*dy_c*g_c - k*x_c.
KERNEL(gk_rmsnorm_bwd_dx, gk_rmsnorm_bwd, 256) {
	SHARED(float, part, BLOCK_WARPS);
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		const float *x = p.x + row * p.c, *dy = p.dy + row * p.c;
		float *dx = p.dx + row * p.c, sum = 0;
		for (int i = tid(); i < p.c; i += BLOCK) sum = gk_fma(dy[i] * p.g[i], x[i], sum);
		float r = p.rstd[row];
		float k = r * r * r * (block_sum(sum, part) / (float)p.c);
		for (int i = tid(); i < p.c; i += BLOCK) dx[i] = dx[i] + gk_fma(x[i], -k, dy[i] * r * p.g[i]);
		block_sync();
	}
}

// DG: a block sums DG_COLUMNS columns over all rows, BLOCK/DG_COLUMNS rows at a
// time. A lane holds every such row from its own on; the lanes are added in order.
enum { DG_COLUMNS = 8, DG_LANES = BLOCK / DG_COLUMNS };

KERNEL(gk_rmsnorm_bwd_dg, gk_rmsnorm_bwd, 256) {
	SHARED(float, part, BLOCK);
	if (stopped(p.h)) return;
	int n = rows_of(p.h), own = tid() % DG_COLUMNS, from = tid() / DG_COLUMNS;
	for (gk_i64 first = block_id() * DG_COLUMNS; first < p.c; first += blocks() * DG_COLUMNS) {
		gk_i64 col = first + own;
		float sum = 0;
		if (col < p.c)
UNROLL_BY(8) // the loads of several rows are on their way at once
			for (gk_i64 row = from; row < n; row += DG_LANES) sum = gk_fma(p.dy[row * p.c + col] * p.rstd[row], p.x[row * p.c + col], sum);
		part[tid()] = sum;
		block_sync();
		if (from == 0 && col < p.c) {
			float all = part[own];
			for (int l = 1; l < DG_LANES; l++) all = all + part[l * DG_COLUMNS + own];
			p.dg[col] = p.dg[col] + all;
		}
		block_sync();
	}
}
