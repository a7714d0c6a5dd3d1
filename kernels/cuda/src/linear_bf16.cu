// Linear and its gradients with factors of bf16, and the packing of weights.
#include "gemm_bf16.h"

// gk_pack_bf16 rounds a weight for the forward product, or its transpose for the
// gradient of the input.
KERNEL(gk_pack_bf16, gk_pack, 256) {
	if (stopped(p.h)) return;
	int rows = p.back ? p.k : p.o, depth = p.back ? p.o : p.k;
	gk_i64 ld = ceil_div(depth, 32) * 32, len = ceil_div(rows, 64) * 64 * ld;
	for (gk_i64 i = block_id() * threads() + tid(); i < len; i += blocks() * threads()) {
		gk_i64 r = i / ld, k = i % ld;
		p.dst[i] = r < rows && k < depth ? round_bf16(p.w[p.back ? k * p.k + r : r * p.k + k]) : (bf16)0;
	}
}

// MANY_TILES is about one for each processor of the largest GPUs.
enum { MANY_TILES = 128 };

// Y = (Res +) X W^T
KERNEL(gk_linear_fwd_bf16, gk_linear, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped(p.h)) return;
	reals<true> x = {p.x, p.k, rows_of(p.h)};
	weights w = packed_weights(p.pack, p.o, p.k);
	// Decoding has few rows: four times as many small tiles keep the GPU busy.
	// The choice changes no bit.
	if (ceil_div(x.rows, LARGE_TILE) * ceil_div(w.rows, LARGE_TILE) < MANY_TILES) gemm_bf16_in<SMALL_TILE>(tiles, x, w, p.k, p.y, p.res, p.o);
	else
		gemm_bf16_in<LARGE_TILE>(tiles, x, w, p.k, p.y, p.res, p.o);
}

// DX (+)= DY W
KERNEL(gk_linear_bwd_dx_bf16, gk_linear_dx, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped(p.h)) return;
	reals<true> dy = {p.dy, p.o, rows_of(p.h)};
	gemm_bf16(tiles, dy, packed_weights(p.back, p.k, p.o), p.o, p.dx, p.acc ? p.dx : 0, p.k);
}

// DW += DY^T X
KERNEL(gk_linear_bwd_dw_bf16, gk_linear_dw, 256) {
	GEMM_BF16_SHARED(tiles);
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	reals<false> dy = {p.dy, p.o, p.o}, x = {p.x, p.k, p.k};
	if (n > 0) gemm_bf16(tiles, dy, x, n, p.dw, p.dw, p.k);
}
