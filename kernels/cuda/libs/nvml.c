//go:build cuda && linux

#include "nvml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char *const places[] = {
	"libnvidia-ml.so.1",
	"/usr/lib/wsl/lib/libnvidia-ml.so.1",
	"/run/opengl-driver/lib/libnvidia-ml.so.1",
	"/usr/local/nvidia/lib64/libnvidia-ml.so.1",
	"/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
	"/usr/lib64/libnvidia-ml.so.1",
};

// The functions of NVML that are used, by name.
#define FUNCTIONS(X) \
	X(init, "nvmlInit_v2") X(shutdown, "nvmlShutdown") X(by_bus, "nvmlDeviceGetHandleByPciBusId_v2") X(words, "nvmlErrorString") \
	X(power, "nvmlDeviceGetPowerUsage") X(limit, "nvmlDeviceGetEnforcedPowerLimit") X(energy, "nvmlDeviceGetTotalEnergyConsumption") \
	X(busy, "nvmlDeviceGetUtilizationRates") X(memory, "nvmlDeviceGetMemoryInfo") X(temperature, "nvmlDeviceGetTemperature") \
	X(clock, "nvmlDeviceGetClockInfo") X(throttle, "nvmlDeviceGetCurrentClocksThrottleReasons")

int gk_nvml_open(gk_nvml *n, const char *path, char *why, unsigned long room) {
	void *lib = 0;
	if (path[0]) lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	else
		for (unsigned i = 0; lib == 0 && i < sizeof places / sizeof *places; i++) lib = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
	if (lib == 0) {
		const char *text = dlerror();
		snprintf(why, room, "%s", path[0] && text ? text : "no libnvidia-ml.so.1, which comes with the NVIDIA driver");
		return 1;
	}
	memset(n, 0, sizeof *n);
	n->lib = lib;
#define LOOK(field, name) *(void **)&n->field = dlsym(lib, name);
	FUNCTIONS(LOOK)
	if (n->init == 0 || n->shutdown == 0 || n->by_bus == 0) {
		snprintf(why, room, "the library has no nvmlInit_v2: it is no NVML");
		dlclose(lib);
		return 1;
	}
	int r = n->init();
	if (r != 0) {
		snprintf(why, room, "nvmlInit: %d: %s", r, n->words ? n->words(r) : "no text");
		dlclose(lib);
		return 1;
	}
	return 0;
}

void gk_nvml_close(gk_nvml *n) {
	n->shutdown();
	dlclose(n->lib);
	n->lib = 0;
}

int gk_nvml_find(gk_nvml *n, const char *bus, gk_nvml_device *d, char *why, unsigned long room) {
	int r = n->by_bus(bus, d);
	if (r != 0) snprintf(why, room, "nvmlDeviceGetHandleByPciBusId(%s): %d: %s", bus, r, n->words ? n->words(r) : "no text");
	return r;
}

void gk_nvml_sample_of(const gk_nvml *n, gk_nvml_device d, gk_nvml_sample *s) {
	memset(s, 0, sizeof *s);
	unsigned u = 0;
	unsigned long long l = 0;
	gk_nvml_busy busy = {0, 0};
	gk_nvml_memory memory = {0, 0, 0};
	// missing has a bit for each question that had no answer, in this order.
#define ASK(bit, ok, take) \
	if (ok) take; \
	else s->missing |= 1u << bit;
	ASK(0, n->power && n->power(d, &u) == 0, s->milliwatts = u)
	ASK(1, n->limit && n->limit(d, &u) == 0, s->limit = u)
	ASK(2, n->energy && n->energy(d, &l) == 0, s->millijoules = l)
	ASK(3, n->busy && n->busy(d, &busy) == 0, (s->busy = busy))
	ASK(4, n->memory && n->memory(d, &memory) == 0, (s->memory = memory))
	ASK(5, n->temperature && n->temperature(d, 0, &u) == 0, s->temperature = u)
	ASK(6, n->clock && n->clock(d, 1, &u) == 0, s->sm_clock = u)
	ASK(7, n->clock && n->clock(d, 2, &u) == 0, s->memory_clock = u)
	ASK(8, n->throttle && n->throttle(d, &l) == 0, s->throttle = l)
}
