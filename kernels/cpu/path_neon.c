// Four lanes with NEON: every 64-bit ARM CPU (Armv8-A, 2011, and later). The
// tile has 14 rows, for arm64 has 32 vector registers where SSE2 has 16.
#if defined(__aarch64__)
#include "target.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if !defined(__clang__)
// Before it hands out registers, GCC would gather a tile's loads in front of
// its multiply-adds, run out of registers and put sums on the stack.
#pragma GCC optimize("no-schedule-insns")
#endif
#define VL 4
#define MR 14
#define PATH gk_path_neon
#define PATH_FMA 1
#include "path.h"
#endif
