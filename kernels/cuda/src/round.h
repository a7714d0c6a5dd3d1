// Rounding of f32 matrices to bf16, once for all tiles of a product: as they
// lie, or turned around for sums over rows.
#ifndef GRADUS_CUDA_ROUND_H
#define GRADUS_CUDA_ROUND_H

#include "gpu.h"

enum { ROUND_THREADS = 256, TURN = 32 };

// round_bf16 rounds to the nearest bf16, ties to even; subnormal numbers become
// zero (kernels.RoundBF16). Both ends are computed and one is taken: no branch.
DEVICE bf16 round_bf16(float x) {
	unsigned u = __builtin_bit_cast(unsigned, x), size = u & 0x7fffffffu;
	unsigned near = u + 0x7fffu + (u >> 16 & 1);
	near = size < 0x00800000u ? u & 0x80000000u : near;
	near = size > 0x7f800000u ? u | 0x400000u : near;
	return (bf16)(near >> 16);
}

// round_rows writes x (rows, c) to dst (tall, c rounded up to 32), zeros beyond.
DEVICE void round_rows(bf16 *dst, const float *x, gk_i64 rows, int c, gk_i64 tall) {
	int wide = (c + 31) / 32 * 32;
	for (gk_i64 r = block_id(); r < tall; r += blocks()) {
		const float *from = x + r * c;
		bf16 *to = dst + r * wide;
		int here = r < rows ? c : 0;
		for (int k = tid(); k < wide; k += ROUND_THREADS) to[k] = k < here ? round_bf16(from[k]) : (bf16)0;
	}
}

// round_columns writes x (rows, c), turned around, to dst (tall, longest rounded up
// to 32), zeros beyond. turn has TURN*(TURN+1) floats.
DEVICE void round_columns(smem<float> turn, bf16 *dst, const float *x, gk_i64 rows, int c, gk_i64 tall, gk_i64 longest) {
	gk_i64 across = ceil_div(longest, TURN), count = across * ceil_div(tall, TURN), wide = across * TURN;
	int i = tid() % TURN;
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		gk_i64 c0 = t / across * TURN, r0 = t % across * TURN;
		block_sync(); // the block before has been written
		for (int j = tid() / TURN; j < TURN; j += ROUND_THREADS / TURN)
			turn[j * (TURN + 1) + i] = r0 + j < rows && c0 + i < c ? x[(r0 + j) * c + c0 + i] : 0.f;
		block_sync();
		for (int j = tid() / TURN; j < TURN; j += ROUND_THREADS / TURN)
			if (c0 + j < tall) dst[(c0 + j) * wide + r0 + i] = round_bf16(turn[i * (TURN + 1) + j]);
	}
}

#endif
