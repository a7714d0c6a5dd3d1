// Attention of one query row per sequence against cached keys and values of bf16.
// The rows of a warp are the heads of a group. All warps of a block compute the same
// scores, and each the values of its quarter of the columns: the time goes by in
// reading the cache.
#include "attend_bf16.h"
#include "cached.h"

template <int D> DEVICE void decode_rows(smem<bf16> tiles, const gk_attn_decode_bf16 &p) {
	enum { OWN = D / TILE_WARPS };
	float scale = 1.f / gk_sqrt((float)D) * LOG2E;
	int width = (p.heads + 2 * p.kv) * D;
	bool aligned = aligned_16(p.pk) && aligned_16(p.pv) && aligned_16(p.k) && aligned_16(p.v); // as all caches of a model are
	for_each_group(p, [&](const cached_group &x) {
		unsigned q[tile<D>::STEPS][4];
		left_rows(q, [&](int r, int c) { return rounded_pair(p.qkv + x.row * width + (x.head + least(r, x.rows - 1)) * D + c); });
		float acc[OWN / 8][4];
		row_sums s;
		clear(acc);
		s.start();
		auto copy = [&](int t, smem<bf16> k, smem<bf16> v) {
			tile_copier<D>::copy(k, v, aligned, [&](int j, const bf16 *&a, const bf16 *&b) {
				int at = least(t * TILE_KEYS + j, x.len - 1); // nothing of those beyond is kept
				a = at < x.plen ? p.pk + (x.prompt + at) * D : p.k + (x.own + at) * D;
				b = at < x.plen ? p.pv + (x.prompt + at) * D : p.v + (x.own + at) * D;
			});
		};
		with_tiles<D>(tiles, (x.len + TILE_KEYS - 1) / TILE_KEYS, copy, [&](int t, smem<bf16> k, smem<bf16> v) {
			int left = x.len - t * TILE_KEYS, seen[2] = {left, left};
			attend_tile<D>(acc, s, q, k, v + warp() * OWN, seen, scale);
		});
UNROLL
		for (int i = 0; i < 2; i++) {
			float inverse = 1.f / s.all(i);
			int r = lane() / 4 + i * 8;
			if (r >= x.rows) continue;
			float *to = p.out + (x.row * p.heads + x.head + r) * D + warp() * OWN;
UNROLL
			for (int j = 0; j < OWN / 8; j++)
UNROLL
				for (int e = 0; e < 2; e++) to[column_of(j, e)] = acc[j][2 * i + e] * inverse;
		}
	});
}

KERNEL_BLOCKS(gk_attn_decode_bf16_64, gk_attn_decode_bf16, 128, 4) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped(p.h)) decode_rows<64>(tiles, p);
}

KERNEL_BLOCKS(gk_attn_decode_bf16_128, gk_attn_decode_bf16, 128, 3) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped(p.h)) decode_rows<128>(tiles, p);
}
