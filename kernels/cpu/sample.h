// Sampling one token per row of logits.
#ifndef GRADUS_CPU_SAMPLE_H
#define GRADUS_CPU_SAMPLE_H

#include "par.h"
#include "softmax.h"

// uniform is philox.Uniform of package philox: Philox4x32-10 of Salmon et al.
// (SC 2011), key = seed, counter = stream and position.
static float uniform(uint64_t seed, uint32_t stream_lo, uint32_t stream_hi, uint32_t pos) {
	uint32_t c0 = stream_lo, c1 = stream_hi, c2 = pos, c3 = 0;
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
	for (int round = 0; round < 10; round++) {
		uint64_t x = (uint64_t)0xD2511F53 * c0, y = (uint64_t)0xCD9E8D57 * c2;
		c0 = (uint32_t)(y >> 32) ^ c1 ^ k0;
		c2 = (uint32_t)(x >> 32) ^ c3 ^ k1;
		c1 = (uint32_t)y;
		c3 = (uint32_t)x;
		k0 += 0x9E3779B9;
		k1 += 0xBB67AE85;
	}
	return (float)(c0 >> 8) * 0x1p-24f;
}

// The kept tokens are a prefix of the descending order of the logits, equal
// ones in ascending id. before is that order.
INLINE int before(const float *z, int32_t a, int32_t b) { return z[a] > z[b] || (z[a] == z[b] && a < b); }

static void sift(int32_t *heap, int64_t n, int64_t at, const float *z) {
	for (;;) {
		int64_t child = 2 * at + 1;
		if (child >= n) return;
		if (child + 1 < n && before(z, heap[child + 1], heap[child])) child++;
		if (!before(z, heap[child], heap[at])) return;
		int32_t x = heap[at];
		heap[at] = heap[child], heap[child] = x;
		at = child;
	}
}

// last_kept returns the last token of the prefix: pops a heap until top_k
// tokens are out or their mass reaches top_p of the total.
static int32_t last_kept(const float *z, const float *p, int32_t *heap, int64_t v, int64_t top_k, double top_p, double total) {
	for (int64_t i = 0; i < v; i++) heap[i] = (int32_t)i;
	for (int64_t i = v / 2; i-- > 0;) sift(heap, v, i, z);
	double mass = 0;
	for (int64_t kept = 1;; kept++) {
		int32_t top = heap[0];
		mass += p[top];
		if (v == 1 || kept == top_k || (top_p < 1 && mass >= top_p * total)) return top;
		heap[0] = heap[--v];
		sift(heap, v, 0, z);
	}
}

// mass sums n probabilities in double, in four lanes.
static double mass_of(const float *p, int64_t n) {
	d4 sum = {0};
	int64_t i = 0;
	for (; i + 4 <= n; i += 4) sum += __builtin_convertvector(*(const f4 *)(p + i), d4);
	double tail = 0;
	for (; i < n; i++) tail += p[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]) + tail;
}

enum { DRAW_BLOCK = 64 };

// draw inverts the cumulative distribution of p, in ascending id, at u: first
// over the masses of blocks, then inside the block. A token of mass 0 is never
// drawn. total is the sum of the block masses in this order.
static int32_t draw(const float *p, int64_t v, float u) {
	double total = 0, sum = 0;
	for (int64_t i = 0; i < v; i += DRAW_BLOCK) total += mass_of(p + i, min64(DRAW_BLOCK, v - i));
	int32_t last = 0;
	for (int64_t i = 0; i < v; i += DRAW_BLOCK) {
		int64_t n = min64(DRAW_BLOCK, v - i);
		double block = mass_of(p + i, n);
		if (sum + block > u * total) {
			for (int64_t j = i; j < i + n; j++) {
				if (p[j] == 0) continue;
				last = (int32_t)j;
				sum += p[j];
				if (sum > u * total) break;
			}
			return last;
		}
		sum += block;
	}
	// Only rounding, or numbers that are no probabilities, lead here.
	for (int64_t j = 0; j < v; j++)
		if (p[j] > 0) last = (int32_t)j;
	return last;
}

typedef struct { gk_run *run; const gk_sample *c; int64_t n, chunk_rows; } sample_task;

static void sample_chunk(void *task, int64_t chunk, int thread) {
	const sample_task *t = task;
	const gk_sample *c = t->c;
	const gk_args *a = t->run->args;
	float inv_t = 1.f / a->temperature;
	char *at = local_scratch(t->run, thread);
	float *p = float_block(&at, c->v);
	int32_t *heap = (int32_t *)float_block(&at, c->v);
	for (int64_t n = chunk * t->chunk_rows; n < min64(t->n, (chunk + 1) * t->chunk_rows); n++) {
		const float *z = c->logits + n * c->v;
		row_stats s = logits_stats(z, c->v, inv_t, p);
		if ((a->top_k > 0 && a->top_k < c->v) || a->top_p < 1) {
			int32_t last = last_kept(z, p, heap, c->v, a->top_k, a->top_p, mass_of(p, c->v));
			for (int64_t i = 0; i < c->v; i++)
				if (before(z, last, (int32_t)i)) p[i] = 0;
		}
		int32_t tok = draw(p, c->v, uniform(a->seed, (uint32_t)c->stream[2 * n], (uint32_t)c->stream[2 * n + 1], (uint32_t)c->pos[n]));
		c->tok[n] = tok;
		c->logp[n] = row_logp(&s, z[tok], inv_t);
		c->ent[n] = s.entropy;
	}
}

static void run_sample(gk_run *r, const gk_cmd *cmd) {
	const gk_sample *c = &cmd->u.sample;
	int64_t n = gk_count(c->n, r->args);
	sample_task t = {r, c, n, rows_per_chunk(r, n, 8 * c->v)};
	each(r, sample_chunk, &t, ceil_div(n, t.chunk_rows));
}

static void need_sample(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_local(need, 2 * block_bytes(cmd->u.sample.v));
}

#endif
