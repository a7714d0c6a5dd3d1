//go:build cuda

#define _GNU_SOURCE
#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gk_cuda_status status;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// Where the driver's library lies when the loader does not know its folder.
static const char *const places[] = {
	"libcuda.so.1",
	"/usr/lib/wsl/lib/libcuda.so.1",          // Windows Subsystem for Linux
	"/run/opengl-driver/lib/libcuda.so.1",    // NixOS
	"/usr/local/nvidia/lib64/libcuda.so.1",   // containers that mount the host's driver
	"/usr/local/nvidia/lib/libcuda.so.1",
	"/usr/lib/x86_64-linux-gnu/libcuda.so.1",
	"/usr/lib/aarch64-linux-gnu/libcuda.so.1",
	"/usr/lib64/libcuda.so.1",
	"/usr/lib64/nvidia/libcuda.so.1",
	"/usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.1",
};

static void note(const char *format, ...) {
	size_t used = strlen(status.detail);
	va_list a;
	va_start(a, format);
	vsnprintf(status.detail + used, sizeof status.detail - used, format, a);
	va_end(a);
}

static void *open_library(const char *path) {
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (lib) {
		snprintf(status.path, sizeof status.path, "%s", path);
		return lib;
	}
	const char *why = dlerror();
	if (why == 0) why = path;
	// One line for each place would hide the one that matters: keep the
	// loader's own words for the first, and for a file that exists and fails.
	if (status.detail[0] == 0 || strstr(why, "No such file") == 0) note("%s%s", status.detail[0] ? "; " : "", why);
	return 0;
}

static void load(void) {
	const char *wanted = getenv("GRADUS_LIBCUDA");
	void *lib = 0;
	if (wanted && strcmp(wanted, "off") == 0) {
		status.state = GK_CUDA_SWITCHED_OFF;
		return;
	}
	if (wanted && wanted[0]) {
		lib = open_library(wanted);
	} else {
		for (size_t i = 0; lib == 0 && i < sizeof places / sizeof *places; i++) lib = open_library(places[i]);
	}
	if (lib == 0) {
		status.state = GK_CUDA_NO_LIBRARY;
		return;
	}
	Dl_info info;
	CUresult (*init)(unsigned) = dlsym(lib, "cuInit");
	if (init == 0) {
		status.state = GK_CUDA_NO_SYMBOL;
		note("it has no function cuInit");
		return;
	}
	// The file that the loader chose, not the name it was asked for.
	if (dladdr((void *)init, &info) && info.dli_fname) snprintf(status.path, sizeof status.path, "%s", info.dli_fname);
	for (int i = 0; i < gk_cuda_functions; i++) gk_cuda_table[i] = dlsym(lib, gk_cuda_names[i]);
	CUresult (*version)(int *) = dlsym(lib, "cuDriverGetVersion");
	if (version == 0 || version(&status.version) != CUDA_SUCCESS) status.version = 0;
	status.code = init(0);
	if (status.code == CUDA_SUCCESS) {
		status.state = GK_CUDA_READY;
		return;
	}
	status.state = GK_CUDA_INIT_FAILED;
	CUresult (*name)(CUresult, const char **) = dlsym(lib, "cuGetErrorName");
	CUresult (*text)(CUresult, const char **) = dlsym(lib, "cuGetErrorString");
	const char *n = 0, *t = 0;
	if (name) name(status.code, &n);
	if (text) text(status.code, &t);
	note("%s: %s", n ? n : "unknown result", t ? t : "no text");
}

const gk_cuda_status *gk_cuda_load(void) {
	pthread_once(&once, load);
	return &status;
}

void *gk_cuda_function(int i) { return gk_cuda_load()->state == GK_CUDA_READY ? gk_cuda_table[i] : 0; }

const char *gk_cuda_name(int i) { return gk_cuda_names[i]; }

CUresult gk_cuda_missing(void) {
	return status.state == GK_CUDA_READY ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_NOT_INITIALIZED;
}

// cu calls cuInit while the program starts and ends it on any other answer. The
// driver is looked for later, by the first call that needs it: commands that
// use no GPU do not wait for one.
CUresult cuInit(unsigned flags) {
	(void)flags;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
	*count = 0;
	for (int i = 0; i < gk_cuda_functions; i++) {
		if (strcmp(gk_cuda_names[i], "cuDeviceGetCount") == 0) {
			CUresult (*f)(int *) = gk_cuda_function(i);
			return f ? f(count) : CUDA_SUCCESS;
		}
	}
	return CUDA_SUCCESS;
}
