// The state that all calls share, the registry of objects, and what tests ask.
#include "fake.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

gk_fake_config fake_config = {1, 80, 12040, 3, (size_t)1 << 30, 0, 0};
gk_fake_stats fake_stats;
CUresult fake_sticky;
fake_object *fake_objects;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char problems[65536], failing[128], injected[128];
static int failing_nth;
static CUresult failing_code;
static int retained; // references to the primary context
static __thread int current; // the primary context is current on this thread
static int initialised;

void fake_problem(const char *format, ...) {
	size_t used = strlen(problems);
	if (used > sizeof problems - 512) return;
	va_list a;
	va_start(a, format);
	vsnprintf(problems + used, sizeof problems - used - 1, format, a);
	va_end(a);
	strcat(problems, "\n");
}

CUresult fake_inject(const char *name) {
	if (failing_nth == 0 || (strcmp(failing, name) != 0 && (strcmp(failing, "*") != 0 || strncmp(name, "kernel:", 7) == 0))) return CUDA_SUCCESS;
	if (--failing_nth > 0) return CUDA_SUCCESS;
	snprintf(injected, sizeof injected, "%s", name);
	switch (failing_code) {
	case CUDA_ERROR_ILLEGAL_ADDRESS:
	case CUDA_ERROR_LAUNCH_FAILED:
	case CUDA_ERROR_ECC_UNCORRECTABLE:
	case CUDA_ERROR_HARDWARE_STACK_ERROR:
	case CUDA_ERROR_ILLEGAL_INSTRUCTION:
	case CUDA_ERROR_UNKNOWN:
		fake_sticky = failing_code;
	}
	return failing_code;
}

CUresult fake_enter(const char *name, int needs_context) {
	pthread_mutex_lock(&lock);
	fake_stats.calls++;
	// These two tell about errors and work at all times.
	if (strncmp(name, "cuGetError", 10) == 0) return CUDA_SUCCESS;
	if (!initialised && strcmp(name, "cuInit") != 0 && strcmp(name, "cuDriverGetVersion") != 0) {
		fake_problem("%s before cuInit", name);
		return CUDA_ERROR_NOT_INITIALIZED;
	}
	if (fake_sticky != CUDA_SUCCESS && needs_context) return fake_sticky;
	CUresult r = fake_inject(name);
	if (r != CUDA_SUCCESS) return r;
	if (needs_context && !(current && retained)) {
		fake_problem("%s without a current context", name);
		return CUDA_ERROR_INVALID_CONTEXT;
	}
	return CUDA_SUCCESS;
}

CUresult fake_leave(CUresult r) {
	pthread_mutex_unlock(&lock);
	return r;
}

fake_object *fake_new(fake_kind kind) {
	fake_object *o = calloc(1, sizeof *o);
	o->kind = o->was = kind;
	o->next = fake_objects;
	fake_objects = o;
	if (kind != FUNCTION) fake_stats.live++;
	return o;
}

static const char *const kinds[] = {"dead", "stream", "event", "module", "function", "graph", "executable graph", "memory pool", "device memory", "pinned memory"};

fake_object *fake_get(const void *handle, fake_kind kind, const char *call) {
	for (fake_object *o = fake_objects; o; o = o->next) {
		if (o != handle) continue;
		if (o->kind == kind) return o;
		if (o->kind == DEAD) fake_problem("%s: %s used after it was freed", call, kinds[o->was]);
		else fake_problem("%s: a %s where a %s belongs", call, kinds[o->kind], kinds[kind]);
		return 0;
	}
	fake_problem("%s: %p is no handle", call, handle);
	return 0;
}

void fake_kill(fake_object *o) {
	if (o->kind != FUNCTION) fake_stats.live--;
	o->kind = DEAD;
}

void gk_fake_reset(const gk_fake_config *c) {
	pthread_mutex_lock(&lock);
	for (fake_object *o = fake_objects, *next; o; o = next) {
		next = o->next;
		free(o->raw);
		free(o);
	}
	fake_objects = 0;
	if (c) fake_config = *c;
	memset(&fake_stats, 0, sizeof fake_stats);
	problems[0] = failing[0] = injected[0] = 0;
	failing_nth = 0;
	fake_sticky = CUDA_SUCCESS;
	retained = 0;
	pthread_mutex_unlock(&lock);
}

void gk_fake_fail(const char *name, int nth, unsigned code) {
	pthread_mutex_lock(&lock);
	snprintf(failing, sizeof failing, "%s", name);
	failing_nth = nth, failing_code = code;
	injected[0] = 0;
	pthread_mutex_unlock(&lock);
}

const char *gk_fake_injected(void) { return injected[0] ? injected : 0; }

void gk_fake_get_stats(gk_fake_stats *s) {
	pthread_mutex_lock(&lock);
	*s = fake_stats;
	pthread_mutex_unlock(&lock);
}

const char *gk_fake_problems(int finished) {
	pthread_mutex_lock(&lock);
	fake_check_guards("at the end");
	if (finished) {
		for (fake_object *o = fake_objects; o; o = o->next)
			if (o->kind != DEAD && o->kind != FUNCTION) fake_problem("leak: %s of %zu bytes %s", kinds[o->kind], o->bytes, o->name);
		if (retained) fake_problem("leak: %d references to the primary context", retained);
	}
	pthread_mutex_unlock(&lock);
	return problems;
}

