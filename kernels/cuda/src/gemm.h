// Matrix products in f32: c[i,j] = (res[i,j] +) sum_k a(i,k) b(j,k).
//
// An element is one chain of fma over k ascending in each SEGMENT of k, and the
// segments are added in ascending order: its bits depend on its row of a, its
// row of b and the depth alone, not on the tile, the block or the number of
// rows. Decoding and training therefore get the same bits from it.
#ifndef GRADUS_CUDA_GEMM_H
#define GRADUS_CUDA_GEMM_H

#include "gpu.h"

enum { TILE = GK_TILE, DEPTH = 32, SEGMENT = 256, PITCH = TILE + 1, GEMM_THREADS = 256, SIDE = 16, PER = TILE / SIDE };
enum { LOADS = TILE * DEPTH / GEMM_THREADS };

// operand is a matrix of `rows` rows. ALONG: element (i, k) lies at x[i*ld + k],
// the depth is contiguous; otherwise at x[k*ld + i].
template <bool ALONG> struct operand {
	const float *x;
	gk_i64 ld;
	int rows;
};

// fetch reads this thread's part of a tile of TILE rows and DEPTH columns into
// registers, zeros outside; put lays it down in shared memory, depth first.
// Neighbouring threads read neighbouring floats.
template <bool ALONG> DEVICE void fetch(float (&to)[LOADS], const operand<ALONG> &m, gk_i64 i0, gk_i64 k0, gk_i64 depth) {
UNROLL
	for (int q = 0; q < LOADS; q++) {
		int e = tid() + q * GEMM_THREADS;
		gk_i64 i = i0 + (ALONG ? e / DEPTH : e % TILE), k = k0 + (ALONG ? e % DEPTH : e / TILE);
		to[q] = i < m.rows && k < depth ? m.x[ALONG ? i * m.ld + k : k * m.ld + i] : 0.f;
	}
}
template <bool ALONG> DEVICE void put(smem<float> tile, const float (&from)[LOADS]) {
UNROLL
	for (int q = 0; q < LOADS; q++) {
		int e = tid() + q * GEMM_THREADS;
		tile[ALONG ? e % DEPTH * PITCH + e / DEPTH : e / TILE * PITCH + e % TILE] = from[q];
	}
}

// gemm is the work of the whole grid. tiles has room for 2*DEPTH*PITCH floats.
// res may be c itself, or 0.
template <bool A_ALONG, bool B_ALONG>
DEVICE void gemm(smem<float> tiles, const operand<A_ALONG> &a, const operand<B_ALONG> &b, gk_i64 depth, float *c, const float *res, gk_i64 ldc) {
	smem<float> at = tiles, bt = tiles + DEPTH * PITCH;
	int ty = tid() / SIDE, tx = tid() % SIDE;
	gk_i64 across = ceil_div(b.rows, TILE), count = across * ceil_div(a.rows, TILE);
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		gk_i64 i0 = t / across * TILE, j0 = t % across * TILE;
		float sum[PER][PER], acc[PER][PER], an[LOADS], bn[LOADS];
UNROLL
		for (int i = 0; i < PER; i++)
UNROLL
			for (int j = 0; j < PER; j++) sum[i][j] = 0, acc[i][j] = 0;
		fetch(an, a, i0, 0, depth);
		fetch(bn, b, j0, 0, depth);
		for (gk_i64 k0 = 0; k0 < depth; k0 += DEPTH) {
			put<A_ALONG>(at, an);
			put<B_ALONG>(bt, bn);
			block_sync();
			if (k0 + DEPTH < depth) { // the next tile is on its way while this one is used
				fetch(an, a, i0, k0 + DEPTH, depth);
				fetch(bn, b, j0, k0 + DEPTH, depth);
			}
UNROLL_BY(8)
			for (int k = 0; k < DEPTH; k++) { // beyond the depth both are 0
				float x[PER], y[PER];
UNROLL
				for (int i = 0; i < PER; i++) x[i] = at[k * PITCH + ty + i * SIDE], y[i] = bt[k * PITCH + tx + i * SIDE];
UNROLL
				for (int i = 0; i < PER; i++)
UNROLL
					for (int j = 0; j < PER; j++) acc[i][j] = gk_fma(x[i], y[j], acc[i][j]);
			}
			block_sync();
			if ((k0 + DEPTH) % SEGMENT == 0 || k0 + DEPTH >= depth) {
UNROLL
				for (int i = 0; i < PER; i++)
UNROLL
					for (int j = 0; j < PER; j++) sum[i][j] = sum[i][j] + acc[i][j], acc[i][j] = 0;
			}
		}
UNROLL
		for (int i = 0; i < PER; i++)
UNROLL
			for (int j = 0; j < PER; j++) {
				gk_i64 row = i0 + ty + i * SIDE, col = j0 + tx + j * SIDE;
				if (row >= a.rows || col >= b.rows) continue;
				gk_i64 to = row * ldc + col;
				c[to] = res ? res[to] + sum[i][j] : sum[i][j];
			}
	}
}

#define GEMM_SHARED(name) SHARED(float, name, 2 * DEPTH * PITCH)

#endif
