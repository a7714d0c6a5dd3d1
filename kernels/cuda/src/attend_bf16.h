// Attention with factors of bf16 on the matrix units, for heads of D = 64 or 128
// numbers: what prefill and training (attn_bf16.cu), decoding (decode_bf16.cu)
// and the gradients (attn_bwd_bf16.cu) share.
//
// A warp has 16 rows: positions of one head, or heads of one group. Keys go by in
// blocks of TILE_KEYS at absolute positions of the sequence, with an online
// softmax. For each row the numbers are combined in one order that its own
// positions give, wherever the row stands and whatever the others are: a score is
// one chain of mma over d ascending; the sum over a block is, for each of the four
// lanes that share the row, a chain over its keys ascending; the output is one
// chain of mma over the keys ascending. Keys that a row does not see weigh exactly
// 0, and a block of which it sees none changes nothing: its maximum stays, so its
// sums are multiplied by exactly 1. So a row of decoding has the bits of the same
// row in training, as long as a matrix unit treats its rows alike.
//
// For the same reason decoding does not cut long contexts into parts that blocks
// of threads share: training would have to merge the same parts.
#ifndef GRADUS_CUDA_ATTEND_BF16_H
#define GRADUS_CUDA_ATTEND_BF16_H

#include "num.h"
#include "round.h"

enum {
	TILE_KEYS = GK_ATTN_TILE, TILE_THREADS = 128, TILE_WARPS = TILE_THREADS / WARP,
	PART_KEYS = TILE_KEYS / 2, // what the gradients work on at a time, for want of registers
};

// Rows in shared memory are 16 bytes more than D numbers apart: the eight rows that
// a matrix load reads begin at banks 0, 4, ... 28, and each at a multiple of 16.
template <int D> struct tile { enum { PITCH = D + 8, SIZE = TILE_KEYS * PITCH, STEPS = D / 16, COLUMNS = D / 8 }; };

// Products of e^x as powers of two.
#define LOG2E 1.44269504f

// tile_copier copies a thread's part of tiles of R rows of D numbers: 16 bytes of
// every APART-th row.
template <int D, int R = TILE_KEYS> struct tile_copier {
	enum { ACROSS = D / 8, APART = TILE_THREADS / ACROSS, EACH = R / APART, AT_ONCE = R < TILE_KEYS ? 2 : EACH };
	// copy begins to copy the two rows that rows(j, a, b) names for each row j.
	template <class F> DEVICE_MEMBER static void copy(smem<bf16> to_a, smem<bf16> to_b, bool aligned, F rows) {
		int column = tid() % ACROSS * 8;
UNROLL_BY(AT_ONCE)
		for (int q = 0; q < EACH; q++) {
			int j = tid() / ACROSS + q * APART, at = j * tile<D>::PITCH + column;
			const bf16 *a, *b;
			rows(j, a, b);
			if (aligned) {
				copy_16(to_a + at, a + column);
				copy_16(to_b + at, b + column);
			} else
				for (int x = 0; x < 8; x++) {
					to_a[at + x] = a[column + x];
					to_b[at + x] = b[column + x];
				}
		}
	}
};
DEVICE bool aligned_16(const void *p) { return (unsigned long long)p % 16 == 0; }

// left_rows takes 16 rows as the left factor of products over d, straight from
// memory: pair(r, c) are the numbers of row r at column c and the next.
template <int S, class F> DEVICE void left_rows(unsigned (&x)[S][4], F pair) {
	int r = lane() / 4, c = lane() % 4 * 2;
UNROLL
	for (int k = 0; k < S; k++)
UNROLL
		for (int i = 0; i < 4; i++) x[k][i] = pair(r + i % 2 * 8, k * 16 + i / 2 * 8 + c);
}
DEVICE unsigned pair_at(const bf16 *x) { return x[0] | (unsigned)x[1] << 16; }
DEVICE unsigned rounded_pair(const float *x) { return round_bf16(x[0]) | (unsigned)round_bf16(x[1]) << 16; }

// A left factor is asked for its 16 columns k: held in registers, or read from a
// tile each time.
template <int S> struct held {
	const unsigned (&x)[S][4];
	DEVICE_MEMBER void operator()(unsigned (&a)[4], int k) const {
UNROLL
		for (int i = 0; i < 4; i++) a[i] = x[k][i];
	}
};
template <int S> DEVICE held<S> held_rows(const unsigned (&x)[S][4]) { return {x}; }
template <int D> struct tile_rows {
	smem<bf16> at;
	DEVICE_MEMBER void operator()(unsigned (&a)[4], int k) const { load_4(a, at + k * 16); }
};
// the rows of this warp
template <int D> DEVICE tile_rows<D> own_rows(smem<bf16> t) {
	return {t + (warp() * 16 + lane() % 16) * tile<D>::PITCH + lane() / 16 * 8};
}

