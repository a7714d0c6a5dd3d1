// The words of src/gpu.h on a CPU. One fiber stands for each thread of a
// block; a barrier or an exchange between lanes lets the others run. Blocks run
// one after the other.
//
// What a GPU leaves unsaid is an error here, with the kernel, block, thread and
// source line: shared memory out of bounds or read before it was written, two
// threads at one place of it without a barrier between them, and barriers or
// exchanges that not all threads reach.
#ifndef GRADUS_CUDA_EMU_H
#define GRADUS_CUDA_EMU_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define DEVICE static inline
#define DEVICE_MEMBER
#define KERNEL(name, params, threads) extern "C" void name(const params p)
#define KERNEL_BLOCKS(name, params, threads, blocks) KERNEL(name, params, threads)

namespace emu {

// thread is what a fiber knows about itself.
struct thread {
	int id;
	unsigned exchanges; // that it took part in
	unsigned shown;     // how often it has shown its writes to matrix units
};

// state is the block that runs.
struct state {
	unsigned grid[3], at[3], size;
	uint32_t block;         // number of the block since the start, never 0
	uint32_t epoch;         // barriers since the start
	uint32_t tick[32];      // by warp: memory orders since the start
	uint64_t slot[32][2][32]; // by warp: what lanes exchange
	// What the lanes of a warp bring to a matrix product, and take away.
	struct { uint32_t a[4], b[2]; float c[4]; } factors[32][2][32];
};

extern state now;
extern thread *self;

// stop ends the launch with an error and does not return.
[[noreturn]] void stop(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned shown_of(int thread);
void barrier(int line);
// meet waits for all lanes of the warp; kind tells exchanges apart.
void meet(int line, int kind);

inline uint64_t exchange(uint64_t v, int from, int line) {
	int w = self->id / 32, l = self->id % 32;
	unsigned turn = self->exchanges++ & 1;
	now.slot[w][turn][l] = v;
	meet(line, 1);
	return now.slot[w][turn][from & 31];
}

inline unsigned vote(bool x, int line) {
	int w = self->id / 32, l = self->id % 32;
	unsigned turn = self->exchanges++ & 1, all = 0;
	now.slot[w][turn][l] = x;
	meet(line, 2);
	for (int i = 0; i < 32; i++) all |= (unsigned)now.slot[w][turn][i] << i;
	return all;
}

} // namespace emu

// The line of the caller tells barriers apart.
#define LINE_OF_CALLER int line = __builtin_LINE()

typedef unsigned short bf16;
#include "shared.h"
#include "matrix.h"
#include "warpgroup.h"

#define SHARED(T, name, count) \
	static emu::array<T, count> name##_array(#name); \
	const smem<T> name = name##_array.begin()
#define DYNAMIC_SHARED(T, name) const smem<T> name = emu::dynamic<T>(#name)

DEVICE int tid() { return emu::self->id; }
DEVICE int threads() { return (int)emu::now.size; }
DEVICE gk_i64 block_id() {
	return emu::now.at[0] + (gk_i64)emu::now.grid[0] * (emu::now.at[1] + (gk_i64)emu::now.grid[1] * emu::now.at[2]);
}
DEVICE gk_i64 blocks() { return (gk_i64)emu::now.grid[0] * emu::now.grid[1] * emu::now.grid[2]; }

DEVICE void block_sync(LINE_OF_CALLER) { emu::barrier(line); }
DEVICE void warp_sync(LINE_OF_CALLER) { emu::meet(line, 0); }
DEVICE unsigned shfl_bits(unsigned v, int l, LINE_OF_CALLER) { return (unsigned)emu::exchange(v, l, line); }
DEVICE unsigned shfl_xor_bits(unsigned v, int m, LINE_OF_CALLER) { return (unsigned)emu::exchange(v, (emu::self->id & 31) ^ m, line); }
DEVICE unsigned ballot(bool x, LINE_OF_CALLER) { return emu::vote(x, line); }

DEVICE float gk_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
DEVICE float gk_sqrt(float a) { return __builtin_sqrtf(a); }
DEVICE float gk_max(float a, float b) { return __builtin_fmaxf(a, b); }
DEVICE gk_u64 mul_high(gk_u64 a, gk_u64 b) { return (gk_u64)((unsigned __int128)a * b >> 64); }
DEVICE int low_bit(unsigned x) { return __builtin_ctz(x); }

DEVICE void read_4(float (&to)[4], smem<float> from) {
	if (from.at % 16) emu::stop("four floats at byte %lld of shared array %s: not aligned", (long long)from.at, from.r->name);
	for (int i = 0; i < 4; i++) to[i] = from[i];
}

DEVICE void atomic_min(gk_u64 *p, gk_u64 v) {
	if (v < *p) *p = v;
}
DEVICE void shared_min(smem<int> p, int v) { p.atomic([v](int x) { return v < x ? v : x; }); }
DEVICE void shared_add(smem<unsigned> p, unsigned v) { p.atomic([v](unsigned x) { return x + v; }); }
DEVICE void shared_add(smem<gk_u64> p, gk_u64 v) { p.atomic([v](gk_u64 x) { return x + v; }); }

#endif
