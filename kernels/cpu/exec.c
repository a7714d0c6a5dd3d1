#define _GNU_SOURCE
#include "pair.h"
#include "split.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__linux__)
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const gk_table gk_path_generic;
const gk_table *gk_table_generic(void) { return &gk_path_generic; }

#if defined(__x86_64__)
extern const gk_table gk_path_avx2, gk_path_avx512, gk_path_wide, gk_path_amx, gk_path_amxref;
const gk_table *gk_table_avx2(void) { return &gk_path_avx2; }
const gk_table *gk_table_avx512(void) { return &gk_path_avx512; }
const gk_table *gk_table_wide(void) { return &gk_path_wide; }
const gk_table *gk_table_amx(void) { return &gk_path_amx; }
const gk_table *gk_table_amxref(void) { return &gk_path_amxref; }
#else
const gk_table *gk_table_avx2(void) { return 0; }
const gk_table *gk_table_avx512(void) { return 0; }
const gk_table *gk_table_wide(void) { return 0; }
const gk_table *gk_table_amx(void) { return 0; }
const gk_table *gk_table_amxref(void) { return 0; }
#endif

#if defined(__aarch64__)
extern const gk_table gk_path_neon;
const gk_table *gk_table_neon(void) { return &gk_path_neon; }
#else
const gk_table *gk_table_neon(void) { return 0; }
#endif

#if defined(__x86_64__)
#include <cpuid.h>

void gk_detect(gk_features *f) {
	unsigned a, b, c, d;
	*f = (gk_features){.x86 = 1};
	if (!__get_cpuid(1, &a, &b, &c, &d)) return;
	f->fma = c >> 12 & 1;
	if (c >> 27 & 1) { // OSXSAVE: XGETBV may be used
		unsigned lo, hi;
		__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
		f->os_ymm = (lo & 0x6) == 0x6;
		f->os_zmm = (lo & 0xe6) == 0xe6;
		f->os_tiles = (lo & 0x60000) == 0x60000;
	}
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
	f->avx2 = b >> 5 & 1;
	f->avx512f = b >> 16 & 1;
	f->avx512dq = b >> 17 & 1;
	f->avx512bw = b >> 30 & 1;
	f->avx512vl = b >> 31 & 1;
	f->amx_bf16 = d >> 22 & 1;
	f->amx_tile = d >> 24 & 1;
	if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) f->avx512bf16 = a >> 5 & 1;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

void gk_detect(gk_features *f) {
	const unsigned long asimd = 1 << 1; // HWCAP_ASIMD of asm/hwcap.h
	*f = (gk_features){.neon = (getauxval(AT_HWCAP) & asimd) != 0};
}
#elif defined(__aarch64__)
void gk_detect(gk_features *f) { *f = (gk_features){.neon = 1}; } // macOS and others: every CPU they run on
#else
void gk_detect(gk_features *f) { *f = (gk_features){0}; }
#endif

int gk_permit_tiles(void) {
#if defined(__x86_64__) && defined(__linux__)
	enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
	return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 ? 0 : errno;
#else
	return ENOSYS;
#endif
}

// table_of returns the table that has the op of cmd.
static const gk_table *table_of(const gk_table *t, const gk_table *products, const gk_cmd *cmd) {
	return t->run[cmd->op] ? t : products;
}

static int64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void run_nothing(gk_run *r, const gk_cmd *cmd) { (void)r, (void)cmd; }

void gk_table_without(gk_table *where, const gk_table *t, gk_op op) {
	*where = *t;
	where->run[op] = run_nothing;
	where->run_both = 0; // which would do it all the same
}

void gk_exec_step(gk_exec *e, gk_run *r, gk_cmd *cmd) {
	int64_t before = e->timed ? now_ns() : 0;
	table_of(e->table, e->products, cmd)->run[cmd->op](r, cmd);
	if (e->timed) cmd->ns += now_ns() - before;
}

