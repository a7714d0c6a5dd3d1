// Four lanes, nothing beyond what the compiler's default target has: SSE2 on
// amd64, NEON on arm64.
#include "target.h"

#define VL 4
#define MR 6
#define PATH gk_path_generic
#if defined(__aarch64__)
#define PATH_FMA 1
#else
#define PATH_FMA 0
#endif
#include "path.h"
