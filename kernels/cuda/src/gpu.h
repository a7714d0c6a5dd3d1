// The words in which the kernels are written: where a thread stands, barriers,
// exchanges inside a warp, shared memory, atomics. On the GPU they are PTX
// instructions (clang has them as builtins, so no header of a CUDA toolkit is
// needed); with GK_EMU they are the functions of emu/runtime/emu.h, which run the same
// source on a CPU and check what a GPU would leave unsaid.
//
// A kernel walks its work items with block_id() and blocks(), so any grid gives
// the same result: the grid decides about speed only.
//
// Nothing here rounds differently from IEEE 754: fma, div.rn, sqrt.rn, and
// products and sums that the assembler may not fuse (-ffp-contract=off). The
// emulator and every GPU therefore compute the same bits, tensor cores apart.
#ifndef GRADUS_CUDA_GPU_H
#define GRADUS_CUDA_GPU_H

#include "../abi.h"

typedef unsigned short bf16; // the upper half of an f32

#ifdef GK_EMU
#include "../emu/runtime/emu.h"
#define UNROLL
#define UNROLL_BY(n)
#else

#define DEVICE static inline __attribute__((device)) __attribute__((always_inline))
#define DEVICE_MEMBER __attribute__((device)) __attribute__((always_inline))
#define KERNEL(name, params, threads) \
	extern "C" __attribute__((global)) __attribute__((launch_bounds(threads))) void name(const params p)
// KERNEL_BLOCKS also says how many blocks a processor is to hold at a time: it
// bounds the registers of a thread. Left to itself the assembler of some GPUs
// keeps loop variables in memory to make room for more blocks than run.
#define KERNEL_BLOCKS(name, params, threads, blocks) \
	extern "C" __attribute__((global)) __attribute__((launch_bounds(threads, blocks))) void name(const params p)

// UNROLL before a loop keeps arrays that it indexes in registers.
#define PRAGMA(x) _Pragma(#x)
#define UNROLL PRAGMA(unroll)
#define UNROLL_BY(n) PRAGMA(unroll n)

// Shared memory of a fixed size, and the block that the launch asks for.
// smem<T> is how functions take a place in it.
template <class T> using smem = T *;
#define SHARED(T, name, count) static __attribute__((shared)) __attribute__((aligned(16))) T name[count]
#define DYNAMIC_SHARED(T, name) \
	extern __attribute__((shared)) __attribute__((aligned(16))) char gk_dynamic_shared[]; \
	smem<T> name = (smem<T>)gk_dynamic_shared
template <class T, class U> DEVICE smem<T> smem_as(smem<U> p) { return (smem<T>)p; }

DEVICE int tid() { return __nvvm_read_ptx_sreg_tid_x(); }
DEVICE int threads() { return __nvvm_read_ptx_sreg_ntid_x(); }
DEVICE gk_i64 block_id() {
	return __nvvm_read_ptx_sreg_ctaid_x() +
		(gk_i64)__nvvm_read_ptx_sreg_nctaid_x() * (__nvvm_read_ptx_sreg_ctaid_y() + (gk_i64)__nvvm_read_ptx_sreg_nctaid_y() * __nvvm_read_ptx_sreg_ctaid_z());
}
DEVICE gk_i64 blocks() {
	return (gk_i64)__nvvm_read_ptx_sreg_nctaid_x() * __nvvm_read_ptx_sreg_nctaid_y() * __nvvm_read_ptx_sreg_nctaid_z();
}

// block_sync waits for all threads of the block, warp_sync for those of the
// warp; both order what was written to memory before them.
DEVICE void block_sync() { __syncthreads(); }
DEVICE void warp_sync() { __nvvm_bar_warp_sync(0xffffffffu); }

// Exchanges between the 32 lanes of a warp. All lanes must take part. They
// order no memory.
DEVICE unsigned shfl_bits(unsigned v, int lane) { return (unsigned)__nvvm_shfl_sync_idx_i32(0xffffffffu, (int)v, lane, 31); }
DEVICE unsigned shfl_xor_bits(unsigned v, int mask) { return (unsigned)__nvvm_shfl_sync_bfly_i32(0xffffffffu, (int)v, mask, 31); }
DEVICE unsigned ballot(bool x) { return __nvvm_vote_ballot_sync(0xffffffffu, x); }

DEVICE float gk_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
DEVICE float gk_sqrt(float a) { return __nvvm_sqrt_rn_f(a); }
DEVICE float gk_max(float a, float b) { return __builtin_fmaxf(a, b); } // a number if one of them is
DEVICE gk_u64 mul_high(gk_u64 a, gk_u64 b) { return __nvvm_mulhi_ull(a, b); }
DEVICE int low_bit(unsigned x) { return __builtin_ctz(x); }

