// Products in bfloat16 on AMX tiles, with AVX-512 around them (Intel Sapphire
// Rapids, 2023). The other ops of the path are those of path_avx512.c.
#if defined(__x86_64__)
#include "target.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")
#define VL 16
#define MR 14
#define PATH gk_path_amx
#define PATH_FMA 1
#define PATH_FMA_512
#define PATH_AMX
#include "path_bf16.h"
TARGET_END
#endif
