// Tiles of packed sequences for attention in bf16.
#ifndef GRADUS_CUDA_PACKED_BF16_H
#define GRADUS_CUDA_PACKED_BF16_H

#include "attend_bf16.h"
#include "sequences.h"

// own_queries are the 16 rows of a piece that this warp has. Rows that the piece
// does not have are copies of its last one, and nothing of them is kept.
struct own_queries {
	const piece &x;
	DEVICE_MEMBER explicit own_queries(const piece &of) : x(of) {}
	DEVICE_MEMBER int clamped(int r) const { return least(warp() * 16 + r, x.rows - 1); }
	DEVICE_MEMBER gk_i64 row(int r) const { return x.lo + x.from + clamped(r); }
	// Row i is lane/4 + 8*i.
	DEVICE_MEMBER bool there(int i) const { return warp() * 16 + lane() / 4 + i * 8 < x.rows; }
	DEVICE_MEMBER int position(int r) const { return x.plen + x.from + clamped(r); }
	DEVICE_MEMBER int key_tiles() const { return (x.plen + x.from + x.rows + TILE_KEYS - 1) / TILE_KEYS; }
	DEVICE_MEMBER bool any_sees(int t) const { return t * TILE_KEYS <= position(15); }
	// seen is the number of keys from tile t on that row i sees.
	DEVICE_MEMBER int seen(int i, int t) const { return position(lane() / 4 + i * 8) + 1 - t * TILE_KEYS; }
};

// keys_of copies tiles of keys and values of a piece's sequence, with its prefix,
// for a query head. Keys beyond those of the piece are copies of its last one.
template <int D> struct key_tiles_of {
	const bf16 *k;
	int kv, width, last;
	const piece &x;
	DEVICE_MEMBER void operator()(int t, smem<bf16> to_k, smem<bf16> to_v) const {
		tile_copier<D>::copy(to_k, to_v, true, [&](int j, const bf16 *&a, const bf16 *&b) {
			a = k + x.row_of(least(t * TILE_KEYS + j, last)) * width;
			b = a + kv * D;
		});
	}
};
template <int D> DEVICE key_tiles_of<D> keys_of(const bf16 *rounded, int heads, int kv, const piece &x) {
	int group = heads / kv;
	return {rounded + (heads + x.head / group) * D, kv, (heads + 2 * kv) * D, x.plen + x.from + x.rows - 1, x};
}

#endif
