// Linear and its gradients with factors of bf16. The rows of X and DY have been
// rounded before (round.cu): as they lie for Y and DX, turned around for DW.
#include "gemm_bf16.h"

// MANY_TILES is about one for each processor of the largest GPUs.
enum { MANY_TILES = 128 };

// Y = (Res +) X W^T
KERNEL_BLOCKS(gk_linear_fwd_bf16, gk_linear, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped(p.h)) return;
	factor x = factor_of(p.rounded, rows_of(p.h), p.k), w = factor_of(p.pack, p.o, p.k);
	// Decoding has few rows: four times as many small tiles keep the GPU busy.
	// The choice changes no bit.
	if (ceil_div(x.rows, LARGE_TILE) * ceil_div(w.rows, LARGE_TILE) < MANY_TILES) gemm_bf16_in<SMALL_TILE>(tiles, x, w, p.y, p.res, p.o);
	else
		gemm_bf16_in<LARGE_TILE>(tiles, x, w, p.y, p.res, p.o);
}

// DX (+)= DY W
KERNEL_BLOCKS(gk_linear_bwd_dx_bf16, gk_linear_dx, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped(p.h)) return;
	gemm_bf16(tiles, factor_of(p.rounded, rows_of(p.h), p.o), factor_of(p.back, p.k, p.o), p.dx, p.acc ? p.dx : 0, p.k);
}

// DW += DY^T X
KERNEL_BLOCKS(gk_linear_bwd_dw_bf16, gk_linear_dw, 256, 2) {
	DYNAMIC_SHARED(bf16, tiles);
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	if (n > 0) gemm_bf16(tiles, factor_of(p.dy_turned, p.o, n), factor_of(p.x_turned, p.k, n), p.dw, p.dw, p.k);
}
