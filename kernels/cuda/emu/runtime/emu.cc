// The scheduler of the emulation and its two entry points.
#include "../../abi.h"
#include "emu.h"
#include "entry.h"
#include "switch.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

namespace emu {

state now;
thread *self;
copies begun[1024];
bool checking = true;

enum { MAX_THREADS = 1024, STACK = 64 << 10, GUARD = 4096 };
enum what { READY, AT_BARRIER, IN_WARP, DONE };

// worker is a thread of the block.
struct worker {
	thread t;
	fiber f;
	what is;
	int line, kind; // where it waits
};

static worker workers[MAX_THREADS];
static fiber scheduler;
static char *stacks;
static char error[512];
static bool failed;
static void (*body)(const void *);
static const void *params;
static const char *kernel;

static worker *current() { return (worker *)self; } // thread is its first member

unsigned shown_of(int thread) { return workers[thread].t.shown; }

void stop(const char *format, ...) {
	char what[300];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	snprintf(error, sizeof error, "kernel %s: block (%u,%u,%u): thread %d: %s", kernel, now.at[0], now.at[1], now.at[2], self->id, what);
	failed = true;
	worker *w = current();
	w->is = DONE;
	fiber_change(&w->f, &scheduler);
	abort(); // a stopped fiber is never continued
}

void race(const region *r, uint32_t at, const char *what, int other) {
	stop("%s of thread %d at byte %u of shared array %s, with no barrier between", what, other, at, r->name);
}

static void wait_as(what is, int line, int kind) {
	worker *w = current();
	w->is = is, w->line = line, w->kind = kind;
	fiber_change(&w->f, &scheduler);
}

void barrier(int line) { wait_as(AT_BARRIER, line, 0); }
void meet(int line, int kind) { wait_as(IN_WARP, line, kind); }

static cell *dynamic_cells;
static region dynamic_memory;

const region *dynamic_region(const char *name) {
	dynamic_memory.name = name;
	return &dynamic_memory;
}

static void enter() {
	body(params);
	worker *w = current();
	w->is = DONE;
	fiber_change(&w->f, &scheduler);
	abort();
}

// complain words what is wrong with worker w, as stop does from inside.
static void complain(int w, const char *what, int line, int other, int other_line) {
	snprintf(error, sizeof error, "kernel %s: block (%u,%u,%u): thread %d %s at line %d, thread %d %s line %d", kernel, now.at[0], now.at[1],
		now.at[2], w, what, line, other, workers[other].is == DONE ? "has ended, it left last at" : "is at", other_line);
	failed = true;
}

// run_warp runs the lanes of a warp until all wait at a barrier or are done.
// Lanes that meet go on together.
static void run_warp(int first, int last) {
	for (;;) {
		for (int i = first; i < last && !failed; i++) {
			if (workers[i].is != READY) continue;
			self = &workers[i].t;
			fiber_change(&scheduler, &workers[i].f);
		}
		if (failed) return;
		int meeting = -1;
		for (int i = first; i < last; i++)
			if (workers[i].is == IN_WARP) meeting = i;
		if (meeting < 0) return;
		worker *m = &workers[meeting];
		for (int i = first; i < last; i++)
			if (workers[i].is != IN_WARP || workers[i].line != m->line || workers[i].kind != m->kind) {
				complain(meeting, "waits for its warp", m->line, i, workers[i].line);
				return;
			}
		if (m->kind == 0) now.tick[first / 32]++;
		for (int i = first; i < last; i++) workers[i].is = READY;
	}
}

static void run_block() {
	int size = (int)now.size;
	now.block++, now.epoch++;
	forget_flights(size);
	for (int i = 0; i < size; i++) {
		worker *w = &workers[i];
		begun[i].count = 0;
		w->t.id = i, w->t.exchanges = 0, w->t.shown = 0, w->is = READY, w->line = 0;
		fiber_start(&w->f, stacks + (size_t)i * (STACK + GUARD) + GUARD, STACK, enter);
	}
	for (;;) {
		for (int i = 0; i < size && !failed; i += 32) run_warp(i, i + 32);
		if (failed) return;
		int waiting = -1, done = -1;
		for (int i = 0; i < size; i++) (workers[i].is == DONE ? done : waiting) = i;
		if (waiting < 0) {
			if (int line = unlanded(size)) {
				snprintf(error, sizeof error, "kernel %s: block (%u,%u,%u): it ends while a product of line %d is in flight", kernel, now.at[0], now.at[1], now.at[2], line);
				failed = true;
			}
			return;
		}
		for (int i = 0; i < size; i++)
			if (workers[i].is == DONE || workers[i].line != workers[waiting].line) {
				complain(waiting, "waits at the barrier", workers[waiting].line, i, workers[i].line);
				return;
			}
		now.epoch++;
		for (int i = 0; i < size; i++) workers[i].is = READY;
	}
}

static int launch(const entry *e, const unsigned grid[3], const unsigned block[3], unsigned shared, const void *p) {
	unsigned size = block[0] * block[1] * block[2];
	kernel = e->name, body = e->run, params = p, failed = false, error[0] = 0;
	if (block[1] != 1 || block[2] != 1 || size != e->threads) {
		snprintf(error, sizeof error, "kernel %s: block of (%u,%u,%u) threads, made for %u", kernel, block[0], block[1], block[2], e->threads);
		return 3;
	}
	if (!stacks) {
		void *m = mmap(0, (size_t)MAX_THREADS * (STACK + GUARD), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (m == MAP_FAILED) {
			snprintf(error, sizeof error, "no memory for %d stacks", MAX_THREADS);
			return 3;
		}
		stacks = (char *)m;
		for (int i = 0; i < MAX_THREADS; i++) mprotect(stacks + (size_t)i * (STACK + GUARD), GUARD, PROT_NONE);
	}
	now.size = size;
	for (int i = 0; i < 3; i++) now.grid[i] = grid[i];
	dynamic_memory.bytes = (char *)malloc(shared + 16), dynamic_memory.size = shared;
	dynamic_memory.cells = dynamic_cells = (cell *)calloc(shared / 2 + 1, sizeof(cell));
	if (!dynamic_memory.bytes || !dynamic_cells) {
		snprintf(error, sizeof error, "kernel %s: no memory for %u bytes of shared memory", kernel, shared);
		failed = true;
	}
	for (now.at[2] = 0; now.at[2] < grid[2] && !failed; now.at[2]++)
		for (now.at[1] = 0; now.at[1] < grid[1] && !failed; now.at[1]++)
			for (now.at[0] = 0; now.at[0] < grid[0] && !failed; now.at[0]++) {
				run_block();
				if (failed) break;
			}
	free(dynamic_memory.bytes);
	free(dynamic_cells);
	return failed ? 3 : 0;
}

} // namespace emu

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int gk_emulate(const char *kernel, const unsigned grid[3], const unsigned block[3], unsigned dynamic_shared, const void *params, unsigned long size) {
	for (const emu::entry *e = emu::entries; e->name; e++) {
		if (strcmp(e->name, kernel) != 0) continue;
		if (size != e->bytes) return 2;
		pthread_mutex_lock(&lock);
		int rc = emu::launch(e, grid, block, dynamic_shared, params);
		pthread_mutex_unlock(&lock);
		return rc;
	}
	return 1;
}

// gk_emulate_error says what went wrong when gk_emulate last returned 3.
EXPORT const char *gk_emulate_error(void) { return emu::error; }

// gk_emulate_check says whether shared memory is watched (it is, at first). Bounds
// are checked either way.
EXPORT void gk_emulate_check(int on) {
	pthread_mutex_lock(&lock);
	emu::checking = on;
	pthread_mutex_unlock(&lock);
}

// gk_emulated lists the kernels: it returns 0 for an i past the last.
EXPORT int gk_emulated(int i, const char **name, unsigned *bytes, unsigned *threads) {
	for (int k = 0; k <= i; k++)
		if (!emu::entries[k].name) return 0;
	*name = emu::entries[i].name, *bytes = emu::entries[i].bytes, *threads = emu::entries[i].threads;
	return 1;
}
