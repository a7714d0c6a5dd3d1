// wgmma on the CPU. A product reads its factors when it is waited for, which is
// as late as it may: a kernel that overwrites them before multiplies something
// else, and is told so.
#include "../../abi.h"
#include "emu.h"

namespace emu {

warp_flights flights[32];
lane_sums lane_sum[1024];

enum { NO_SWIZZLE, SWIZZLE_128, SWIZZLE_64, SWIZZLE_32 };

// atom is the number of bytes of a row that are swizzled, 16 without.
static int atom(uint64_t d) {
	static const int bytes[] = {16, 128, 64, 32};
	return bytes[d >> 62];
}

static void check_descriptor(uint64_t d) {
	uint64_t known = 0x3fffull | 0x3fffull << 16 | 0x3fffull << 32 | 7ull << 49 | 3ull << 62;
	if (d & ~known) stop("descriptor %016llx has bits that mean nothing", (unsigned long long)d);
	if (d >> 49 & 7) stop("descriptor %016llx has a base offset, which is not modelled", (unsigned long long)d);
	int pattern = 8 * atom(d); // what the swizzle repeats after
	if (d >> 62 != NO_SWIZZLE && field(d, 0) % pattern >= atom(d))
		stop("descriptor %016llx begins at byte %lld, inside of a pattern of %d", (unsigned long long)d, (long long)field(d, 0), pattern);
	if (d >> 62 != NO_SWIZZLE && field(d, 32) % pattern) stop("descriptor %016llx has atoms %lld bytes apart, no multiple of %d", (unsigned long long)d, (long long)field(d, 32), pattern);
}

// place_of is where element (row, k) lies in the shared memory of the launch.
static int64_t place_of(uint64_t d, int row, int k) {
	int wide = atom(d);
	int64_t at = field(d, 0) + row / 8 * field(d, 32) + row % 8 * wide + k * 2;
	if (d >> 62 == NO_SWIZZLE) at = field(d, 0) + row / 8 * field(d, 32) + k / 8 * field(d, 16) + row % 8 * 16 + k % 8 * 2;
	return (at ^ (at >> 7 & (wide / 16 - 1)) << 4) - SHARED_BASE;
}

// operand is element (row, k) of the matrix of a descriptor, with those behind it
// that fill 16 bytes. They may not have been changed since `epoch`.
static void operand(float (&to)[8], uint64_t d, int row, int k, uint32_t epoch) {
	const region *r = dynamic_region("shared memory of the launch");
	int64_t first = place_of(d, row, k);
	find(r, first, 16);
	for (int64_t at = first; checking && at < first + 16; at += 2) {
		cell *c = find(r, at, 2);
		if (c->block == now.block && c->written >= epoch && (c->writer / 32 != self->id / 32 || c->written > epoch))
			race(r, (uint32_t)at, "is multiplied at the time of a write", c->writer);
		if (c->begun >= epoch) race(r, (uint32_t)at, "is multiplied at the time of a copy", c->writer);
		if (c->begun > c->written) stop("byte %lld of the shared memory is multiplied before its copy has arrived", (long long)at);
		seen_by_reader(r, at, c);
		if (shown_of(c->writer) <= c->shown)
			stop("byte %lld of the shared memory was written by thread %d, which did not show it to the matrix units", (long long)at, c->writer);
	}
	uint16_t half[8];
	memcpy(half, r->bytes + first, sizeof half);
	for (int i = 0; i < 8; i++) to[i] = __builtin_bit_cast(float, (uint32_t)half[i] << 16);
}

void order(int line) {
	if (checking) meet(line, 4);
	lane_sum[self->id].ordered = true;
}

void end_flights(int line) {
	if (checking) meet(line, 5);
	if (self->id % 32 == 0) flights[self->id / 32].group++;
}

static void check_poison(const lane_sums &s) {
	for (int i = 0; checking && i < s.count; i++)
		if (__builtin_bit_cast(uint32_t, s.c[i]) != poison(i)) stop("element %d of an accumulator was changed while it is in flight", i);
}

void fly(float *c, int count, uint64_t a, uint64_t b, bool start, int line) {
	lane_sums &s = lane_sum[self->id];
	if (now.size % 128) stop("a product of a warpgroup in a block of %u threads", now.size);
	if (!s.ordered) stop("a product is begun with no begin_async since its accumulator was waited for");
	if (s.c && s.c != c) stop("a product is begun while another accumulator is in flight, which is not modelled");
	if (s.c) check_poison(s);
	else
		for (int i = 0; i < count; i++) {
			s.sums[i] = start ? 0 : c[i];
			c[i] = __builtin_bit_cast(float, poison(i));
		}
	s.c = c, s.count = count;
	int w = self->id / 32, l = self->id % 32;
	unsigned turn = self->exchanges++ & 1;
	now.slot[w][turn][l] = a * 3 + b;
	meet(line, 6);
	for (int i = 0; i < 32; i++)
		if (now.slot[w][turn][i] != now.slot[w][turn][l]) stop("the lanes of a warp have different descriptors");
	if (l) return;
	warp_flights &f = flights[w];
	if (f.count == MAX_FLIGHTS) stop("more than %d products in flight", (int)MAX_FLIGHTS);
	check_descriptor(a);
	check_descriptor(b);
	f.list[f.count++] = {a, b, 2 * count, start, now.epoch, f.group, line};
}

// multiply adds one product to the sums of a warp.
static void multiply(const flight &p, int w) {
	enum { ROWS = 16, DEPTH = 16, MOST = 2 * MAX_SUMS };
	static float x[ROWS][DEPTH], y[DEPTH][MOST], d[ROWS][MOST];
	lane_sums *lanes = &lane_sum[w * 32];
	float eight[8];
	for (int i = 0; i < ROWS; i++)
		for (int k = 0; k < DEPTH; k += 8) {
			operand(eight, p.a, w % 4 * ROWS + i, k, p.epoch);
			for (int e = 0; e < 8; e++) x[i][k + e] = eight[e];
		}
	for (int j = 0; j < p.columns; j++)
		for (int k = 0; k < DEPTH; k += 8) {
			operand(eight, p.b, j, k, p.epoch);
			for (int e = 0; e < 8; e++) y[k + e][j] = eight[e];
		}
	for (int l = 0; l < 32; l++)
		for (int e = 0; e < p.columns / 2; e++) d[l / 4 + e / 2 % 2 * 8][e / 4 * 8 + l % 4 * 2 + e % 2] = p.start ? 0 : lanes[l].sums[e];
	for (int i = 0; i < ROWS; i++)
		for (int k = 0; k < DEPTH; k++)
			for (int j = 0; j < p.columns; j++) d[i][j] = __builtin_fmaf(x[i][k], y[k][j], d[i][j]);
	for (int l = 0; l < 32; l++)
		for (int e = 0; e < p.columns / 2; e++) lanes[l].sums[e] = d[l / 4 + e / 2 % 2 * 8][e / 4 * 8 + l % 4 * 2 + e % 2];
}

void land(int left, int line) {
	meet(line, 7);
	int w = self->id / 32;
	warp_flights &f = flights[w];
	if (self->id % 32 == 0) { // lane 0 goes on first and multiplies for all
		int kept = 0;
		for (int i = 0; i < f.count; i++) {
			const flight p = f.list[i];
			if (p.group == f.group) stop("a product is waited for whose group has not been ended");
			if (f.group - p.group <= (unsigned)left) f.list[kept++] = p;
			else
				multiply(p, w);
		}
		f.count = kept;
	}
	lane_sums &s = lane_sum[self->id];
	if (!s.c) return;
	check_poison(s);
	if (f.count) return;
	memcpy(s.c, s.sums, (size_t)s.count * sizeof(float));
	s.c = 0, s.ordered = false;
}

int unlanded(int size) {
	for (int w = 0; w < size / 32; w++)
		if (flights[w].count) return flights[w].list[0].line;
	return 0;
}

void forget_flights(int size) {
	for (int i = 0; i < size; i++) lane_sum[i].c = 0, lane_sum[i].ordered = false;
	for (int w = 0; w < (size + 31) / 32; w++) flights[w].count = 0, flights[w].group = 0;
}

} // namespace emu
