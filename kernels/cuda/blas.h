// How many rows a run gives to a product of a library.
#ifndef GRADUS_CUDA_BLAS_H
#define GRADUS_CUDA_BLAS_H

#include "table.h"

#include <stdint.h>

// gk_blas_count: the rows n of an op, or of its chunk from row0 on.
typedef struct {
	gk_dim n;
	int chunk, row0;
} gk_blas_count;

typedef int (*gk_blas_call)(void *context, void *stream, const void *args);

// gk_blas_rows has the form that libs/cublaslt.h asks for; args is a gk_block.
int64_t gk_blas_rows(const void *args, const void *count);
// gk_blas_try calls a product with arguments of n rows.
int gk_blas_try(gk_blas_call call, void *context, void *stream, int n);

#endif
