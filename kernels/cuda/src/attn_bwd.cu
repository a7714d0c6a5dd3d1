// The gradient of attention. With P = exp(scale*q.k - lse), dP = dout.v and
// delta = dout.out:
//
//	dS = scale * P * (dP - delta)
//	dV = P^T dout    dQ = dS K    dK = dS^T Q
//
// dQ is computed by tiles of query rows and dK, dV by tiles of key rows, each
// with its own pass over the scores: every sum has one order, there are no
// atomics.
#include "attend.h"
#include "sequences.h"

KERNEL(gk_attn_bwd_check, gk_attn_bwd, 256) {
	if (stopped(p.h) || block_id() > 0) return;
	check_sequences(p);
}

// delta, one warp for each row and head; dout(i) is number i of dout.
template <class F> DEVICE void row_deltas(const gk_attn_bwd &p, F dout) {
	gk_i64 count = (gk_i64)rows_of(p.h) * p.heads;
	for (gk_i64 t = block_id() * ATTN_WARPS + warp(); t < count; t += blocks() * ATTN_WARPS) {
		float sum = 0;
		for (int c = lane(); c < p.d; c += WARP) sum = gk_fma(dout(t * p.d + c), p.out[t * p.d + c], sum);
		sum = warp_sum(sum);
		if (lane() == 0) p.delta[t] = sum;
	}
}

KERNEL(gk_attn_bwd_delta, gk_attn_bwd, 128) {
	if (!stopped_by_check(p.h)) row_deltas(p, [&](gk_i64 i) { return p.dout[i]; });
}

// The same of dout as the other products of attn_bwd_bf16.cu have it.
KERNEL(gk_attn_bwd_delta_bf16, gk_attn_bwd, 128) {
	if (!stopped_by_check(p.h)) row_deltas(p, [&](gk_i64 i) { return __builtin_bit_cast(float, (unsigned)p.dout_rounded[i] << 16); });
}

// Shared memory: q, dout, dq (ROWS, d); keys or values (KEYS, d+1); dS (ROWS, KEYS).
KERNEL_BLOCKS(gk_attn_bwd_dq, gk_attn_bwd, 128, 4) {
	DYNAMIC_SHARED(float, q);
	if (stopped_by_check(p.h)) return;
	int d = p.d, group = p.heads / p.kv, width = (p.heads + 2 * p.kv) * d;
	float scale = attention_scale(d);
	smem<float> dout = q + ROWS * d, dq = dout + ROWS * d, kv = dq + ROWS * d, ds = kv + KEYS * (d + 1);
	for_each_piece<GK_ATTN_ROWS, false>(p, p.heads, [&](const piece &x) {
		int h = x.head, rows = x.rows, at = x.plen + x.from, all = at + rows; // positions: of row 0, of the end
		gk_i64 row = x.lo + x.from;
		const float *ks = p.qkv + (p.heads + h / group) * d, *vs = ks + p.kv * d;
		block_sync();
		load_rows(q, rows, d, d, [&](int r) { return p.qkv + (row + r) * width + h * d; });
		load_rows(dout, rows, d, d, [&](int r) { return p.dout + ((row + r) * p.heads + h) * d; });
		for (int i = tid(); i < rows * d; i += ATTN_THREADS) dq[i] = 0;
		for (int first = 0; first < all; first += KEYS) {
			int here = least(KEYS, all - first);
			int own = (rows - warp() + ATTN_WARPS - 1) / ATTN_WARPS, seen[WARP_ROWS]; // rows of this warp, keys that they see
			float dp[WARP_ROWS], dot[WARP_ROWS];
			block_sync();
			load_rows(kv, here, d, d + 1, [&](int j) { return vs + x.row_of(first + j) * width; });
			block_sync();
			if (lane() < here) scores(dp, dout + warp() * d, ATTN_WARPS * d, own, kv + lane() * (d + 1), d);
			block_sync();
			load_rows(kv, here, d, d + 1, [&](int j) { return ks + x.row_of(first + j) * width; });
			block_sync();
			if (lane() < here) scores(dot, q + warp() * d, ATTN_WARPS * d, own, kv + lane() * (d + 1), d);
UNROLL
			for (int i = 0; i < WARP_ROWS; i++) {
				int r = warp() + i * ATTN_WARPS;
				seen[i] = least(here, at + r + 1 - first);
				if (i >= own || lane() >= seen[i]) continue;
				gk_i64 n = (row + r) * p.heads + h;
				float e = gk_exp(dot[i] * scale - p.lse[n]);
				ds[r * KEYS + lane()] = e * (dp[i] - p.delta[n]) * scale;
			}
			warp_sync();
			add_columns(dq + warp() * d, ATTN_WARPS * d, own, ds + warp() * KEYS, ATTN_WARPS * KEYS, seen, kv, d);
		}
		block_sync();
		for (int i = tid(); i < rows * d; i += ATTN_THREADS) p.dqkv[(row + i / d) * width + h * d + i % d] = dq[i];
	});
}

