// Attention of one query row per sequence against cached keys and values: the
// prompt's, stored once for a group of sequences, then the sequence's own.
#include "attend.h"
#include "cached.h"

KERNEL_BLOCKS(gk_attn_decode_fwd, gk_attn_decode, 128, 4) {
	DYNAMIC_SHARED(float, all);
	if (stopped(p.h)) return;
	int d = p.d, width = (p.heads + 2 * p.kv) * d;
	attend_memory m = attend_layout(all, d);
	for_each_group(p, [&](const cached_group &x) {
		block_sync();
		load_rows(m.q, x.rows, d, d, [&](int r) { return p.qkv + x.row * width + (x.head + r) * d; });
		row_state s;
		attend(m, x.rows, d, x.len, [&](int) { return x.len; },
			[&](int j) { return j < x.plen ? p.pk + (x.prompt + j) * d : p.k + (x.own + j) * d; },
			[&](int j) { return j < x.plen ? p.pv + (x.prompt + j) * d : p.v + (x.own + j) * d; }, s);
UNROLL
		for (int i = 0; i < WARP_ROWS; i++) {
			int r = warp() + i * ATTN_WARPS;
			if (r >= x.rows) break;
			gk_i64 at = x.row * p.heads + x.head + r;
			float inverse = 1.f / s.sum[i];
			for (int c = lane(); c < d; c += WARP) p.out[at * d + c] = m.out[r * d + c] * inverse;
		}
	});
}
