// Kernels with one fault each, and some without, for the test of the emulator.
#include "../../src/reduce.h"
#include "../../src/wgmma.h"
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

// A warpgroup multiplies 64 and 32 rows of 64 whole numbers from shared memory.
enum fault {
	RIGHT, LOOKS_EARLY, NO_BEGIN, NO_END, NOT_SHOWN, NO_BARRIER, NOT_WAITED, CHANGED, OVERWRITTEN, COPIED_OVER, COPY_NOT_WAITED, MISPLACED, SCATTERED
};
template <fault WRONG> DEVICE void multiply_whole(const args &p) {
	SWIZZLED_SHARED(bf16, x);
	for (int i = tid(); i < 96 * 64; i += 128) {
		int row = i / 64, k = i % 64;
		x[swizzled(row, k / 8) / 2 + k % 8] = (bf16)(__builtin_bit_cast(unsigned, (float)((3 * row + k) % 7 - 3)) >> 16);
	}
	if (WRONG != NOT_SHOWN) show_async();
	if (WRONG != NO_BARRIER) block_sync();
	if (WRONG == COPY_NOT_WAITED) {
		copy_16_or_zero(x + tid() * 8, (const bf16 *)p.out, false);
		copies_end_group();
		block_sync();
	}
	float acc[16];
	descriptor a = describe(address_of(x)), b = describe(address_of(x + 64 * 64));
	if (WRONG == MISPLACED) a += SWIZZLE / 16;
	if (WRONG == SCATTERED) a += (descriptor)(lane() % 2 * STEP_OF_16);
	if (WRONG != NO_BEGIN) begin_async();
	start_async(acc, a, b);
	for (int k = 1; k < 4; k++) multiply_async(acc, a + k * STEP_OF_16, b + k * STEP_OF_16);
	if (WRONG == CHANGED) acc[3] = 1;
	if (WRONG != NO_END) end_group_async();
	if (WRONG == OVERWRITTEN) x[tid()] = 0;
	if (WRONG == COPIED_OVER) copy_16_or_zero(x + tid() * 8, (const bf16 *)p.out, false);
	if (WRONG == LOOKS_EARLY) p.out[tid()] = __builtin_bit_cast(int, acc[5]);
	if (WRONG != NOT_WAITED) wait_async(acc);
	if (WRONG != LOOKS_EARLY) p.out[tid()] = (int)acc[5];
}
#define WARPGROUP_KERNEL(name, fault) KERNEL(name, args, 128) { multiply_whole<fault>(p); }
WARPGROUP_KERNEL(warpgroup, RIGHT)
WARPGROUP_KERNEL(looks_early, LOOKS_EARLY)
WARPGROUP_KERNEL(no_begin, NO_BEGIN)
WARPGROUP_KERNEL(no_end, NO_END)
WARPGROUP_KERNEL(not_shown, NOT_SHOWN)
WARPGROUP_KERNEL(no_barrier_before_product, NO_BARRIER)
WARPGROUP_KERNEL(not_waited, NOT_WAITED)
WARPGROUP_KERNEL(changed_in_flight, CHANGED)
WARPGROUP_KERNEL(overwritten, OVERWRITTEN)
WARPGROUP_KERNEL(copied_over, COPIED_OVER)
WARPGROUP_KERNEL(copy_not_waited, COPY_NOT_WAITED)
WARPGROUP_KERNEL(misplaced, MISPLACED)
WARPGROUP_KERNEL(scattered, SCATTERED)

namespace emu {

#define WRONG(X) \
	X(no_barrier, args, 64) X(with_barrier, args, 64) X(with_warp_sync, args, 64) X(exchange_for_sync, args, 64) \
	X(warp_sync_across_warps, args, 64) X(no_barrier_at_the_end, args, 64) X(two_writers, args, 64) X(past_the_end, args, 64) \
	X(before_the_start, args, 64) X(unwritten, args, 64) X(past_the_dynamic_end, args, 64) X(some_skip_the_barrier, args, 64) \
	X(some_leave_early, args, 64) X(two_barriers, args, 64) X(half_a_warp, args, 64) X(two_exchanges, args, 64) X(sums, args, 256) \
	X(plain_read_of_a_running_count, args, 64) \
	X(warpgroup, args, 128) X(looks_early, args, 128) X(no_begin, args, 128) X(no_end, args, 128) X(not_shown, args, 128) \
	X(no_barrier_before_product, args, 128) X(not_waited, args, 128) X(changed_in_flight, args, 128) X(overwritten, args, 128) \
	X(copied_over, args, 128) X(copy_not_waited, args, 128) X(misplaced, args, 128) X(scattered, args, 128)

WRONG(EMU_DECLARE)
const entry entries[] = {WRONG(EMU_ENTRY){0, 0, 0, 0}};

} // namespace emu
