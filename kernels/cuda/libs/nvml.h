// The part of NVML, the driver's management library, that telemetry asks.
// Names, numbers and layouts are those of its manual
// (docs.nvidia.com/deploy/nvml-api).
#ifndef GRADUS_NVML_H
#define GRADUS_NVML_H

typedef void *gk_nvml_device;
typedef struct { unsigned gpu, memory; } gk_nvml_busy;                  // percent
typedef struct { unsigned long long total, free, used; } gk_nvml_memory; // bytes

typedef struct {
	void *lib;
	int (*init)(void);
	int (*shutdown)(void);
	int (*by_bus)(const char *, gk_nvml_device *);
	const char *(*words)(int);
	int (*power)(gk_nvml_device, unsigned *);  // milliwatts
	int (*limit)(gk_nvml_device, unsigned *);  // milliwatts
	int (*energy)(gk_nvml_device, unsigned long long *); // millijoules
	int (*busy)(gk_nvml_device, gk_nvml_busy *);
	int (*memory)(gk_nvml_device, gk_nvml_memory *);
	int (*temperature)(gk_nvml_device, int sensor, unsigned *); // sensor 0: the chip
	int (*clock)(gk_nvml_device, int kind, unsigned *);         // kind 1: processors, 2: memory; MHz
	int (*throttle)(gk_nvml_device, unsigned long long *);
} gk_nvml;

typedef struct {
	unsigned milliwatts, limit, temperature, sm_clock, memory_clock;
	unsigned long long millijoules, throttle;
	gk_nvml_busy busy;
	gk_nvml_memory memory;
	unsigned missing;
} gk_nvml_sample;

int gk_nvml_open(gk_nvml *n, const char *path, char *why, unsigned long room);
void gk_nvml_close(gk_nvml *n);
int gk_nvml_find(gk_nvml *n, const char *bus, gk_nvml_device *d, char *why, unsigned long room);
void gk_nvml_sample_of(const gk_nvml *n, gk_nvml_device d, gk_nvml_sample *s);

#endif
