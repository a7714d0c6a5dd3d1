// Causal attention over packed sequences with factors of bf16, forward. QKV has
// been rounded before (round.cu).
#include "attend_bf16.h"
#include "packed_bf16.h"

template <int D> DEVICE void attend_pieces(smem<bf16> tiles, const gk_attn &p) {
	float natural = 1.f / gk_sqrt((float)D), scale = natural * LOG2E;
	int width = (p.heads + 2 * p.kv) * D;
	for_each_piece<GK_ATTN_TILE, false>(p, p.heads, [&](const piece &x) {
		own_queries o(x);
		unsigned q[tile<D>::STEPS][4];
		left_rows(q, [&](int r, int c) { return pair_at(p.rounded + o.row(r) * width + x.head * D + c); });
		float acc[tile<D>::COLUMNS][4];
		row_sums s;
		clear(acc);
		s.start();
		with_tiles<D>(tiles, o.key_tiles(), keys_of<D>(p.rounded, p.heads, p.kv, x), [&](int t, smem<bf16> k, smem<bf16> v) {
			if (!o.any_sees(t)) return; // and it would change nothing
			int seen[2] = {o.seen(0, t), o.seen(1, t)};
			attend_tile<D>(acc, s, q, k, v, seen, scale);
		});
UNROLL
		for (int i = 0; i < 2; i++) {
			float sum = s.all(i), inverse = 1.f / sum;
			if (!o.there(i)) continue;
			gk_i64 at = o.row(lane() / 4 + i * 8) * p.heads + x.head;
UNROLL
			for (int j = 0; j < tile<D>::COLUMNS; j++)
UNROLL
				for (int e = 0; e < 2; e++) p.out[at * D + column_of(j, e)] = acc[j][2 * i + e] * inverse;
			if (lane() % 4 == 0) p.lse[at] = gk_fma(s.top[i], natural, gk_log(sum));
		}
	});
}

KERNEL_BLOCKS(gk_attn_fwd_bf16_64, gk_attn, 128, 3) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped_by_check(p.h)) attend_pieces<64>(tiles, p);
}

KERNEL_BLOCKS(gk_attn_fwd_bf16_128, gk_attn, 128, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (!stopped_by_check(p.h)) attend_pieces<128>(tiles, p);
}