// --- initialisation, devices, contexts ------------------------------------------

// from_environment sets up a process that a test has started: nobody in it
// calls the controls. GRADUS_FAKE_FAIL is "kernel:gk_adamw_step 3 719".
static int from_environment(void) {
	const char *emulator = getenv("GRADUS_FAKE_EMULATOR"), *fail = getenv("GRADUS_FAKE_FAIL");
	char name[96];
	int nth;
	unsigned code;
	if (fail && sscanf(fail, "%95s %d %u", name, &nth, &code) == 3) gk_fake_fail(name, nth, code);
	return emulator ? gk_fake_emulator(emulator) : 0;
}

CUresult cuInit(unsigned flags) {
	if (!initialised && from_environment() != 0) return CUDA_ERROR_UNKNOWN;
	initialised = 1;
	ENTER("cuInit");
	LEAVE(flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS);
}

CUresult cuDriverGetVersion(int *v) {
	ENTER("cuDriverGetVersion");
	*v = fake_config.version;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuDeviceGetCount(int *n) {
	ENTER("cuDeviceGetCount");
	*n = fake_config.devices;
	LEAVE(CUDA_SUCCESS);
}

static int bad_device(CUdevice d) { return d < 0 || d >= fake_config.devices; }

CUresult cuDeviceGet(CUdevice *d, int i) {
	ENTER("cuDeviceGet");
	if (bad_device(i)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	*d = i;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuDeviceGetName(char *name, int n, CUdevice d) {
	ENTER("cuDeviceGetName");
	if (bad_device(d)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	snprintf(name, (size_t)n, "Fake GPU %d", d);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuDeviceGetPCIBusId(char *id, int n, CUdevice d) {
	ENTER("cuDeviceGetPCIBusId");
	if (bad_device(d)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	snprintf(id, (size_t)n, "0000:%02x:00.0", d + 1);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice d) {
	ENTER("cuDeviceTotalMem");
	if (bad_device(d)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	*bytes = fake_config.memory;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuDeviceGetAttribute(int *v, CUdevice_attribute a, CUdevice d) {
	ENTER("cuDeviceGetAttribute");
	if (bad_device(d)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	switch (a) {
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *v = fake_config.capability / 10; break;
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *v = fake_config.capability % 10; break;
	case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *v = fake_config.processors; break;
	case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *v = (int)fake_optin_shared(); break;
	case CU_DEVICE_ATTRIBUTE_WARP_SIZE: *v = 32; break;
	case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: *v = 1980000; break; // kHz
	case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: *v = 2619000; break;
	case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: *v = 5120; break; // bits
	default:
		fake_problem("cuDeviceGetAttribute: the fake does not know attribute %u", a);
		LEAVE(CUDA_ERROR_INVALID_VALUE);
	}
	LEAVE(CUDA_SUCCESS);
}

// The primary context is one object for all devices here.
#define CTX ((CUcontext)&retained)

CUresult cuDevicePrimaryCtxRetain(CUcontext *c, CUdevice d) {
	ENTER("cuDevicePrimaryCtxRetain");
	if (bad_device(d)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	retained++;
	*c = CTX;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice d) {
	ENTER("cuDevicePrimaryCtxRelease");
	if (bad_device(d)) LEAVE(CUDA_ERROR_INVALID_DEVICE);
	if (retained == 0) {
		fake_problem("cuDevicePrimaryCtxRelease without a retain");
		LEAVE(CUDA_ERROR_INVALID_CONTEXT);
	}
	retained--;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuCtxSetCurrent(CUcontext c) {
	ENTER("cuCtxSetCurrent");
	if (c != 0 && (c != CTX || !retained)) {
		fake_problem("cuCtxSetCurrent of a context that is not retained");
		LEAVE(CUDA_ERROR_INVALID_CONTEXT);
	}
	current = c != 0;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuCtxGetCurrent(CUcontext *c) {
	ENTER("cuCtxGetCurrent");
	*c = current ? CTX : 0;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuCtxSynchronize(void) {
	ENTER_CTX("cuCtxSynchronize");
	LEAVE(fake_run_all());
}

// --- errors -----------------------------------------------------------------------

static const struct { CUresult code; const char *name, *text; } words[] = {
	{CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
	{CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
	{CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
	{CUDA_ERROR_DEVICE_UNAVAILABLE, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
	{CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
	{CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
	{CUDA_ERROR_ECC_UNCORRECTABLE, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
	{CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
	{CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
	{CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
	{CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
	{CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
	{CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
	{CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
	{CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

CUresult cuGetErrorName(CUresult code, const char **s) {
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].code == code) return *s = words[i].name, CUDA_SUCCESS;
	*s = 0;
	return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult code, const char **s) {
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].code == code) return *s = words[i].text, CUDA_SUCCESS;
	*s = 0;
	return CUDA_ERROR_INVALID_VALUE;
}
