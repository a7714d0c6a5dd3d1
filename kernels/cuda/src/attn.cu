// Causal attention over packed sequences, forward, and the check of the
// sequences' bounds.
#include "attend.h"
#include "sequences.h"

KERNEL(gk_attn_check, gk_attn, 256) {
	if (stopped(p.h) || block_id() > 0) return;
	check_sequences(p);
}

KERNEL_BLOCKS(gk_attn_fwd, gk_attn, 128, 4) {
	DYNAMIC_SHARED(float, all);
	if (stopped_by_check(p.h)) return;
	int d = p.d, group = p.heads / p.kv, width = (p.heads + 2 * p.kv) * d;
	attend_memory m = attend_layout(all, d);
	for_each_piece<GK_ATTN_ROWS, false>(p, p.heads, [&](const piece &x) {
		int first = x.plen + x.from; // position of the first query
		gk_i64 row = x.lo + x.from;
		const float *k = p.qkv + (p.heads + x.head / group) * d, *v = k + p.kv * d;
		block_sync();
		load_rows(m.q, x.rows, d, d, [&](int r) { return p.qkv + (row + r) * width + x.head * d; });
		row_state s;
		attend(m, x.rows, d, first + x.rows, [&](int r) { return first + r + 1; },
			[&](int j) { return k + x.row_of(j) * width; }, [&](int j) { return v + x.row_of(j) * width; }, s);
UNROLL
		for (int i = 0; i < WARP_ROWS; i++) {
			int r = warp() + i * ATTN_WARPS;
			if (r >= x.rows) break;
			gk_i64 at = (row + r) * p.heads + x.head;
			float inverse = 1.f / s.sum[i];
			for (int c = lane(); c < d; c += WARP) p.out[at * d + c] = m.out[r * d + c] * inverse;
			if (lane() == 0) p.lse[at] = s.top[i] + gk_log(s.sum[i]);
		}
	});
}
