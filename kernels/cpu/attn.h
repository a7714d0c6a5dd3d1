// Causal attention over packed sequences, forward and backward.
//
// A score is fma over d ascending; the softmax runs over a whole row of keys
// (softmax.h); P*V is fma over the keys ascending. decode.h does the very same
// steps for one row, so its result equals Attn's row to the bit.
#ifndef GRADUS_CPU_ATTN_H
#define GRADUS_CPU_ATTN_H

#include "gemm.h"
#include "softmax.h"

enum { Q_BLOCK = 128 }; // query rows of one work item

// Sizes of one attention op. t is the stride of a row of scores: the longest
// sequence rounded up to panels and one more, because rows that lie a power of
// two apart would all meet in the same few places of a cache. dp is the head
// size rounded up to panels.
typedef struct {
	int64_t h, kv, d, t, dp, row; // row: floats of a row of QKV
	float scale;
} heads;

INLINE heads heads_of(int64_t h, int64_t kv, int64_t d, int64_t len) {
	return (heads){h, kv, d, round_up(len, NR) + NR, round_up(d, NR), (h + 2 * kv) * d, 1.f / sqrtf((float)d)};
}

// bad_sequences checks Start of a run (0, ascending, ending at the row count)
// and Prefix: -1 or the last sequence that has none.
static int bad_sequences(gk_run *r, const int32_t *start, const int32_t *prefix, int64_t s, int64_t n, int64_t max_len) {
	if (start[0] != 0) {
		r->fault = (gk_fault){.what = GK_START_FIRST, .row = 0, .value = start[0]};
		return 1;
	}
	int64_t root = -1, root_len = 0;
	for (int64_t i = 0; i < s; i++) {
		int64_t len = (int64_t)start[i + 1] - start[i];
		if (len < 0) {
			r->fault = (gk_fault){.what = GK_START_ORDER, .row = i + 1, .value = start[i + 1], .min = start[i], .max = n};
			return 1;
		}
		if (!prefix || prefix[i] == -1) {
			root = i, root_len = len;
		} else if (prefix[i] == root && root >= 0) {
			len += root_len;
		} else {
			r->fault = (gk_fault){.what = GK_PREFIX, .row = i, .value = prefix[i], .min = -1, .max = root};
			return 1;
		}
		if (len > max_len) {
			r->fault = (gk_fault){.what = GK_SEQ_LEN, .row = i, .value = len, .min = 0, .max = max_len};
			return 1;
		}
	}
	if (start[s] != n) {
		r->fault = (gk_fault){.what = GK_START_LAST, .row = s, .value = start[s], .min = n, .max = n};
		return 1;
	}
	return 0;
}

// seen are the rows of QKV that a sequence reads: those of its prefix, then its
// own.
typedef struct {
	int64_t plo, plen; // first row and number of rows of the prefix
	int64_t lo, len;   // of the sequence itself
} seen;

INLINE seen seen_by(const int32_t *start, const int32_t *prefix, int64_t s) {
	seen q = {.lo = start[s], .len = start[s + 1] - start[s]};
	if (prefix && prefix[s] >= 0) q.plo = start[prefix[s]], q.plen = start[prefix[s] + 1] - q.plo;
	return q;
}

// seen_t packs n key or value heads (x is that head of row 0) as panels of
// their transpose.
static void seen_t(float *panels, const float *x, const seen *q, int64_t ld, int64_t d, int64_t n) {
	for (int64_t j = 0; j < n; j += NR) {
		const float *row[NR];
		int64_t m = min64(NR, n - j);
		for (int64_t i = 0; i < m; i++) {
			int64_t t = j + i;
			row[i] = x + (t < q->plen ? q->plo + t : q->lo + t - q->plen) * ld;
		}
		pack_rows_t(panels + j * d, row, d, m);
	}
}

// seen_panels packs n of them as they stand.
static void seen_panels(float *panels, const float *x, const seen *q, int64_t ld, int64_t d, int64_t n) {
	int64_t p = min64(q->plen, n);
	pack_panels(panels, x + q->plo * ld, ld, n, d, 0, p, 0);
	pack_panels(panels, x + q->lo * ld, ld, n, d, p, n, p);
}

