// Copies beside the thread, and matrix units, as PTX describes them.
#ifndef GRADUS_CUDA_EMU_MATRIX_H
#define GRADUS_CUDA_EMU_MATRIX_H

namespace emu {

// Copies that a thread has begun. They are done when it waits for them, so that
// a kernel that forgets to wait reads what was there before.
struct copying {
	const region *r;
	int64_t at;
	const void *from; // 0: zeros
	unsigned group;
};
enum { MAX_COPIES = 64 };
struct copies {
	copying list[MAX_COPIES];
	int count;
	unsigned group; // the open one
};
extern copies begun[1024]; // by thread

inline void begin_copy(const region *r, int64_t at, const void *from) {
	copies &c = begun[self->id];
	if (at % 16 || (uintptr_t)from % 16) stop("copy of 16 bytes to byte %lld of shared array %s from %p: not aligned", (long long)at, r->name, from);
	if (c.count == MAX_COPIES) stop("more than %d copies at a time", (int)MAX_COPIES);
	for (int b = 0; b < 16; b += 2) seen_by_copy(r, at + b, find(r, at + b, 2));
	c.list[c.count++] = {r, at, from, c.group};
}

} // namespace emu

template <class T> DEVICE void copy_16(smem<T> to, const T *from) { emu::begin_copy(to.r, to.at, from); }

DEVICE void copies_end_group() { emu::begun[emu::self->id].group++; }

// What is not waited for arrives as late as it may: when it is.
template <int N> DEVICE void copies_wait() {
	emu::copies &c = emu::begun[emu::self->id];
	int left = 0;
	for (int i = 0; i < c.count; i++) {
		const emu::copying k = c.list[i];
		if (c.group - k.group <= N) {
			c.list[left++] = k;
			continue;
		}
		emu::find(k.r, k.at, 16);
		if (emu::checking)
			for (int b = 0; b < 16; b += 2) emu::seen_by_writer(k.r, k.at + b, emu::find(k.r, k.at + b, 2), false);
		if (k.from) memcpy(k.r->bytes + k.at, k.from, 16);
		else
			memset(k.r->bytes + k.at, 0, 16);
	}
	c.count = left;
}

namespace emu {

// rows_of_matrices gives the rows that the lanes of a warp address: row i%8 of
// matrix i/8 begins at byte [i] of the region.
inline const uint64_t *rows_of_matrices(smem<bf16> row, int line) {
	if (row.at % 16) stop("matrix row at byte %lld of shared array %s: not aligned", (long long)row.at, row.r->name);
	int w = self->id / 32;
	unsigned turn = self->exchanges++ & 1;
	now.slot[w][turn][self->id % 32] = (uint64_t)row.at;
	meet(line, 1);
	return now.slot[w][turn];
}

inline unsigned number_at(smem<bf16> p) { return (bf16)*p; }

} // namespace emu

DEVICE void load_4(unsigned (&r)[4], smem<bf16> row, int line = __builtin_LINE()) {
	const uint64_t *rows = emu::rows_of_matrices(row, line);
	int l = emu::self->id % 32;
	for (int i = 0; i < 4; i++) {
		smem<bf16> at = {row.r, (int64_t)rows[8 * i + l / 4] + l % 4 * 4};
		r[i] = emu::number_at(at) | emu::number_at(at + 1) << 16;
	}
}

DEVICE void load_4_turned(unsigned (&r)[4], smem<bf16> row, int line = __builtin_LINE()) {
	const uint64_t *rows = emu::rows_of_matrices(row, line);
	int l = emu::self->id % 32;
	for (int i = 0; i < 4; i++) {
		r[i] = 0;
		for (int half = 0; half < 2; half++)
			r[i] |= emu::number_at({row.r, (int64_t)rows[8 * i + l % 4 * 2 + half] + l / 4 * 2}) << 16 * half;
	}
}

// One rounding to nearest even, as cvt.rn.bf16x2.f32; a NaN becomes 0x7fff.
DEVICE unsigned round_pair(float low, float high) {
	auto rounded = [](float x) {
		unsigned u = __builtin_bit_cast(unsigned, x);
		return x != x ? 0x7fffu : (u + 0x7fffu + (u >> 16 & 1)) >> 16;
	};
	return rounded(low) | rounded(high) << 16;
}

DEVICE float emu_bf16(uint32_t pair, int half) { return __builtin_bit_cast(float, half ? pair & 0xffff0000u : pair << 16); }

DEVICE void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line = __builtin_LINE()) {
	int w = emu::self->id / 32, l = emu::self->id % 32;
	unsigned turn = emu::self->exchanges++ & 1;
	auto &all = emu::now.factors[w][turn];
	for (int i = 0; i < 4; i++) all[l].a[i] = a[i];
	all[l].b[0] = b0, all[l].b[1] = b1;
	for (int i = 0; i < 4; i++) all[l].c[i] = c[i];
	emu::meet(line, 3);
	if (l == 0) { // lane 0 goes on first and multiplies for all
		float x[16][16], y[16][8], d[16][8];
		for (int i = 0; i < 32; i++)
			for (int k = 0; k < 16; k++)
				if (k % 8 / 2 == i % 4) {
					for (int half = 0; half < 2; half++) x[half * 8 + i / 4][k] = emu_bf16(all[i].a[half + k / 8 * 2], k % 2);
					y[k][i / 4] = emu_bf16(all[i].b[k / 8], k % 2);
				}
		for (int i = 0; i < 32; i++)
			for (int j = 0; j < 4; j++) d[i / 4 + j / 2 * 8][i % 4 * 2 + j % 2] = all[i].c[j];
		for (int row = 0; row < 16; row++)
			for (int k = 0; k < 16; k++)
				for (int column = 0; column < 8; column++) d[row][column] = __builtin_fmaf(x[row][k], y[k][column], d[row][column]);
		for (int i = 0; i < 32; i++)
			for (int j = 0; j < 4; j++) all[i].c[j] = d[i / 4 + j / 2 * 8][i % 4 * 2 + j % 2];
	}
	for (int i = 0; i < 4; i++) c[i] = all[l].c[i];
}

#endif
