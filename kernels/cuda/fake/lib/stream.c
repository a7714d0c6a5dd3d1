// Streams with their queues, events, capture and graphs.
#include "fake.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int (*emulate)(const char *, const unsigned *, const unsigned *, unsigned, const void *, unsigned long);
static const char *(*emulate_error)(void);

#include <dlfcn.h>

int gk_fake_emulator(const char *path) {
	emulate = 0, emulate_error = 0;
	if (path == 0) return 0;
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (lib == 0) {
		fake_problem("the emulator: %s", dlerror());
		return 1;
	}
	emulate = (int (*)(const char *, const unsigned *, const unsigned *, unsigned, const void *, unsigned long))dlsym(lib, "gk_emulate");
	emulate_error = (const char *(*)(void))dlsym(lib, "gk_emulate_error");
	return emulate == 0;
}

static void push(fake_queue *q, const fake_op *op) {
	fake_op *o = malloc(sizeof *o);
	*o = *op;
	o->next = 0;
	if (op->params) {
		o->params = malloc(op->object->params);
		memcpy(o->params, op->params, op->object->params);
	}
	if (q->last) q->last->next = o;
	else q->first = o;
	q->last = o;
}

static void clear(fake_queue *q) {
	for (fake_op *o = q->first, *next; o; o = next) {
		next = o->next;
		free(o->params);
		free(o);
	}
	q->first = q->last = 0;
}

int fake_capturing_here(void) {
	for (fake_object *o = fake_objects; o; o = o->next)
		if (o->kind == STREAM && o->capturing == 1 && o->thread == (unsigned long)pthread_self()) {
			o->capturing = 2;
			return 1;
		}
	return 0;
}

CUresult fake_put(CUstream s, fake_op op, const char *call) {
	fake_object *o = fake_get(s, STREAM, call);
	if (o == 0) return CUDA_ERROR_INVALID_HANDLE;
	if (o->capturing == 2) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
	push(o->capturing ? &o->record : &o->queue, &op);
	return CUDA_SUCCESS;
}

int gk_fake_enqueue(CUstream s, void (*f)(const void *), const void *with) {
	return fake_put(s, (fake_op){.kind = OP_CALL, .dst = (void *)f, .src = with}, "gk_fake_enqueue");
}

static CUresult run_kernel(const fake_op *op) {
	char name[128];
	snprintf(name, sizeof name, "kernel:%s", op->object->name);
	CUresult r = fake_inject(name);
	if (r != CUDA_SUCCESS) return r;
	fake_stats.launches++;
	if (emulate == 0) return CUDA_SUCCESS;
	int bad = emulate(op->object->name, op->grid, op->block, op->shared, op->params, op->object->params);
	if (bad == 0) return CUDA_SUCCESS;
	fake_problem("kernel %s: %s", op->object->name, bad == 1 ? "the emulator does not have it" : bad == 2 ? "parameters of another size" : emulate_error ? emulate_error() : "the emulator failed");
	fake_sticky = CUDA_ERROR_LAUNCH_FAILED;
	return fake_sticky;
}

CUresult fake_run(fake_object *s) {
	CUresult r = CUDA_SUCCESS;
	for (fake_op *o = s->queue.first; o && r == CUDA_SUCCESS; o = o->next) {
		switch (o->kind) {
		case OP_COPY:
			if (!fake_range(o->dst, o->bytes, DEVICE_MEMORY) && !fake_range(o->dst, o->bytes, PINNED)) fake_problem("a queued copy writes to memory that was freed");
			else if (!fake_range(o->src, o->bytes, DEVICE_MEMORY) && !fake_range(o->src, o->bytes, PINNED)) fake_problem("a queued copy reads memory that was freed");
			else memcpy(o->dst, o->src, o->bytes);
			break;
		case OP_SET:
			if (!fake_range(o->dst, o->bytes, DEVICE_MEMORY)) fake_problem("a queued fill writes to memory that was freed");
			else
				for (size_t i = 0; i < o->bytes / 4; i++) ((unsigned *)o->dst)[i] = o->value;
			break;
		case OP_KERNEL: r = run_kernel(o); break;
		case OP_CALL: ((void (*)(const void *))o->dst)(o->src); break;
		case OP_FREE: fake_free(o->object, "cuMemFreeAsync"); break;
		case OP_MARK: o->object->done = 1; break;
		}
	}
	clear(&s->queue);
	return fake_sticky != CUDA_SUCCESS ? fake_sticky : r;
}

