// A libnvidia-ml for tests: one GPU at bus 0000:01:00.0 with known numbers.
// -DOLD leaves out what old GPUs lack, -DBROKEN makes nvmlInit fail, -DLOST
// makes every question fail.
#include <string.h>

#ifdef LOST
enum { RC = 15 };
#else
enum { RC = 0 };
#endif

const char *nvmlErrorString(int r) { return r == 9 ? "Driver Not Loaded" : "Not Found"; }
int nvmlInit_v2(void) {
#ifdef BROKEN
	return 9;
#endif
	return 0;
}
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **d) {
	if (strcmp(bus, "0000:01:00.0") != 0) return 6;
	*d = (void *)7;
	return 0;
}
#define ASKED(d) \
	if (RC) return RC; \
	if ((d) != (void *)7) return 2
int nvmlDeviceGetPowerUsage(void *d, unsigned *v) { ASKED(d); *v = 312400; return 0; }
int nvmlDeviceGetEnforcedPowerLimit(void *d, unsigned *v) { ASKED(d); *v = 700000; return 0; }
#ifndef OLD
int nvmlDeviceGetTotalEnergyConsumption(void *d, unsigned long long *v) { ASKED(d); *v = 123456789; return 0; }
#endif
int nvmlDeviceGetUtilizationRates(void *d, unsigned *v) { ASKED(d); v[0] = 97, v[1] = 41; return 0; }
int nvmlDeviceGetMemoryInfo(void *d, unsigned long long *v) { ASKED(d); v[0] = 85899345920, v[1] = 85899345920 - 5368709120, v[2] = 5368709120; return 0; }
int nvmlDeviceGetTemperature(void *d, int sensor, unsigned *v) { ASKED(d); *v = sensor == 0 ? 64 : 0; return 0; }
int nvmlDeviceGetClockInfo(void *d, int kind, unsigned *v) { ASKED(d); *v = kind == 1 ? 1755 : kind == 2 ? 2619 : 0; return 0; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void *d, unsigned long long *v) { ASKED(d); *v = 1 << 2 | 1 << 6; return 0; }
