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

// scores computes N dot products of one key (or value) with the rows q, q+step,
// ... of which those from `rows` on are not there: each is one chain of fma over
// d ascending, the one that all of attention uses. Keys are d+1 floats apart in
// shared memory, so that the lanes of a warp, each with its key, hit different
// banks; a row of q is the same for all lanes, and read four floats at a time.
template <int N> DEVICE void scores(float (&s)[N], smem<float> q, int step, int rows, smem<float> key, int d) {
	int i = 0;
UNROLL
	for (int r = 0; r < N; r++) s[r] = 0;
	if (d % 4 == 0)
		for (; i < d; i += 4) {
			float k[4], x[4];
UNROLL
			for (int e = 0; e < 4; e++) k[e] = key[i + e];
UNROLL
			for (int r = 0; r < N; r++)
				if (r < rows) {
					read_4(x, q + r * step + i);
UNROLL
					for (int e = 0; e < 4; e++) s[r] = gk_fma(x[e], k[e], s[r]);
				}
		}
	for (; i < d; i++)
UNROLL
		for (int r = 0; r < N; r++)
			if (r < rows) s[r] = gk_fma(q[r * step + i], key[i], s[r]);
}

// add_rows: acc[r] = acc[r] + sum over j < seen[r] of p[r*step + j] * v[j*(d+1)], a
// chain of fma over j ascending. The rows of p lie at multiples of 16 bytes.
// Rows from `rows` on are not there.
template <int N> DEVICE void add_rows(float (&acc)[N], int rows, smem<float> p, int step, const int (&seen)[N], smem<float> v, int d) {
	int all = seen[0], j = 0; // all rows see the first `all` keys
UNROLL
	for (int r = 1; r < N; r++)
		if (r < rows) all = least(all, seen[r]);
	for (; j + 4 <= all; j += 4) {
		float x[4], w[4];
UNROLL
		for (int e = 0; e < 4; e++) x[e] = v[(j + e) * (d + 1)];
UNROLL
		for (int r = 0; r < N; r++)
			if (r < rows) {
				read_4(w, p + r * step + j);
UNROLL
				for (int e = 0; e < 4; e++) acc[r] = gk_fma(w[e], x[e], acc[r]);
			}
	}
UNROLL
	for (int r = 0; r < N; r++)
		for (int k = j; r < rows && k < seen[r]; k++) acc[r] = gk_fma(p[r * step + k], v[k * (d + 1)], acc[r]);
}

// add_columns does add_rows for all d columns of the rows of a warp, a column to
// a lane: rows out, out+out_step, ... of which there are `rows`.
template <int N> DEVICE void add_columns(smem<float> out, int out_step, int rows, smem<float> p, int step, int (&seen)[N], smem<float> v, int d) {
	for (int c = lane(); c < d; c += WARP) {
		float acc[N];
UNROLL
		for (int r = 0; r < N; r++) acc[r] = r < rows ? (float)out[r * out_step + c] : 0.f;
		add_rows(acc, rows, p, step, seen, v + c, d);
UNROLL
		for (int r = 0; r < N; r++)
			if (r < rows) out[r * out_step + c] = acc[r];
	}
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
		float dot[WARP_ROWS];
		int own = (rows - warp() + ATTN_WARPS - 1) / ATTN_WARPS, count[WARP_ROWS]; // rows of this warp, keys that they see
		if (lane() < here) scores(dot, m.q + warp() * d, ATTN_WARPS * d, own, m.kv + lane() * (d + 1), d);
UNROLL
		for (int k = 0; k < WARP_ROWS; k++) {
			int r = warp() + k * ATTN_WARPS;
			count[k] = 0;
			if (r >= rows) continue;
			count[k] = least(here, seen(r) - from);
			bool visible = lane() < count[k];
			float x = visible ? dot[k] * scale : minus_infinity();
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
		add_columns(m.out + warp() * d, ATTN_WARPS * d, own, m.p + warp() * KEYS, ATTN_WARPS * KEYS, count, m.kv, d);
	}
	block_sync();
}

#endif
