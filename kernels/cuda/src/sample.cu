// Sampling one token per row of logits. Masses of tokens are whole numbers
// (2^40 is the mass of the most likely token), so sums of them are exact in any
// order: histograms may use atomics, and no result depends on which thread
// came first.
#include "stats.h"

enum { DIGIT = 8, DIGITS = 1 << DIGIT, CHUNKS = 1024 };

// uniform24 is the random number of package philox, times 2^24: Philox4x32-10
// of Salmon et al. (SC 2011), key = seed, counter = stream and position.
DEVICE unsigned uniform24(gk_u64 seed, unsigned stream_lo, unsigned stream_hi, unsigned pos) {
	unsigned c0 = stream_lo, c1 = stream_hi, c2 = pos, c3 = 0, k0 = (unsigned)seed, k1 = (unsigned)(seed >> 32);
	for (int round = 0; round < 10; round++) {
		gk_u64 x = (gk_u64)0xD2511F53u * c0, y = (gk_u64)0xCD9E8D57u * c2;
		c0 = (unsigned)(y >> 32) ^ c1 ^ k0;
		c2 = (unsigned)(x >> 32) ^ c3 ^ k1;
		c1 = (unsigned)y;
		c3 = (unsigned)x;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	return c0 >> 8;
}

// order_of maps logits to whole numbers of the same order; both zeros are one.
DEVICE unsigned order_of(float logit) {
	unsigned u = __builtin_bit_cast(unsigned, logit + 0.f);
	return u >> 31 ? ~u : u | 0x80000000u;
}

DEVICE gk_u64 mass_of(float logit, float inv_t, float top) {
	float e = gk_exp(logit * inv_t - top);
	return e > 0 ? (gk_u64)(e * 0x1p40f) : 0;
}

// kept_tokens is the prefix of the descending order (equal logits in ascending
// id) that is sampled from: logits above `order`, and those equal to it up to
// id `last`.
struct kept_tokens { unsigned order; int last; };
DEVICE bool kept(const kept_tokens &k, float logit, int id) {
	unsigned o = order_of(logit);
	return o > k.order || (o == k.order && id <= k.last);
}

// find_last finds the last kept token by its digits: a histogram of counts and
// masses by digit among the tokens that agree in the digits before, then the
// digit in which enough tokens (top_k) or enough mass are reached.
DEVICE kept_tokens find_last(const float *z, int v, float inv_t, float top, int top_k, double least_mass, smem<unsigned> counts, smem<gk_u64> masses, smem<unsigned> found) {
	unsigned order = 0, before = 0;
	gk_u64 mass_before = 0;
	int last = 0;
	// Four digits of the order, descending, then the digits of the id, ascending.
	int id_digits = 1;
	while (id_digits < 4 && v > 1 << (DIGIT * id_digits)) id_digits++;
	for (int level = 0; level < 4 + id_digits; level++) {
		bool by_id = level >= 4;
		int shift = by_id ? DIGIT * (3 + id_digits - level) : DIGIT * (3 - level);
		for (int i = tid(); i < DIGITS; i += BLOCK) counts[i] = 0, masses[i] = 0;
		block_sync();
		for (int i = tid(); i < v; i += BLOCK) {
			unsigned o = order_of(z[i]), key = by_id ? (unsigned)i : o, prefix = by_id ? (unsigned)last : order;
			if (by_id && o != order) continue;
			if (shift + DIGIT < 32 && key >> (shift + DIGIT) != prefix >> (shift + DIGIT)) continue;
			unsigned digit = key >> shift & (DIGITS - 1);
			shared_add(counts + (by_id ? digit : DIGITS - 1 - digit), 1u);
			shared_add(masses + (by_id ? digit : DIGITS - 1 - digit), mass_of(z[i], inv_t, top));
		}
		block_sync();
		// The first bin, in the order of the prefix, that fulfils a bound; the
		// last that is not empty when none does.
		if (tid() == 0) {
			unsigned count = before;
			gk_u64 mass = mass_before;
			for (int b = 0; b < DIGITS; b++) {
				unsigned n = counts[b];
				if (n == 0) continue;
				found[0] = (unsigned)b;
				found[1] = count;
				found[2] = (unsigned)mass;
				found[3] = (unsigned)(mass >> 32);
				count += n;
				mass += masses[b];
				if ((top_k > 0 && count >= (unsigned)top_k) || (double)mass >= least_mass) break;
			}
		}
		block_sync();
		unsigned bin = found[0];
		before = found[1];
		mass_before = (gk_u64)found[3] << 32 | found[2];
		if (by_id) last |= (int)(bin << shift);
		else order |= (DIGITS - 1 - bin) << shift;
		block_sync();
	}
	return {order, last};
}

// draw returns the first token in ascending id at which the mass of the kept
// tokens exceeds u/2^24 of their total. A token of mass 0 is never drawn.
DEVICE int draw(const float *z, int v, float inv_t, float top, const kept_tokens &k, unsigned u, smem<gk_u64> chunks, smem<int> token) {
	int width = (int)ceil_div(ceil_div(v, CHUNKS), WARP) * WARP, count = (int)ceil_div(v, width);
	for (int c = warp(); c < count; c += BLOCK_WARPS) {
		gk_u64 mass = 0;
		for (int i = c * width + lane(); i < least(v, (c + 1) * width); i += WARP)
			if (kept(k, z[i], i)) mass += mass_of(z[i], inv_t, top);
		mass = warp_sum(mass);
		if (lane() == 0) chunks[c] = mass;
	}
	if (tid() == 0) token[0] = 0;
	block_sync();
	if (warp() == 0) {
		// The chunk in which the bound is passed: each lane adds up its share
		// of the chunks, then the lanes are added up in order.
		int share = (int)ceil_div(count, WARP);
		gk_u64 own = 0;
		for (int c = lane() * share; c < least(count, (lane() + 1) * share); c++) own += chunks[c];
		gk_u64 all = warp_sum(own), bound = mul_high((gk_u64)u << 40, all), before = 0;
		for (int l = 0; l < WARP; l++) {
			gk_u64 x = shfl(own, l);
			if (l < lane()) before += x;
		}
		unsigned passes = ballot(before + own > bound);
		if (passes) {
			int l = low_bit(passes), c = l * share;
			gk_u64 sum = shfl(before, l);
			while (sum + chunks[c] <= bound) sum += chunks[c++];
			for (int i = c * width;; i += WARP) { // 32 tokens at a time, in ascending id
				int at = i + lane();
				gk_u64 mass = at < v && kept(k, z[at], at) ? mass_of(z[at], inv_t, top) : 0, upto = mass;
				for (int m = 1; m < WARP; m *= 2) {
					gk_u64 x = shfl(upto, lane() >= m ? lane() - m : lane());
					if (lane() >= m) upto += x;
				}
				unsigned hit = ballot(sum + upto > bound);
				if (hit) {
					if (lane() == 0) token[0] = i + low_bit(hit);
					break;
				}
				sum += shfl(upto, WARP - 1);
				if (i + WARP >= v) break; // only numbers that are no probabilities lead here
			}
		}
	}
	block_sync();
	return token[0];
}

KERNEL(gk_sample_rows, gk_sample, 256) {
	SHARED(float, part, 3 * BLOCK_WARPS);
	SHARED(gk_u64, masses, CHUNKS);
	SHARED(unsigned, counts, DIGITS);
	SHARED(unsigned, found, 4);
	SHARED(gk_u64, sums, BLOCK_WARPS);
	SHARED(int, token, 1);
	if (stopped(p.h)) return;
	const gk_run *a = p.h.run;
	int n = rows_of(p.h);
	float inv_t = 1.f / a->temperature;
	for (gk_i64 row = block_id(); row < n; row += blocks()) {
		const float *z = p.logits + row * p.v;
		row_stats s = logits_stats(z, p.v, inv_t, part);
		kept_tokens k = {0, 0x7fffffff}; // all
		if ((a->top_k > 0 && a->top_k < p.v) || a->top_p < 1.f) {
			double least_mass = __builtin_inf();
			if (a->top_p < 1.f) {
				gk_u64 mass = 0;
				for (int i = tid(); i < p.v; i += BLOCK) mass += mass_of(z[i], inv_t, s.top);
				least_mass = (double)a->top_p * (double)block_sum(mass, sums);
			}
			block_sync();
			k = find_last(z, p.v, inv_t, s.top, a->top_k, least_mass, counts, masses, found);
		}
		unsigned u = uniform24(a->seed, (unsigned)p.stream[2 * row], (unsigned)p.stream[2 * row + 1], (unsigned)p.pos[row]);
		int tok = draw(z, p.v, inv_t, s.top, k, u, masses, token);
		if (tid() == 0) {
			p.tok[row] = tok;
			p.logp[row] = row_logp(s, z[tok], inv_t);
			p.ent[row] = s.entropy;
		}
		block_sync();
	}
}
