// Rows of decoding: what is wrong with one, and the walk over the groups of heads
// that read the same cached keys and values.
#ifndef GRADUS_CUDA_CACHED_H
#define GRADUS_CUDA_CACHED_H

#include "gpu.h"

// wrong_row names the first index of a row that is out of range. A slot that
// the row does not read may hold any number. P is gk_attn_decode or
// gk_attn_decode_bf16.
template <class P> DEVICE int wrong_row(const P &p, gk_i64 row) {
	int len = p.len[row], plen = p.plen[row];
	if (len < 1 || len > (gk_i64)plen + p.cap) return GK_LEN;
	if (plen < 0 || plen > len || plen > p.pcap) return GK_PLEN;
	if (plen > 0 && (p.pslot[row] < 0 || p.pslot[row] >= p.pslots)) return GK_PSLOT;
	if (len > plen && (p.slot[row] < 0 || p.slot[row] >= p.slots)) return GK_SLOT;
	return GK_OK;
}

// cached_group is up to GK_ATTN_ROWS query heads of one row with the same keys:
// heads head .. head+rows-1. Position t of the row is row prompt+t of the prompts'
// cache up to plen, then row own+t of the other.
struct cached_group {
	gk_i64 row, prompt, own;
	int head, rows, len, plen;
};

// for_each_group calls f for all groups of all rows, one block each.
template <class P, class F> DEVICE void for_each_group(const P &p, F f) {
	int group = p.heads / p.kv, parts = (int)ceil_div(group, GK_ATTN_ROWS);
	gk_i64 count = (gk_i64)rows_of(p.h) * p.kv * parts;
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		cached_group x;
		x.row = t / parts / p.kv;
		int g = (int)(t / parts % p.kv);
		x.head = g * group + (int)(t % parts) * GK_ATTN_ROWS;
		x.rows = least(GK_ATTN_ROWS, (g + 1) * group - x.head);
		int wrong = wrong_row(p, x.row);
		if (wrong) {
			if (tid() == 0) fail(p.h, x.row, wrong);
			continue;
		}
		x.len = p.len[x.row], x.plen = p.plen[x.row];
		x.prompt = x.plen > 0 ? ((gk_i64)p.pslot[x.row] * p.kv + g) * p.pcap : 0;
		x.own = x.len > x.plen ? ((gk_i64)p.slot[x.row] * p.kv + g) * p.cap - x.plen : 0;
		f(x);
	}
}

#endif
