// The optimizer: sum of squares of the gradient, and the AdamW step.
#ifndef GRADUS_CPU_ADAM_H
#define GRADUS_CPU_ADAM_H

#include "par.h"
#include "vec.h"

enum { SUM_BLOCK = 4096, ADAM_BLOCK = 8192 };

// Lane l of accumulator a holds the elements 16i + 4a + l.
typedef struct { const gk_sum_sq *c; double *part; } sum_sq_task;

static void sum_sq_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const sum_sq_task *t = task;
	int64_t i = chunk * SUM_BLOCK, end = min64(t->c->len, i + SUM_BLOCK);
	const float *x = t->c->x;
	d4 sum[4] = {{0}};
	for (; i + 16 <= end; i += 16)
UNROLL(4)
		for (int a = 0; a < 4; a++) {
			d4 d = __builtin_convertvector(*(const f4 *)(x + i + 4 * a), d4);
			sum[a] += d * d;
		}
	double tail = 0;
	for (; i < end; i++) tail += (double)x[i] * x[i];
	sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
	t->part[chunk] = (sum[0][0] + sum[0][1]) + (sum[0][2] + sum[0][3]) + tail;
}

static void run_sum_sq(gk_run *r, const gk_cmd *cmd) {
	const gk_sum_sq *c = &cmd->u.sum_sq;
	sum_sq_task t = {c, (double *)r->shared};
	int64_t blocks = ceil_div(c->len, SUM_BLOCK);
	each(r, sum_sq_chunk, &t, blocks);
	double sum = 0;
	for (int64_t i = 0; i < blocks; i++) sum += t.part[i];
	c->out[0] = (float)sum;
}

static void need_sum_sq(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_shared(need, ceil_div(cmd->u.sum_sq.len, SUM_BLOCK) * 8);
}

typedef struct { const gk_adamw *c; const gk_args *a; } adamw_task;

typedef struct { vf scale, b1, nb1, b2, nb2, corr1, corr2, eps, decay, lr; } adamw_consts;

INLINE void adamw_step(const adamw_consts *k, vf *w, vf g, vf *m, vf *v) {
	g = g * k->scale;
	*m = vfma(k->b1, *m, k->nb1 * g);
	*v = vfma(k->b2, *v, k->nb2 * g * g);
	vf step = (*m / k->corr1) / (vsqrt(*v / k->corr2) + k->eps) + k->decay * *w;
	*w = vfma(-k->lr, step, *w);
}

static void adamw_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const adamw_task *t = task;
	const gk_adamw *c = t->c;
	const gk_args *a = t->a;
	adamw_consts k = {
		vset(a->grad_scale), vset(c->beta1), vset(1.f - c->beta1), vset(c->beta2), vset(1.f - c->beta2),
		vset(a->beta_corr1), vset(a->beta_corr2), vset(c->eps), vset(c->weight_decay), vset(a->lr),
	};
	int64_t i = chunk * ADAM_BLOCK, end = min64(c->len, i + ADAM_BLOCK);
	for (; i < end; i += VL) {
		int64_t n = min64(VL, end - i);
		vf w, g, m, v;
		if (n == VL) {
			w = vload(c->w + i), g = vload(c->g + i), m = vload(c->m + i), v = vload(c->v + i);
			adamw_step(&k, &w, g, &m, &v);
			vstore(c->w + i, w), vstore(c->m + i, m), vstore(c->v + i, v);
		} else {
			w = vload_n(c->w + i, n), g = vload_n(c->g + i, n), m = vload_n(c->m + i, n), v = vload_n(c->v + i, n);
			adamw_step(&k, &w, g, &m, &v);
			vstore_n(c->w + i, w, n), vstore_n(c->m + i, m, n), vstore_n(c->v + i, v, n);
		}
	}
}

static void run_adamw(gk_run *r, const gk_cmd *cmd) {
	const gk_adamw *c = &cmd->u.adamw;
	adamw_task t = {c, r->args};
	each(r, adamw_chunk, &t, ceil_div(c->len, ADAM_BLOCK));
}

#endif
