// The kernels of abi.h as a table that Go can read.
#ifndef GRADUS_CUDA_TABLE_H
#define GRADUS_CUDA_TABLE_H

#include "abi.h"

typedef struct {
	const char *name;
	unsigned bytes;   // of the parameter block
	unsigned threads; // of a block
	int capability;   // 0: every GPU has it; 90: only those of 9.0
} gk_kernel;

static inline int gk_kernel_count(void) {
	enum {
		count = 0
#define GK_ROW(kernel, params, threads) + 1
		GK_KERNELS(GK_ROW) GK_KERNELS_90(GK_ROW)
#undef GK_ROW
	};
	return count;
}

static inline gk_kernel gk_kernel_at(int i) {
	static const gk_kernel all[] = {
#define GK_ROW(kernel, params, threads) {#kernel, sizeof(params), threads, 0},
		GK_KERNELS(GK_ROW)
#undef GK_ROW
#define GK_ROW(kernel, params, threads) {#kernel, sizeof(params), threads, 90},
		GK_KERNELS_90(GK_ROW)
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
