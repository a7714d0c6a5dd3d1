// Tile registers for products of bfloat16 numbers: eight of them, 16 rows of
// 64 bytes each. A holds 16 rows of 32 factors, B 16 rows of 16 pairs, C 16
// rows of 16 f32 sums, and
//
//	C[m][n] += sum over k of A[m][2k]*B[k][2n] + A[m][2k+1]*B[k][2n+1]
//
// With PATH_AMX these are Intel's AMX instructions, else a model of them in
// vectors that has the same bits (Intel SDM vol. 2, TDPBF16PS): the even and
// the odd products are two chains of fused multiply-adds that start at 0, the
// chains are added, and the sum is added to C; subnormal numbers count as
// zero, and rounding is to nearest even. So the code that packs, tiles and
// stores is tested on any machine with AVX2.
//
// The number of a register must be a literal. Assembly is written out because
// the compiler's own tileloadd does not tell that it reads memory.
#ifndef GRADUS_CPU_TILE_H
#define GRADUS_CPU_TILE_H

#include "vec.h"

enum { TILE_ROWS = 16, TILE_DEPTH = 32, TILE_ELEMS = TILE_ROWS * TILE_DEPTH };

#if defined(PATH_AMX)

typedef struct { char none; } tiles;

// tiles_begin shapes the registers of this thread, tiles_end gives them back,
// so that the system need not save them.
INLINE void tiles_begin(tiles *t) {
	(void)t;
	struct { uint8_t palette, start_row, reserved[14]; uint16_t bytes[16]; uint8_t rows[16]; } config = {.palette = 1};
	for (int i = 0; i < 8; i++) config.bytes[i] = 64, config.rows[i] = TILE_ROWS;
	__asm__ volatile("ldtilecfg %0" ::"m"(config));
}
INLINE void tiles_end(tiles *t) {
	(void)t;
	__asm__ volatile("tilerelease" ::: "memory");
}
#define tile_zero(t, i) __asm__ volatile("tilezero %%tmm" #i ::)
#define tile_load(t, i, from, stride) __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #i ::"r"(from), "r"((int64_t)(stride)) : "memory")
#define tile_store(t, i, to, stride) __asm__ volatile("tilestored %%tmm" #i ", (%0,%1,1)" ::"r"(to), "r"((int64_t)(stride)) : "memory")
#define tile_multiply(t, c, a, b) __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::)

#else

typedef struct { uint32_t reg[8][TILE_ROWS][16] __attribute__((aligned(64))); } tiles;

INLINE void tiles_begin(tiles *t) { memset(t, 0, sizeof *t); }
INLINE void tiles_end(tiles *t) { (void)t; }
#define tile_zero(t, i) memset((t)->reg[i], 0, sizeof (t)->reg[i])
INLINE void tile_load(tiles *t, int i, const void *from, int64_t stride) {
	for (int r = 0; r < TILE_ROWS; r++) memcpy(t->reg[i][r], (const char *)from + r * stride, 64);
}
INLINE void tile_store(const tiles *t, int i, void *to, int64_t stride) {
	for (int r = 0; r < TILE_ROWS; r++) memcpy((char *)to + r * stride, t->reg[i][r], 64);
}

typedef uint32_t vu __attribute__((vector_size(VL * 4)));

// Not inlined: the compiler may then not move arithmetic out of the span in
// which MXCSR says that subnormals are zero.
static __attribute__((noinline)) void tile_sums(uint32_t (*c)[16], uint32_t (*a)[16], uint32_t (*b)[16]) {
	for (int m = 0; m < TILE_ROWS; m++) {
		vf even = {0}, odd = {0};
		for (int k = 0; k < 16; k++) {
			vu pairs, x = (vu){0} + a[m][k];
			memcpy(&pairs, b[k], 64);
			even = vfma((vf)(x << 16), (vf)(pairs << 16), even);
			odd = vfma((vf)(x & 0xffff0000u), (vf)(pairs & 0xffff0000u), odd);
		}
		vf sum;
		memcpy(&sum, c[m], 64);
		sum = sum + (even + odd);
		memcpy(c[m], &sum, 64);
	}
}

INLINE void tile_multiply(tiles *t, int c, int a, int b) {
	enum { MASKED = 0x1f80, FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
	unsigned before = _mm_getcsr();
	_mm_setcsr(MASKED | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
	tile_sums(t->reg[c], t->reg[a], t->reg[b]);
	_mm_setcsr(before);
}

#endif

// bf16_pairs rounds 32 floats to nearest even and returns them in order;
// bf16_zip returns lanes of a in the low and of b in the high half. Subnormals
// become zero and a NaN stays one (Intel SDM, VCVTNE2PS2BF16). bf16_weave takes
// two results of bf16_pairs and returns pairs of one number of a and one of b,
// the first 16 and the others: what bf16_zip would have made.
#if defined(PATH_AMX)
INLINE vf bf16_pairs(vf low, vf high) { return (vf)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low); }
INLINE vf bf16_zip(vf a, vf b) {
	__m512i x = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)a));
	__m512i y = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)b));
	return (vf)_mm512_or_si512(x, _mm512_slli_epi32(y, 16));
}
INLINE void bf16_weave(vf a, vf b, vf *first, vf *second) {
	__m512i at = _mm512_add_epi32(_mm512_set1_epi32(32 << 16), _mm512_mullo_epi32((__m512i)vlanes(), _mm512_set1_epi32(0x10001)));
	*first = (vf)_mm512_permutex2var_epi16((__m512i)a, at, (__m512i)b);
	*second = (vf)_mm512_permutex2var_epi16((__m512i)a, _mm512_add_epi32(at, _mm512_set1_epi32(0x100010)), (__m512i)b);
}
#else
// bf16_high leaves the result in the high half and zeros in the low one.
INLINE vu bf16_high(vf x) {
	vu u = (vu)x, size = u & 0x7fffffffu;
	vu rounded = (u + 0x7fffu + ((u >> 16) & 1)) & 0xffff0000u;
	vu tiny = (vu)(size < 0x00800000u), nan = (vu)(size > 0x7f800000u);
	rounded = (rounded & ~tiny) | (u & 0x80000000u & tiny);
	return (rounded & ~nan) | (((u | 0x400000u) & 0xffff0000u) & nan);
}
INLINE vf bf16_zip(vf a, vf b) { return (vf)((bf16_high(a) >> 16) | bf16_high(b)); }
INLINE vf bf16_pairs(vf low, vf high) {
	vu l = bf16_high(low), h = bf16_high(high);
	uint16_t list[2 * VL];
	for (int i = 0; i < VL; i++) {
		list[i] = (uint16_t)(l[i] >> 16);
		list[VL + i] = (uint16_t)(h[i] >> 16);
	}
	vf x;
	memcpy(&x, list, sizeof x);
	return x;
}
INLINE void bf16_weave(vf a, vf b, vf *first, vf *second) {
	uint16_t x[2 * VL], y[2 * VL];
	memcpy(x, &a, sizeof x);
	memcpy(y, &b, sizeof y);
	for (int i = 0; i < VL; i++) {
		((vu *)first)[0][i] = x[i] | (uint32_t)y[i] << 16;
		((vu *)second)[0][i] = x[VL + i] | (uint32_t)y[VL + i] << 16;
	}
}
#endif

#endif
