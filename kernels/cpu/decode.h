// Attention of one query row per sequence against cached keys and values, with
// the same sequence of operations for each number as attn.h.
#ifndef GRADUS_CPU_DECODE_H
#define GRADUS_CPU_DECODE_H

#include "attn.h"

enum { DECODE_HEADS = 4, KEYS_AHEAD = 32 };

typedef struct {
	gk_run *run;
	const gk_attn_decode *c;
	int64_t n, chunk_rows, row_chunks, capacity; // capacity: keys a score row holds
	float scale;
} decode_task;

// cached is the part of a cache row that a sequence reads: len rows of d
// floats, one after the other.
typedef struct { const float *k, *v; int64_t len; } cached;

// fetch_rows asks for n cache rows from x on that are needed soon. A cache of a
// few hundred sequences lies in main memory, and the time to wait for it is the
// time of this op: the values are asked for while the scores are computed.
INLINE void fetch_rows(const float *x, int64_t n, int64_t d) {
	for (int64_t i = 0; i < n * d; i += 16) __builtin_prefetch(x + i);
}

// score_blocks: s[h][j] = q[h] . key j, d ascending, for the blocks*VL keys of d
// floats that begin at k. Keys are turned around in registers, so that a lane
// is a key.
INLINE void score_blocks(const int heads_n, const int blocks, const float *k, const float *q, int64_t d, float *s, int64_t capacity) {
	vf acc[4][DECODE_HEADS];
UNROLL(4)
	for (int b = 0; b < blocks; b++)
UNROLL(4)
		for (int h = 0; h < heads_n; h++) acc[b][h] = (vf){0};
	int64_t i = 0;
	for (; i + 4 <= d; i += 4)
UNROLL(4)
		for (int b = 0; b < blocks; b++) {
			vf t[4];
			vload_columns(t, k + b * VL * d + i, d);
UNROLL(4)
			for (int x = 0; x < 4; x++)
UNROLL(4)
				for (int h = 0; h < heads_n; h++) acc[b][h] = vfma(vset(q[h * d + i + x]), t[x], acc[b][h]);
		}
	for (; i < d; i++) // the last columns one by one
		for (int b = 0; b < blocks; b++) {
			float column[VL];
			for (int l = 0; l < VL; l++) column[l] = k[(b * VL + l) * d + i];
			for (int h = 0; h < heads_n; h++) acc[b][h] = vfma(vset(q[h * d + i]), vload(column), acc[b][h]);
		}
UNROLL(4)
	for (int b = 0; b < blocks; b++)
UNROLL(4)
		for (int h = 0; h < heads_n; h++) vstore(s + h * capacity + b * VL, acc[b][h]);
}

// score_few does less than VL keys, one at a time.
static __attribute__((noinline)) void score_few(int heads_n, const float *k, const float *q, int64_t d, int64_t n, float *s, int64_t capacity) {
	for (int h = 0; h < heads_n; h++)
		for (int64_t j = 0; j < n; j++) {
			vf acc = {0};
			for (int64_t i = 0; i < d; i++) acc = vfma(vset(q[h * d + i]), vset(k[j * d + i]), acc);
			s[h * capacity + j] = acc[0];
		}
}

// decode_scores does one part. The last block may overlap the one before it:
// what it computes again has the same bits. next is what is read after this
// part, `ahead` rows of it are asked for in time.
INLINE void decode_scores(const int heads_n, const cached *part, const float *q, int64_t d, float *s, int64_t capacity) {
	const int most = heads_n == 1 ? 4 : heads_n == 2 ? 2 : 1; // blocks that the registers hold
	int64_t n = part->len, j = 0;
	for (; j + most * VL <= n; j += most * VL) {
		int64_t ahead = min64(most * VL, n - j - most * VL);
		fetch_rows(part->k + (j + most * VL) * d, ahead, d);
		fetch_rows(part->v + j * d, most * VL, d);
		score_blocks(heads_n, most, part->k + j * d, q, d, s + j, capacity);
	}
	if (j == n) return;
	fetch_rows(part->v + j * d, n - j, d);
	if (n < VL) {
		score_few(heads_n, part->k, q, d, n, s, capacity);
		return;
	}
	for (; j < n; j += VL) {
		int64_t from = min64(j, n - VL);
		score_blocks(heads_n, 1, part->k + from * d, q, d, s + from, capacity);
	}
}

