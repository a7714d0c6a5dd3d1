// Factors of products in bf16: packed weights, and activations and gradients
// rounded before the product that reads them.
#include "chunk.h"
#include "round.h"

// gk_pack_bf16 rounds a weight for the forward product, or its transpose for the
// gradient of the input.
KERNEL(gk_pack_bf16, gk_pack, 256) {
	SHARED(float, turn, TURN * (TURN + 1));
	if (stopped(p.h)) return;
	if (p.back) round_columns(turn, p.dst, p.w, p.o, p.k, ceil_div(p.k, 64) * 64, p.o);
	else
		round_rows(p.dst, p.w, p.o, p.k, ceil_div(p.o, 64) * 64);
}

// no_fault tells that the op may take effect, and a library so.
DEVICE bool no_fault(const gk_round &p) {
	bool fine = !stopped_by_check(p.h);
	if (p.scales && block_id() == 0 && tid() == 0) {
		p.scales[0] = fine ? 1.f : 0.f;
		p.scales[1] = fine ? p.beta : 1.f;
	}
	return fine;
}

KERNEL(gk_round_rows, gk_round, 256) {
	gk_i64 rows = rounded_rows(p);
	round_rows(p.dst, p.x, no_fault(p) ? rows : 0, p.c, rows);
}

KERNEL(gk_round_columns, gk_round, 256) {
	SHARED(float, turn, TURN * (TURN + 1));
	gk_i64 rows = rounded_rows(p);
	round_columns(turn, p.dst, p.x, no_fault(p) ? rows : 0, p.c, p.c, rows);
}
