// Packed sequences: their check, and the walk over tiles of their rows.
#ifndef GRADUS_CUDA_SEQUENCES_H
#define GRADUS_CUDA_SEQUENCES_H

#include "gpu.h"

// check_starts reports what is wrong with the bounds start[0..s]: 0 first,
// ascending, the number of rows last, and no sequence longer than max_len.
DEVICE void check_starts(const gk_head &h, const int *start, gk_dim dim, int max_len) {
	int s = gk_count(dim, h.run), n = rows_of(h);
	for (int i = tid(); i <= s; i += threads()) {
		if (i == 0 && start[0] != 0) fail(h, 0, GK_START_FIRST);
		if (i == s && start[s] != n) fail(h, s, GK_START_LAST);
		if (i == 0) continue;
		if (start[i] < start[i - 1]) fail(h, i, GK_START_ORDER);
		else if ((gk_i64)start[i] - start[i - 1] > max_len) fail(h, i - 1, GK_SEQ_LEN);
	}
}

// for_each_tile calls f(first row, length, from, head) for the rows from ..
// from+GK_ATTN_ROWS-1 of each sequence and each head, one block each. Later
// tiles, which see more keys, come first, so that the last blocks to run are
// the short ones.
template <class F> DEVICE void for_each_tile(const int *start, int s, int max_len, int heads, F f) {
	gk_i64 tiles = ceil_div(max_len, GK_ATTN_ROWS), count = tiles * s * heads;
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		int head = (int)(t % heads), seq = (int)(t / heads % s);
		gk_i64 from = (tiles - 1 - t / heads / s) * GK_ATTN_ROWS, lo = start[seq];
		int len = (int)(start[seq + 1] - lo);
		if (from < len) f(lo, len, (int)from, head);
	}
}

#endif