// decode_columns: out[h] = norm[h] * sum over keys ascending of p[h][j] * v[j],
// for m columns of v, which take `vectors` vectors. The sums stay in registers
// while the keys go by.
INLINE void decode_columns(const int heads_n, const int vectors, const int whole, int64_t m, const cached *part,
	int64_t column, const float *p, int64_t capacity, int64_t d, const float *norm, float *out, const float *ahead, const float *ahead_end) {
	vf acc[DECODE_HEADS][4];
	int64_t rest = m - (vectors - 1) * VL; // columns of the last vector
	for (int h = 0; h < heads_n; h++)
UNROLL(4)
		for (int i = 0; i < vectors; i++) acc[h][i] = (vf){0};
	for (int half = 0; half < 2; half++) {
		const float *v = part[half].v + column;
		for (int64_t j = 0; j < part[half].len; j++, v += d, p++) {
			if (ahead < ahead_end) {
				__builtin_prefetch(ahead, 0, 2);
				__builtin_prefetch(ahead + 16, 0, 2);
				ahead += 32;
			}
			vf x[4];
UNROLL(4)
			for (int i = 0; i < vectors; i++) x[i] = whole || i + 1 < vectors ? vload(v + i * VL) : vload_n(v + i * VL, rest);
			for (int h = 0; h < heads_n; h++) {
				vf w = vset(p[h * capacity]);
UNROLL(4)
				for (int i = 0; i < vectors; i++) acc[h][i] = vfma(w, x[i], acc[h][i]);
			}
		}
	}
	for (int h = 0; h < heads_n; h++)
UNROLL(4)
		for (int i = 0; i < vectors; i++) {
			vf y = acc[h][i] * vset(norm[h]);
			if (whole || i + 1 < vectors) vstore(out + h * d + column + i * VL, y);
			else vstore_n(out + h * d + column + i * VL, y, rest);
		}
}

// keys_ahead are keys that the next rows of the batch read, of which each pass
// over the values asks for a part.
INLINE void decode_values(const int heads_n, const cached *part, const float *p, int64_t capacity, int64_t d, const float *norm, float *out, const float *keys_ahead, int64_t n_ahead) {
	int64_t i = 0;
	const float *end = keys_ahead + n_ahead * d;
	if (heads_n == 1)
		for (; i + 4 * VL <= d; i += 4 * VL) decode_columns(heads_n, 4, 1, 4 * VL, part, i, p, capacity, d, norm, out, keys_ahead + i * n_ahead, end);
	for (; i + 2 * VL <= d; i += 2 * VL) decode_columns(heads_n, 2, 1, 2 * VL, part, i, p, capacity, d, norm, out, keys_ahead + i * n_ahead, end);
	if (i + VL < d) decode_columns(heads_n, 2, 0, d - i, part, i, p, capacity, d, norm, out, end, end);
	else if (i < d) decode_columns(heads_n, 1, 0, d - i, part, i, p, capacity, d, norm, out, end, end);
}

INLINE void decode_heads(const int heads_n, const decode_task *t, const cached *part, const float *q, float *s, float *out, const cached *next) {
	const gk_attn_decode *c = t->c;
	int64_t n = part[0].len + part[1].len;
	float norm[DECODE_HEADS], top;
	decode_scores(heads_n, &part[0], q, c->d, s, t->capacity);
	decode_scores(heads_n, &part[1], q, c->d, s + part[0].len, t->capacity);
	for (int h = 0; h < heads_n; h++) norm[h] = 1.f / softmax_row(s + h * t->capacity, n, t->scale, &top);
	decode_values(heads_n, part, s, t->capacity, c->d, norm, out, next->k, next->len);
}

static void decode_1(const decode_task *t, const cached *p, const float *q, float *s, float *o, const cached *x) { decode_heads(1, t, p, q, s, o, x); }
static void decode_2(const decode_task *t, const cached *p, const float *q, float *s, float *o, const cached *x) { decode_heads(2, t, p, q, s, o, x); }
static void decode_3(const decode_task *t, const cached *p, const float *q, float *s, float *o, const cached *x) { decode_heads(3, t, p, q, s, o, x); }
static void decode_4(const decode_task *t, const cached *p, const float *q, float *s, float *o, const cached *x) { decode_heads(4, t, p, q, s, o, x); }

// own_part is what row n reads of its own slot for key/value head g.
INLINE cached own_part(const gk_attn_decode *c, int64_t n, int64_t g) {
	cached p = {.len = c->len[n] - c->plen[n]};
	if (p.len > 0) {
		int64_t from = (c->slot[n] * c->kv + g) * c->cap * c->d;
		p.k = c->k + from, p.v = c->v + from;
	}
	return p;
}

// Chunks run head by head over neighbouring rows: rows of one group read the
// same prompt, which then stays in the cache.
static void decode_chunk(void *task, int64_t chunk, int thread) {
	const decode_task *t = task;
	const gk_attn_decode *c = t->c;
	int64_t g = chunk / t->row_chunks, n0 = chunk % t->row_chunks * t->chunk_rows, n1 = min64(t->n, n0 + t->chunk_rows);
	int64_t group = c->h / c->kv, row = (c->h + 2 * c->kv) * c->d;
	char *at = local_scratch(t->run, thread);
	float *s = float_block(&at, DECODE_HEADS * t->capacity);
	cached next = own_part(c, n0, g);
	fetch_rows(next.k, min64(next.len, KEYS_AHEAD), c->d);
	for (int64_t n = n0; n < n1; n++) {
		cached part[2] = {{.len = c->plen[n]}, next};
		if (part[0].len > 0) {
			int64_t from = (c->pslot[n] * c->kv + g) * c->pcap * c->d;
			part[0].k = c->pk + from, part[0].v = c->pv + from;
		}
		next = n + 1 < n1 ? own_part(c, n + 1, g) : g + 1 < c->kv ? own_part(c, n0, g + 1) : (cached){0};
		for (int64_t h = 0; h < group;) {
			int64_t m = min64(group - h, DECODE_HEADS);
			const float *q = c->qkv + n * row + (g * group + h) * c->d;
			float *out = c->out + (n * c->h + g * group + h) * c->d;
			cached soon = h + m == group ? next : (cached){0};
			switch (m) {
			case 1: decode_1(t, part, q, s, out, &soon); break;
			case 2: decode_2(t, part, q, s, out, &soon); break;
			case 3: decode_3(t, part, q, s, out, &soon); break;
			default: decode_4(t, part, q, s, out, &soon); break;
			}
			h += m;
		}
	}
}

