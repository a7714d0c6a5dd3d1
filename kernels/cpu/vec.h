// Vectors of VL floats (VL = 4, 8 or 16, set by the including path) on GCC
// vector types. A file that includes this is compiled once for each path.
//
// Nothing here depends on where a row starts or how long it is: a partial
// vector is loaded with zeros in the missing lanes and goes through the same
// instructions as a full one.
#ifndef GRADUS_CPU_VEC_H
#define GRADUS_CPU_VEC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// UNROLL(n) before a loop keeps arrays of vectors in registers. A path that is
// not made for speed sets it to nothing.
#ifndef UNROLL
#define UNROLL_PRAGMA(x) _Pragma(#x)
#define UNROLL(n) UNROLL_PRAGMA(GCC unroll n)
#endif

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef float vf_any __attribute__((vector_size(VL * 4), aligned(4), may_alias));

// Sums in double have four lanes on every path.
typedef float f4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double d4 __attribute__((vector_size(32)));

INLINE vf vload(const float *p) { return (vf) * (const vf_any *)p; }
INLINE void vstore(float *p, vf x) { *(vf_any *)p = x; }

// vload_n reads n < VL floats, the other lanes are 0.
INLINE vf vload_n(const float *p, int64_t n) {
	vf x = {0};
	memcpy(&x, p, (size_t)n * 4);
	return x;
}
INLINE void vstore_n(float *p, vf x, int64_t n) { memcpy(p, &x, (size_t)n * 4); }

// store_cols writes the first n of the 2*VL columns in a and b, all if n is more.
INLINE void store_cols(float *p, vf a, vf b, int64_t n) {
	if (n >= 2 * VL) {
		vstore(p, a);
		vstore(p + VL, b);
		return;
	}
	float row[2 * VL];
	vstore(row, a);
	vstore(row + VL, b);
	for (int64_t i = 0; i < n; i++) p[i] = row[i];
}

