// Matrix products with factors of bf16 and sums in f32, on the matrix units:
// c[i,j] = (res[i,j] +) sum_k a(i,k) b(j,k).
//
// An element is one chain of mma over k ascending in steps of 16: its bits depend
// on its row of a, its row of b and the depth, not on the tile or the number of
// rows, as long as a matrix unit treats its rows alike (to be shown on a GPU;
// the emulator does).
//
// f32 factors are rounded on their way to shared memory; packed weights are
// copied there beside the computation. A tile has two places in shared memory:
// one is filled while the other is used, with one barrier for each step.
#ifndef GRADUS_CUDA_GEMM_BF16_H
#define GRADUS_CUDA_GEMM_BF16_H

#include "gpu.h"

enum {
	STEP = 32, STEP_PITCH = STEP + 8, // 80 bytes: rows hit different banks and begin at multiples of 16
	MMA_THREADS = 256, LARGE_TILE = 128, SMALL_TILE = 64,
};

// round_bf16 rounds to the nearest bf16, ties to even; subnormal numbers become
// zero (kernels.RoundBF16).
DEVICE bf16 round_bf16(float x) {
	unsigned u = __builtin_bit_cast(unsigned, x), size = u & 0x7fffffffu;
	if (size < 0x00800000u) return (bf16)(u >> 16 & 0x8000u);
	if (size > 0x7f800000u) return (bf16)(u >> 16 | 0x40u);
	return (bf16)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

// reals is an f32 matrix of `rows` rows. ALONG: element (i, k) lies at x[i*ld + k],
// otherwise at x[k*ld + i]. weights is a packed one: bf16, rows of a multiple of
// 32, zeros beyond the depth.
template <bool ALONG> struct reals {
	const float *x;
	gk_i64 ld;
	int rows;
};
struct weights {
	const bf16 *x;
	gk_i64 ld;
	int rows;
};
DEVICE weights packed_weights(const bf16 *x, int rows, int depth) { return {x, ceil_div(depth, 32) * 32, rows}; }

// part is what a thread does for a tile of R rows and STEP columns: begin asks
// for the numbers, end puts down what did not go there by itself.
template <class M, int R> struct part;

template <bool ALONG, int R> struct part<reals<ALONG>, R> {
	enum { PER_THREAD = R * STEP / MMA_THREADS };
	float v[PER_THREAD];
	DEVICE_MEMBER void begin(const reals<ALONG> &m, smem<bf16>, gk_i64 i0, gk_i64 k0, gk_i64 depth) {
		// Neighbouring threads read neighbouring floats; the next round is
		// MMA_THREADS elements on, the same distance each time.
		gk_i64 i = i0 + (ALONG ? tid() / STEP : tid() % R), k = k0 + (ALONG ? tid() % STEP : tid() / R);
		const float *from = m.x + (ALONG ? i * m.ld + k : k * m.ld + i);
		gk_i64 distance = (ALONG ? MMA_THREADS / STEP : MMA_THREADS / R) * m.ld;
		int left = (int)(ALONG ? m.rows - i : depth - k), each = ALONG ? MMA_THREADS / STEP : MMA_THREADS / R;
		if (ALONG ? k >= depth : i >= m.rows) left = 0;
UNROLL
		for (int q = 0; q < PER_THREAD; q++, from += distance) v[q] = q * each < left ? *from : 0.f;
	}
	DEVICE_MEMBER void end(smem<bf16> tile) {
		smem<bf16> to = tile + (ALONG ? tid() / STEP * STEP_PITCH + tid() % STEP : tid() % R * STEP_PITCH + tid() / R);
UNROLL
		for (int q = 0; q < PER_THREAD; q++) to[q * (ALONG ? MMA_THREADS / STEP * STEP_PITCH : MMA_THREADS / R)] = round_bf16(v[q]);
	}
};

template <int R> struct part<weights, R> {
	DEVICE_MEMBER void begin(const weights &m, smem<bf16> tile, gk_i64 i0, gk_i64 k0, gk_i64) {
		bool aligned = (unsigned long long)m.x % 16 == 0;
UNROLL
		for (int q = 0; q < R * STEP / MMA_THREADS / 8; q++) {
			int e = tid() + q * MMA_THREADS, row = e / (STEP / 8), at = e % (STEP / 8) * 8;
			gk_i64 i = i0 + row;
			smem<bf16> to = tile + row * STEP_PITCH + at;
			const bf16 *from = m.x + i * m.ld + k0 + at;
			if (aligned && i < m.rows) copy_16(to, from);
			else
				for (int x = 0; x < 8; x++) to[x] = i < m.rows ? from[x] : (bf16)0;
		}
	}
	DEVICE_MEMBER void end(smem<bf16>) {}
};

// gemm_bf16 is the work of the whole grid, in tiles of TILE x TILE, on 2 x 4 warps.
// tiles has room for 4*TILE rows of STEP_PITCH. res may be c itself, or 0.
template <int TILE, class A, class B>
DEVICE void gemm_bf16_in(smem<bf16> tiles, const A &a, const B &b, gk_i64 depth, float *c, const float *res, gk_i64 ldc) {
	enum { R = TILE, ELEMENTS = R * STEP_PITCH, WARP_M = R / 2, WARP_N = R / 4, FRAGMENTS_M = WARP_M / 16, FRAGMENTS_N = WARP_N / 8 };
	// Where this lane's rows of fragments lie in a tile (gpu.h: load_4).
	int m0 = warp() / 4 * WARP_M, n0 = warp() % 4 * WARP_N;
	int a_at = (m0 + lane() % 16) * STEP_PITCH + lane() / 16 * 8;
	int b_at = (n0 + lane() % 8 + lane() / 16 * 8) * STEP_PITCH + lane() / 8 % 2 * 8;
	gk_i64 across = ceil_div(b.rows, R), count = across * ceil_div(a.rows, R);
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		gk_i64 i0 = t / across * R, j0 = t % across * R;
		float acc[FRAGMENTS_M][FRAGMENTS_N][4];
UNROLL
		for (int i = 0; i < FRAGMENTS_M; i++)
UNROLL
			for (int j = 0; j < FRAGMENTS_N; j++)
UNROLL
				for (int e = 0; e < 4; e++) acc[i][j][e] = 0;
		part<A, R> from_a;
		part<B, R> from_b;
		block_sync(); // the tile before has been used
		from_a.begin(a, tiles, i0, 0, depth);
		from_b.begin(b, tiles + ELEMENTS, j0, 0, depth);
		from_a.end(tiles);
		from_b.end(tiles + ELEMENTS);
		int stage = 0;
		for (gk_i64 k0 = 0; k0 < depth; k0 += STEP, stage ^= 1) {
			smem<bf16> at = tiles + stage * 2 * ELEMENTS, bt = at + ELEMENTS;
			smem<bf16> next_a = tiles + (stage ^ 1) * 2 * ELEMENTS, next_b = next_a + ELEMENTS;
			bool more = k0 + STEP < depth;
			copies_done();
			block_sync(); // this stage is full, and nobody reads the other one
			if (more) {
				from_a.begin(a, next_a, i0, k0 + STEP, depth);
				from_b.begin(b, next_b, j0, k0 + STEP, depth);
			}
UNROLL
			for (int k = 0; k < STEP; k += 16) {
				unsigned x[FRAGMENTS_M][4], y[FRAGMENTS_N / 2][4];
UNROLL
				for (int i = 0; i < FRAGMENTS_M; i++) load_4(x[i], at + a_at + i * 16 * STEP_PITCH + k);
UNROLL
				for (int j = 0; j < FRAGMENTS_N / 2; j++) load_4(y[j], bt + b_at + j * 16 * STEP_PITCH + k);
UNROLL
				for (int i = 0; i < FRAGMENTS_M; i++)
UNROLL
					for (int j = 0; j < FRAGMENTS_N; j++) multiply(acc[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
			}
			if (more) {
				from_a.end(next_a);
				from_b.end(next_b);
			}
		}
		// Rows lane/4 + 8*i of the warp's part, each with two columns of every fragment.
		gk_i64 row = i0 + m0 + lane() / 4, col = j0 + n0 + lane() % 4 * 2, at = row * ldc + col;
		int rows = (int)(a.rows - row), cols = (int)(b.rows - col);
UNROLL
		for (int i = 0; i < 2 * FRAGMENTS_M; i++, at += 8 * ldc) {
			if (i * 8 >= rows) break;
UNROLL
			for (int j = 0; j < FRAGMENTS_N; j++)
UNROLL
				for (int e = 0; e < 2; e++)
					if (j * 8 + e < cols) {
						float x = acc[i / 2][j][i % 2 * 2 + e];
						c[at + j * 8 + e] = res ? res[at + j * 8 + e] + x : x;
					}
		}
	}
}

template <class A, class B>
DEVICE void gemm_bf16(smem<bf16> tiles, const A &a, const B &b, gk_i64 depth, float *c, const float *res, gk_i64 ldc) {
	gemm_bf16_in<LARGE_TILE>(tiles, a, b, depth, c, res, ldc);
}

#define GEMM_BF16_SHARED(name) SHARED(bf16, name, 4 * LARGE_TILE * STEP_PITCH)

#endif
