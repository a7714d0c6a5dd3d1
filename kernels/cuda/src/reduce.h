// Sums and maxima over a warp and over a block of 256 threads. The order is a
// fixed tree, so that the bits depend on nothing but the numbers, and every
// thread gets the result.
#ifndef GRADUS_CUDA_REDUCE_H
#define GRADUS_CUDA_REDUCE_H

#include "gpu.h"

enum { BLOCK = 256, BLOCK_WARPS = BLOCK / WARP };

template <class T> DEVICE T warp_sum(T v) {
	for (int m = WARP / 2; m; m /= 2) v = v + shfl_xor(v, m);
	return v;
}

DEVICE float warp_max(float v) {
	for (int m = WARP / 2; m; m /= 2) v = larger(v, shfl_xor(v, m));
	return v;
}

// block_sum needs part[BLOCK_WARPS] of shared memory to itself, until the next
// block_sync.
template <class T> DEVICE T block_sum(T v, smem<T> part) {
	v = warp_sum(v);
	if (lane() == 0) part[warp()] = v;
	block_sync();
	T sum = part[0];
	for (int w = 1; w < BLOCK_WARPS; w++) sum = sum + part[w];
	return sum;
}

DEVICE float block_max(float v, smem<float> part) {
	v = warp_max(v);
	if (lane() == 0) part[warp()] = v;
	block_sync();
	float top = part[0];
	for (int w = 1; w < BLOCK_WARPS; w++) top = larger(top, part[w]);
	return top;
}

#endif