// fetch_heads asks for n rows of d floats at x, which are needed soon. A row of
// QKV is read one head at a time, a stride that no hardware sees through.
INLINE void fetch_heads(const float *x, int64_t ld, int64_t n, int64_t d) {
	for (int64_t r = 0; r < n; r++)
		for (int64_t i = 0; i < d; i += 16) __builtin_prefetch(x + r * ld + i);
}

// scores of m <= MR query rows against keys 0..n-1: s (m, t), raw.
INLINE void scores(const heads *hd, const float *q, int64_t ldq, int64_t m, const float *panels, int64_t n, float *s) {
	tile t = {.depth = hd->d, .a = q, .lda = ldq, .ldc = hd->t, .cols = NR};
	for (int64_t j = 0; j < n; j += NR) {
		t.b = panels + j * hd->d;
		t.c = s + j;
		rows_tile[m](&t);
	}
}

typedef struct {
	gk_run *run;
	const gk_attn *c;
	heads hd;
	int64_t q_blocks; // work items of one sequence and key/value head
} attn_task;

// attn_item does the query rows q0 .. q1-1 of the positions of a sequence and
// the query heads of one key/value head.
static void attn_item(const attn_task *a, const seen *q, int64_t g, int64_t q0, int64_t q1, char *at) {
	const gk_attn *c = a->c;
	const heads *hd = &a->hd;
	int64_t group = hd->h / hd->kv, lo = q->lo - q->plen; // row of position 0, if it were there
	float *kt = float_block(&at, hd->d * hd->t), *v = float_block(&at, hd->t * hd->dp);
	float *s = float_block(&at, MR * hd->t), *o = float_block(&at, MR * hd->dp);
	const float *keys = c->qkv + (hd->h + g) * hd->d, *values = keys + hd->kv * hd->d;
	fetch_heads(values + q->lo * hd->row, hd->row, q1 - q->plen, hd->d);
	seen_t(kt, keys, q, hd->row, hd->d, q1);
	seen_panels(v, values, q, hd->row, hd->d, q1);
	for (int64_t h = g * group; h < (g + 1) * group; h++)
		for (int64_t i = q0; i < q1; i += MR) {
			int64_t m = min64(MR, q1 - i);
			fetch_heads(c->qkv + (lo + i + 2 * MR) * hd->row + h * hd->d, hd->row, min64(MR, q1 - i - 2 * MR), hd->d);
			scores(hd, c->qkv + (lo + i) * hd->row + h * hd->d, hd->row, m, kt, i + m, s);
			float top[VL], sum[VL], norm[MR];
			for (int r = 0; r < VL; r++) top[r] = 0, sum[r] = 1;
			for (int64_t r = 0; r < m; r++) {
				sum[r % VL] = softmax_row(s + r * hd->t, i + r + 1, hd->scale, &top[r % VL]);
				norm[r] = 1.f / sum[r % VL];
				if ((r + 1) % VL == 0 || r + 1 == m) { // up to VL logarithms at once
					float lse[VL];
					vstore(lse, vload(top) + vlog(vload(sum)));
					for (int64_t x = r / VL * VL; x <= r; x++) c->lse[(lo + i + x) * hd->h + h] = lse[x % VL];
				}
			}
			for (int64_t j = 0; j < hd->d; j += NR) {
				const float *panel = v + j * q1;
				// The keys that all rows of the tile see, then the rest row by row.
				rows_tile[m](&(tile){.depth = i + 1, .a = s, .lda = hd->t, .b = panel, .c = o + j, .ldc = hd->dp, .cols = NR});
				for (int64_t r = 0; r < m; r++) {
					float *out = c->out + ((lo + i + r) * hd->h + h) * hd->d + j;
					vf acc[2] = {vload(o + r * hd->dp + j), vload(o + r * hd->dp + j + VL)};
					for (int64_t t = i + 1; t <= i + r; t++) {
						vf p = vset(s[r * hd->t + t]);
						acc[0] = vfma(p, vload(panel + t * NR), acc[0]);
						acc[1] = vfma(p, vload(panel + t * NR + VL), acc[1]);
					}
					store_cols(out, acc[0] * vset(norm[r]), acc[1] * vset(norm[r]), hd->d - j);
				}
			}
		}
}

