// Device and pinned memory between guards, with what was freed kept for a while
// and watched.
#include "fake.h"

#include <stdio.h>
#include <string.h>

enum { GUARD = 256, NEW = 0xCB, FREED = 0xDD, EDGE = 0xA5 };

static const char *name_of(fake_kind k) { return k == PINNED ? "pinned memory" : "device memory"; }

fake_object *fake_alloc(fake_kind kind, size_t bytes) {
	char *raw = malloc(bytes + 2 * GUARD);
	if (raw == 0) return 0;
	memset(raw, EDGE, GUARD);
	memset(raw + GUARD, NEW, bytes); // a GPU does not clear memory
	memset(raw + GUARD + bytes, EDGE, GUARD);
	fake_object *o = fake_new(kind);
	o->raw = raw, o->p = raw + GUARD, o->bytes = bytes;
	if (kind == DEVICE_MEMORY) {
		fake_stats.bytes += bytes;
		if (fake_stats.bytes > fake_stats.peak) fake_stats.peak = fake_stats.bytes;
	}
	return o;
}

static int filled(const char *p, int c, size_t n) {
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] != c) return 0;
	return 1;
}

static void check_guards(const fake_object *o, const char *when) {
	if (!filled(o->raw, EDGE, GUARD)) fake_problem("%s: something wrote before %s of %zu bytes", when, name_of(o->was), o->bytes);
	if (!filled(o->p + o->bytes, EDGE, GUARD)) fake_problem("%s: something wrote behind %s of %zu bytes", when, name_of(o->was), o->bytes);
	if (o->kind == DEAD && !filled(o->p, FREED, o->bytes)) fake_problem("%s: something wrote to %s of %zu bytes after it was freed", when, name_of(o->was), o->bytes);
}

void fake_check_guards(const char *when) {
	for (fake_object *o = fake_objects; o; o = o->next)
		if (o->raw) check_guards(o, when);
}

fake_object *fake_find(const void *p, fake_kind kind) {
	for (fake_object *o = fake_objects; o; o = o->next)
		if (o->kind == kind && o->p == p) return o;
	return 0;
}

// Freed blocks beyond these limits are let go for good.
enum { QUARANTINE = 32 << 20, QUARANTINE_BLOCKS = 500 };

void fake_free(fake_object *o, const char *call) {
	check_guards(o, call);
	if (o->kind == DEVICE_MEMORY) fake_stats.bytes -= o->bytes;
	fake_kill(o);
	memset(o->p, FREED, o->bytes);
	size_t kept = 0, blocks = 0;
	fake_object **at = &fake_objects;
	while (*at) {
		fake_object *x = *at;
		if (x->kind == DEAD && x->raw) {
			kept += x->bytes + 2 * GUARD;
			if ((kept > QUARANTINE || ++blocks > QUARANTINE_BLOCKS) && x != o) {
				check_guards(x, "leaving quarantine");
				*at = x->next;
				free(x->raw);
				free(x);
				continue;
			}
		}
		at = &x->next;
	}
}

int fake_range(const void *p, size_t n, fake_kind kind) {
	const char *c = p;
	for (fake_object *o = fake_objects; o; o = o->next)
		if (o->kind == kind && c >= o->p && (size_t)(c - o->p) <= o->bytes && n <= o->bytes - (size_t)(c - o->p)) return 1;
	return 0;
}

static fake_object *find_freed(const void *p) {
	for (fake_object *o = fake_objects; o; o = o->next)
		if (o->kind == DEAD && o->p == p && p) return o;
	return 0;
}

