// How an op reaches the threads and its scratch memory.
#ifndef GRADUS_CPU_PAR_H
#define GRADUS_CPU_PAR_H

#include "abi.h"
#include "pool.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

static inline void each(gk_run *r, gk_chunk_fn fn, void *task, int64_t chunks) {
	gk_pool_each(r->pool, fn, task, chunks);
}

// rows_per_chunk cuts n rows that cost `work` simple operations each: at most
// four chunks for each thread, and none so small that waking a thread for it
// costs more than it saves.
static inline int64_t rows_per_chunk(const gk_run *r, int64_t n, int64_t work) {
	if (r->threads == 1) return max64(n, 1);
	int64_t least = ceil_div(r->grain, max64(work, 1));
	return max64(max64(ceil_div(n, 4 * r->threads), least), 1);
}

static inline void want_shared(gk_need *need, int64_t bytes) { need->shared = max64(need->shared, bytes); }
static inline void want_local(gk_need *need, int64_t bytes) { need->local = max64(need->local, bytes); }

// float_block hands out a piece of scratch, a whole number of cache lines.
static inline int64_t block_bytes(int64_t floats) { return round_up(floats * 4, 64); }
static inline float *float_block(char **at, int64_t floats) {
	float *p = (float *)*at;
	*at += block_bytes(floats);
	return p;
}

static inline char *local_scratch(const gk_run *r, int thread) { return r->local + thread * r->local_size; }

// out_of_range records the first index outside min..max and stops the run.
static inline int out_of_range(gk_run *r, gk_what what, const int32_t *index, int64_t n, int64_t min, int64_t max) {
	for (int64_t i = 0; i < n; i++)
		if (index[i] < min || index[i] > max) {
			r->fault = (gk_fault){.what = what, .row = i, .value = index[i], .min = min, .max = max};
			return 1;
		}
	return 0;
}

#endif