static void attn_chunk(void *task, int64_t chunk, int thread) {
	const attn_task *a = task;
	int64_t q = chunk % a->q_blocks, item = chunk / a->q_blocks;
	int64_t g = item % a->hd.kv, s = item / a->hd.kv;
	seen x = seen_by(a->c->start, a->c->prefix, s);
	int64_t q0 = q * Q_BLOCK;
	if (q0 < x.len) attn_item(a, &x, g, x.plen + q0, x.plen + min64(x.len, q0 + Q_BLOCK), local_scratch(a->run, thread));
}

static void run_attn(gk_run *r, const gk_cmd *cmd) {
	const gk_attn *c = &cmd->u.attn;
	int64_t n = gk_count(c->n, r->args), s = gk_count(c->s, r->args), longest = 0;
	if (bad_sequences(r, c->start, c->prefix, s, n, c->max_len)) return;
	for (int64_t i = 0; i < s; i++) longest = max64(longest, c->start[i + 1] - c->start[i]);
	attn_task a = {.run = r, .c = c, .hd = heads_of(c->h, c->kv, c->d, c->max_len), .q_blocks = ceil_div(longest, Q_BLOCK)};
	each(r, attn_chunk, &a, s * c->kv * a.q_blocks);
}

static void need_attn(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	const gk_attn *c = &cmd->u.attn;
	heads hd = heads_of(c->h, c->kv, c->d, c->max_len);
	want_local(need, block_bytes(hd.d * hd.t) + block_bytes(hd.t * hd.dp) + block_bytes(MR * hd.t) + block_bytes(MR * hd.dp));
}

// Backward. With P = exp(scale*q.k - lse), dP = dO V^T, delta = rowsum(dO*O):
//
//	dS = scale * P * (dP - delta)
//	dV = P^T dO    dQ = dS K    dK = dS^T Q
//
// One thread does a family (a sequence and those that continue it) and a
// key/value head from start to end, so the sums over query rows in dK and dV
// have one order.
enum { B_ROWS = 8 * MR }; // query rows of a step

typedef struct {
	gk_run *run;
	const gk_attn_bwd *c;
	heads hd;
	int32_t *first; // first sequence of each family
	int64_t n;      // rows
} attn_bwd_task;

// sum_over_rows: acc (n, dp) += p (m, t)^T x, with x as panels of m rows. Row r
// of p is row i+r of the sequence, so key j needs the rows from j-i on.
INLINE void sum_over_rows(const heads *hd, float *acc, const float *p, int64_t n, const float *x, int64_t i, int64_t m) {
	for (int64_t j = 0; j < hd->d; j += NR)
		for (int64_t k = 0; k < n; k += MR) {
			int64_t r = max64(k - i, 0);
			float *c = acc + k * hd->dp + j;
			cols_tile[min64(MR, n - k)](&(tile){
				.depth = m - r, .a = p + r * hd->t + k, .lda = hd->t, .b = x + j * m + r * NR,
				.c = c, .ldc = hd->dp, .res = c, .cols = NR,
			});
		}
}