INLINE vf vset(float x) {
#if VL == 4
	return (vf){x, x, x, x};
#elif VL == 8
	return (vf){x, x, x, x, x, x, x, x};
#else
	return (vf){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#endif
}

INLINE vi vlanes(void) {
#if VL == 4
	return (vi){0, 1, 2, 3};
#elif VL == 8
	return (vi){0, 1, 2, 3, 4, 5, 6, 7};
#else
	return (vi){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#endif
}

// vfirst is true in the first n lanes.
INLINE vi vfirst(int64_t n) { return vlanes() < (int32_t)n; }

INLINE vf vpick(vi mask, vf yes, vf no) { return (vf)(((vi)yes & mask) | ((vi)no & ~mask)); }

// vfma(a, b, c) = a*b + c, rounded once where the path has FMA, else twice.
#if defined(PATH_FMA_512)
INLINE vf vfma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vf vsqrt(vf a) { return (vf)_mm512_sqrt_ps((__m512)a); }
INLINE vf vmax(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
#elif defined(PATH_FMA_256)
INLINE vf vfma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vf vsqrt(vf a) { return (vf)_mm256_sqrt_ps((__m256)a); }
INLINE vf vmax(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
#elif defined(PATH_FMA_2X256)
typedef union { vf v; __m256 h[2]; } vf_halves;
#define HALVES(op, ...) \
	vf_halves r; \
	for (int i = 0; i < 2; i++) r.h[i] = op(__VA_ARGS__); \
	return r.v
INLINE vf vfma(vf a, vf b, vf c) {
	vf_halves x = {a}, y = {b}, z = {c};
	HALVES(_mm256_fmadd_ps, x.h[i], y.h[i], z.h[i]);
}
INLINE vf vsqrt(vf a) {
	vf_halves x = {a};
	HALVES(_mm256_sqrt_ps, x.h[i]);
}
INLINE vf vmax(vf a, vf b) {
	vf_halves x = {a}, y = {b};
	HALVES(_mm256_max_ps, x.h[i], y.h[i]);
}
INLINE vf vmin(vf a, vf b) {
	vf_halves x = {a}, y = {b};
	HALVES(_mm256_min_ps, x.h[i], y.h[i]);
}
#elif defined(__aarch64__)
INLINE vf vfma(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE vf vsqrt(vf a) { return (vf)vsqrtq_f32((float32x4_t)a); }
// Of a number and a NaN these take the number; SSE takes b.
INLINE vf vmax(vf a, vf b) { return (vf)vmaxnmq_f32((float32x4_t)a, (float32x4_t)b); }
INLINE vf vmin(vf a, vf b) { return (vf)vminnmq_f32((float32x4_t)a, (float32x4_t)b); }
#else
INLINE vf vfma(vf a, vf b, vf c) { return a * b + c; }
#if defined(__SSE__)
INLINE vf vsqrt(vf a) { return (vf)_mm_sqrt_ps((__m128)a); }
INLINE vf vmax(vf a, vf b) { return (vf)_mm_max_ps((__m128)a, (__m128)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm_min_ps((__m128)a, (__m128)b); }
#else
INLINE vf vsqrt(vf a) { return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])}; }
INLINE vf vmax(vf a, vf b) { return vpick(a > b, a, b); }
INLINE vf vmin(vf a, vf b) { return vpick(a < b, a, b); }
#endif
#endif

// vsum adds the lanes in a fixed tree: lane l to lane l + half, and so on.
INLINE float vsum_4(f4 x) { return (x[0] + x[2]) + (x[1] + x[3]); }
INLINE float vtop_4(f4 x) {
	float a = x[0] > x[2] ? x[0] : x[2], b = x[1] > x[3] ? x[1] : x[3];
	return a > b ? a : b;
}

#if VL == 4
INLINE float vsum(vf x) { return vsum_4((f4)x); }
INLINE float vtop(vf x) { return vtop_4((f4)x); }
#else
typedef union { vf v; f4 q[VL / 4]; } vf_quarters;
INLINE float vsum(vf x) {
	vf_quarters u = {x};
	for (int w = VL / 8; w; w /= 2)
		for (int i = 0; i < w; i++) u.q[i] += u.q[i + w];
	return vsum_4(u.q[0]);
}
INLINE float vtop(vf x) {
	vf_quarters u = {x};
	for (int w = VL / 8; w; w /= 2)
		for (int i = 0; i < w; i++) {
			typedef int32_t i4 __attribute__((vector_size(16)));
			i4 more = u.q[i] > u.q[i + w];
			u.q[i] = (f4)(((i4)u.q[i] & more) | ((i4)u.q[i + w] & ~more));
		}
	return vtop_4(u.q[0]);
}
#endif

#define LN2_HIGH 0.693359375f     // 10 bits: exact times any exponent
#define LN2_LOW -2.12194440e-4f   // ln 2 - LN2_HIGH

// vexp, to 1.1 ulp: x = n ln2 + r with |r| <= ln2/2, exp(r) by its Taylor polynomial of
// degree 7 (remainder below 6e-9), times 2^n by adding n to the exponent.
// Below -87.33, where the result would leave the normal numbers, it is 0.
INLINE vf vexp(vf x) {
	const vf low = vset(-87.33f), high = vset(88.7228f);
	vf c = vmin(vmax(x, low), high);
	// Adding 1.5*2^23 rounds to an integer and leaves it in the low bits.
	vf t = vfma(c, vset(1.44269504f), vset(12582912.f));
	vf n = t - vset(12582912.f);
	vf r = vfma(n, vset(-LN2_HIGH), c);
	r = vfma(n, vset(-LN2_LOW), r);
	vf p = vset(1.f / 5040);
	p = vfma(p, r, vset(1.f / 720));
	p = vfma(p, r, vset(1.f / 120));
	p = vfma(p, r, vset(1.f / 24));
	p = vfma(p, r, vset(1.f / 6));
	p = vfma(p, r, vset(0.5f));
	p = vfma(p, r * r, r) + vset(1.f);
	p = (vf)((vi)p + ((vi)t << 23)); // the bits above the integer fall off
	p = (vf)((vi)p & ~(x < low));
	p = vpick(x > high, vset(INFINITY), p);
	return vpick(x == x, p, x); // NaN stays NaN
}

// vlog of normal positive x, below 1 ulp: x = m 2^e with m in [sqrt(1/2), sqrt(2)), and with
// s = (m-1)/(m+1), log m = 2 (s + s^3/3 + s^5/5 + ...), |s| <= 0.172.
INLINE vf vlog(vf x) {
	vi bits = (vi)x - 0x3f3504f3; // sqrt(1/2): e counts from there
	vi e = bits >> 23;
	vf m = (vf)((bits & 0x7fffff) + 0x3f3504f3);
	vf n = __builtin_convertvector(e, vf);
	vf f = m - vset(1.f);
	vf s = f / (m + vset(1.f));
	vf q = s * s;
	vf p = vset(2.f / 9);
	p = vfma(p, q, vset(2.f / 7));
	p = vfma(p, q, vset(2.f / 5));
	p = vfma(p, q, vset(2.f / 3));
	// 2s = f - s*f, which keeps the rounding error of the division small.
	vf tail = vfma(n, vset(LN2_LOW), s * (q * p - f));
	vf y = vfma(n, vset(LN2_HIGH), f + tail);
	return vpick(x < vset(INFINITY), y, x); // infinity and NaN stay
}

INLINE float log_of(float x) {
	vf y = vlog(vset(x));
	return y[0];
}

// vsigmoid = 1/(1+exp(-x)), to 2.4 ulp.
INLINE vf vsigmoid(vf x) { return vset(1.f) / (vset(1.f) + vexp(-x)); }

// vtranspose turns VL vectors of VL lanes around.
#if defined(PATH_FMA_256)
INLINE void vtranspose(vf *t) {
	__m256 a[8], b[8];
	for (int i = 0; i < 8; i += 2) {
		a[i] = _mm256_unpacklo_ps((__m256)t[i], (__m256)t[i + 1]);
		a[i + 1] = _mm256_unpackhi_ps((__m256)t[i], (__m256)t[i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
		b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
		b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
		b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
	}
	for (int i = 0; i < 4; i++) {
		t[i] = (vf)_mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
		t[i + 4] = (vf)_mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
	}
}
#elif defined(__aarch64__)
INLINE void vtranspose(vf *t) {
	float32x4_t a = vzip1q_f32((float32x4_t)t[0], (float32x4_t)t[2]), b = vzip2q_f32((float32x4_t)t[0], (float32x4_t)t[2]);
	float32x4_t c = vzip1q_f32((float32x4_t)t[1], (float32x4_t)t[3]), d = vzip2q_f32((float32x4_t)t[1], (float32x4_t)t[3]);
	t[0] = (vf)vzip1q_f32(a, c);
	t[1] = (vf)vzip2q_f32(a, c);
	t[2] = (vf)vzip1q_f32(b, d);
	t[3] = (vf)vzip2q_f32(b, d);
}
#else
#if defined(__clang__)
#define SWAP(w, lo, hi) \
	for (int i = 0; i < VL; i++) \
		if (!(i & w)) { \
			vf a = t[i], b = t[i + w]; \
			for (int l = 0; l < VL; l++) { \
				t[i][l] = l & w ? b[l - w] : a[l]; \
				t[i + w][l] = l & w ? b[l] : a[l + w]; \
			} \
		}
#else
#define SWAP(w, lo, hi) \
	for (int i = 0; i < VL; i++) \
		if (!(i & w)) { \
			vf a = t[i], b = t[i + w]; \
			t[i] = __builtin_shuffle(a, b, lo); \
			t[i + w] = __builtin_shuffle(a, b, hi); \
		}
#endif
// The classic exchange of blocks: in step w, the lanes with bit w of vector i
// change places with the lanes without it of vector i+w.
INLINE void vtranspose(vf *t) {
	vi l = vlanes();
	for (int w = 1; w < VL; w *= 2) {
		vi upper = (l & w) != 0;
		vi lo = (l & ~upper) | ((l + (VL - w)) & upper);
		vi hi = ((l + w) & ~upper) | ((l + VL) & upper);
		(void)lo, (void)hi;
		SWAP(w, lo, hi)
	}
}
#undef SWAP
#endif

// vload_columns reads a block of VL rows (stride ld) and 4 columns: lane l of
// t[c] is p[l*ld + c].
#if defined(PATH_FMA_256)
INLINE void vload_columns(vf *t, const float *p, int64_t ld) {
	__m256 r[4];
	for (int i = 0; i < 4; i++)
		r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + i * ld)), _mm_loadu_ps(p + (i + 4) * ld), 1);
	__m256 a = _mm256_unpacklo_ps(r[0], r[1]), b = _mm256_unpackhi_ps(r[0], r[1]);
	__m256 c = _mm256_unpacklo_ps(r[2], r[3]), d = _mm256_unpackhi_ps(r[2], r[3]);
	t[0] = (vf)_mm256_shuffle_ps(a, c, 0x44), t[1] = (vf)_mm256_shuffle_ps(a, c, 0xee);
	t[2] = (vf)_mm256_shuffle_ps(b, d, 0x44), t[3] = (vf)_mm256_shuffle_ps(b, d, 0xee);
}
#elif defined(PATH_FMA_512)
INLINE void vload_columns(vf *t, const float *p, int64_t ld) {
	__m512 r[4];
	for (int i = 0; i < 4; i++) {
		r[i] = _mm512_castps128_ps512(_mm_loadu_ps(p + i * ld));
		r[i] = _mm512_insertf32x4(r[i], _mm_loadu_ps(p + (i + 4) * ld), 1);
		r[i] = _mm512_insertf32x4(r[i], _mm_loadu_ps(p + (i + 8) * ld), 2);
		r[i] = _mm512_insertf32x4(r[i], _mm_loadu_ps(p + (i + 12) * ld), 3);
	}
	__m512 a = _mm512_unpacklo_ps(r[0], r[1]), b = _mm512_unpackhi_ps(r[0], r[1]);
	__m512 c = _mm512_unpacklo_ps(r[2], r[3]), d = _mm512_unpackhi_ps(r[2], r[3]);
	t[0] = (vf)_mm512_shuffle_ps(a, c, 0x44), t[1] = (vf)_mm512_shuffle_ps(a, c, 0xee);
	t[2] = (vf)_mm512_shuffle_ps(b, d, 0x44), t[3] = (vf)_mm512_shuffle_ps(b, d, 0xee);
}
#elif VL == 4
INLINE void vload_columns(vf *t, const float *p, int64_t ld) {
	for (int i = 0; i < 4; i++) t[i] = vload(p + i * ld);
	vtranspose(t);
}
#else
INLINE void vload_columns(vf *t, const float *p, int64_t ld) {
	for (int c = 0; c < 4; c++)
		for (int l = 0; l < VL; l++) t[c][l] = p[l * ld + c];
}
#endif

#endif
