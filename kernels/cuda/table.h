// The kernels of abi.h as a table that Go can read.
#ifndef GRADUS_CUDA_TABLE_H
#define GRADUS_CUDA_TABLE_H

#include "abi.h"

typedef struct {
	const char *name;
	unsigned bytes;   // of the parameter block
	unsigned threads; // of a block
} gk_kernel;

static inline int gk_kernel_count(void) {
	enum {
		count = 0
#define GK_ROW(kernel, params, threads) + 1
		GK_KERNELS(GK_ROW)
#undef GK_ROW
	};
	return count;
}

static inline gk_kernel gk_kernel_at(int i) {
	static const gk_kernel all[] = {
#define GK_ROW(kernel, params, threads) {#kernel, sizeof(params), threads},
		GK_KERNELS(GK_ROW)
#undef GK_ROW
	};
	return all[i];
}

// gk_block is what a run sends to the GPU: its arguments and the word in which
// kernels report.
typedef struct {
	gk_run run;
	gk_u64 fault;
} gk_block;

#endif
