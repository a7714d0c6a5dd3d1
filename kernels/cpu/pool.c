// The caller of gk_pool_each leads: it publishes a phase and takes chunks like
// everybody else. A phase ends when its chunks are done, not when all workers
// have shown up, so a worker whose core is taken by another process delays
// nobody as long as it holds no chunk.
//
// The state of a phase is one 64-bit word: phase number, number of chunks and
// the next chunk to hand out. A worker that adds one to it learns from the old
// value alone whether it got a chunk, and while it holds one the leader cannot
// move on, so reading fn and task afterwards is safe.
#define _GNU_SOURCE
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
	INDEX_BITS = 24,
	SPINS = 4000, // times a pause of roughly 10..40 ns: well under 0.2 ms
};
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)
#define MAX_CHUNKS (INDEX_MASK >> 1)

#define WORD_INDEX(w) ((w) & INDEX_MASK)
#define WORD_COUNT(w) (((w) >> INDEX_BITS) & INDEX_MASK)
#define WORD_PHASE(w) ((w) >> (2 * INDEX_BITS))

struct gk_pool {
	_Alignas(64) _Atomic uint64_t word;
	_Alignas(64) _Atomic int64_t done;
	_Alignas(64) _Atomic int parked; // workers asleep on `work`
	_Atomic int leader_parked;
	_Atomic int stop;
	gk_chunk_fn fn;
	void *task;
	pthread_mutex_t lock;
	pthread_cond_t work, finished;
	int workers, next_thread;
	pthread_t *thread;
};

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb");
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

static void finish_chunk(gk_pool *p, int64_t chunks) {
	if (atomic_fetch_add(&p->done, 1) + 1 == chunks && atomic_load(&p->leader_parked)) {
		pthread_mutex_lock(&p->lock);
		pthread_cond_signal(&p->finished);
		pthread_mutex_unlock(&p->lock);
	}
}

// take_chunks works on whatever phase is current until no chunk is left, and
// returns the word it saw last.
static uint64_t take_chunks(gk_pool *p, int thread) {
	for (;;) {
		uint64_t w = atomic_load_explicit(&p->word, memory_order_acquire);
		if (WORD_INDEX(w) >= WORD_COUNT(w)) return w;
		w = atomic_fetch_add(&p->word, 1);
		if (WORD_INDEX(w) >= WORD_COUNT(w)) return w;
		p->fn(p->task, (int64_t)WORD_INDEX(w), thread);
		finish_chunk(p, (int64_t)WORD_COUNT(w));
	}
}

static void wait_for_work(gk_pool *p, uint64_t seen) {
	for (int i = 0; i < SPINS; i++) {
		if (WORD_PHASE(atomic_load_explicit(&p->word, memory_order_acquire)) != WORD_PHASE(seen)) return;
		if (atomic_load_explicit(&p->stop, memory_order_relaxed)) return;
		relax();
	}
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add(&p->parked, 1);
	while (WORD_PHASE(atomic_load(&p->word)) == WORD_PHASE(seen) && !atomic_load(&p->stop))
		pthread_cond_wait(&p->work, &p->lock);
	atomic_fetch_sub(&p->parked, 1);
	pthread_mutex_unlock(&p->lock);
}

static void *worker(void *arg) {
	gk_pool *p = arg;
	pthread_mutex_lock(&p->lock);
	int thread = p->next_thread++;
	pthread_mutex_unlock(&p->lock);
	while (!atomic_load(&p->stop)) wait_for_work(p, take_chunks(p, thread));
	return NULL;
}

gk_pool *gk_pool_new(int threads, int *error) {
	gk_pool *p = NULL;
	if (posix_memalign((void **)&p, 64, sizeof *p) != 0) {
		*error = ENOMEM;
		return NULL;
	}
	*p = (gk_pool){.next_thread = 1};
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->finished, NULL);
	int want = threads - 1;
	p->thread = calloc(want > 0 ? want : 1, sizeof *p->thread);
	// The workers must not run the Go runtime's signal handlers.
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	*error = p->thread ? 0 : ENOMEM;
	while (*error == 0 && p->workers < want) {
		*error = pthread_create(&p->thread[p->workers], NULL, worker, p);
		if (*error == 0) p->workers++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (*error != 0) {
		gk_pool_free(p);
		return NULL;
	}
	return p;
}

void gk_pool_free(gk_pool *p) {
	if (!p) return;
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->stop, 1);
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->workers; i++) pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->finished);
	pthread_mutex_destroy(&p->lock);
	free(p->thread);
	free(p);
}

static void lead(gk_pool *p, gk_chunk_fn fn, void *task, int64_t chunks) {
	uint64_t phase = WORD_PHASE(atomic_load_explicit(&p->word, memory_order_relaxed)) + 1;
	p->fn = fn;
	p->task = task;
	atomic_store(&p->done, 0);
	atomic_store(&p->word, phase << (2 * INDEX_BITS) | (uint64_t)chunks << INDEX_BITS);
	if (atomic_load(&p->parked) > 0) {
		pthread_mutex_lock(&p->lock);
		pthread_cond_broadcast(&p->work);
		pthread_mutex_unlock(&p->lock);
	}
	take_chunks(p, 0);
	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&p->done, memory_order_acquire) == chunks) return;
		relax();
	}
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->leader_parked, 1);
	while (atomic_load(&p->done) != chunks) pthread_cond_wait(&p->finished, &p->lock);
	atomic_store(&p->leader_parked, 0);
	pthread_mutex_unlock(&p->lock);
}

void gk_pool_each(gk_pool *p, gk_chunk_fn fn, void *task, int64_t chunks) {
	if (!p || p->workers == 0 || chunks <= 1) {
		for (int64_t i = 0; i < chunks; i++) fn(task, i, 0);
		return;
	}
	// What the word cannot count (8 million chunks) the caller does alone.
	for (; chunks > (int64_t)MAX_CHUNKS; chunks--) fn(task, chunks - 1, 0);
	lead(p, fn, task, chunks);
}
