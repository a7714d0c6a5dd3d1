// A CUDA driver that exists only in memory: it holds what the caller asks for,
// checks every call, and runs kernels through an emulator if it has one.
//
// Work that is put on a stream is queued, and runs when something waits for it.
// So a caller that changes pinned memory too early, or reads before it waited,
// gets the wrong bytes here as it would on a GPU.
#ifndef GRADUS_FAKE_H
#define GRADUS_FAKE_H

#include <cuda.h>

// --- control, called by tests -------------------------------------------------

typedef struct {
	int devices, capability, version; // capability 10*major+minor, version as cuDriverGetVersion
	int processors;
	size_t memory;     // bytes of each GPU
	size_t others;     // bytes of it that other programs hold
	int no_param_info; // a driver before 12.4: cuFuncGetParamInfo fails
} gk_fake_config;

typedef struct {
	long calls, launches, graph_launches, copies;
	size_t bytes, peak; // device memory in use
	int live;           // objects that somebody must still free
} gk_fake_stats;

// gk_fake_reset forgets everything and takes a new configuration.
void gk_fake_reset(const gk_fake_config *c);
// gk_fake_fail makes call number nth (1 is the next) of a function, or of any
// if name is "*", return code. "kernel:NAME" fails a kernel when it runs.
void gk_fake_fail(const char *name, int nth, unsigned code);
// gk_fake_injected returns the name of the call that failed so, 0 if none did.
const char *gk_fake_injected(void);
void gk_fake_get_stats(gk_fake_stats *s);
// gk_fake_problems returns what the caller did wrong, one line each. With
// finished, whatever is still alive is a leak.
const char *gk_fake_problems(int finished);
// gk_fake_enqueue puts a call of a library's stand-in on a stream.
int gk_fake_enqueue(CUstream s, void (*f)(const void *), const void *with);
// gk_fake_emulator names a shared object with gk_emulate. 0 if it is one.
int gk_fake_emulator(const char *path);

// --- inside -------------------------------------------------------------------

typedef enum { DEAD, STREAM, EVENT, MODULE, FUNCTION, GRAPH, GRAPH_EXEC, POOL, DEVICE_MEMORY, PINNED } fake_kind;

// fake_op is a piece of queued work.
typedef struct fake_op {
	struct fake_op *next;
	enum { OP_COPY, OP_SET, OP_KERNEL, OP_FREE, OP_MARK, OP_CALL } kind;
	void *dst;
	const void *src;
	size_t bytes;
	unsigned value; // OP_SET
	struct fake_object *object; // OP_KERNEL: the function; OP_MARK: the event; OP_FREE: the memory
	unsigned grid[3], block[3], shared;
	void *params;
} fake_op;

typedef struct { fake_op *first, *last; } fake_queue;

// fake_object is what a handle points to. Dead ones stay, so that a handle that
// is used again is recognised.
typedef struct fake_object {
	fake_kind kind, was;
	struct fake_object *next;
	char *p; // memory: what the caller sees
	char *raw;
	size_t bytes;
	fake_queue queue;  // stream: work to do; graph: what was recorded
	int capturing;     // stream: 1 recording, 2 the recording is broken
	fake_queue record; // stream: the recording
	unsigned long thread; // that records
	int done;          // event
	char name[96];     // function, module
	size_t params;     // function: bytes of its parameter block
	unsigned threads, static_shared, dynamic_shared;
	struct fake_object *module;
} fake_object;

extern gk_fake_config fake_config;
extern gk_fake_stats fake_stats;
extern CUresult fake_sticky; // an error that has ended the context

// fake_enter begins every call: it locks, counts, and returns the code that the
// call has to fail with, if any. fake_leave unlocks.
CUresult fake_enter(const char *name, int needs_context);
CUresult fake_leave(CUresult r);
// fake_optin_shared is the most shared memory of a block, in bytes.
unsigned fake_optin_shared(void);
void fake_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
CUresult fake_inject(const char *name);

fake_object *fake_new(fake_kind kind);
// fake_get checks a handle: null, with a problem noted, if it is not alive or of
// another kind.
fake_object *fake_get(const void *handle, fake_kind kind, const char *call);
void fake_kill(fake_object *o);

// Memory.
fake_object *fake_alloc(fake_kind kind, size_t bytes);
void fake_free(fake_object *o, const char *call);
// fake_range tells whether n bytes at p lie in one live allocation.
int fake_range(const void *p, size_t n, fake_kind kind);
void fake_check_guards(const char *when);
fake_object *fake_find(const void *p, fake_kind kind);

// Streams.
CUresult fake_put(CUstream s, fake_op op, const char *call);
CUresult fake_run(fake_object *stream);
CUresult fake_run_all(void);
int fake_capturing_here(void);
extern fake_object *fake_objects;

#define ENTER(name) \
	CUresult rc = fake_enter(name, 0); \
	if (rc != CUDA_SUCCESS) return fake_leave(rc)
#define ENTER_CTX(name) \
	CUresult rc = fake_enter(name, 1); \
	if (rc != CUDA_SUCCESS) return fake_leave(rc)
#define LEAVE(r) return fake_leave(r)

#endif
