// Linear, its gradient with respect to the input and with respect to the
// weight, in f32.
#include "gemm.h"

// Y = (Res +) X W^T
KERNEL_BLOCKS(gk_linear_fwd, gk_linear, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped(p.h)) return;
	operand<true> x = {p.x, p.k, rows_of(p.h)}, w = {p.w, p.k, p.o};
	gemm(tiles, x, w, p.k, p.y, p.res, p.o);
}

// DX (+)= DY W
KERNEL_BLOCKS(gk_linear_bwd_dx, gk_linear_dx, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped(p.h)) return;
	operand<true> dy = {p.dy, p.o, rows_of(p.h)};
	operand<false> w = {p.w, p.k, p.k};
	gemm(tiles, dy, w, p.o, p.dx, p.acc ? p.dx : 0, p.k);
}

// DW += DY^T X
KERNEL_BLOCKS(gk_linear_bwd_dw, gk_linear_dw, 256, 2) {
	GEMM_SHARED(tiles);
	if (stopped(p.h)) return;
	int n = rows_of(p.h);
	operand<false> dy = {p.dy, p.o, p.o}, x = {p.x, p.k, p.k};
	if (n > 0) gemm(tiles, dy, x, n, p.dw, p.dw, p.k);
}
