// A fixed pool of worker threads that share the chunks of one phase at a time.
#ifndef GRADUS_CPU_POOL_H
#define GRADUS_CPU_POOL_H

#include <stdint.h>

typedef struct gk_pool gk_pool;

// A chunk function does part number `chunk` of a task. Thread 0 is the caller
// of gk_pool_each, workers are 1 .. threads-1.
typedef void (*gk_chunk_fn)(void *task, int64_t chunk, int thread);

// gk_pool_new starts threads-1 workers. It returns NULL and sets *error to an
// errno when a thread cannot be made.
gk_pool *gk_pool_new(int threads, int *error);

// gk_pool_free ends and joins the workers.
void gk_pool_free(gk_pool *pool);

// gk_pool_each runs fn for every chunk 0 .. chunks-1 and returns when all are
// done. Which thread does which chunk is not defined. One caller at a time.
// Without a pool the caller does them all.
void gk_pool_each(gk_pool *pool, gk_chunk_fn fn, void *task, int64_t chunks);

#endif
