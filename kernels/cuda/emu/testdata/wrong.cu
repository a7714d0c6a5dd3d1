// Kernels with one fault each, and three without, for the test of the emulator.
#include "../../src/reduce.h"
#include "../runtime/entry.h"

typedef struct { int *out; int n; } args;

// Each thread writes its place and reads its neighbour's.
KERNEL(no_barrier, args, 64) {
	SHARED(int, x, 64);
	x[tid()] = tid();
	p.out[tid()] = x[(tid() + 1) % 64];
}

KERNEL(with_barrier, args, 64) {
	SHARED(int, x, 64);
	x[tid()] = tid();
	block_sync();
	p.out[tid()] = x[(tid() + 1) % 64];
}

// Inside a warp a warp_sync is enough, an exchange is not.
KERNEL(with_warp_sync, args, 64) {
	SHARED(int, x, 64);
	x[tid()] = tid();
	warp_sync();
	p.out[tid()] = x[warp() * 32 + (lane() + 1) % 32];
}

KERNEL(exchange_for_sync, args, 64) {
	SHARED(int, x, 64);
	x[tid()] = tid();
	unsigned all = ballot(true);
	p.out[tid()] = x[warp() * 32 + (lane() + 1) % 32] + (int)all;
}

KERNEL(warp_sync_across_warps, args, 64) {
	SHARED(int, x, 64);
	x[tid()] = tid();
	warp_sync();
	p.out[tid()] = x[63 - tid()];
}

// The second round overwrites what others may still read.
KERNEL(no_barrier_at_the_end, args, 64) {
	SHARED(int, x, 64);
	for (int i = 0; i < 2; i++) {
		x[tid()] = i;
		block_sync();
		p.out[tid()] = x[63 - tid()];
	}
}

KERNEL(two_writers, args, 64) {
	SHARED(int, x, 64);
	x[tid() / 2] = tid();
	block_sync();
	p.out[tid()] = x[0];
}

KERNEL(past_the_end, args, 64) {
	SHARED(int, x, 64);
	x[tid() + p.n] = tid();
	block_sync();
	p.out[tid()] = x[0];
}

KERNEL(before_the_start, args, 64) {
	SHARED(int, x, 64);
	x[tid() - 1] = tid();
	block_sync();
	p.out[tid()] = x[0];
}

// The first block writes, the second finds nothing.
KERNEL(unwritten, args, 64) {
	SHARED(int, x, 64);
	if (block_id() == 0) x[tid()] = tid();
	block_sync();
	p.out[tid()] = x[tid()];
}

KERNEL(past_the_dynamic_end, args, 64) {
	DYNAMIC_SHARED(int, x);
	x[tid()] = tid();
	block_sync();
	p.out[tid()] = x[0];
}

KERNEL(some_skip_the_barrier, args, 64) {
	SHARED(int, x, 64);
	x[tid()] = tid();
	if (tid() < 40) block_sync();
	p.out[tid()] = x[tid()];
}

KERNEL(some_leave_early, args, 64) {
	SHARED(int, x, 64);
	if (tid() >= 32) return;
	x[tid()] = tid();
	block_sync();
	p.out[tid()] = x[tid()];
}

KERNEL(two_barriers, args, 64) {
	if (tid() < 32) block_sync();
	else
		block_sync();
	p.out[tid()] = 0;
}

KERNEL(half_a_warp, args, 64) {
	if (lane() < 16) p.out[tid()] = (int)ballot(true);
}

// Lanes of one warp exchange at two places.
KERNEL(two_exchanges, args, 64) {
	unsigned x = lane() < 16 ? ballot(true) : shfl_bits(1, 0);
	p.out[tid()] = (int)x;
}

KERNEL(sums, args, 256) {
	SHARED(float, part, BLOCK_WARPS);
	SHARED(unsigned, count, 1);
	if (tid() == 0) count[0] = 0;
	block_sync();
	shared_add(count + 0, (unsigned)tid());
	float sum = block_sum((float)tid(), part), top = warp_max((float)tid());
	p.out[tid()] = (int)sum + (int)count[0] + (int)top + (int)shfl_bits((unsigned)tid(), 5);
}

KERNEL(plain_read_of_a_running_count, args, 64) {
	SHARED(unsigned, count, 1);
	if (tid() == 0) count[0] = 0;
	block_sync();
	shared_add(count + 0, 1u);
	p.out[tid()] = (int)count[0];
}

namespace emu {

#define WRONG(X) \
	X(no_barrier, args, 64) X(with_barrier, args, 64) X(with_warp_sync, args, 64) X(exchange_for_sync, args, 64) \
	X(warp_sync_across_warps, args, 64) X(no_barrier_at_the_end, args, 64) X(two_writers, args, 64) X(past_the_end, args, 64) \
	X(before_the_start, args, 64) X(unwritten, args, 64) X(past_the_dynamic_end, args, 64) X(some_skip_the_barrier, args, 64) \
	X(some_leave_early, args, 64) X(two_barriers, args, 64) X(half_a_warp, args, 64) X(two_exchanges, args, 64) X(sums, args, 256) \
	X(plain_read_of_a_running_count, args, 64)

WRONG(EMU_DECLARE)
const entry entries[] = {WRONG(EMU_ENTRY){0, 0, 0, 0}};

} // namespace emu
