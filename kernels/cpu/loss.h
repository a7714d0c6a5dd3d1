// Log-prob and entropy of one target token per row, and their gradient,
// without keeping the logits of more than one chunk of rows.
#ifndef GRADUS_CPU_LOSS_H
#define GRADUS_CPU_LOSS_H

#include "gemm_dw.h"
#include "softmax.h"

// chunk_logits computes the logits of rows n0 .. n0+n-1.
static void chunk_logits(gk_run *r, const float *h, const float *pack, float *logits, int64_t n0, int64_t n, int64_t c, int64_t v) {
	matmul(r, (product){.a = h + n0 * c, .panels = pack, .c = logits, .n = n, .depth = c, .cols = v, .lda = c, .ldc = v});
}

typedef struct {
	const gk_loss *c;
	float inv_t;
	int64_t n0, n, chunk_rows;
} loss_task;

static void loss_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const loss_task *t = task;
	const gk_loss *c = t->c;
	for (int64_t i = chunk * t->chunk_rows; i < min64(t->n, (chunk + 1) * t->chunk_rows); i++) {
		const float *logits = c->scratch + i * c->v;
		row_stats s = logits_stats(logits, c->v, t->inv_t, 0);
		int64_t n = t->n0 + i;
		c->logp[n] = row_logp(&s, logits[c->target[n]], t->inv_t);
		c->lse[n] = row_lse(&s);
		c->ent[n] = s.entropy;
	}
}

static void run_loss(gk_run *r, const gk_cmd *cmd) {
	const gk_loss *c = &cmd->u.loss;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_TARGET, c->target, n, 0, c->v - 1)) return;
	for (int64_t n0 = 0; n0 < n; n0 += c->chunk) {
		loss_task t = {c, 1.f / r->args->temperature, n0, min64(c->chunk, n - n0), 0};
		chunk_logits(r, c->h, c->pack, c->scratch, n0, t.n, c->c, c->v);
		t.chunk_rows = rows_per_chunk(r, t.n, 3 * c->v);
		each(r, loss_chunk, &t, ceil_div(t.n, t.chunk_rows));
	}
}

// Backward. With p = softmax(z), l = log p = z - lse and z = logits/T:
//
//	d/dlogits_v = (coef*([v = target] - p_v) - ent_coef*p_v*(l_v + ent)) / T
typedef struct {
	const gk_loss_bwd *c;
	float inv_t;
	int64_t n0, n, chunk_rows;
} loss_bwd_task;

INLINE vf dlogits(vf logits, vf inv_t, vf lse, vf ent, vf coef, vf ent_coef) {
	vf l = logits * inv_t - lse;
	return -(vexp(l) * (coef + ent_coef * (l + ent)) * inv_t);
}

static void loss_bwd_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const loss_bwd_task *t = task;
	const gk_loss_bwd *c = t->c;
	for (int64_t i = chunk * t->chunk_rows; i < min64(t->n, (chunk + 1) * t->chunk_rows); i++) {
		float *z = c->scratch + i * c->v;
		int64_t n = t->n0 + i, v = 0;
		vf inv_t = vset(t->inv_t), lse = vset(c->lse[n]), ent = vset(c->ent[n]), coef = vset(c->coef[n]);
		vf ent_coef = vset(c->ent_coef ? c->ent_coef[n] : 0);
		for (; v + VL <= c->v; v += VL) vstore(z + v, dlogits(vload(z + v), inv_t, lse, ent, coef, ent_coef));
		if (v < c->v) vstore_n(z + v, dlogits(vload_n(z + v, c->v - v), inv_t, lse, ent, coef, ent_coef), c->v - v);
		z[c->target[n]] += c->coef[n] * t->inv_t;
	}
}

static void run_loss_bwd(gk_run *r, const gk_cmd *cmd) {
	const gk_loss_bwd *c = &cmd->u.loss_bwd;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_TARGET, c->target, n, 0, c->v - 1)) return;
	if (n == 0) return;
	for (int64_t n0 = 0; n0 < n; n0 += c->chunk) {
		loss_bwd_task t = {c, 1.f / r->args->temperature, n0, min64(c->chunk, n - n0), 0};
		chunk_logits(r, c->h, c->pack, c->scratch, n0, t.n, c->c, c->v);
		t.chunk_rows = rows_per_chunk(r, t.n, 3 * c->v);
		each(r, loss_bwd_chunk, &t, ceil_div(t.n, t.chunk_rows));
		matmul(r, (product){
			.a = c->scratch, .panels = c->pack_back, .c = c->dh + n0 * c->c,
			.n = t.n, .depth = c->v, .cols = c->c, .lda = c->v, .ldc = c->c,
		});
		outer_product(r, r->shared, c->dw, c->scratch, c->h + n0 * c->c, t.n, c->v, c->c);
	}
}

static void need_loss_bwd(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	const gk_loss_bwd *c = &cmd->u.loss_bwd;
	need_outer(need, c->v, c->c);
}

#endif
