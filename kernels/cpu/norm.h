// RMSNorm, forward and backward.
#ifndef GRADUS_CPU_NORM_H
#define GRADUS_CPU_NORM_H

#include "par.h"
#include "vec.h"

enum { NORM_BLOCK = 64 }; // rows whose part of DG is summed on its own

// The sums of a row run in four vectors of partial sums, joined in one order;
// the end of a row that is no multiple of VL is padded with zeros.
#define ROW_SUM(result, term, tail_term) \
	do { \
		vf sum_[4] = {{0}, {0}, {0}, {0}}; \
		int64_t i = 0; \
		for (; i + 4 * VL <= c; i += 4 * VL) \
			for (int j_ = 0; j_ < 4; j_++) { \
				int64_t o = i + j_ * VL; \
				sum_[j_] = term; \
			} \
		for (int j_ = 0; i < c; i += VL, j_++) { \
			int64_t o = i, m = c - i < VL ? c - i : VL; \
			sum_[j_] = tail_term; \
		} \
		result = vsum((sum_[0] + sum_[1]) + (sum_[2] + sum_[3])); \
	} while (0)

static float sum_squares(const float *x, int64_t c) {
	float s;
#define TERM(load) vfma(load, load, sum_[j_])
	ROW_SUM(s, TERM(vload(x + o)), TERM(vload_n(x + o, m)));
#undef TERM
	return s;
}

static float dot3(const float *a, const float *b, const float *x, int64_t c) {
	float s;
	ROW_SUM(s, vfma(vload(a + o) * vload(b + o), vload(x + o), sum_[j_]),
		vfma(vload_n(a + o, m) * vload_n(b + o, m), vload_n(x + o, m), sum_[j_]));
	return s;
}
#undef ROW_SUM

typedef struct { const gk_rmsnorm *c; int64_t n, chunk_rows; } rmsnorm_task;

static void rmsnorm_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const rmsnorm_task *t = task;
	const gk_rmsnorm *p = t->c;
	int64_t c = p->c;
	for (int64_t n = chunk * t->chunk_rows; n < min64(t->n, (chunk + 1) * t->chunk_rows); n++) {
		const float *x = p->x + n * c;
		float *y = p->y + n * c;
		float r = 1.f / sqrtf(sum_squares(x, c) / (float)c + p->eps);
		p->rstd[n] = r;
		vf rv = vset(r);
		int64_t i = 0;
		for (; i + VL <= c; i += VL) vstore(y + i, vload(x + i) * rv * vload(p->g + i));
		if (i < c) vstore_n(y + i, vload_n(x + i, c - i) * rv * vload_n(p->g + i, c - i), c - i);
	}
}

static void run_rmsnorm(gk_run *r, const gk_cmd *cmd) {
	const gk_rmsnorm *c = &cmd->u.rmsnorm;
	int64_t n = gk_count(c->n, r->args);
	rmsnorm_task t = {c, n, rows_per_chunk(r, n, c->c / 2)};
	each(r, rmsnorm_chunk, &t, ceil_div(n, t.chunk_rows));
}

// Backward: a chunk is NORM_BLOCK rows; it writes its part of DG to scratch,
// and the parts are added in ascending order.
typedef struct { const gk_rmsnorm_bwd *c; float *part; int64_t n, blocks; } rmsnorm_bwd_task;

static void rmsnorm_bwd_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const rmsnorm_bwd_task *t = task;
	const gk_rmsnorm_bwd *p = t->c;
	int64_t c = p->c;
	float *dg = t->part + chunk * c;
	memset(dg, 0, (size_t)c * 4);
	for (int64_t n = chunk * NORM_BLOCK; n < min64(t->n, (chunk + 1) * NORM_BLOCK); n++) {
		const float *x = p->x + n * c, *dy = p->dy + n * c, *g = p->g;
		float *dx = p->dx + n * c, r = p->rstd[n];
		float k = r * r * r * (dot3(dy, g, x, c) / (float)c);
		vf rv = vset(r), kv = vset(-k);
		int64_t i = 0;
		for (; i + VL <= c; i += VL) {
			vf d = vload(dy + i) * rv, xi = vload(x + i);
			vstore(dx + i, vload(dx + i) + vfma(xi, kv, d * vload(g + i)));
			vstore(dg + i, vfma(d, xi, vload(dg + i)));
		}
		if (i < c) {
			int64_t m = c - i;
			vf d = vload_n(dy + i, m) * rv, xi = vload_n(x + i, m);
			vstore_n(dx + i, vload_n(dx + i, m) + vfma(xi, kv, d * vload_n(g + i, m)), m);
			vstore_n(dg + i, vfma(d, xi, vload_n(dg + i, m)), m);
		}
	}
}

static void run_rmsnorm_bwd(gk_run *r, const gk_cmd *cmd) {
	const gk_rmsnorm_bwd *c = &cmd->u.rmsnorm_bwd;
	int64_t n = gk_count(c->n, r->args);
	rmsnorm_bwd_task t = {c, (float *)r->shared, n, ceil_div(n, NORM_BLOCK)};
	each(r, rmsnorm_bwd_chunk, &t, t.blocks);
	for (int64_t b = 0; b < t.blocks; b++)
		for (int64_t i = 0; i < c->c; i++) c->dg[i] += t.part[b * c->c + i];
}

static void need_rmsnorm_bwd(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)threads;
	const gk_rmsnorm_bwd *c = &cmd->u.rmsnorm_bwd;
	want_shared(need, ceil_div(gk_count(c->n, max), NORM_BLOCK) * c->c * 4);
}

#endif