// attn_bwd_rows turns the raw scores p and dP (in ds) of m <= MR rows into P
// and dS. What a row must not see is 0 as far as the tiles of its neighbours
// reach.
INLINE void attn_bwd_rows(const attn_bwd_task *a, int64_t row, int64_t h, int64_t first, int64_t m, float *p, float *ds) {
	const gk_attn_bwd *c = a->c;
	const heads *hd = &a->hd;
	vf scale = vset(hd->scale);
	for (int64_t r = 0; r < m; r++, p += hd->t, ds += hd->t) {
		const float *dout = c->dout + ((row + r) * hd->h + h) * hd->d, *out = c->out + ((row + r) * hd->h + h) * hd->d;
		vf dot = {0};
		int64_t d = 0, seen = first + r + 1, t = 0;
		for (; d + VL <= hd->d; d += VL) dot = vfma(vload(dout + d), vload(out + d), dot);
		if (d < hd->d) dot = vfma(vload_n(dout + d, hd->d - d), vload_n(out + d, hd->d - d), dot);
		vf delta = vset(vsum(dot)), lse = vset(c->lse[(row + r) * hd->h + h]);
		for (; t + VL <= seen; t += VL) {
			vf e = vexp(vload(p + t) * scale - lse);
			vstore(p + t, e);
			vstore(ds + t, e * (vload(ds + t) - delta) * scale);
		}
		if (t < seen) {
			vi real = vfirst(seen - t);
			vf e = vexp(vload(p + t) * scale - lse);
			vf x = e * (vload(ds + t) - delta) * scale;
			vstore(p + t, (vf)((vi)e & real));
			vstore(ds + t, (vf)((vi)x & real));
			t += VL;
		}
		for (; t < min64(seen + MR, hd->t); t += VL) {
			vstore(p + t, (vf){0});
			vstore(ds + t, (vf){0});
		}
	}
}

// attn_bwd_scratch is one thread's memory. dk and dv hold the gradients of the
// keys and values of the sequence at hand, by position.
typedef struct { float *kt, *vt, *k, *dk, *dv, *p, *ds, *qb, *ob; } attn_bwd_scratch;

static void attn_bwd_sequence(const attn_bwd_task *a, const seen *sq, int64_t g, const attn_bwd_scratch *w) {
	const gk_attn_bwd *c = a->c;
	const heads *hd = &a->hd;
	int64_t t = sq->plen + sq->len, lo = sq->lo - sq->plen, own = sq->plen * hd->dp;
	const float *keys = c->qkv + (hd->h + g) * hd->d, *values = keys + hd->kv * hd->d;
	seen_t(w->kt, keys, sq, hd->row, hd->d, t);
	seen_t(w->vt, values, sq, hd->row, hd->d, t);
	seen_panels(w->k, keys, sq, hd->row, hd->d, t);
	memset(w->dk + own, 0, (size_t)(sq->len * hd->dp) * 4);
	memset(w->dv + own, 0, (size_t)(sq->len * hd->dp) * 4);
	int64_t group = hd->h / hd->kv, out_row = hd->h * hd->d;
	for (int64_t h = g * group; h < (g + 1) * group; h++)
		for (int64_t i = sq->plen; i < t; i += B_ROWS) {
			int64_t m = min64(B_ROWS, t - i), n = i + m;
			const float *q = c->qkv + (lo + i) * hd->row + h * hd->d, *dout = c->dout + (lo + i) * out_row + h * hd->d;
			float *dq = c->dqkv + (lo + i) * hd->row + h * hd->d;
			pack_panels(w->qb, q, hd->row, m, hd->d, 0, m, 0);
			pack_panels(w->ob, dout, out_row, m, hd->d, 0, m, 0);
			for (int64_t r = 0; r < m; r += MR) {
				int64_t mr = min64(MR, m - r), reach = i + r + mr;
				float *pr = w->p + r * hd->t, *dr = w->ds + r * hd->t;
				// The rows of the next step, or of the next sequence.
				int64_t soon = lo + i + B_ROWS + r, rows = max64(min64(mr, a->n - soon), 0);
				fetch_heads(c->qkv + soon * hd->row + h * hd->d, hd->row, rows, hd->d);
				fetch_heads(keys + soon * hd->row, hd->row, rows, hd->d);
				fetch_heads(values + soon * hd->row, hd->row, rows, hd->d);
				fetch_heads(c->dout + soon * out_row + h * hd->d, out_row, rows, hd->d);
				fetch_heads(c->out + soon * out_row + h * hd->d, out_row, rows, hd->d);
				scores(hd, q + r * hd->row, hd->row, mr, w->kt, reach, pr);
				scores(hd, dout + r * out_row, out_row, mr, w->vt, reach, dr);
				attn_bwd_rows(a, lo + i + r, h, i + r, mr, pr, dr);
				for (int64_t j = 0; j < hd->d; j += NR)
					rows_tile[mr](&(tile){
						.depth = reach, .a = dr, .lda = hd->t, .b = w->k + j * t,
						.c = dq + r * hd->row + j, .ldc = hd->row, .cols = min64(NR, hd->d - j),
					});
			}
			sum_over_rows(hd, w->dk, w->ds, n, w->qb, i, m);
			sum_over_rows(hd, w->dv, w->p, n, w->ob, i, m);
		}
}

