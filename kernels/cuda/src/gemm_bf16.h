// Matrix products with factors of bf16 and sums in f32, on the matrix units:
// c[i,j] = (res[i,j] +) sum_k a(i,k) b(j,k).
//
// An element is one chain of mma over k ascending in steps of 16: its bits depend
// on its row of a, its row of b and the depth, not on the tile or the number of
// rows, as long as a matrix unit treats its rows alike (to be shown on a GPU;
// the emulator does).
//
// Both factors lie in memory as bf16, the depth contiguous: packed weights, and
// rows that round.h has rounded. Steps of 32 columns are copied to shared memory
// beside the computation, STAGES - 1 ahead of it, with one barrier for each.
#ifndef GRADUS_CUDA_GEMM_BF16_H
#define GRADUS_CUDA_GEMM_BF16_H

#include "gpu.h"

enum {
	STEP = 32, STEP_PITCH = STEP + 8, // 80 bytes: rows hit different banks and begin at multiples of 16
	STAGES = GK_MMA_STAGES, MMA_THREADS = 256, LARGE_TILE = GK_MMA_TILE, SMALL_TILE = LARGE_TILE / 2,
	TILES_HIGH = 8, // see tile_at
};

// factor is a matrix of `rows` rows of `ld` numbers, a multiple of 32: those
// beyond the depth are zeros.
struct factor {
	const bf16 *x;
	gk_i64 ld;
	int rows;
};
DEVICE factor factor_of(const bf16 *x, int rows, int depth) { return {x, ceil_div(depth, 32) * 32, rows}; }

// copier is a thread's part of copying a factor's tile of R rows, a step at a
// time: 16 bytes of every MMA_THREADS/4-th row. Rows beyond the last one are
// copies of it; nothing of them is kept.
template <int R> struct copier {
	enum { EACH = R * STEP / MMA_THREADS / 8, ROWS_APART = MMA_THREADS / (STEP / 8) };
	const bf16 *from[EACH];
	bool aligned; // as all matrices of a program are
	DEVICE_MEMBER void start(const factor &m, gk_i64 i0) {
		aligned = (unsigned long long)m.x % 16 == 0;
UNROLL
		for (int q = 0; q < EACH; q++) {
			gk_i64 i = i0 + tid() / (STEP / 8) + q * ROWS_APART;
			from[q] = m.x + (i < m.rows ? i : m.rows - 1) * m.ld + tid() % (STEP / 8) * 8;
		}
	}
	DEVICE_MEMBER void step(smem<bf16> tile) {
		int at = tid() / (STEP / 8) * STEP_PITCH + tid() % (STEP / 8) * 8;
UNROLL
		for (int q = 0; q < EACH; q++) {
			smem<bf16> to = tile + at + q * ROWS_APART * STEP_PITCH;
			if (aligned) copy_16(to, from[q]);
			else
				for (int x = 0; x < 8; x++) to[x] = from[q][x];
			from[q] += STEP;
		}
	}
};

// tile_at is the t-th of across x down tiles. Those that run at the same time
// are TILES_HIGH rows of tiles high, so that they share factors in the cache.
struct place { gk_i64 row, col; };
DEVICE place tile_at(gk_i64 t, gk_i64 across, gk_i64 down) {
	gk_i64 first = t / (TILES_HIGH * across) * TILES_HIGH, at = t % (TILES_HIGH * across);
	gk_i64 high = down - first < TILES_HIGH ? down - first : (gk_i64)TILES_HIGH;
	return {first + at % high, at / high};
}

