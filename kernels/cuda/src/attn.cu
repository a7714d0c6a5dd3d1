// Causal attention over packed sequences, forward, and the check of the
// sequences' bounds.
#include "attend.h"
#include "sequences.h"

KERNEL(gk_attn_check, gk_attn, 256) {
	if (stopped(p.h) || block_id() > 0) return;
	check_starts(p.h, p.start, p.s, p.max_len);
}

KERNEL(gk_attn_fwd, gk_attn, 128) {
	DYNAMIC_SHARED(float, all);
	if (stopped_by_check(p.h)) return;
	int d = p.d, group = p.heads / p.kv, width = (p.heads + 2 * p.kv) * d;
	attend_memory m = attend_layout(all, d);
	for_each_tile(p.start, gk_count(p.s, p.h.run), p.max_len, p.heads, [&](gk_i64 lo, int len, int from, int h) {
		(void)len;
		int rows = least(ROWS, len - from);
		const float *q = p.qkv + lo * width + h * d, *k = p.qkv + lo * width + (p.heads + h / group) * d, *v = k + p.kv * d;
		block_sync();
		load_rows(m.q, rows, d, d, [&](int r) { return q + (gk_i64)(from + r) * width; });
		row_state s;
		attend(m, rows, d, from + rows, [&](int r) { return from + r + 1; },
			[&](int j) { return k + (gk_i64)j * width; }, [&](int j) { return v + (gk_i64)j * width; }, s);
UNROLL
		for (int i = 0; i < WARP_ROWS; i++) {
			int r = warp() + i * ATTN_WARPS;
			if (r >= rows) break;
			gk_i64 at = (lo + from + r) * p.heads + h;
			float inverse = 1.f / s.sum[i];
			for (int c = lane(); c < d; c += WARP) p.out[at * d + c] = m.out[r * d + c] * inverse;
			if (lane() == 0) p.lse[at] = s.top[i] + gk_log(s.sum[i]);
		}
	});
}