// attn_bwd_store writes the gradients of n keys and values, of which the first
// is row lo and lies at dk and dv.
static void attn_bwd_store(const attn_bwd_task *a, int64_t g, int64_t lo, int64_t n, const float *dk, const float *dv) {
	const heads *hd = &a->hd;
	float *to = a->c->dqkv + lo * hd->row + (hd->h + g) * hd->d;
	for (int64_t t = 0; t < n; t++, to += hd->row, dk += hd->dp, dv += hd->dp) {
		memcpy(to, dk, (size_t)hd->d * 4);
		memcpy(to + hd->kv * hd->d, dv, (size_t)hd->d * 4);
	}
}

static void attn_bwd_chunk(void *task, int64_t chunk, int thread) {
	const attn_bwd_task *a = task;
	const gk_attn_bwd *c = a->c;
	const heads *hd = &a->hd;
	int64_t g = chunk % hd->kv, first = a->first[chunk / hd->kv], end = a->first[chunk / hd->kv + 1];
	char *at = local_scratch(a->run, thread);
	attn_bwd_scratch m = {
		.kt = float_block(&at, hd->d * hd->t), .vt = float_block(&at, hd->d * hd->t), .k = float_block(&at, hd->t * hd->dp),
		.dk = float_block(&at, hd->t * hd->dp), .dv = float_block(&at, hd->t * hd->dp),
		.p = float_block(&at, B_ROWS * hd->t), .ds = float_block(&at, B_ROWS * hd->t),
		.qb = float_block(&at, B_ROWS * hd->dp), .ob = float_block(&at, B_ROWS * hd->dp),
	};
	// The first sequence is the others' prefix: its gradients stay at the
	// beginning of dk and dv and grow until the last one is through.
	seen root = seen_by(c->start, 0, first);
	attn_bwd_sequence(a, &root, g, &m);
	for (int64_t s = first + 1; s < end; s++) {
		seen q = seen_by(c->start, c->prefix, s);
		if (q.len == 0) continue;
		attn_bwd_sequence(a, &q, g, &m);
		attn_bwd_store(a, g, q.lo, q.len, m.dk + q.plen * hd->dp, m.dv + q.plen * hd->dp);
	}
	attn_bwd_store(a, g, root.lo, root.len, m.dk, m.dv);
}

static void run_attn_bwd(gk_run *r, const gk_cmd *cmd) {
	const gk_attn_bwd *c = &cmd->u.attn_bwd;
	int64_t n = gk_count(c->n, r->args), s = gk_count(c->s, r->args);
	if (bad_sequences(r, c->start, c->prefix, s, n, c->max_len)) return;
	attn_bwd_task a = {.run = r, .c = c, .hd = heads_of(c->h, c->kv, c->d, c->max_len), .first = (int32_t *)r->shared, .n = n};
	int64_t families = 0;
	for (int64_t i = 0; i < s; i++)
		if (!c->prefix || c->prefix[i] < 0) a.first[families++] = (int32_t)i;
	a.first[families] = (int32_t)s;
	each(r, attn_bwd_chunk, &a, families * c->kv);
}

static void need_attn_bwd(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)threads;
	const gk_attn_bwd *c = &cmd->u.attn_bwd;
	want_shared(need, (gk_count(c->s, max) + 1) * 4);
	heads hd = heads_of(c->h, c->kv, c->d, c->max_len);
	want_local(need, 2 * block_bytes(hd.d * hd.t) + 3 * block_bytes(hd.t * hd.dp)
		+ 2 * block_bytes(B_ROWS * hd.t) + 2 * block_bytes(B_ROWS * hd.dp));
}

#endif
