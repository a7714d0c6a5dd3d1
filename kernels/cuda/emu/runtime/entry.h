// The list of kernels that an object holds, ended by one without a name.
#ifndef GRADUS_CUDA_EMU_ENTRY_H
#define GRADUS_CUDA_EMU_ENTRY_H

namespace emu {

struct entry {
	const char *name;
	unsigned bytes, threads;
	void (*run)(const void *);
};
extern const entry entries[];

#define EMU_DECLARE(kernel, params, threads) \
	extern "C" void kernel(const params p); \
	static void run_##kernel(const void *p) { kernel(*(const params *)p); }
#define EMU_ENTRY(kernel, params, threads) {#kernel, sizeof(params), threads, run_##kernel},

} // namespace emu

#endif
