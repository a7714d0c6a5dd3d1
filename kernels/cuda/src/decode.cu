// Attention of one query row per sequence against cached keys and values: the
// prompt's, stored once for a group of sequences, then the sequence's own.
#include "attend.h"

// wrong_row names the first index of a row that is out of range. A slot that
// the row does not read may hold any number.
DEVICE int wrong_row(const gk_attn_decode &p, gk_i64 row) {
	int len = p.len[row], plen = p.plen[row];
	if (len < 1 || len > (gk_i64)plen + p.cap) return GK_LEN;
	if (plen < 0 || plen > len || plen > p.pcap) return GK_PLEN;
	if (plen > 0 && (p.pslot[row] < 0 || p.pslot[row] >= p.pslots)) return GK_PSLOT;
	if (len > plen && (p.slot[row] < 0 || p.slot[row] >= p.slots)) return GK_SLOT;
	return GK_OK;
}

KERNEL_BLOCKS(gk_attn_decode_fwd, gk_attn_decode, 128, 4) {
	DYNAMIC_SHARED(float, all);
	if (stopped(p.h)) return;
	int d = p.d, group = p.heads / p.kv, width = (p.heads + 2 * p.kv) * d, parts = (int)ceil_div(group, ROWS);
	attend_memory m = attend_layout(all, d);
	gk_i64 count = (gk_i64)rows_of(p.h) * p.kv * parts;
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		gk_i64 row = t / parts / p.kv;
		int g = (int)(t / parts % p.kv), h = g * group + (int)(t % parts) * ROWS, rows = least(ROWS, (g + 1) * group - h);
		int wrong = wrong_row(p, row);
		if (wrong) {
			if (tid() == 0) fail(p.h, row, wrong);
			continue;
		}
		int len = p.len[row], plen = p.plen[row];
		gk_i64 prompt = plen > 0 ? ((gk_i64)p.pslot[row] * p.kv + g) * p.pcap : 0, own = len > plen ? ((gk_i64)p.slot[row] * p.kv + g) * p.cap - plen : 0;
		block_sync();
		load_rows(m.q, rows, d, d, [&](int r) { return p.qkv + row * width + (h + r) * d; });
		row_state s;
		attend(m, rows, d, len, [&](int) { return len; },
			[&](int j) { return j < plen ? p.pk + (prompt + j) * d : p.k + (own + j) * d; },
			[&](int j) { return j < plen ? p.pv + (prompt + j) * d : p.v + (own + j) * d; }, s);
UNROLL
		for (int i = 0; i < WARP_ROWS; i++) {
			int r = warp() + i * ATTN_WARPS;
			if (r >= rows) break;
			gk_i64 at = row * p.heads + h + r;
			float inverse = 1.f / s.sum[i];
			for (int c = lane(); c < d; c += WARP) p.out[at * d + c] = m.out[r * d + c] * inverse;
		}
	}
}