static int bad_decode(gk_run *r, const gk_attn_decode *c, int64_t n) {
	for (int64_t i = 0; i < n; i++) {
		int64_t len = c->len[i], plen = c->plen[i];
		gk_fault f = {.row = i};
		if (len < 1) f.what = GK_LEN, f.value = len, f.min = 1, f.max = min64(max64(plen, 0), c->pcap) + c->cap;
		else if (plen < 0 || plen > min64(len, c->pcap)) f.what = GK_PLEN, f.value = plen, f.min = 0, f.max = min64(len, c->pcap);
		else if (len - plen > c->cap) f.what = GK_LEN, f.value = len, f.min = 1, f.max = plen + c->cap;
		else if (plen > 0 && (c->pslot[i] < 0 || c->pslot[i] >= c->pslots)) f.what = GK_PSLOT, f.value = c->pslot[i], f.max = c->pslots - 1;
		else if (len > plen && (c->slot[i] < 0 || c->slot[i] >= c->slots)) f.what = GK_SLOT, f.value = c->slot[i], f.max = c->slots - 1;
		if (f.what != GK_OK) {
			r->fault = f;
			return 1;
		}
	}
	return 0;
}

static int64_t decode_capacity(const gk_attn_decode *c) { return round_up(c->pcap + c->cap, NR); }

static void run_attn_decode(gk_run *r, const gk_cmd *cmd) {
	const gk_attn_decode *c = &cmd->u.attn_decode;
	int64_t n = gk_count(c->n, r->args), keys = 0;
	if (bad_decode(r, c, n) || n == 0) return;
	for (int64_t i = 0; i < n; i++) keys += c->len[i];
	decode_task t = {.run = r, .c = c, .n = n, .capacity = decode_capacity(c), .scale = 1.f / sqrtf((float)c->d)};
	t.chunk_rows = rows_per_chunk(r, n, ceil_div(keys * c->d * c->h / c->kv, 2 * n));
	t.row_chunks = ceil_div(n, t.chunk_rows);
	each(r, decode_chunk, &t, t.row_chunks * c->kv);
}

static void need_attn_decode(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_local(need, block_bytes(DECODE_HEADS * decode_capacity(&cmd->u.attn_decode)));
}

// KVWrite: copy the key and value heads of a row into its cache slot. Each row
// goes to lines of its own that no cache holds: they are asked for in time.
enum { ROWS_AHEAD = 2 };

INLINE int64_t cache_row(const gk_kv_write *c, int64_t n, int64_t g) {
	return ((c->slot[n] * c->kv + g) * c->cap + c->at[n]) * c->d;
}

typedef struct { const gk_kv_write *c; int64_t n, chunk_rows; } kv_write_task;

static void kv_write_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const kv_write_task *t = task;
	const gk_kv_write *c = t->c;
	size_t bytes = (size_t)c->d * 4;
	int64_t end = min64(t->n, (chunk + 1) * t->chunk_rows);
	for (int64_t n = chunk * t->chunk_rows; n < end; n++)
		for (int64_t g = 0; g < c->kv; g++) {
			int64_t to = cache_row(c, n, g);
			const float *key = c->qkv + (n * (c->h + 2 * c->kv) + c->h + g) * c->d;
			if (n + ROWS_AHEAD < end) {
				int64_t soon = cache_row(c, n + ROWS_AHEAD, g);
				for (int64_t i = 0; i < c->d; i += 16) {
					__builtin_prefetch(c->k + soon + i, 1);
					__builtin_prefetch(c->v + soon + i, 1);
				}
			}
			memcpy(c->k + to, key, bytes);
			memcpy(c->v + to, key + c->kv * c->d, bytes);
		}
}

static void run_kv_write(gk_run *r, const gk_cmd *cmd) {
	const gk_kv_write *c = &cmd->u.kv_write;
	int64_t n = gk_count(c->n, r->args);
	if (out_of_range(r, GK_SLOT, c->slot, n, 0, c->slots - 1)) return;
	if (out_of_range(r, GK_AT, c->at, n, 0, c->cap - 1)) return;
	kv_write_task t = {c, n, rows_per_chunk(r, n, c->kv * c->d / 2)};
	each(r, kv_write_chunk, &t, ceil_div(n, t.chunk_rows));
}

#endif
