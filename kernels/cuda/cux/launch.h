// Lists of launches that run in one crossing from Go.
#ifndef GRADUS_CUX_LAUNCH_H
#define GRADUS_CUX_LAUNCH_H

#include <cuda.h>

// cux_call is work of a library: it puts it on the stream, for a run with the
// host's copy of the arguments. It returns 0 or the library's own status.
typedef int (*cux_call)(void *context, void *stream, const void *host_args);
#define CUX_CALL_FAILED 0x10000 // plus the status

// cux_launch is one kernel with one parameter block, or a call.
typedef struct {
	cux_call call; // 0 for a kernel
	void *context;
	CUfunction f;
	unsigned grid[3], block[3];
	unsigned shared;    // bytes of dynamic shared memory
	unsigned cluster;   // blocks of a cluster along x, 0 and 1 for none
	unsigned overlap;   // may start while the kernel before it still drains
	void *params;       // the parameter block, in C memory
} cux_launch;

// cux_launch_all puts n launches on a stream. On an error it stops and stores
// the place of the launch that failed.
CUresult cux_launch_all(const cux_launch *list, int n, CUstream s, const void *host_args, int *failed);

// cux_step is a program on the GPU: arguments go there, kernels run, one word
// comes back. graph replays all three; without it they are put on the stream
// one by one.
typedef struct {
	CUcontext ctx;
	CUstream stream;
	CUgraphExec graph;
	const cux_launch *list;
	int n;
	void *host_args; // pinned
	CUdeviceptr args;
	size_t args_bytes;
	void *host_word; // pinned
	CUdeviceptr word;
	size_t word_bytes;
} cux_step;

// What cux_step_run was doing when it failed.
enum { CUX_SET_CONTEXT = 1, CUX_SEND_ARGS, CUX_LAUNCH, CUX_FETCH_WORD, CUX_GRAPH, CUX_WAIT, CUX_MARK };

// cux_step_put puts a step on its stream without its graph, for capture.
CUresult cux_step_put(const cux_step *p, int *doing, int *failed);

// cux_step_marked is cux_step_put with an event before the launches starts[i],
// which ascend, and one behind the last launch.
CUresult cux_step_marked(const cux_step *p, const int *starts, int n, const CUevent *marks, int *doing, int *failed);

// cux_step_run runs a step as many times and waits for the end of the last.
CUresult cux_step_run(const cux_step *p, int times, int *doing, int *failed);

#endif
