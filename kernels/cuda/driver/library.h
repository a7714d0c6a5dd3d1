// The driver's library, found at the first call that needs it.
#ifndef GRADUS_CUDA_LIBRARY_H
#define GRADUS_CUDA_LIBRARY_H

#include <cuda.h>

typedef enum {
	GK_CUDA_READY,
	GK_CUDA_SWITCHED_OFF, // by GRADUS_LIBCUDA=off
	GK_CUDA_NO_LIBRARY,   // nothing loads; detail holds what was tried
	GK_CUDA_NO_SYMBOL,    // the library is no CUDA driver
	GK_CUDA_INIT_FAILED,  // cuInit of the library returned code
} gk_cuda_state;

typedef struct {
	gk_cuda_state state;
	CUresult code;
	int version; // newest CUDA that the driver runs, 1000*major + 10*minor; 0 if unknown
	char path[1024];   // of the library
	char detail[4096]; // in the words of the loader or the library
} gk_cuda_status;

// gk_cuda_load finds the library and initialises it, once for a process, and
// says how that went.
const gk_cuda_status *gk_cuda_load(void);

// gk_cuda_function returns function i of gk_cuda_names, 0 if the driver is off
// or too old to have it.
void *gk_cuda_function(int i);

// gk_cuda_missing is the result of a call that gk_cuda_function has nothing for.
CUresult gk_cuda_missing(void);

// gk_cuda_name is the name of function i.
const char *gk_cuda_name(int i);

extern const int gk_cuda_functions;
extern const char *const gk_cuda_names[];
extern void *gk_cuda_table[];

#endif
