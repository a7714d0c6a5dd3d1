// The gradient of attention with factors of bf16: what attn_bwd.cu computes, in the
// same two passes. QKV and dout have been rounded before (round.cu); P and dS are
// rounded where they are factors. delta (attn_bwd.cu) is that of rounded dout: where
// all values are alike, it must cancel dP.
#include "packed_bf16.h"

// gradient turns scores s into P, and dp = dout.v into dS, for one element.
struct gradient {
	float natural, scale;
	DEVICE_MEMBER void at(float &s, float &dp, float lse, float delta, bool seen) const {
		float p = gk_exp2(gk_fma(s, scale, -lse)), ds = p * (dp - delta) * natural;
		s = seen ? p : 0.f;
		dp = seen ? ds : 0.f;
	}
};
template <int D> DEVICE gradient gradient_of() {
	float natural = 1.f / gk_sqrt((float)D);
	return {natural, natural * LOG2E};
}

// dQ of tiles of query rows.
template <int D> DEVICE void query_gradients(smem<bf16> tiles, const gk_attn_bwd &p) {
	gradient g = gradient_of<D>();
	int width = (p.heads + 2 * p.kv) * D;
	for_each_piece<GK_ATTN_TILE, false>(p, p.heads, [&](const piece &x) {
		own_queries o(x);
		unsigned q[tile<D>::STEPS][4], dout[tile<D>::STEPS][4];
		left_rows(q, [&](int r, int c) { return pair_at(p.rounded + o.row(r) * width + x.head * D + c); });
		left_rows(dout, [&](int r, int c) { return pair_at(p.dout_rounded + (o.row(r) * p.heads + x.head) * D + c); });
		float dq[tile<D>::COLUMNS][4], lse[2], delta[2];
		clear(dq);
UNROLL
		for (int i = 0; i < 2; i++) {
			gk_i64 at = o.row(lane() / 4 + i * 8) * p.heads + x.head;
			lse[i] = p.lse[at] * LOG2E;
			delta[i] = p.delta[at];
		}
		with_tiles<D>(tiles, o.key_tiles(), keys_of<D>(p.rounded, p.heads, p.kv, x), [&](int t, smem<bf16> k, smem<bf16> v) {
			if (!o.any_sees(t)) return;
			int seen[2] = {o.seen(0, t), o.seen(1, t)};
UNROLL_BY(1)
			for (int from = 0; from < TILE_KEYS; from += PART_KEYS) {
				enum { N = PART_KEYS / 8 };
				float s[N][4], dp[N][4];
				int part = from * tile<D>::PITCH;
				dots<D>(s, held_rows(q), k + part);
				dots<D>(dp, held_rows(dout), v + part);
UNROLL
				for (int j = 0; j < N; j++)
UNROLL
					for (int e = 0; e < 4; e++) g.at(s[j][e], dp[j][e], lse[e / 2], delta[e / 2], column_of(j, e) < seen[e / 2] - from);
				add_weighted<D>(dq, dp, k + part);
			}
		});
UNROLL
		for (int i = 0; i < 2; i++) {
			if (!o.there(i)) continue;
			float *to = p.dqkv + o.row(lane() / 4 + i * 8) * width + x.head * D;
UNROLL
			for (int j = 0; j < tile<D>::COLUMNS; j++)
UNROLL
				for (int e = 0; e < 2; e++) to[column_of(j, e)] = dq[j][2 * i + e];
		}
	});
}

// A walk over the tiles of R query rows that see the keys of a piece: those of its
// sequence from the first key on, then all rows of the sequences that continue it;
// of each sequence head by head.
struct queries {
	int seq, head, first, rows;
	gk_i64 lo;
};
template <int R> struct query_walk {
	const gk_attn_bwd &p;
	const piece &x;
	int group, seqs;
	queries at;
	DEVICE_MEMBER query_walk(const gk_attn_bwd &of, const piece &keys) : p(of), x(keys), group(of.heads / of.kv), seqs(gk_count(of.s, of.h.run)) { begin(x.seq); }
	DEVICE_MEMBER int length(int seq) const { return (int)(p.start[seq + 1] - p.start[seq]); }
	DEVICE_MEMBER void begin(int seq) { at.seq = seq, at.head = x.head * group, at.first = first(), at.lo = p.start[seq], rest(); }
	DEVICE_MEMBER int first() const { return at.seq == x.seq ? x.from : 0; }
	DEVICE_MEMBER void rest() { at.rows = least(R, length(at.seq) - at.first); }
	// next goes to the next tile, if there is one.
	DEVICE_MEMBER bool next() {
		if (at.first + R < length(at.seq)) {
			at.first += R;
			rest();
			return true;
		}
		if (at.head + 1 < (x.head + 1) * group) {
			at.head++;
			at.first = first();
			rest();
			return true;
		}
		for (int seq = at.seq + 1; seq < seqs && p.prefix && p.prefix[seq] == x.seq; seq++)
			if (length(seq) > 0) {
				begin(seq);
				return true;
			}
		return false;
	}
};

