// loss.h with its products in bf16: the logits, and with dlogits rounded too,
// the gradients of the input and of the weights.
#ifndef GRADUS_CPU_BF16_LOSS_H
#define GRADUS_CPU_BF16_LOSS_H

#include "bf16_dw.h"
#include "loss.h"

static void chunk_logits_bf16(gk_run *r, const float *h, const float *pack, float *logits, int64_t n0, int64_t n, int64_t c, int64_t v) {
	bf16_matmul(r, (bf16_product){
		.a = h + n0 * c, .panels = (const uint16_t *)pack, .c = logits, .n = n, .depth = c, .cols = v, .lda = c, .ldc = v,
	});
}

static void run_loss_bf16(gk_run *r, const gk_cmd *cmd) {
	const gk_loss *c = &cmd->u.loss;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_TARGET, c->target, n, 0, c->v - 1)) return;
	for (int64_t n0 = 0; n0 < n; n0 += c->chunk) {
		loss_task t = {c, 1.f / r->args->temperature, n0, min64(c->chunk, n - n0), 0};
		chunk_logits_bf16(r, c->h, c->pack, c->scratch, n0, t.n, c->c, c->v);
		t.chunk_rows = rows_per_chunk(r, t.n, 3 * c->v);
		each(r, loss_chunk, &t, ceil_div(t.n, t.chunk_rows));
	}
}

static void need_loss_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_local(need, bf16_product_bytes(cmd->u.loss.c));
}

static void run_loss_bwd_bf16(gk_run *r, const gk_cmd *cmd) {
	const gk_loss_bwd *c = &cmd->u.loss_bwd;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_TARGET, c->target, n, 0, c->v - 1)) return;
	for (int64_t n0 = 0; n0 < n; n0 += c->chunk) {
		loss_bwd_task t = {c, 1.f / r->args->temperature, n0, min64(c->chunk, n - n0), 0};
		chunk_logits_bf16(r, c->h, c->pack, c->scratch, n0, t.n, c->c, c->v);
		t.chunk_rows = rows_per_chunk(r, t.n, 3 * c->v);
		each(r, loss_bwd_chunk, &t, ceil_div(t.n, t.chunk_rows));
		gk_linear_dw dw = {.dw = c->dw, .dy = c->scratch, .x = c->h + n0 * c->c, .o = c->v, .k = c->c};
		gk_linear_dx dh = {.dx = c->dh + n0 * c->c, .dy = c->scratch, .pack = c->pack_back, .o = c->v, .k = c->c};
		int64_t ns = 0; // the op is timed as a whole
		bf16_linear_bwd(r, &dw, &dh, t.n, &ns, &ns);
	}
}

static void need_loss_bwd_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	const gk_loss_bwd *c = &cmd->u.loss_bwd;
	want_local(need, max64(bf16_product_bytes(c->c), bf16_product_bytes(c->v)));
	want_shared(need, bf16_outer_bytes(c->v, c->c));
}

#endif