void gk_exec_run(gk_exec *e) {
	gk_run r = {
		.args = &e->args, .pool = e->pool, .threads = e->threads, .grain = e->grain,
		.shared = e->shared, .local = e->local, .local_size = e->local_size,
	};
	if (e->timed) r.now = now_ns;
	e->fault = (gk_fault){0};
	for (int64_t i = 0, done; i < e->count && e->fault.what == GK_OK; i += done) {
		done = gk_split_run(e, i);
		if (done) continue;
		if (e->cmd[i].both && e->products->run_both) {
			e->products->run_both(&r, &e->cmd[i], &e->cmd[i + 1]);
			done = 2;
			continue;
		}
		done = 1;
		gk_exec_step(e, &r, &e->cmd[i]);
		r.fault.cmd = (int32_t)i;
		e->fault = r.fault;
	}
}

void gk_exec_need(const gk_table *t, const gk_table *products, const gk_cmd *cmd, int64_t count, const gk_args *max, int threads, gk_need *need) {
	for (int64_t i = 0; i < count; i++) table_of(t, products, &cmd[i])->need[cmd[i].op](&cmd[i], max, threads, need);
	if (need->shared < gk_split_need(cmd, count)) need->shared = gk_split_need(cmd, count);
}

typedef struct {
	const gk_table *t;
	double flops;
	const float *x;
	int64_t part, n;
	struct { double done; float sink; char line[52]; } out[GK_MOST_THREADS];
} ceiling_task;

static void fma_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	ceiling_task *c = task;
	c->out[chunk].done = c->t->fma_loop(c->flops, &c->out[chunk].sink);
}

double gk_fma(const gk_table *t, gk_pool *pool, int threads, double flops) {
	ceiling_task c = {.t = t, .flops = flops};
	double done = 0;
	if (threads > GK_MOST_THREADS) threads = GK_MOST_THREADS;
	gk_pool_each(pool, fma_chunk, &c, threads);
	for (int i = 0; i < threads; i++) done += c.out[i].done;
	return done;
}

static void read_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	ceiling_task *c = task;
	int64_t from = chunk * c->part, n = c->n - from < c->part ? c->n - from : c->part;
	if (n > 0) c->out[chunk].sink = c->t->read_loop(c->x + from, n);
}

void gk_read(const gk_table *t, gk_pool *pool, int threads, const float *x, int64_t n) {
	if (threads > GK_MOST_THREADS) threads = GK_MOST_THREADS;
	ceiling_task c = {.t = t, .x = x, .n = n, .part = (n / threads + 64) / 64 * 64};
	gk_pool_each(pool, read_chunk, &c, threads);
}

// Large blocks come straight from the system: they are zero already, take no
// room until they are touched, and are asked for in large pages, as a matrix
// with rows of 4 KB would otherwise take one address translation per row.
enum { PAD = 64, LARGE = 2 << 20, FROM_SYSTEM = 4 * LARGE };

#if defined(__linux__)
static size_t mapped_size(size_t size) { return (size + PAD + LARGE - 1) / LARGE * LARGE; }

static void *map_memory(size_t size) {
	size_t want = mapped_size(size);
	char *p = mmap(0, want + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) return 0;
	size_t skip = (LARGE - (uintptr_t)p % LARGE) % LARGE;
	if (skip) munmap(p, skip);
	munmap(p + skip + want, LARGE - skip);
	madvise(p + skip, want, MADV_HUGEPAGE);
	return p + skip;
}
#endif

void *gk_memory(int64_t bytes) {
	size_t size = (size_t)(bytes > 0 ? bytes : 1);
	if (bytes > INT64_MAX / 2) return 0;
#if defined(__linux__)
	if (size >= FROM_SYSTEM) return map_memory(size);
#endif
	void *p = 0;
	if (posix_memalign(&p, 64, size + PAD) != 0) return 0;
	memset(p, 0, size + PAD);
	return p;
}

void gk_release(void *p, int64_t bytes) {
	size_t size = (size_t)(bytes > 0 ? bytes : 1);
	if (!p) return;
#if defined(__linux__)
	if (size >= FROM_SYSTEM) {
		munmap(p, mapped_size(size));
		return;
	}
#else
	(void)size;
#endif
	free(p);
}