// A copy of 16 bytes from global to shared memory that runs beside the thread.
// Both addresses are multiples of 16. copies_end_group ends a group of copies;
// copies_wait<N> waits until all groups but the last N have arrived. What was
// copied may then be read by the thread itself, and after a barrier by the others.
typedef __attribute__((address_space(3))) void *shared_address;
DEVICE unsigned address_of(const void *shared) { return (unsigned)(unsigned long long)(shared_address)shared; }
template <class T> DEVICE void copy_16(smem<T> to, const T *from) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address_of(to)), "l"(from) : "memory");
}
DEVICE void copies_end_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N> DEVICE void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// Matrix units. A warp holds an 8x8 matrix of bf16 with element (l/4, 2(l%4)) and
// the next in a register of lane l. load_4 reads four of them: lane l gives the
// address, a multiple of 16, of row l%8 of matrix l/8.
DEVICE void load_4(unsigned (&r)[4], smem<bf16> row) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
		: "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address_of(row)) : "memory");
}

// load_4_turned does the same and turns each matrix around: a register has
// elements (2(l%4), l/4) and (2(l%4)+1, l/4).
DEVICE void load_4_turned(unsigned (&r)[4], smem<bf16> row) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
		: "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address_of(row)) : "memory");
}

// round_pair rounds to the nearest bf16, ties to even, the first in the lower half:
// for numbers that stay in registers. Unlike round_bf16 it keeps subnormal ones.
DEVICE unsigned round_pair(float low, float high) {
	unsigned pair;
	asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
	return pair;
}

// multiply adds the product of a 16x16 and a 16x8 matrix to a 16x8 matrix in f32
// (PTX ISA, mma.m16n8k16): a holds the quarters (rows 0-7, k 0-7), (8-15, 0-7),
// (0-7, 8-15), (8-15, 8-15); b the halves k 0-7 and 8-15, each as 8 columns of 8;
// c[0], c[1] row l/4 and c[2], c[3] row l/4+8, columns 2(l%4) and the next.
DEVICE void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
	asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
		: "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// read_4 reads four floats at an address that is a multiple of 16, at once.
typedef float four __attribute__((ext_vector_type(4)));
DEVICE void read_4(float (&to)[4], smem<float> from) {
	four v = *(const four *)from;
	to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
}

// Atomics on integers only: their result does not depend on the order.
DEVICE void atomic_min(gk_u64 *p, gk_u64 v) { __nvvm_atom_min_gen_ull(p, v); }
DEVICE void shared_min(smem<int> p, int v) { __nvvm_atom_min_gen_i(p, v); }
DEVICE void shared_add(smem<unsigned> p, unsigned v) { __nvvm_atom_add_gen_i((int *)p, (int)v); }
DEVICE void shared_add(smem<gk_u64> p, gk_u64 v) { __nvvm_atom_add_gen_ll((long long *)p, (long long)v); }

#endif

enum { WARP = 32 };
DEVICE int lane() { return tid() & 31; }
DEVICE int warp() { return tid() >> 5; }

DEVICE float shfl(float v, int l) { return __builtin_bit_cast(float, shfl_bits(__builtin_bit_cast(unsigned, v), l)); }
DEVICE float shfl_xor(float v, int m) { return __builtin_bit_cast(float, shfl_xor_bits(__builtin_bit_cast(unsigned, v), m)); }
DEVICE gk_u64 shfl(gk_u64 v, int l) { return (gk_u64)shfl_bits((unsigned)(v >> 32), l) << 32 | shfl_bits((unsigned)v, l); }
DEVICE gk_u64 shfl_xor(gk_u64 v, int m) { return (gk_u64)shfl_xor_bits((unsigned)(v >> 32), m) << 32 | shfl_xor_bits((unsigned)v, m); }
DEVICE double shfl_xor(double v, int m) { return __builtin_bit_cast(double, shfl_xor(__builtin_bit_cast(gk_u64, v), m)); }

DEVICE int least(int a, int b) { return a < b ? a : b; }
DEVICE gk_i64 ceil_div(gk_i64 a, gk_i64 b) { return (a + b - 1) / b; }
DEVICE float larger(float a, float b) { return a > b ? a : b; }

// stopped tells that an op before this one found a bad index: nothing after it
// may take effect. stopped_by_check is for kernels that follow the check of
// their own op.
DEVICE bool stopped(const gk_head &h) { return GK_FAULT_OP(*h.fault) < (unsigned)h.op; }
DEVICE bool stopped_by_check(const gk_head &h) { return GK_FAULT_OP(*h.fault) <= (unsigned)h.op; }
DEVICE void fail(const gk_head &h, gk_i64 row, int what) { atomic_min(h.fault, GK_FAULT(h.op, row, what)); }
DEVICE int rows_of(const gk_head &h) { return gk_count(h.n, h.run); }

#endif
