// Sixteen lanes: AVX-512 F, BW, DQ, VL (Intel Skylake-X 2017, AMD Zen 4 2022).
#if defined(__x86_64__)
#include "target.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#define VL 16
#define MR 14
#define PATH gk_path_avx512
#define PATH_FMA 1
#define PATH_FMA_512
#include "path.h"
TARGET_END
#endif
