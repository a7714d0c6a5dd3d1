#include "pair.h"

static int overlap(const float *a, int64_t na, const float *b, int64_t nb) {
	return (const char *)a < (const char *)(b + nb) && (const char *)b < (const char *)(a + na);
}

// a_pair tells whether the commands may run a round of rows at a time, dx of a
// round before dw of the next.
static int a_pair(const gk_cmd *first, const gk_cmd *second, const gk_args *max) {
	if (first->op != GK_LINEAR_DW_BF16 || second->op != GK_LINEAR_DX_BF16) return 0;
	const gk_linear_dw *dw = &first->u.linear_dw;
	const gk_linear_dx *dx = &second->u.linear_dx;
	if (dw->dy != dx->dy || dw->n != dx->n || dw->o != dx->o || dw->k != dx->k) return 0;
	int64_t n = gk_count(dx->n, max), in = n * dx->k, out = n * dx->o, weights = dw->o * dw->k;
	if (overlap(dx->dx, in, dw->x, in) || overlap(dx->dx, in, dx->dy, out) || overlap(dx->dx, in, dw->dw, weights)) return 0;
	return !overlap(dw->dw, weights, dx->dy, out) && !overlap(dw->dw, weights, dx->pack, weights / 2);
}

void gk_pair_plan(gk_cmd *cmd, int64_t count, const gk_args *max) {
	for (int64_t i = 0; i + 1 < count; i++) cmd[i].both = a_pair(&cmd[i], &cmd[i + 1], max);
}