// add_to_keys: sums[j] = sums[j] + sum over rows r of p[r][j] * x[r], a chain of
// fma over r ascending. A warp has four keys, a lane a column.
DEVICE void add_to_keys(smem<float> sums, smem<float> p, smem<float> x, int rows, int keys, int d) {
	enum { MINE = ROWS / ATTN_WARPS };
	int j = warp() * MINE;
	for (int c = lane(); c < d; c += WARP) {
		float acc[4], w[4];
UNROLL
		for (int e = 0; e < MINE; e++) acc[e] = j + e < keys ? (float)sums[(j + e) * d + c] : 0.f;
		for (int r = 0; r < rows; r++) {
			float y = x[r * d + c];
			read_4(w, p + r * ROWS + j);
UNROLL
			for (int e = 0; e < MINE; e++) acc[e] = gk_fma(w[e], y, acc[e]);
		}
UNROLL
		for (int e = 0; e < MINE; e++)
			if (j + e < keys) sums[(j + e) * d + c] = acc[e];
	}
}

// Shared memory: q, dout, dk, dv (ROWS, d); keys, values (ROWS, d+1); P and dS
// (ROWS, ROWS), query row first.
KERNEL_BLOCKS(gk_attn_bwd_dkv, gk_attn_bwd, 128, 4) {
	DYNAMIC_SHARED(float, q);
	if (stopped_by_check(p.h)) return;
	int d = p.d, group = p.heads / p.kv, width = (p.heads + 2 * p.kv) * d;
	float scale = attention_scale(d);
	smem<float> dout = q + ROWS * d, dk = dout + ROWS * d, dv = dk + ROWS * d, k = dv + ROWS * d, v = k + ROWS * (d + 1);
	smem<float> pr = v + ROWS * (d + 1), ds = pr + ROWS * ROWS;
	int s = gk_count(p.s, p.h.run);
	for_each_piece<GK_ATTN_ROWS, true>(p, p.kv, [&](const piece &x) {
		int g = x.head, keys = x.rows, from = x.from;
		gk_i64 key_at = x.lo * width + (p.heads + g) * d, value_at = key_at + p.kv * d;
		block_sync();
		load_rows(k, keys, d, d + 1, [&](int j) { return p.qkv + key_at + (gk_i64)(from + j) * width; });
		load_rows(v, keys, d, d + 1, [&](int j) { return p.qkv + value_at + (gk_i64)(from + j) * width; });
		for (int i = tid(); i < keys * d; i += ATTN_THREADS) dk[i] = 0, dv[i] = 0;
		// The rows that see the keys: those of the sequence from the first key
		// on, then all rows of the sequences that continue it.
		for (int seq = x.seq; seq < s && (seq == x.seq || (p.prefix && p.prefix[seq] == x.seq)); seq++) {
			bool own = seq == x.seq;
			gk_i64 lo = p.start[seq];
			int len = (int)(p.start[seq + 1] - lo);
			for (int h = g * group; h < (g + 1) * group; h++)
				for (int first = own ? from : 0; first < len; first += ROWS) {
					int rows = least(ROWS, len - first);
					block_sync();
					load_rows(q, rows, d, d, [&](int r) { return p.qkv + (lo + first + r) * width + h * d; });
					load_rows(dout, rows, d, d, [&](int r) { return p.dout + ((lo + first + r) * p.heads + h) * d; });
					block_sync();
					// A thread has a key and every eighth row; what a row does not
					// see is exactly 0.
					enum { STRIDE = ATTN_THREADS / ROWS, MINE = ROWS / STRIDE };
					int j = tid() % ROWS, r0 = tid() / ROWS, there = (rows - r0 + STRIDE - 1) / STRIDE;
					float dot[MINE], dp[MINE];
					if (j < keys) {
						scores(dot, q + r0 * d, STRIDE * d, there, k + j * (d + 1), d);
						scores(dp, dout + r0 * d, STRIDE * d, there, v + j * (d + 1), d);
					}
UNROLL
					for (int i = 0; i < MINE; i++) {
						int r = r0 + i * STRIDE;
						float e = 0, x = 0;
						if (i < there && j < keys && !(own && from + j > first + r)) {
							gk_i64 at = (lo + first + r) * p.heads + h;
							e = gk_exp(dot[i] * scale - p.lse[at]);
							x = e * (dp[i] - p.delta[at]) * scale;
						}
						pr[r * ROWS + j] = e;
						ds[r * ROWS + j] = x;
					}
					block_sync();
					add_to_keys(dk, ds, q, rows, keys, d);
					add_to_keys(dv, pr, dout, rows, keys, d);
				}
		}
		block_sync();
		for (int i = tid(); i < keys * d; i += ATTN_THREADS) {
			gk_i64 at = (gk_i64)(from + i / d) * width + i % d;
			p.dqkv[key_at + at] = dk[i];
			p.dqkv[value_at + at] = dv[i];
		}
	});
}
