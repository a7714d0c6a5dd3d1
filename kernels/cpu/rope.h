// Rotary position embedding, in place on the query and key heads.
#ifndef GRADUS_CPU_ROPE_H
#define GRADUS_CPU_ROPE_H

#include "par.h"
#include "vec.h"

typedef struct { const gk_rope *c; int64_t n, chunk_rows; } rope_task;

INLINE void rotate(vf *a, vf *b, vf cos, vf sin) {
	vf x = *a, y = *b;
	*a = vfma(x, cos, -(y * sin));
	*b = vfma(y, cos, x * sin);
}

static void rope_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const rope_task *t = task;
	const gk_rope *c = t->c;
	int64_t half = c->d / 2;
	vf sign = vset(c->inverse ? -1.f : 1.f);
	for (int64_t n = chunk * t->chunk_rows; n < min64(t->n, (chunk + 1) * t->chunk_rows); n++) {
		const float *cos = c->cos + c->pos[n] * half, *sin = c->sin + c->pos[n] * half;
		for (int64_t h = 0; h < c->h + c->kv; h++) {
			float *x = c->qkv + (n * (c->h + 2 * c->kv) + h) * c->d;
			int64_t i = 0;
			for (; i + VL <= half; i += VL) {
				vf a = vload(x + i), b = vload(x + half + i);
				rotate(&a, &b, vload(cos + i), vload(sin + i) * sign);
				vstore(x + i, a);
				vstore(x + half + i, b);
			}
			if (i < half) {
				int64_t m = half - i;
				vf a = vload_n(x + i, m), b = vload_n(x + half + i, m);
				rotate(&a, &b, vload_n(cos + i, m), vload_n(sin + i, m) * sign);
				vstore_n(x + i, a, m);
				vstore_n(x + half + i, b, m);
			}
		}
	}
}

static void run_rope(gk_run *r, const gk_cmd *cmd) {
	const gk_rope *c = &cmd->u.rope;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_POS, c->pos, n, 0, c->max_pos - 1)) return;
	rope_task t = {c, n, rows_per_chunk(r, n, (c->h + c->kv) * c->d / 2)};
	each(r, rope_chunk, &t, ceil_div(n, t.chunk_rows));
}

#endif
