// The words for Hopper's matrix units, which a warpgroup (four warps, from a
// multiple of four on) feeds from shared memory: wgmma of the PTX ISA, sm_90a
// alone. With GK_EMU they are those of emu/runtime/warpgroup.h, which holds
// kernels to the order that the ISA asks for.
//
// An accumulator is in flight from multiply_async until wait_async has waited
// for its group: nobody may look at it or change it, and nobody may write to the
// shared memory that it is multiplied from.
#ifndef GRADUS_CUDA_WGMMA_H
#define GRADUS_CUDA_WGMMA_H

#include "gpu.h"

enum { WARPGROUP = 128, SWIZZLE = 128, SWIZZLE_ATOM = 8 * SWIZZLE };

// A tile in shared memory is rows of 128 bytes, 64 numbers along the depth. Eight
// rows are an atom of 1024 bytes, at a multiple of it, in which the 16 bytes of
// chunk k of row r lie in the place of chunk k^r: then the same chunk of all eight
// rows is in different banks ("128-Byte swizzle").
DEVICE int swizzled(int row, int chunk) { return row * SWIZZLE + (chunk ^ row % 8) * 16; }

// A descriptor tells the unit where a tile begins (bits 0-13, in 16 bytes), how
// far atoms are apart (bits 32-45, the same) and the swizzle (bits 62-63: 1). The
// leading dimension (bits 16-29) means nothing for rows that are one atom wide.
// Steps along the depth begin 32 bytes apart inside of an atom: the unit swaps
// chunks by the address.
typedef unsigned long long descriptor;
DEVICE descriptor describe(unsigned address) {
	return (descriptor)1 << 62 | (descriptor)(SWIZZLE_ATOM >> 4) << 32 | (descriptor)1 << 16 | (address & 0x3ffff) >> 4;
}
enum { STEP_OF_16 = 32 >> 4 }; // what to add to a descriptor for the next 16 of the depth

#ifndef GK_EMU

#define SWIZZLED_SHARED(T, name) \
	extern __attribute__((shared)) __attribute__((aligned(SWIZZLE_ATOM))) char gk_swizzled_shared[]; \
	smem<T> name = (smem<T>)gk_swizzled_shared

// copy_16_or_zero is copy_16, or writes zeros and reads nothing.
template <class T> DEVICE void copy_16_or_zero(smem<T> to, const T *from, bool copy) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address_of(to)), "l"(from), "r"(copy ? 16 : 0) : "memory");
}

// What a thread has written to shared memory, copies that have arrived included,
// is seen by matrix units that anyone starts after a barrier behind this.
DEVICE void show_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// begin_async orders what a warpgroup has done with its accumulators before the
// products that follow. end_group_async ends a group of products, and
// wait_async<N> waits for all groups but the last N.
DEVICE void begin_async() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void end_group_async() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// wait_async(c) waits for all groups. The accumulator is its operand, so that the
// compiler, which knows nothing of what runs beside the thread, moves no use of it
// before it.
template <int N> DEVICE void wait_async() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory"); }

#define GK_4(of, c, i) of(c[i]), of(c[i + 1]), of(c[i + 2]), of(c[i + 3])
#define GK_16(of, c, i) GK_4(of, c, i), GK_4(of, c, i + 4), GK_4(of, c, i + 8), GK_4(of, c, i + 12)
#define GK_32(of, c, i) GK_16(of, c, i), GK_16(of, c, i + 16)
#define GK_ALL_16(of) GK_16(of, c, 0)
#define GK_ALL_32(of) GK_32(of, c, 0)
#define GK_ALL_128(of) GK_32(of, c, 0), GK_32(of, c, 32), GK_32(of, c, 64), GK_32(of, c, 96)
#define GK_CHANGED "+f"
#define GK_MADE "=f"
#define GK_NAMES_16 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define GK_NAMES_32 GK_NAMES_16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define GK_NAMES_128 GK_NAMES_32 \
	",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63" \
	",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79,%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95" \
	",%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111,%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127"

// multiply_async begins c += a b^T, and start_async c = a b^T, for 64 rows of a, n
// of b and 16 of the depth, which lies along memory in both. Thread l of warp w of
// the warpgroup has row 16w + l/4 in c[4i] and c[4i+1], the row 8 below in c[4i+2]
// and c[4i+3], with columns 8i + 2(l%4) and the next.
#define GK_WGMMA(n, count, a_at, b_at, scale) \
	"wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.bf16.bf16 {" GK_NAMES_##count "}, %" #a_at ", %" #b_at ", " #scale ", 1, 1, 0, 0;"
#define GK_PRODUCTS(n, count, a_at, b_at) \
	DEVICE void start_async(float (&c)[count], descriptor a, descriptor b) { \
		asm volatile(GK_WGMMA(n, count, a_at, b_at, 0) : GK_ALL_##count(GK_MADE) : "l"(a), "l"(b) : "memory"); \
	} \
	DEVICE void multiply_async(float (&c)[count], descriptor a, descriptor b) { \
		asm volatile(GK_WGMMA(n, count, a_at, b_at, 1) : GK_ALL_##count(GK_CHANGED) : "l"(a), "l"(b) : "memory"); \
	} \
	DEVICE void wait_async(float (&c)[count]) { \
		asm volatile("wgmma.wait_group.sync.aligned 0;" : GK_ALL_##count(GK_CHANGED)::"memory"); \
	}
GK_PRODUCTS(32, 16, 16, 17)
GK_PRODUCTS(64, 32, 32, 33)
GK_PRODUCTS(256, 128, 128, 129)

#endif
#endif
