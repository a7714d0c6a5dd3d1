// SwiGLU, forward and backward: elementwise.
#include "num.h"

KERNEL(gk_swiglu_fwd, gk_swiglu, 256) {
	if (stopped(p.h)) return;
	gk_i64 len = (gk_i64)rows_of(p.h) * p.f;
	for (gk_i64 i = block_id() * threads() + tid(); i < len; i += blocks() * threads()) {
		gk_i64 row = i / p.f, at = row * p.f + i;
		float g = p.gu[at], u = p.gu[at + p.f];
		p.y[i] = g * gk_sigmoid(g) * u;
	}
}

// silu'(x) = s + x s (1-s), with s = sigmoid(x).
KERNEL(gk_swiglu_bwd_rows, gk_swiglu_bwd, 256) {
	if (stopped(p.h)) return;
	gk_i64 len = (gk_i64)rows_of(p.h) * p.f;
	for (gk_i64 i = block_id() * threads() + tid(); i < len; i += blocks() * threads()) {
		gk_i64 row = i / p.f, at = row * p.f + i;
		float g = p.gu[at], u = p.gu[at + p.f], dy = p.dy[i];
		float s = gk_sigmoid(g), silu = g * s;
		p.dgu[at] = dy * u * gk_fma(silu, 1.f - s, s);
		p.dgu[at + p.f] = dy * silu;
	}
}
