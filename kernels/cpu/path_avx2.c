// Eight lanes: AVX2 and FMA (Intel Haswell 2013, AMD Zen 2017 and later).
#if defined(__x86_64__)
#include "target.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

TARGET_BEGIN("avx2,fma")
#define VL 8
#define MR 6
#define PATH gk_path_avx2
#define PATH_FMA 1
#define PATH_FMA_256
#include "path.h"
TARGET_END
#endif
