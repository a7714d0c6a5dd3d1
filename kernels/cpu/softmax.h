// The row functions that sampling and training share: softmax over the keys of
// one query, and log-prob and entropy over the vocabulary. Lane l of a sum
// holds the elements l, l+VL, ...: the order is fixed by the index alone, and
// a lane beyond the row adds exactly 0, so a longer buffer changes no bit.
#ifndef GRADUS_CPU_SOFTMAX_H
#define GRADUS_CPU_SOFTMAX_H

#include "vec.h"

// row_max of n numbers, n >= 1. With room, x may be read up to the next whole
// vector. A NaN may get lost here; it shows in the sums that follow.
INLINE float row_max(const float *x, int64_t n, const int room) {
	vf top = vset(-INFINITY);
	int64_t i = 0;
	for (; i + VL <= n; i += VL) top = vmax(vload(x + i), top);
	if (i < n) top = vmax(vpick(vfirst(n - i), room ? vload(x + i) : vload_n(x + i, n - i), top), top);
	return vtop(top);
}

// softmax_row turns n raw scores into exp(scale*(s - max)) and returns their
// sum; *top = scale*max. s has room for a whole number of vectors; the lanes
// beyond n become 0.
INLINE float softmax_row(float *s, int64_t n, float scale, float *top) {
	*top = row_max(s, n, 1) * scale;
	vf k = vset(scale), t = vset(*top), sum = {0};
	int64_t i = 0;
	for (; i + VL <= n; i += VL) {
		vf p = vexp(vload(s + i) * k - t);
		vstore(s + i, p);
		sum += p;
	}
	if (i < n) {
		vf p = vexp(vload(s + i) * k - t);
		p = (vf)((vi)p & vfirst(n - i));
		vstore(s + i, p);
		sum += p;
	}
	return vsum(sum);
}

// row_stats describes softmax(z) of a row of n logits, z = logits * inv_t:
// the largest z, log sum exp(z - top), and the entropy. When p is not NULL it
// receives exp(z - top).
typedef struct { float top, log_sum, entropy; } row_stats;

static row_stats logits_stats(const float *logits, int64_t n, float inv_t, float *p) {
	row_stats r;
	r.top = row_max(logits, n, 0) * inv_t;
	vf k = vset(inv_t), t = vset(r.top);
	vf sum[2] = {{0}, {0}}, dot[2] = {{0}, {0}};
	int64_t i = 0;
	for (; i + 2 * VL <= n; i += 2 * VL)
		for (int j = 0; j < 2; j++) {
			vf d = vload(logits + i + j * VL) * k - t, e = vexp(d);
			if (p) vstore(p + i + j * VL, e);
			sum[j] += e;
			dot[j] = vfma(e, d, dot[j]);
		}
	for (int j = 0; i < n; i += VL, j++) {
		int64_t m = n - i < VL ? n - i : VL;
		vf d = vload_n(logits + i, m) * k - t, e = vexp(d);
		d = (vf)((vi)d & vfirst(m));
		e = (vf)((vi)e & vfirst(m));
		if (p) vstore_n(p + i, e, m);
		sum[j] += e;
		dot[j] = vfma(e, d, dot[j]);
	}
	float total = vsum(sum[0] + sum[1]);
	r.log_sum = log_of(total);
	r.entropy = r.log_sum - vsum(dot[0] + dot[1]) / total;
	return r;
}

INLINE float row_logp(const row_stats *r, float logit, float inv_t) {
	return logit * inv_t - r->top - r->log_sum;
}
INLINE float row_lse(const row_stats *r) { return r->top + r->log_sum; }

#endif
