// Factors of products in bf16: packed weights, and activations and gradients
// rounded before the product that reads them.
#include "chunk.h"
#include "round.h"

// gk_pack_bf16 rounds a weight for the forward product, or its transpose for the
// gradient of the input.
KERNEL(gk_pack_bf16, gk_pack, 256) {
	SHARED(float, turn, TURN * (TURN + 1));
	if (stopped(p.h)) return;
	if (p.back) round_columns(turn, p.dst, p.w, p.o, p.k, ceil_div(p.k, 64) * 64);
	else
		round_rows(p.dst, p.w, p.o, p.k, ceil_div(p.o, 64) * 64);
}

// What these read may be what an op that has failed left unwritten; the product
// after them leaves then.
KERNEL(gk_round_rows, gk_round, 256) {
	gk_i64 rows = rounded_rows(p);
	round_rows(p.dst, p.x, rows, p.c, rows);
}

KERNEL(gk_round_columns, gk_round, 256) {
	SHARED(float, turn, TURN * (TURN + 1));
	round_columns(turn, p.dst, p.x, rounded_rows(p), p.c, p.c);
}