// dots: s = left times the 8*N rows of D numbers that begin at `rows`, turned.
template <int D, int N, class L> DEVICE void dots(float (&s)[N][4], L left, smem<bf16> rows) {
	smem<bf16> at = rows + (lane() % 8 + lane() / 16 * 8) * tile<D>::PITCH + lane() / 8 % 2 * 8;
UNROLL
	for (int j = 0; j < N; j++)
UNROLL
		for (int e = 0; e < 4; e++) s[j][e] = 0;
UNROLL
	for (int k = 0; k < tile<D>::STEPS; k++) {
		unsigned x[4], y[4];
		left(x, k);
UNROLL
		for (int j = 0; j < N / 2; j++) {
			load_4(y, at + j * 16 * tile<D>::PITCH + k * 16);
			multiply(s[2 * j], x, y[0], y[1]);
			multiply(s[2 * j + 1], x, y[2], y[3]);
		}
	}
}

// add_weighted: acc = acc + p times the 8*N rows that begin at `rows`, for 8*C
// columns. p is as dots leaves it and is rounded to bf16.
template <int D, int N, int C> DEVICE void add_weighted(float (&acc)[C][4], const float (&p)[N][4], smem<bf16> rows) {
	smem<bf16> at = rows + lane() % 16 * tile<D>::PITCH + lane() / 16 * 8;
UNROLL
	for (int t = 0; t < N / 2; t++) {
		unsigned x[4], y[4];
UNROLL
		for (int i = 0; i < 4; i++) x[i] = round_pair(p[2 * t + i / 2][i % 2 * 2], p[2 * t + i / 2][i % 2 * 2 + 1]);
UNROLL
		for (int j = 0; j < C / 2; j++) {
			load_4_turned(y, at + t * 16 * tile<D>::PITCH + j * 16);
			multiply(acc[2 * j], x, y[0], y[1]);
			multiply(acc[2 * j + 1], x, y[2], y[3]);
		}
	}
}

template <int C> DEVICE void clear(float (&acc)[C][4]) {
UNROLL
	for (int j = 0; j < C; j++)
UNROLL
		for (int e = 0; e < 4; e++) acc[j][e] = 0;
}

// column_of is the column of element e of fragment j, and e/2 tells the row: lane/4
// or that and 8.
DEVICE int column_of(int j, int e) { return j * 8 + lane() % 4 * 2 + e % 2; }

// row_sums is the running softmax of rows lane/4 and lane/4 + 8: the largest score,
// and of the exponentials the part that this lane has.
struct row_sums {
	float top[2], sum[2];
	DEVICE_MEMBER void start() {
UNROLL
		for (int i = 0; i < 2; i++) top[i] = minus_infinity(), sum[i] = 0;
	}
	// all is the sum over the four lanes of a row, the same in each.
	DEVICE_MEMBER float all(int i) const {
		float x = sum[i] + shfl_xor(sum[i], 1);
		return x + shfl_xor(x, 2);
	}
};

// attend_tile takes a warp's rows over a tile of keys and values, of which row i
// sees the first seen[i] (all if there are not so many). The 8*C columns of values
// begin at v. scale is attention_scale times LOG2E.
template <int D, int C>
DEVICE void attend_tile(float (&acc)[C][4], row_sums &s, const unsigned (&q)[tile<D>::STEPS][4], smem<bf16> k, smem<bf16> v, const int (&seen)[2], float scale) {
	enum { N = TILE_KEYS / 8 };
	float x[N][4];
	dots<D>(x, held_rows(q), k);
	if (least(seen[0], seen[1]) < TILE_KEYS)
UNROLL
		for (int j = 0; j < N; j++)
UNROLL
			for (int e = 0; e < 4; e++)
				if (column_of(j, e) >= seen[e / 2]) x[j][e] = minus_infinity();
UNROLL
	for (int i = 0; i < 2; i++) {
		float top = s.top[i];
UNROLL
		for (int j = 0; j < N; j++) top = gk_max(gk_max(x[j][2 * i], x[j][2 * i + 1]), top);
		top = gk_max(top, shfl_xor(top, 1));
		top = gk_max(top, shfl_xor(top, 2));
		float shrink = gk_exp2((s.top[i] - top) * scale), low = top * scale, sum = 0;
UNROLL
		for (int j = 0; j < N; j++)
UNROLL
			for (int e = 2 * i; e < 2 * i + 2; e++) {
				x[j][e] = gk_exp2(gk_fma(x[j][e], scale, -low));
				sum = sum + x[j][e];
			}
		s.sum[i] = gk_fma(s.sum[i], shrink, sum);
		s.top[i] = top;
UNROLL
		for (int j = 0; j < C; j++)
UNROLL
			for (int e = 2 * i; e < 2 * i + 2; e++) acc[j][e] = acc[j][e] * shrink;
	}
	add_weighted<D>(acc, x, v);
}

// with_tiles runs f over tiles 0..count-1 of two matrices: copy(t, a, b) begins to
// copy tile t to shared memory, f(t, a, b) works on it while the next is on its
// way. tiles has room for four.
template <int D, class G, class F> DEVICE void with_tiles(smem<bf16> tiles, int count, G copy, F f) {
	enum { STAGE = 2 * tile<D>::SIZE };
UNROLL_BY(1)
	for (int t = 0; t <= count; t++) {
		smem<bf16> next = tiles + t % 2 * STAGE, now = tiles + (1 - t % 2) * STAGE;
		copies_wait<0>();
		block_sync(); // the tile before is there, and nobody reads the one before that
		if (t < count) copy(t, next, next + tile<D>::SIZE);
		copies_end_group();
		if (t > 0) f(t - 1, now, now + tile<D>::SIZE);
	}
}

#endif
