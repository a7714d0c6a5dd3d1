// The sixteen-lane code compiled for AVX2, for tests only: its tiles, tails
// and masks are those of the AVX-512 path, so they can be checked on a machine
// without AVX-512. It is slow and Open does not offer it.
#if defined(__x86_64__)
#include "target.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

TARGET_BEGIN("avx2,fma")
#if !defined(__clang__)
#pragma GCC optimize("O1")
#endif
#define UNROLL(n)
#define VL 16
#define MR 14
#define PATH gk_path_wide
#define PATH_FMA 1
#define PATH_FMA_2X256
#include "path.h"
TARGET_END
#endif
