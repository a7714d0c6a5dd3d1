// Products that run beside a warpgroup, as the PTX ISA describes wgmma: what it
// leaves undefined is an error here. Descriptors are read as the ISA defines them,
// in the layouts with the depth along memory (no kernel has another).
#ifndef GRADUS_CUDA_EMU_WARPGROUP_H
#define GRADUS_CUDA_EMU_WARPGROUP_H

namespace emu {

// flight is a product that a warp has begun for its 16 rows.
struct flight {
	uint64_t a, b;
	int columns;
	bool start; // the sums begin at zero
	uint32_t epoch; // at its begin
	unsigned group;
	int line;
};
enum { MAX_FLIGHTS = 128, MAX_SUMS = 128 };

// lane_sums is a thread's accumulator while it is in flight: the thread itself
// has nothing of it until it is waited for.
struct lane_sums {
	float *c; // 0: none
	int count;
	bool ordered; // by begin_async since it was last waited for
	float sums[MAX_SUMS];
};
struct warp_flights {
	flight list[MAX_FLIGHTS];
	int count;
	unsigned group; // the open one
};
extern warp_flights flights[32]; // by warp
extern lane_sums lane_sum[1024];     // by thread

// Addresses of shared memory: the block's dynamic memory begins behind what the
// system has for itself, at a multiple of 1024.
enum { SHARED_BASE = 1024 };

inline uint32_t poison(int i) { return 0x7fa50000u | (uint32_t)i; } // NaN

// field is bits of a descriptor that count 16 bytes.
inline int64_t field(uint64_t d, int bit) { return (int64_t)(d >> bit & 0x3fff) << 4; }

// fly begins a product; land ends all of the warp but those of the last `left` groups.
void fly(float *c, int count, uint64_t a, uint64_t b, bool start, int line);
void land(int left, int line);
void order(int line);
void end_flights(int line);
// unlanded is the line where a product began that is still in flight at the end
// of a block, 0 for none.
int unlanded(int size);
void forget_flights(int size);

inline int64_t address(const region *r, int64_t at) {
	if (r != dynamic_region(r->name)) stop("shared array %s is not the launch's own memory: it has no address here", r->name);
	return SHARED_BASE + at;
}

} // namespace emu

#define SWIZZLED_SHARED(T, name) const smem<T> name = emu::dynamic<T>(#name)
template <class T> DEVICE unsigned address_of(smem<T> p) { return (unsigned)emu::address(p.r, p.at); }

template <class T> DEVICE void copy_16_or_zero(smem<T> to, const T *from, bool copy) { emu::begin_copy(to.r, to.at, copy ? from : 0); }
DEVICE void show_async() { emu::self->shown++; }
DEVICE void begin_async(LINE_OF_CALLER) { emu::order(line); }
DEVICE void end_group_async(LINE_OF_CALLER) { emu::end_flights(line); }
template <int N> DEVICE void wait_async(LINE_OF_CALLER) { emu::land(N, line); }
template <int N> DEVICE void wait_async(float (&)[N], LINE_OF_CALLER) { emu::land(0, line); }
template <int N> DEVICE void start_async(float (&c)[N], uint64_t a, uint64_t b, LINE_OF_CALLER) { emu::fly(c, N, a, b, true, line); }
template <int N> DEVICE void multiply_async(float (&c)[N], uint64_t a, uint64_t b, LINE_OF_CALLER) { emu::fly(c, N, a, b, false, line); }

#endif