// A warp has 16 keys; scores and dout.v are those of its keys (rows) with a part
// of the queries (columns), which come in tiles of R.
template <int D, int R, class K, class V> DEVICE void key_gradients_of(smem<bf16> tiles, const gk_attn_bwd &p, const piece &x, K keys, V values) {
	enum { SIZE = R * tile<D>::PITCH, STAGE = 2 * SIZE };
	smem<float> sides = smem_as<float>(tiles + 2 * STAGE); // by stage: lse and delta of the queries
	gradient g = gradient_of<D>();
	int width = (p.heads + 2 * p.kv) * D;
	query_walk<R> walk(p, x);
	auto copy = [&](int stage) {
		smem<bf16> to = tiles + stage * STAGE;
		const queries &w = walk.at;
		tile_copier<D, R>::copy(to, to + SIZE, true, [&](int j, const bf16 *&a, const bf16 *&b) {
			gk_i64 row = w.lo + w.first + least(j, w.rows - 1); // nothing of those beyond is kept
			a = p.rounded + row * width + w.head * D;
			b = p.dout_rounded + (row * p.heads + w.head) * D;
		});
	};
	auto side = [&]() {
		const queries &w = walk.at;
		int r = tid() % R;
		gk_i64 at = (w.lo + w.first + least(r, w.rows - 1)) * p.heads + w.head;
		return tid() < R ? p.lse[at] * LOG2E : p.delta[at];
	};
	float dk[tile<D>::COLUMNS][4], dv[tile<D>::COLUMNS][4];
	clear(dk);
	clear(dv);
	copy(0);
	copies_end_group();
	if (tid() < 2 * R) sides[tid()] = side();
	int stage = 0;
	bool more = true;
UNROLL_BY(1)
	while (more) {
		queries now = walk.at;
		copies_wait<0>();
		block_sync(); // the tile is there, and nobody reads the one before it
		more = walk.next();
		float ahead = 0;
		if (more) {
			copy(1 - stage);
			ahead = side();
		}
		copies_end_group();
		smem<bf16> q = tiles + stage * STAGE, dout = q + SIZE;
		smem<float> lse = sides + stage * 2 * R, delta = lse + R;
		// Key row i is seen by query j if j >= sees + i: all are in other sequences.
		int key = warp() * 16 + lane() / 4, sees = now.seq == x.seq ? x.from + key - now.first : -TILE_KEYS;
UNROLL_BY(1)
		for (int from = 0; from < R; from += PART_KEYS) {
			enum { N = PART_KEYS / 8 };
			float s[N][4], dp[N][4];
			int part = from * tile<D>::PITCH;
			dots<D>(s, keys, q + part);
			dots<D>(dp, values, dout + part);
UNROLL
			for (int j = 0; j < N; j++)
UNROLL
				for (int e = 0; e < 4; e++) {
					int r = from + column_of(j, e);
					g.at(s[j][e], dp[j][e], lse[r], delta[r], r < now.rows && r >= sees + e / 2 * 8);
				}
			add_weighted<D>(dv, s, dout + part);
			add_weighted<D>(dk, dp, q + part);
		}
		stage = 1 - stage;
		if (more && tid() < 2 * R) sides[stage * 2 * R + tid()] = ahead;
	}
UNROLL
	for (int i = 0; i < 2; i++) {
		int r = warp() * 16 + lane() / 4 + i * 8;
		if (r >= x.rows) continue;
		float *to = p.dqkv + (x.lo + x.from + r) * width + (p.heads + x.head) * D;
UNROLL
		for (int j = 0; j < tile<D>::COLUMNS; j++)
UNROLL
			for (int e = 0; e < 2; e++) {
				to[column_of(j, e)] = dk[j][2 * i + e];
				to[p.kv * D + column_of(j, e)] = dv[j][2 * i + e];
			}
	}
}

// With heads of 128 there are no registers to hold keys and values: they lie in
// shared memory, and leave room for half as many queries at a time.
template <int D> DEVICE void key_gradients(smem<bf16> tiles, const gk_attn_bwd &p) {
	int width = (p.heads + 2 * p.kv) * D;
	for_each_piece<GK_ATTN_TILE, true>(p, p.kv, [&](const piece &x) {
		const bf16 *base = p.rounded + x.lo * width + (p.heads + x.head) * D;
		// Keys that the piece does not have are copies of its last one.
		auto key = [&](int r) { return base + (gk_i64)(x.from + least(r, x.rows - 1)) * width; };
		block_sync(); // the tiles of the piece before have been used
		if constexpr (D == 64) {
			unsigned k[tile<D>::STEPS][4], v[tile<D>::STEPS][4];
			left_rows(k, [&](int r, int c) { return pair_at(key(warp() * 16 + r) + c); });
			left_rows(v, [&](int r, int c) { return pair_at(key(warp() * 16 + r) + p.kv * D + c); });
			key_gradients_of<D, TILE_KEYS>(tiles, p, x, held_rows(k), held_rows(v));
		} else {
			smem<bf16> values = tiles + tile<D>::SIZE;
			tile_copier<D>::copy(tiles, values, true, [&](int j, const bf16 *&a, const bf16 *&b) {
				a = key(j);
				b = a + p.kv * D;
			});
			key_gradients_of<D, PART_KEYS>(values + tile<D>::SIZE, p, x, own_rows<D>(tiles), own_rows<D>(values));
		}
	});
}

KERNEL_BLOCKS(gk_attn_bwd_dq_bf16_64, gk_attn_bwd, 128, 3) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped_by_check(p.h)) query_gradients<64>(tiles, p);
}

KERNEL_BLOCKS(gk_attn_bwd_dq_bf16_128, gk_attn_bwd, 128, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped_by_check(p.h)) query_gradients<128>(tiles, p);
}

KERNEL_BLOCKS(gk_attn_bwd_dkv_bf16_64, gk_attn_bwd, 128, 3) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped_by_check(p.h)) key_gradients<64>(tiles, p);
}

KERNEL_BLOCKS(gk_attn_bwd_dkv_bf16_128, gk_attn_bwd, 128, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped_by_check(p.h)) key_gradients<128>(tiles, p);
}
