// The kernels by name.
#include "../../abi.h"

namespace emu {

struct entry {
	const char *name;
	unsigned bytes, threads;
	void (*run)(const void *);
};

#define DECLARE(kernel, params, threads) \
	extern "C" void kernel(const params p); \
	static void run_##kernel(const void *p) { kernel(*(const params *)p); }
GK_KERNELS(DECLARE)

#define ENTRY(kernel, params, threads) {#kernel, sizeof(params), threads, run_##kernel},
extern const entry entries[];
const entry entries[] = {GK_KERNELS(ENTRY){0, 0, 0, 0}};

} // namespace emu
