// Copies beside the thread, and matrix units, as PTX describes them.
#ifndef GRADUS_CUDA_EMU_MATRIX_H
#define GRADUS_CUDA_EMU_MATRIX_H

namespace emu {

// Copies that a thread has begun. They are done when it waits for them, so that
// a kernel that forgets to wait reads what was there before.
struct copying {
	const region *r;
	int64_t at;
	const void *from;
};
enum { MAX_COPIES = 64 };
struct copies {
	copying list[MAX_COPIES];
	int count;
};
extern copies begun[1024]; // by thread

} // namespace emu

template <class T> DEVICE void copy_16(smem<T> to, const T *from) {
	emu::copies &c = emu::begun[emu::self->id];
	if (to.at % 16 || (uintptr_t)from % 16) emu::stop("copy of 16 bytes to byte %lld of shared array %s from %p: not aligned", (long long)to.at, to.r->name, (const void *)from);
	if (c.count == emu::MAX_COPIES) emu::stop("more than %d copies at a time", (int)emu::MAX_COPIES);
	c.list[c.count++] = {to.r, to.at, from};
}

DEVICE void copies_done() {
	emu::copies &c = emu::begun[emu::self->id];
	for (int i = 0; i < c.count; i++)
		for (int b = 0; b < 16; b += 2) {
			uint16_t x;
			memcpy(&x, (const char *)c.list[i].from + b, 2);
			emu::place<uint16_t>{c.list[i].r, c.list[i].at + b} = x;
		}
	c.count = 0;
}

DEVICE void load_4(unsigned (&r)[4], smem<bf16> row, int line = __builtin_LINE()) {
	if (row.at % 16) emu::stop("matrix row at byte %lld of shared array %s: not aligned", (long long)row.at, row.r->name);
	int l = emu::self->id & 31;
	for (int i = 0; i < 4; i++) {
		smem<bf16> at = {row.r, (int64_t)emu::exchange((uint64_t)row.at, 8 * i + l / 4, line)};
		r[i] = (unsigned)(uint16_t)at[l % 4 * 2] | (unsigned)(uint16_t)at[l % 4 * 2 + 1] << 16;
	}
}

DEVICE float emu_bf16(uint32_t pair, int half) { return __builtin_bit_cast(float, half ? pair & 0xffff0000u : pair << 16); }

DEVICE void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line = __builtin_LINE()) {
	int w = emu::self->id / 32, l = emu::self->id % 32;
	unsigned turn = emu::self->exchanges++ & 1;
	auto &all = emu::now.factors[w][turn];
	for (int i = 0; i < 4; i++) all[l].a[i] = a[i];
	all[l].b[0] = b0, all[l].b[1] = b1;
	emu::meet(line, 3);
	for (int i = 0; i < 4; i++) {
		int row = l / 4 + i / 2 * 8, column = l % 4 * 2 + i % 2;
		for (int k = 0; k < 16; k++) {
			float x = emu_bf16(all[row % 8 * 4 + k % 8 / 2].a[row / 8 + k / 8 * 2], k % 2);
			float y = emu_bf16(all[column * 4 + k % 8 / 2].b[k / 8], k % 2);
			c[i] = __builtin_fmaf(x, y, c[i]);
		}
	}
}

#endif