CUresult cuMemAlloc_v2(CUdeviceptr *d, size_t bytes) {
	ENTER_CTX("cuMemAlloc");
	if (bytes == 0) LEAVE(CUDA_ERROR_INVALID_VALUE);
	if (fake_capturing_here()) LEAVE(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
	if (fake_stats.bytes + fake_config.others + bytes > fake_config.memory) LEAVE(CUDA_ERROR_OUT_OF_MEMORY);
	fake_object *o = fake_alloc(DEVICE_MEMORY, bytes);
	if (o == 0) LEAVE(CUDA_ERROR_OUT_OF_MEMORY);
	*d = (CUdeviceptr)(uintptr_t)o->p;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemFree_v2(CUdeviceptr d) {
	ENTER_CTX("cuMemFree");
	if (d == 0) LEAVE(CUDA_SUCCESS);
	CUresult r = fake_run_all(); // the driver waits for work that may use it
	fake_object *o = fake_find((void *)(uintptr_t)d, DEVICE_MEMORY);
	if (o == 0) {
		fake_problem("cuMemFree(%#llx): %s", d, find_freed((void *)(uintptr_t)d) ? "freed twice" : "no such memory");
		LEAVE(CUDA_ERROR_INVALID_VALUE);
	}
	fake_free(o, "cuMemFree");
	LEAVE(r);
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
	ENTER_CTX("cuMemGetInfo");
	*total = fake_config.memory;
	*free = fake_config.memory - fake_stats.bytes - fake_config.others;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemHostAlloc(void **p, size_t bytes, unsigned flags) {
	ENTER_CTX("cuMemHostAlloc");
	if (bytes == 0 || flags & ~7u) LEAVE(CUDA_ERROR_INVALID_VALUE);
	fake_object *o = fake_alloc(PINNED, bytes);
	if (o == 0) LEAVE(CUDA_ERROR_OUT_OF_MEMORY);
	*p = o->p;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemFreeHost(void *p) {
	ENTER_CTX("cuMemFreeHost");
	CUresult r = fake_run_all();
	fake_object *o = fake_find(p, PINNED);
	if (o == 0) {
		fake_problem("cuMemFreeHost(%p): %s", p, find_freed(p) ? "freed twice" : "no such memory");
		LEAVE(CUDA_ERROR_INVALID_VALUE);
	}
	fake_free(o, "cuMemFreeHost");
	LEAVE(r);
}

// --- pools: memory in the order of a stream ---------------------------------------

CUresult cuMemPoolCreate(CUmemoryPool *p, const CUmemPoolProps *props) {
	ENTER_CTX("cuMemPoolCreate");
	if (props->allocType != CU_MEM_ALLOCATION_TYPE_PINNED || props->location.type != CU_MEM_LOCATION_TYPE_DEVICE) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*p = (CUmemoryPool)fake_new(POOL);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemPoolDestroy(CUmemoryPool p) {
	ENTER_CTX("cuMemPoolDestroy");
	fake_object *o = fake_get(p, POOL, "cuMemPoolDestroy");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_VALUE);
	fake_kill(o);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemPoolTrimTo(CUmemoryPool p, size_t keep) {
	(void)keep;
	ENTER_CTX("cuMemPoolTrimTo");
	LEAVE(fake_get(p, POOL, "cuMemPoolTrimTo") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE);
}

CUresult cuMemPoolSetAttribute(CUmemoryPool p, CUmemPool_attribute a, void *v) {
	ENTER_CTX("cuMemPoolSetAttribute");
	if (!fake_get(p, POOL, "cuMemPoolSetAttribute") || a != CU_MEMPOOL_ATTR_RELEASE_THRESHOLD || v == 0) LEAVE(CUDA_ERROR_INVALID_VALUE);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemPoolGetAttribute(CUmemoryPool p, CUmemPool_attribute a, void *v) {
	ENTER_CTX("cuMemPoolGetAttribute");
	if (!fake_get(p, POOL, "cuMemPoolGetAttribute") || a != CU_MEMPOOL_ATTR_USED_MEM_CURRENT) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*(cuuint64_t *)v = fake_stats.bytes;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr *d, size_t bytes, CUmemoryPool p, CUstream s) {
	ENTER_CTX("cuMemAllocFromPoolAsync");
	if (!fake_get(p, POOL, "cuMemAllocFromPoolAsync") || !fake_get(s, STREAM, "cuMemAllocFromPoolAsync") || bytes == 0) LEAVE(CUDA_ERROR_INVALID_VALUE);
	if (fake_stats.bytes + fake_config.others + bytes > fake_config.memory) LEAVE(CUDA_ERROR_OUT_OF_MEMORY);
	fake_object *o = fake_alloc(DEVICE_MEMORY, bytes);
	if (o == 0) LEAVE(CUDA_ERROR_OUT_OF_MEMORY);
	*d = (CUdeviceptr)(uintptr_t)o->p;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuMemFreeAsync(CUdeviceptr d, CUstream s) {
	ENTER_CTX("cuMemFreeAsync");
	fake_object *o = fake_find((void *)(uintptr_t)d, DEVICE_MEMORY);
	if (o == 0) {
		fake_problem("cuMemFreeAsync(%#llx): %s", d, find_freed((void *)(uintptr_t)d) ? "freed twice" : "no such memory");
		LEAVE(CUDA_ERROR_INVALID_VALUE);
	}
	LEAVE(fake_put(s, (fake_op){.kind = OP_FREE, .object = o}, "cuMemFreeAsync"));
}

// --- copies and fills ---------------------------------------------------------------

static CUresult copy(CUstream s, void *dst, const void *src, size_t n, int to_gpu, const char *call) {
	const void *gpu = to_gpu ? dst : src, *host = to_gpu ? src : dst;
	if (!fake_range(gpu, n, DEVICE_MEMORY)) {
		fake_problem("%s: %zu bytes at %p are not inside device memory", call, n, gpu);
		return CUDA_ERROR_INVALID_VALUE;
	}
	// From memory that is not pinned the driver copies before it returns.
	if (!fake_range(host, n, PINNED)) {
		fake_problem("%s: %zu bytes of host memory at %p are not pinned", call, n, host);
		return CUDA_ERROR_INVALID_VALUE;
	}
	fake_stats.copies++;
	return fake_put(s, (fake_op){.kind = OP_COPY, .dst = dst, .src = src, .bytes = n}, call);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t n, CUstream s) {
	ENTER_CTX("cuMemcpyHtoDAsync");
	LEAVE(copy(s, (void *)(uintptr_t)dst, src, n, 1, "cuMemcpyHtoDAsync"));
}

CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t n, CUstream s) {
	ENTER_CTX("cuMemcpyDtoHAsync");
	LEAVE(copy(s, dst, (void *)(uintptr_t)src, n, 0, "cuMemcpyDtoHAsync"));
}

CUresult cuMemsetD32Async(CUdeviceptr d, unsigned v, size_t n, CUstream s) {
	ENTER_CTX("cuMemsetD32Async");
	if (!fake_range((void *)(uintptr_t)d, 4 * n, DEVICE_MEMORY)) {
		fake_problem("cuMemsetD32Async: %zu words at %#llx are not inside device memory", n, d);
		LEAVE(CUDA_ERROR_INVALID_VALUE);
	}
	LEAVE(fake_put(s, (fake_op){.kind = OP_SET, .dst = (void *)(uintptr_t)d, .bytes = 4 * n, .value = v}, "cuMemsetD32Async"));
}
