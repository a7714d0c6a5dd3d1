#define _GNU_SOURCE // memmem
// Modules, functions and launches. A module is what its PTX declares: kernels
// with the size of their parameters, their threads and their shared memory.
#include "fake.h"

#include <stdio.h>
#include <string.h>

enum { PLAIN_SHARED = 48 << 10, MOST_THREADS = 1024 };

// The CUDA programming guide, technical specifications per compute capability.
unsigned fake_optin_shared(void) { return fake_config.capability == 90 ? 227 << 10 : 163 << 10; }

// number behind a word in text before end, or missing.
static long after(const char *text, const char *end, const char *word, long missing) {
	const char *at = memmem(text, (size_t)(end - text), word, strlen(word));
	return at ? strtol(at + strlen(word), 0, 10) : missing;
}

// cuda_for is the driver version that a PTX version needs (PTX manual, release
// notes), as far as the fake's tests go.
static int cuda_for(int major, int minor) {
	if (major < 8) return 11000 + 10 * minor;
	return major == 8 ? 12000 + 10 * minor : 13000 + 10 * minor;
}

static void parse_functions(fake_object *module, const char *text) {
	static const char entry[] = ".visible .entry ";
	for (const char *at = strstr(text, entry); at; at = strstr(at, entry)) {
		at += sizeof entry - 1;
		const char *end = strstr(at, entry);
		if (end == 0) end = at + strlen(at);
		fake_object *f = fake_new(FUNCTION);
		f->module = module;
		size_t n = strcspn(at, "( \n");
		snprintf(f->name, sizeof f->name, "%.*s", (int)n, at);
		char param[128];
		snprintf(param, sizeof param, "%s_param_0[", f->name);
		f->params = (size_t)after(at, end, param, 0);
		f->threads = (unsigned)after(at, end, ".maxntid ", MOST_THREADS);
		static const char shared[] = "\t.shared .align";
		for (const char *s = at; (s = memmem(s, (size_t)(end - s), shared, sizeof shared - 1)); s++) {
			const char *bracket = strchr(s, '[');
			if (bracket) f->static_shared += (unsigned)strtol(bracket + 1, 0, 10);
		}
		f->dynamic_shared = PLAIN_SHARED - f->static_shared;
	}
}

