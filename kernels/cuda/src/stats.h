// What LossRows and Sample both say about softmax(z) of a row of n logits,
// z = logits * inv_t. One code for both: the log-prob of training is that of
// sampling to the bit.
#ifndef GRADUS_CUDA_STATS_H
#define GRADUS_CUDA_STATS_H

#include "num.h"
#include "reduce.h"

// top is the largest z, log_sum = log sum exp(z - top), total that sum.
struct row_stats { float top, log_sum, entropy; };

// logits_stats is one block's work, with part[3*BLOCK_WARPS] of shared memory
// to itself until the next block_sync.
DEVICE row_stats logits_stats(const float *logits, int n, float inv_t, smem<float> part) {
	row_stats r;
	float top = minus_infinity(), sum = 0, dot = 0;
	for (int i = tid(); i < n; i += BLOCK) top = larger(logits[i], top);
	r.top = block_max(top, part) * inv_t;
	for (int i = tid(); i < n; i += BLOCK) {
		float d = logits[i] * inv_t - r.top, e = gk_exp(d);
		sum = sum + e;
		dot = e > 0 ? gk_fma(e, d, dot) : dot; // 0 * infinity is no part of the entropy
	}
	sum = block_sum(sum, part + BLOCK_WARPS);
	dot = block_sum(dot, part + 2 * BLOCK_WARPS);
	r.log_sum = gk_log(sum);
	r.entropy = r.log_sum - dot / sum;
	return r;
}

DEVICE float row_logp(const row_stats &r, float logit, float inv_t) { return logit * inv_t - r.top - r.log_sum; }

#endif
