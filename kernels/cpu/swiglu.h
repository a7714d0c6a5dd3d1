// SwiGLU, forward and backward.
#ifndef GRADUS_CPU_SWIGLU_H
#define GRADUS_CPU_SWIGLU_H

#include "par.h"
#include "vec.h"

INLINE vf swiglu(vf gate, vf up) { return gate * vsigmoid(gate) * up; }

typedef struct { const gk_swiglu *c; int64_t n, chunk_rows; } swiglu_task;

static void swiglu_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const swiglu_task *t = task;
	int64_t f = t->c->f;
	for (int64_t n = chunk * t->chunk_rows; n < min64(t->n, (chunk + 1) * t->chunk_rows); n++) {
		const float *g = t->c->gu + n * 2 * f, *u = g + f;
		float *y = t->c->y + n * f;
		int64_t i = 0;
		for (; i + VL <= f; i += VL) vstore(y + i, swiglu(vload(g + i), vload(u + i)));
		if (i < f) vstore_n(y + i, swiglu(vload_n(g + i, f - i), vload_n(u + i, f - i)), f - i);
	}
}

static void run_swiglu(gk_run *r, const gk_cmd *cmd) {
	const gk_swiglu *c = &cmd->u.swiglu;
	int64_t n = gk_count(c->n, r->args);
	swiglu_task t = {c, n, rows_per_chunk(r, n, 4 * c->f)};
	each(r, swiglu_chunk, &t, ceil_div(n, t.chunk_rows));
}

// silu'(x) = s + x s (1-s), with s = sigmoid(x).
INLINE void swiglu_bwd(vf gate, vf up, vf dy, vf *dgate, vf *dup) {
	vf s = vsigmoid(gate), silu = gate * s;
	*dup = dy * silu;
	*dgate = dy * up * vfma(silu, vset(1.f) - s, s);
}

typedef struct { const gk_swiglu_bwd *c; int64_t n, chunk_rows; } swiglu_bwd_task;

static void swiglu_bwd_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const swiglu_bwd_task *t = task;
	int64_t f = t->c->f;
	for (int64_t n = chunk * t->chunk_rows; n < min64(t->n, (chunk + 1) * t->chunk_rows); n++) {
		const float *g = t->c->gu + n * 2 * f, *u = g + f, *dy = t->c->dy + n * f;
		float *dg = t->c->dgu + n * 2 * f, *du = dg + f;
		vf a, b;
		int64_t i = 0;
		for (; i + VL <= f; i += VL) {
			swiglu_bwd(vload(g + i), vload(u + i), vload(dy + i), &a, &b);
			vstore(dg + i, a);
			vstore(du + i, b);
		}
		if (i < f) {
			int64_t m = f - i;
			swiglu_bwd(vload_n(g + i, m), vload_n(u + i, m), vload_n(dy + i, m), &a, &b);
			vstore_n(dg + i, a, m);
			vstore_n(du + i, b, m);
		}
	}
}

static void run_swiglu_bwd(gk_run *r, const gk_cmd *cmd) {
	const gk_swiglu_bwd *c = &cmd->u.swiglu_bwd;
	int64_t n = gk_count(c->n, r->args);
	swiglu_bwd_task t = {c, n, rows_per_chunk(r, n, 4 * c->f)};
	each(r, swiglu_bwd_chunk, &t, ceil_div(n, t.chunk_rows));
}

#endif
