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

// DG: a block sums 32 columns over all rows, eight rows at a time. Lane y of
// the eight holds the rows y, y+8, ...; the eight sums are added in order.
KERNEL(gk_rmsnorm_bwd_dg, gk_rmsnorm_bwd, 256) {
	SHARED(float, part, BLOCK_WARPS * WARP);
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	for (gk_i64 from = block_id() * WARP; from < p.c; from += blocks() * WARP) {
		gk_i64 col = from + lane();
		float sum = 0;
		if (col < p.c)
			for (gk_i64 row = warp(); row < n; row += BLOCK_WARPS) {
				gk_i64 at = row * p.c + col;
				sum = gk_fma(p.dy[at] * p.rstd[row], p.x[at], sum);
			}
		part[tid()] = sum;
		block_sync();
		if (warp() == 0 && col < p.c) {
			float all = part[lane()];
			for (int w = 1; w < BLOCK_WARPS; w++) all = all + part[w * WARP + lane()];
			p.dg[col] = p.dg[col] + all;
		}
		block_sync();
	}
}
