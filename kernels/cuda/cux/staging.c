//go:build cuda

#include "staging.h"

#include <string.h>

static size_t min(size_t a, size_t b) { return a < b ? a : b; }

static CUresult drain(cux_staging *s, int *doing) {
	*doing = CUX_COPY_WAIT;
	CUresult r = cuStreamSynchronize(s->stream);
	if (r == CUDA_SUCCESS) s->at = 0;
	return r;
}

CUresult cux_write(cux_staging *s, CUdeviceptr dst, const char *src, size_t n, int *doing) {
	*doing = CUX_COPY_CONTEXT;
	CUresult r = cuCtxSetCurrent(s->ctx);
	if (r != CUDA_SUCCESS) return r;
	// A quarter of the block at a time: the GPU fetches one part while the next
	// is put down.
	size_t part = s->size / 4;
	while (n > 0) {
		size_t k = min(n, part);
		if (s->size - s->at < k && (r = drain(s, doing)) != CUDA_SUCCESS) return r;
		memcpy(s->host + s->at, src, k);
		*doing = CUX_COPY_TO;
		if ((r = cuMemcpyHtoDAsync(dst, s->host + s->at, k, s->stream)) != CUDA_SUCCESS) return r;
		s->at += (k + 63) / 64 * 64;
		if (s->at > s->size) s->at = s->size;
		dst += k, src += k, n -= k;
	}
	return CUDA_SUCCESS;
}

CUresult cux_read(cux_staging *s, char *dst, CUdeviceptr src, size_t n, int *doing) {
	*doing = CUX_COPY_CONTEXT;
	CUresult r = cuCtxSetCurrent(s->ctx);
	if (r != CUDA_SUCCESS) return r;
	while (n > 0) {
		if (s->size - s->at < min(n, s->size / 4) && (r = drain(s, doing)) != CUDA_SUCCESS) return r;
		size_t at = s->at, k = min(n, s->size - at);
		*doing = CUX_COPY_FROM;
		if ((r = cuMemcpyDtoHAsync(s->host + at, src, k, s->stream)) != CUDA_SUCCESS) return r;
		if ((r = drain(s, doing)) != CUDA_SUCCESS) return r;
		memcpy(dst, s->host + at, k);
		dst += k, src += k, n -= k;
	}
	return CUDA_SUCCESS;
}