CUresult fake_run_all(void) {
	CUresult r = CUDA_SUCCESS;
	for (fake_object *o = fake_objects; o; o = o->next) {
		if (o->kind != STREAM) continue;
		CUresult one = fake_run(o);
		if (r == CUDA_SUCCESS) r = one;
	}
	return r;
}

CUresult cuStreamCreate(CUstream *s, unsigned flags) {
	ENTER_CTX("cuStreamCreate");
	if (flags > 1) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*s = (CUstream)fake_new(STREAM);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuStreamDestroy_v2(CUstream s) {
	ENTER_CTX("cuStreamDestroy");
	fake_object *o = fake_get(s, STREAM, "cuStreamDestroy");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	CUresult r = fake_run(o);
	clear(&o->record);
	fake_kill(o);
	LEAVE(r);
}

CUresult cuStreamSynchronize(CUstream s) {
	ENTER_CTX("cuStreamSynchronize");
	fake_object *o = fake_get(s, STREAM, "cuStreamSynchronize");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	if (o->capturing) {
		o->capturing = 2;
		LEAVE(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
	}
	LEAVE(fake_run(o));
}

// --- capture and graphs ---------------------------------------------------------------

CUresult cuStreamBeginCapture_v2(CUstream s, CUstreamCaptureMode mode) {
	ENTER_CTX("cuStreamBeginCapture");
	fake_object *o = fake_get(s, STREAM, "cuStreamBeginCapture");
	if (o == 0 || mode > CU_STREAM_CAPTURE_MODE_RELAXED) LEAVE(CUDA_ERROR_INVALID_VALUE);
	if (o->capturing) LEAVE(CUDA_ERROR_ILLEGAL_STATE);
	o->capturing = 1;
	o->thread = (unsigned long)pthread_self();
	LEAVE(CUDA_SUCCESS);
}

CUresult cuStreamEndCapture(CUstream s, CUgraph *g) {
	ENTER_CTX("cuStreamEndCapture");
	*g = 0;
	fake_object *o = fake_get(s, STREAM, "cuStreamEndCapture");
	if (o == 0 || !o->capturing) LEAVE(CUDA_ERROR_ILLEGAL_STATE);
	int broken = o->capturing == 2;
	o->capturing = 0;
	if (o->thread != (unsigned long)pthread_self()) fake_problem("cuStreamEndCapture on another thread than cuStreamBeginCapture");
	if (broken) {
		clear(&o->record);
		LEAVE(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
	}
	fake_object *graph = fake_new(GRAPH);
	graph->queue = o->record;
	o->record = (fake_queue){0, 0};
	*g = (CUgraph)graph;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuStreamIsCapturing(CUstream s, CUstreamCaptureStatus *status) {
	ENTER_CTX("cuStreamIsCapturing");
	fake_object *o = fake_get(s, STREAM, "cuStreamIsCapturing");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	*status = (CUstreamCaptureStatus)o->capturing;
	LEAVE(CUDA_SUCCESS);
}

static size_t length(const fake_queue *q) {
	size_t n = 0;
	for (fake_op *o = q->first; o; o = o->next) n++;
	return n;
}

CUresult cuGraphGetNodes(CUgraph g, CUgraphNode *nodes, size_t *n) {
	ENTER_CTX("cuGraphGetNodes");
	fake_object *o = fake_get(g, GRAPH, "cuGraphGetNodes");
	if (o == 0 || nodes) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*n = length(&o->queue);
	LEAVE(CUDA_SUCCESS);
}

static void copy_queue(fake_queue *to, const fake_queue *from) {
	for (fake_op *x = from->first; x; x = x->next) push(to, x);
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *e, CUgraph g, cuuint64_t flags) {
	ENTER_CTX("cuGraphInstantiate");
	fake_object *o = fake_get(g, GRAPH, "cuGraphInstantiate");
	if (o == 0 || flags) LEAVE(CUDA_ERROR_INVALID_VALUE);
	fake_object *exec = fake_new(GRAPH_EXEC);
	copy_queue(&exec->queue, &o->queue);
	*e = (CUgraphExec)exec;
	LEAVE(CUDA_SUCCESS);
}

CUresult cuGraphExecUpdate_v2(CUgraphExec e, CUgraph g, CUgraphExecUpdateResultInfo *info) {
	ENTER_CTX("cuGraphExecUpdate");
	fake_object *exec = fake_get(e, GRAPH_EXEC, "cuGraphExecUpdate"), *graph = fake_get(g, GRAPH, "cuGraphExecUpdate");
	if (exec == 0 || graph == 0) LEAVE(CUDA_ERROR_INVALID_VALUE);
	info->result = CU_GRAPH_EXEC_UPDATE_SUCCESS;
	fake_op *a = exec->queue.first, *b = graph->queue.first;
	while (a && b && a->kind == b->kind && (a->kind != OP_KERNEL || a->object == b->object)) a = a->next, b = b->next;
	if (a || b) {
		info->result = CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
		LEAVE(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
	}
	clear(&exec->queue);
	copy_queue(&exec->queue, &graph->queue);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuGraphUpload(CUgraphExec e, CUstream s) {
	ENTER_CTX("cuGraphUpload");
	LEAVE(fake_get(e, GRAPH_EXEC, "cuGraphUpload") && fake_get(s, STREAM, "cuGraphUpload") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE);
}

CUresult cuGraphLaunch(CUgraphExec e, CUstream s) {
	ENTER_CTX("cuGraphLaunch");
	fake_object *exec = fake_get(e, GRAPH_EXEC, "cuGraphLaunch"), *stream = fake_get(s, STREAM, "cuGraphLaunch");
	if (exec == 0 || stream == 0 || stream->capturing) LEAVE(CUDA_ERROR_INVALID_VALUE);
	fake_stats.graph_launches++;
	copy_queue(&stream->queue, &exec->queue);
	LEAVE(CUDA_SUCCESS);
}

static CUresult destroy(const void *h, fake_kind kind, const char *call) {
	fake_object *o = fake_get(h, kind, call);
	if (o == 0) return CUDA_ERROR_INVALID_VALUE;
	clear(&o->queue);
	fake_kill(o);
	return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph g) {
	ENTER_CTX("cuGraphDestroy");
	LEAVE(destroy(g, GRAPH, "cuGraphDestroy"));
}

CUresult cuGraphExecDestroy(CUgraphExec e) {
	ENTER_CTX("cuGraphExecDestroy");
	LEAVE(destroy(e, GRAPH_EXEC, "cuGraphExecDestroy"));
}

// --- events -------------------------------------------------------------------------

CUresult cuEventCreate(CUevent *e, unsigned flags) {
	ENTER_CTX("cuEventCreate");
	if (flags > 7) LEAVE(CUDA_ERROR_INVALID_VALUE);
	*e = (CUevent)fake_new(EVENT);
	LEAVE(CUDA_SUCCESS);
}

CUresult cuEventDestroy_v2(CUevent e) {
	ENTER_CTX("cuEventDestroy");
	CUresult r = fake_run_all(); // a mark that is still queued needs it
	CUresult d = destroy(e, EVENT, "cuEventDestroy");
	LEAVE(d != CUDA_SUCCESS ? d : r);
}

CUresult cuEventRecord(CUevent e, CUstream s) {
	ENTER_CTX("cuEventRecord");
	fake_object *o = fake_get(e, EVENT, "cuEventRecord");
	if (o == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	o->done = 0;
	LEAVE(fake_put(s, (fake_op){.kind = OP_MARK, .object = o}, "cuEventRecord"));
}

CUresult cuEventSynchronize(CUevent e) {
	ENTER_CTX("cuEventSynchronize");
	if (fake_get(e, EVENT, "cuEventSynchronize") == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	LEAVE(fake_run_all());
}

CUresult cuEventElapsedTime(float *ms, CUevent a, CUevent b) {
	ENTER_CTX("cuEventElapsedTime");
	fake_object *from = fake_get(a, EVENT, "cuEventElapsedTime"), *to = fake_get(b, EVENT, "cuEventElapsedTime");
	if (from == 0 || to == 0) LEAVE(CUDA_ERROR_INVALID_HANDLE);
	if (!from->done || !to->done) LEAVE(CUDA_ERROR_NOT_READY);
	*ms = 1;
	LEAVE(CUDA_SUCCESS);
}
