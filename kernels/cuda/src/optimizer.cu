// The optimizer: sum of squares of the gradient in two stages of fixed order,
// and the AdamW step.
#include "reduce.h"

KERNEL(gk_sum_sq_part, gk_sum_sq, 256) {
	SHARED(double, part, BLOCK_WARPS);
	if (stopped(p.h)) return;
	for (gk_i64 b = block_id(); b * GK_SUM_BLOCK < p.len; b += blocks()) {
		gk_i64 end = (b + 1) * GK_SUM_BLOCK < p.len ? (b + 1) * GK_SUM_BLOCK : p.len;
		double sum = 0;
		for (gk_i64 i = b * GK_SUM_BLOCK + tid(); i < end; i += BLOCK) sum = sum + (double)p.x[i] * p.x[i];
		sum = block_sum(sum, part);
		if (tid() == 0) p.part[b] = sum;
		block_sync();
	}
}

KERNEL(gk_sum_sq_all, gk_sum_sq, 256) {
	SHARED(double, part, BLOCK_WARPS);
	if (stopped(p.h) || block_id() > 0) return;
	double sum = 0;
	for (gk_i64 b = tid(); b * GK_SUM_BLOCK < p.len; b += BLOCK) sum = sum + p.part[b];
	sum = block_sum(sum, part);
	if (tid() == 0) p.out[0] = (float)sum;
}

KERNEL(gk_adamw_step, gk_adamw, 256) {
	if (stopped(p.h)) return;
	const gk_run *a = p.h.run;
	float nb1 = 1.f - p.beta1, nb2 = 1.f - p.beta2;
	for (gk_i64 i = block_id() * threads() + tid(); i < p.len; i += blocks() * threads()) {
		float g = p.g[i] * a->grad_scale, w = p.w[i];
		float m = gk_fma(p.beta1, p.m[i], nb1 * g);
		float v = gk_fma(p.beta2, p.v[i], nb2 * g * g);
		float step = (m / a->beta_corr1) / (gk_sqrt(v / a->beta_corr2) + p.eps) + p.weight_decay * w;
		p.m[i] = m;
		p.v[i] = v;
		p.w[i] = gk_fma(-a->lr, step, w);
	}
}