CUresult cuModuleLoadDataEx(CUmodule *m, const void *image, unsigned n, CUjit_option *options, void **values) {
	ENTER_CTX("cuModuleLoadDataEx");
	char *log = 0;
	size_t room = 0;
	for (unsigned i = 0; i < n; i++) {
		if (options[i] == CU_JIT_ERROR_LOG_BUFFER) log = values[i];
		if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) room = (size_t)(uintptr_t)values[i];
	}
	const char *text = image;
	int major = 0, minor = 0;
	const char *version = strstr(text, ".version ");
	if (version == 0 || sscanf(version, ".version %d.%d", &major, &minor) != 2) {
		if (log && room) snprintf(log, room, "ptxas fatal   : Missing .version directive at start of file\nptxas fatal   : Ptx assembly aborted due to errors\n");
		LEAVE(CUDA_ERROR_INVALID_PTX);
	}
	if (fake_config.version < cuda_for(major, minor)) LEAVE(CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
	fake_object *o = fake_new(MODULE);
	o->bytes = strlen(text);
	parse_functions(o, text);
	*m = (CUmodule)o;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuModuleUnload(CUmodule m) {
	ENTER_CTX("cuModuleUnload");
	fake_object *o = fake_get(m, MODULE, "cuModuleUnload");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	for (fake_object *f = fake_objects; f; f = f->next)
		if (f->kind == FUNCTION && f->module == o) fake_kill(f);
	fake_kill(o);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuModuleGetFunction(CUfunction *f, CUmodule m, const char *name) {
	ENTER_CTX("cuModuleGetFunction");
	fake_object *module = fake_get(m, MODULE, "cuModuleGetFunction");
	if (module == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	for (fake_object *o = fake_objects; o; o = o->next)
		if (o->kind == FUNCTION && o->module == module && strcmp(o->name, name) == 0) {
			*f = (CUfunction)o;
			LEAVE(CUDA_SUCCESS);
		}
	LEAVE(CUDA_ERROR_NOT_FOUND);
}

CUresult cuFuncGetParamInfo(CUfunction f, size_t i, size_t *offset, size_t *size) {
	ENTER_CTX("cuFuncGetParamInfo");
	fake_object *o = fake_get(f, FUNCTION, "cuFuncGetParamInfo");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	if (fake_config.no_param_info) LEAVE(CUDA_ERROR_NOT_SUPPORTED);
	if (i > 0) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*offset = 0, *size = o->params;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int v) {
	ENTER_CTX("cuFuncSetAttribute");
	fake_object *o = fake_get(f, FUNCTION, "cuFuncSetAttribute");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	if (a != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || v < 0 || v + o->static_shared > fake_optin_shared()) LEAVE(CUDA_ERROR_INVALID_VALUE);
	o->dynamic_shared = (unsigned)v;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *n, CUfunction f, int threads, size_t shared) {
	ENTER_CTX("cuOccupancyMaxActiveBlocksPerMultiprocessor");
	fake_object *o = fake_get(f, FUNCTION, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	if (threads < 1 || (unsigned)threads > o->threads) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*n = shared > o->dynamic_shared ? 0 : 2;
	LEAVE(CUDA_SUCCESS);
}

static CUresult launch(CUfunction f, const unsigned *grid, const unsigned *block, unsigned shared, CUstream s, void **params, void **extra, const char *call) {
	fake_object *o = fake_get(f, FUNCTION, call);
	if (o == 0) return CUDA_ERROR_INVALID_HANDLE;
	unsigned long threads = (unsigned long)block[0] * block[1] * block[2];
	if (!grid[0] || !grid[1] || !grid[2] || grid[0] > 0x7fffffff || grid[1] > 65535 || grid[2] > 65535 || threads == 0) {
		fake_problem("%s(%s): grid %ux%ux%u, block of %lu threads", call, o->name, grid[0], grid[1], grid[2], threads);
		return CUDA_ERROR_INVALID_VALUE;
	}
	if (threads > o->threads) {
		fake_problem("%s(%s): %lu threads in a block, the kernel is made for %u", call, o->name, threads, o->threads);
		return CUDA_ERROR_INVALID_VALUE;
	}
	if (shared > o->dynamic_shared) {
		fake_problem("%s(%s): %u bytes of dynamic shared memory, %u are allowed", call, o->name, shared, o->dynamic_shared);
		return CUDA_ERROR_INVALID_VALUE;
	}
	if (extra || (o->params && (params == 0 || params[0] == 0))) {
		fake_problem("%s(%s): no parameters", call, o->name);
		return CUDA_ERROR_INVALID_VALUE;
	}
	fake_op op = {.kind = OP_KERNEL, .object = o, .shared = shared, .params = o->params ? params[0] : 0};
	memcpy(op.grid, grid, sizeof op.grid);
	memcpy(op.block, block, sizeof op.block);
	return fake_put(s, op, call);
}

CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, CUstream s, void **params, void **extra) {
	ENTER_CTX("cuLaunchKernel");
	LEAVE(launch(f, (unsigned[]){gx, gy, gz}, (unsigned[]){bx, by, bz}, shared, s, params, extra, "cuLaunchKernel"));
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *c, CUfunction f, void **params, void **extra) {
	ENTER_CTX("cuLaunchKernelEx");
	for (unsigned i = 0; i < c->numAttrs; i++) {
		const CUlaunchAttribute *a = &c->attrs[i];
		if (a->id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) {
			unsigned x = a->value.clusterDim.x;
			if (fake_config.capability < 90 || x == 0 || x > 8 || c->gridDimX % x || a->value.clusterDim.y != 1 || a->value.clusterDim.z != 1) {
				fake_problem("cuLaunchKernelEx: clusters of %u in a grid of %u on compute capability %d", x, c->gridDimX, fake_config.capability);
				LEAVE(CUDA_ERROR_INVALID_CLUSTER_SIZE);
			}
		} else if (a->id != CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION) {
			fake_problem("cuLaunchKernelEx: attribute %u", a->id);
			LEAVE(CUDA_ERROR_INVALID_VALUE);
		}
	}
	LEAVE(launch(f, (unsigned[]){c->gridDimX, c->gridDimY, c->gridDimZ}, (unsigned[]){c->blockDimX, c->blockDimY, c->blockDimZ},
		c->sharedMemBytes, c->hStream, params, extra, "cuLaunchKernelEx"));
}
