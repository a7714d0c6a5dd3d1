// The code of path_amx.c with its tile registers as a model in AVX2, for tests
// only, beside the sixteen lanes of path_wide.c: it has the bits of AMX at a
// fiftieth of its speed. Open offers it to who names it.
#if defined(__x86_64__)
#include "target.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

TARGET_BEGIN("avx2,fma")
#define UNROLL(n)
#define VL 16
#define MR 14
#define PATH gk_path_amxref
#define PATH_FMA 1
#define PATH_FMA_2X256
#include "path_bf16.h"
TARGET_END
#endif
