// Copies between ordinary host memory and the GPU through a block of pinned
// memory.
#ifndef GRADUS_CUX_STAGING_H
#define GRADUS_CUX_STAGING_H

#include <cuda.h>

typedef struct {
	CUcontext ctx;
	CUstream stream;
	char *host; // pinned
	size_t size;
	size_t at; // what lies before may still be on its way to the GPU
} cux_staging;

// What a copy was doing when it failed.
enum { CUX_COPY_CONTEXT = 1, CUX_COPY_TO, CUX_COPY_FROM, CUX_COPY_WAIT };

// cux_write copies n bytes to dst, in the order of the stream. It returns when
// src may be changed again, which is before the GPU has the bytes.
CUresult cux_write(cux_staging *s, CUdeviceptr dst, const char *src, size_t n, int *doing);

// cux_read copies n bytes to dst, after all that was put on the stream before.
CUresult cux_read(cux_staging *s, char *dst, CUdeviceptr src, size_t n, int *doing);

#endif
