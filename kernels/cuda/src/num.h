// exp, log and the logistic function, from IEEE operations alone: the same bits
// on every GPU and in the emulator. The polynomials are those of
// kernels/cpu/vec.h.
#ifndef GRADUS_CUDA_NUM_H
#define GRADUS_CUDA_NUM_H

#include "gpu.h"

#define LN2_HIGH 0.693359375f   // 10 bits: exact times any exponent
#define LN2_LOW -2.12194440e-4f // ln 2 - LN2_HIGH

DEVICE float minus_infinity() { return __builtin_bit_cast(float, 0xff800000u); }
DEVICE float plus_infinity() { return __builtin_bit_cast(float, 0x7f800000u); }

// gk_exp, to 1.1 ulp: x = n ln2 + r with |r| <= ln2/2, exp(r) by its Taylor
// polynomial of degree 7, times 2^n by adding n to the exponent. Below -87.33,
// where the result would leave the normal numbers, it is 0. gk_exp(0) is 1.
DEVICE float gk_exp(float x) {
	if (!(x >= -87.33f)) return x < -87.33f ? 0.f : x; // NaN stays
	if (x > 88.7228f) return plus_infinity();
	float t = gk_fma(x, 1.44269504f, 12582912.f); // rounds to an integer, in the low bits
	float n = t - 12582912.f;
	float r = gk_fma(n, -LN2_HIGH, x);
	r = gk_fma(n, -LN2_LOW, r);
	float p = 1.f / 5040;
	p = gk_fma(p, r, 1.f / 720);
	p = gk_fma(p, r, 1.f / 120);
	p = gk_fma(p, r, 1.f / 24);
	p = gk_fma(p, r, 1.f / 6);
	p = gk_fma(p, r, 0.5f);
	p = gk_fma(p, r * r, r) + 1.f;
	return __builtin_bit_cast(float, __builtin_bit_cast(unsigned, p) + (__builtin_bit_cast(unsigned, t) << 23));
}

// gk_exp2 is 2^x for x <= 0, to 2e-7: r = x - n with |r| <= 1/2, a polynomial that
// is 1 at 0, times 2^n made of bits. Below -126 it is 0, and gk_exp2(0) is 1. It
// is for attention, which is as much exponentials as products.
DEVICE float gk_exp2(float x) {
	float t = x + 12582912.f; // rounds to an integer, in the low bits
	float r = x - (t - 12582912.f);
	float p = 0.00133813021f;
	p = gk_fma(p, r, 0.00966636837f);
	p = gk_fma(p, r, 0.0555038117f);
	p = gk_fma(p, r, 0.240223497f);
	p = gk_fma(p, r, 0.693147182f);
	p = gk_fma(p, r, 1.f) * __builtin_bit_cast(float, (__builtin_bit_cast(unsigned, t) << 23) + 0x3f800000u);
	return x < -126.f ? 0.f : p; // NaN stays
}

// gk_log of a normal positive x, below 1 ulp: x = m 2^e with m in
// [sqrt(1/2), sqrt(2)), log m = 2 (s + s^3/3 + ...) with s = (m-1)/(m+1).
DEVICE float gk_log(float x) {
	if (!(x < plus_infinity())) return x;
	int bits = __builtin_bit_cast(int, x) - 0x3f3504f3;
	float n = (float)(bits >> 23);
	float m = __builtin_bit_cast(float, (bits & 0x7fffff) + 0x3f3504f3);
	float f = m - 1.f;
	float s = f / (m + 1.f);
	float q = s * s;
	float p = 2.f / 9;
	p = gk_fma(p, q, 2.f / 7);
	p = gk_fma(p, q, 2.f / 5);
	p = gk_fma(p, q, 2.f / 3);
	float tail = gk_fma(n, LN2_LOW, s * (q * p - f));
	return gk_fma(n, LN2_HIGH, f + tail);
}

DEVICE float gk_sigmoid(float x) { return 1.f / (1.f + gk_exp(-x)); }

#endif
