// TARGET_BEGIN("avx2,fma") .. TARGET_END compile what stands between for CPUs
// with these features, whatever the rest of the program needs. (cgo has no
// flags for a single file.)
#ifndef GRADUS_CPU_TARGET_H
#define GRADUS_CPU_TARGET_H

#define TARGET_PRAGMA(x) _Pragma(#x)
#if defined(__clang__)
#define TARGET_BEGIN(f) TARGET_PRAGMA(clang attribute push(__attribute__((target(f))), apply_to = function))
#define TARGET_END TARGET_PRAGMA(clang attribute pop)
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wunknown-pragmas"
#else
#define TARGET_BEGIN(f) TARGET_PRAGMA(GCC push_options) TARGET_PRAGMA(GCC target(f))
#define TARGET_END TARGET_PRAGMA(GCC pop_options)
// The vector arguments of inlined functions never meet an ABI.
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#endif
