// Rotary position embedding of the query and key heads, in place, and the
// write of keys and values to the cache. A row is one block's work.
#include "round.h"

KERNEL(gk_rope_rows, gk_rope, 128) {
	if (stopped(p.h)) return;
	int n = rows_of(p.h), half = p.d / 2;
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		int pos = p.pos[row];
		if (pos < 0 || pos >= p.max_pos) {
			if (tid() == 0) fail(p.h, row, GK_POS);
			continue;
		}
		const float *cos = p.cos + (gk_i64)pos * half, *sin = p.sin + (gk_i64)pos * half;
		float *x = p.qkv + row * (p.heads + 2 * p.kv) * p.d;
		for (int i = tid(); i < (p.heads + p.kv) * half; i += threads()) {
			int head = i / half, at = i % half;
			float *a = x + head * p.d + at, *b = a + half;
			float u = *a, v = *b, c = cos[at], s = p.inverse ? -sin[at] : sin[at];
			*a = gk_fma(u, c, -(v * s));
			*b = gk_fma(v, c, u * s);
		}
	}
}

// write_cache copies each row's keys and values to its place, as to(x) makes them.
template <class P, class F> DEVICE void write_cache(const P &p, F to) {
	int n = rows_of(p.h);
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		int slot = p.slot[row], at = p.at[row];
		int wrong = slot < 0 || slot >= p.slots ? GK_SLOT : at < 0 || at >= p.cap ? GK_AT : GK_OK;
		if (wrong) {
			if (tid() == 0) fail(p.h, row, wrong);
			continue;
		}
		const float *key = p.qkv + (row * (p.heads + 2 * p.kv) + p.heads) * p.d, *value = key + p.kv * p.d;
		for (int i = tid(); i < p.kv * p.d; i += threads()) {
			gk_i64 place = (((gk_i64)slot * p.kv + i / p.d) * p.cap + at) * p.d + i % p.d;
			p.k[place] = to(key[i]);
			p.v[place] = to(value[i]);
		}
	}
}

KERNEL(gk_kv_write_rows, gk_kv_write, 128) {
	if (!stopped(p.h)) write_cache(p, [](float x) { return x; });
}

KERNEL(gk_kv_write_rows_bf16, gk_kv_write_bf16, 128) {
	if (!stopped(p.h)) write_cache(p, [](float x) { return round_bf16(x); });
}
