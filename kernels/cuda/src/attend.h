// The forward pass of attention for up to ROWS queries that read the same keys
// and values, used by prefill (the rows are positions of one head) and by
// decoding (the rows are the heads of one group).
//
// Keys go by in blocks of KEYS at absolute positions of the sequence, with an
// online softmax (Milakov and Gimelshein 2018; Dao et al. 2022). For each row
// the numbers are combined in one order that its own positions give: a score is
// a chain of fma over d ascending, the sum over a block a fixed tree over its
// 32 lanes with exact zeros beyond the row's last key, the output a chain of
// fma over the keys ascending. So a row of decoding has the bits of the same
// row in prefill.
#ifndef GRADUS_CUDA_ATTEND_H
#define GRADUS_CUDA_ATTEND_H

#include "num.h"
#include "reduce.h"

enum { ROWS = GK_ATTN_ROWS, KEYS = WARP, ATTN_THREADS = 128, ATTN_WARPS = ATTN_THREADS / WARP, WARP_ROWS = ROWS / ATTN_WARPS };

// score is the chain of fma that all of attention uses. Rows of keys are d+1
// floats apart, so that the lanes of a warp hit different banks.
DEVICE float score(smem<float> q, smem<float> key, int d) {
	float s = 0;
	for (int i = 0; i < d; i++) s = gk_fma(q[i], key[i], s);
	return s;
}

// attention_scale = 1/sqrt(d)
DEVICE float attention_scale(int d) { return 1.f / gk_sqrt((float)d); }

// attend_memory lays out the dynamic shared memory: 2*ROWS*d + KEYS*(d+1) +
// ROWS*KEYS floats.
struct attend_memory { smem<float> q, out, kv, p; };
DEVICE attend_memory attend_layout(smem<float> all, int d) {
	smem<float> out = all + ROWS * d, kv = out + ROWS * d;
	return {all, out, kv, kv + KEYS * (d + 1)};
}

// load_rows copies rows of d floats to shared memory, `pitch` apart: row r from
// from(r), nothing for r >= n.
template <class F> DEVICE void load_rows(smem<float> to, int n, int d, int pitch, F from) {
	for (int i = tid(); i < n * d; i += ATTN_THREADS) {
		int r = i / d, c = i % d;
		to[r * pitch + c] = from(r)[c];
	}
}

// row_state is the running softmax of the WARP_ROWS rows that a warp owns: row
// warp() + r*ATTN_WARPS.
struct row_state { float top[WARP_ROWS], sum[WARP_ROWS]; };

// attend runs rows queries (in m.q) over keys 0..most-1; seen(r) is the number
// of keys that row r sees, 1..most. key(j) and value(j) are rows of d floats.
// The result is in m.out, not yet divided by s.sum.
template <class S, class K, class V>
DEVICE void attend(const attend_memory &m, int rows, int d, int most, S seen, K key, V value, row_state &s) {
	float scale = attention_scale(d);
UNROLL
	for (int r = 0; r < WARP_ROWS; r++) s.top[r] = minus_infinity(), s.sum[r] = 0;
	for (int i = tid(); i < rows * d; i += ATTN_THREADS) m.out[i] = 0;
	for (int from = 0; from < most; from += KEYS) {
		int here = least(KEYS, most - from);
		block_sync();
		load_rows(m.kv, here, d, d + 1, [&](int j) { return key(from + j); });
		block_sync();
UNROLL
		for (int k = 0; k < WARP_ROWS; k++) {
			int r = warp() + k * ATTN_WARPS;
			if (r >= rows) break;
			bool visible = from + lane() < seen(r);
			float x = visible ? score(m.q + r * d, m.kv + lane() * (d + 1), d) * scale : minus_infinity();
			float top = larger(warp_max(x), s.top[k]);
			// A row that sees no key of this block keeps its state: top is its
			// old maximum, the sum and the correction are exactly 0 and 1.
			float e = visible ? gk_exp(x - top) : 0.f;
			float shrink = s.top[k] == top ? 1.f : gk_exp(s.top[k] - top);
			s.sum[k] = gk_fma(s.sum[k], shrink, warp_sum(e));
			s.top[k] = top;
			m.p[r * KEYS + lane()] = e;
			for (int c = lane(); c < d; c += WARP) m.out[r * d + c] = m.out[r * d + c] * shrink;
		}
		block_sync();
		load_rows(m.kv, here, d, d + 1, [&](int j) { return value(from + j); });
		block_sync();
		for (int i = tid(); i < rows * d; i += ATTN_THREADS) {
			int r = i / d, c = i % d, n = least(here, seen(r) - from);
			float acc = m.out[i];
			for (int j = 0; j < n; j++) acc = gk_fma(m.p[r * KEYS + j], m.kv[j * (d + 1) + c], acc);
			m.out[i] = acc;
		}
	}
	block_sync();
}

#endif