// gemm_bf16_in is the work of the whole grid, in tiles of R x R, on 2 x 4 warps.
// tiles has room for 2*STAGES*R rows of STEP_PITCH. res may be c itself, or 0.
template <int R> DEVICE void gemm_bf16_in(smem<bf16> tiles, const factor &a, const factor &b, float *c, const float *res, gk_i64 ldc) {
	enum { ELEMENTS = R * STEP_PITCH, WARP_M = R / 2, WARP_N = R / 4, FRAGMENTS_M = WARP_M / 16, FRAGMENTS_N = WARP_N / 8 };
	// Where this lane's rows of fragments lie in a tile (gpu.h: load_4).
	int m0 = warp() / 4 * WARP_M, n0 = warp() % 4 * WARP_N;
	int a_at = (m0 + lane() % 16) * STEP_PITCH + lane() / 16 * 8;
	int b_at = ELEMENTS + (n0 + lane() % 8 + lane() / 16 * 8) * STEP_PITCH + lane() / 8 % 2 * 8;
	gk_i64 across = ceil_div(b.rows, R), down = ceil_div(a.rows, R);
	int steps = (int)(a.ld / STEP);
	for (gk_i64 t = block_id(); t < across * down; t += blocks()) {
		place at = tile_at(t, across, down);
		float acc[FRAGMENTS_M][FRAGMENTS_N][4];
UNROLL
		for (int i = 0; i < FRAGMENTS_M; i++)
UNROLL
			for (int j = 0; j < FRAGMENTS_N; j++)
UNROLL
				for (int e = 0; e < 4; e++) acc[i][j][e] = 0;
		copier<R> from_a, from_b;
		from_a.start(a, at.row * R);
		from_b.start(b, at.col * R);
		block_sync(); // the tile before has been used
UNROLL
		for (int s = 0; s < STAGES - 1; s++) {
			if (s < steps) {
				from_a.step(tiles + s * 2 * ELEMENTS);
				from_b.step(tiles + s * 2 * ELEMENTS + ELEMENTS);
			}
			copies_end_group();
		}
		int stage = 0, next = STAGES - 1;
UNROLL_BY(1)
		for (int s = 0; s < steps; s++) {
			copies_wait<STAGES - 2>();
			block_sync(); // this stage is full, and nobody reads the one before it
			if (s + STAGES - 1 < steps) {
				from_a.step(tiles + next * 2 * ELEMENTS);
				from_b.step(tiles + next * 2 * ELEMENTS + ELEMENTS);
			}
			copies_end_group();
			smem<bf16> now = tiles + stage * 2 * ELEMENTS;
UNROLL
			for (int k = 0; k < STEP; k += 16) {
				unsigned x[FRAGMENTS_M][4], y[FRAGMENTS_N / 2][4];
UNROLL
				for (int i = 0; i < FRAGMENTS_M; i++) load_4(x[i], now + a_at + i * 16 * STEP_PITCH + k);
UNROLL
				for (int j = 0; j < FRAGMENTS_N / 2; j++) load_4(y[j], now + b_at + j * 16 * STEP_PITCH + k);
UNROLL
				for (int i = 0; i < FRAGMENTS_M; i++)
UNROLL
					for (int j = 0; j < FRAGMENTS_N; j++) multiply(acc[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
			}
			stage = stage + 1 < STAGES ? stage + 1 : 0;
			next = next + 1 < STAGES ? next + 1 : 0;
		}
		// Rows lane/4 + 8*i of the warp's part, each with two columns of every fragment.
		gk_i64 row = at.row * R + m0 + lane() / 4, col = at.col * R + n0 + lane() % 4 * 2;
		int rows = (int)(a.rows - row), cols = (int)(b.rows - col);
		float *to = c + row * ldc + col;
		const float *add = res ? res + row * ldc + col : 0;
UNROLL
		for (int i = 0; i < 2 * FRAGMENTS_M; i++) {
			if (i * 8 >= rows) break;
UNROLL
			for (int j = 0; j < FRAGMENTS_N; j++)
UNROLL
				for (int e = 0; e < 2; e++)
					if (j * 8 + e < cols) {
						float x = acc[i / 2][j][i % 2 * 2 + e];
						to[j * 8 + e] = add ? add[j * 8 + e] + x : x;
					}
			to += 8 * ldc;
			if (add) add += 8 * ldc;
		}
	}
}

DEVICE void gemm_bf16(smem<bf16> tiles, const factor &a, const factor &b, float *c, const float *res, gk_i64 ldc) {
	gemm_bf16_in<LARGE_TILE>(tiles, a, b, c, res, ldc);
}

#endif
