// Packed sequences: their check, and the walk over tiles of their rows.
#ifndef GRADUS_CUDA_SEQUENCES_H
#define GRADUS_CUDA_SEQUENCES_H

#include "gpu.h"

// check_sequences reports what is wrong with the bounds start[0..s] (0 first,
// ascending, the number of rows last), with a prefix that is not the last
// sequence without one, and with a sequence that is longer than max_len with
// its prefix. P is gk_attn or gk_attn_bwd.
template <class P> DEVICE void check_sequences(const P &p) {
	int s = gk_count(p.s, p.h.run), n = rows_of(p.h);
	for (int i = tid(); i <= s; i += threads()) {
		if (i == 0 && p.start[0] != 0) fail(p.h, 0, GK_START_FIRST);
		if (i == s && p.start[s] != n) fail(p.h, s, GK_START_LAST);
		if (i == s) continue;
		gk_i64 len = (gk_i64)p.start[i + 1] - p.start[i];
		if (len < 0) fail(p.h, i + 1, GK_START_ORDER);
		int root = p.prefix ? p.prefix[i] : -1;
		if (root != -1) {
			// The sequence before is the one that may be continued, or continues it.
			int before = i > 0 ? p.prefix[i - 1] : -1;
			if (i == 0 || root < 0 || root != (before == -1 ? i - 1 : before)) {
				fail(p.h, i, GK_PREFIX);
				continue;
			}
			len += (gk_i64)p.start[root + 1] - p.start[root];
		}
		if (len > p.max_len) fail(p.h, i, GK_SEQ_LEN);
	}
}

// piece is a tile of rows of one sequence, from .. from+rows-1, and a
// head. Position t of the sequence is row row_of(t): those of the prefix, then
// its own.
struct piece {
	int seq, head, from, rows;
	int plen, len;  // rows of the prefix and of the sequence itself
	gk_i64 plo, lo; // their first rows
	DEVICE_MEMBER gk_i64 row_of(int t) const { return t < plen ? plo + t : lo + t - plen; }
};

// for_each_piece calls f for all pieces of up to R rows of all sequences and heads,
// one block each. Those with the most to do come first, so that the last blocks
// to run are the short ones: the last rows, which see the most keys, or with
// FIRST the first rows, which the most rows see.
template <int R, bool FIRST, class P, class F> DEVICE void for_each_piece(const P &p, int heads, F f) {
	int s = gk_count(p.s, p.h.run);
	gk_i64 tiles = ceil_div(p.max_len, R), count = tiles * s * heads;
	for (gk_i64 t = block_id(); t < count; t += blocks()) {
		piece x;
		gk_i64 tile = t / heads / s;
		x.head = (int)(t % heads);
		x.seq = (int)(t / heads % s);
		x.from = (int)(FIRST ? tile : tiles - 1 - tile) * R;
		x.lo = p.start[x.seq];
		x.len = (int)(p.start[x.seq + 1] - x.lo);
		if (x.from >= x.len) continue;
		x.rows = least(R, x.len - x.from);
		int root = p.prefix ? p.prefix[x.seq] : -1;
		x.plo = root >= 0 ? p.start[root] : 0;
		x.plen = root >= 0 ? (int)(p.start[root + 1] - x.plo) : 0;
		f(x);
	}
}

#endif
