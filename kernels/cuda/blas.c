//go:build cuda && linux

#include "blas.h"

int64_t gk_blas_rows(const void *args, const void *count) {
	const gk_blas_count *c = count;
	int64_t n = gk_count(c->n, &((const gk_block *)args)->run);
	if (c->chunk == 0) return n;
	n -= c->row0;
	return n < c->chunk ? n : c->chunk;
}

int gk_blas_try(gk_blas_call call, void *context, void *stream, int n) {
	gk_block b = {.run = {.rows = n}};
	return call(context, stream, &b);
}
