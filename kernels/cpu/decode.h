// Attention of one query row per sequence against cached keys and values, with
// the same sequence of operations for each number as attn.h.
#ifndef GRADUS_CPU_DECODE_H
#define GRADUS_CPU_DECODE_H

#include "attn.h"

enum { QUERIES = 4, FIRST_LINES = 64 };

typedef struct {
	gk_run *run;
	const gk_attn_decode *c;
	int64_t n, chunk_rows, row_chunks, capacity; // capacity: keys a score row holds
	float scale;
} decode_task;

// cached is the part of a cache row that a sequence reads: len rows of d
// floats, one after the other.
typedef struct { const float *k, *v; int64_t len; } cached;

// query is one query head of one row.
typedef struct { const float *q; float *s, *out; } query;

// fetch_rows asks for n cache rows from x on that are needed soon.
INLINE void fetch_rows(const float *x, int64_t n, int64_t d) {
	for (int64_t i = 0; i < n * d; i += 16) __builtin_prefetch(x + i);
}

// upcoming are the keys and values that the next row reads, as far as they have
// not been asked for. A cache of a few dozen sequences lies in main memory, and
// a core waits for a few dozen cache lines of it at once, no more: asked for in
// one go, they hold up the arithmetic behind them. So a row asks for some of
// the next one's with each key that it reads itself.
typedef struct { const float *at, *end, *values, *values_end; } upcoming;

INLINE upcoming upcoming_of(const cached *p, int64_t d) {
	return (upcoming){p->k, p->k + p->len * d, p->v, p->v + p->len * d};
}

INLINE void fetch_lines(upcoming *u, int64_t lines) {
	for (int64_t i = 0; i < lines; i++, u->at += 16) {
		if (u->at >= u->end) {
			if (u->values == u->values_end) return;
			u->at = u->values, u->end = u->values = u->values_end;
		}
		__builtin_prefetch(u->at, 0, 2);
	}
}

// score_blocks: s[j] = q . key j, d ascending, of m queries and blocks*VL keys
// of d floats from k on, of which the last VL begin at key `last` and may
// overlap the ones before: what is computed again has the same bits. Keys are
// turned around in registers, so that a lane is a key.
INLINE void score_blocks(const int m, const int blocks, const float *k, int64_t last, const query *x, int64_t at, int64_t d) {
	vf acc[4][QUERIES];
	const float *from[4], *q[QUERIES];
UNROLL(4)
	for (int b = 0; b < blocks; b++) from[b] = k + (b + 1 < blocks ? b * VL : last) * d;
UNROLL(4)
	for (int h = 0; h < m; h++) q[h] = x[h].q;
UNROLL(4)
	for (int b = 0; b < blocks; b++)
UNROLL(4)
		for (int h = 0; h < m; h++) acc[b][h] = (vf){0};
	int64_t i = 0;
	for (; i + 4 <= d; i += 4)
UNROLL(4)
		for (int b = 0; b < blocks; b++) {
			vf t[4];
			vload_columns(t, from[b] + i, d);
UNROLL(4)
			for (int e = 0; e < 4; e++)
UNROLL(4)
				for (int h = 0; h < m; h++) acc[b][h] = vfma(vset(q[h][i + e]), t[e], acc[b][h]);
		}
	for (; i < d; i++) // the last columns one by one
		for (int b = 0; b < blocks; b++) {
			float column[VL];
			for (int l = 0; l < VL; l++) column[l] = from[b][l * d + i];
			for (int h = 0; h < m; h++) acc[b][h] = vfma(vset(q[h][i]), vload(column), acc[b][h]);
		}
UNROLL(4)
	for (int b = 0; b < blocks; b++)
UNROLL(4)
		for (int h = 0; h < m; h++) vstore(x[h].s + at + (b + 1 < blocks ? b * VL : last), acc[b][h]);
}

// score_few does less than VL keys, one at a time.
static __attribute__((noinline)) void score_few(int m, const float *k, int64_t n, const query *x, int64_t at, int64_t d) {
	for (int h = 0; h < m; h++)
		for (int64_t j = 0; j < n; j++) {
			vf acc = {0};
			for (int64_t i = 0; i < d; i++) acc = vfma(vset(x[h].q[i]), vset(k[j * d + i]), acc);
			x[h].s[at + j] = acc[0];
		}
}

// decode_scores does one part, whose first key is number `at` of the row, and
// asks for its values or, where those have been asked for, for what is next.
INLINE void decode_scores(const int m, const cached *part, const query *x, int64_t at, int64_t d, upcoming *next) {
	const int most = m <= 2 ? 4 : 2; // blocks that the registers hold
	const float *k = part->k;
	int64_t n = part->len, j = 0;
	for (; j + most * VL <= n; j += most * VL) {
		if (next) fetch_lines(next, most * VL);
		else fetch_rows(part->v + j * d, most * VL, d);
		score_blocks(m, most, k + j * d, (most - 1) * VL, x, at + j, d);
	}
	if (j == n) return;
	if (next) fetch_lines(next, n - j);
	else fetch_rows(part->v + j * d, n - j, d);
	if (n < VL) {
		score_few(m, k, n, x, at, d);
		return;
	}
	int64_t last = n - j - VL;
	if (last <= 0) score_blocks(m, 1, k + j * d, last, x, at + j, d);
	else if (last <= VL) score_blocks(m, 2, k + j * d, last, x, at + j, d);
	else if (last <= 2 * VL) score_blocks(m, most > 2 ? 3 : 2, k + j * d, last, x, at + j, d);
	else score_blocks(m, most > 2 ? 4 : 2, k + j * d, last, x, at + j, d);
}

// decode_columns: out[h] = norm[h] * sum over keys ascending of s[h][j] * v[j],
// for `columns` columns of v, which take `vectors` vectors. The sums stay in
// registers while the keys go by. Each key asks for two cache lines of the next row.
INLINE void decode_columns(const int m, const int vectors, const int whole, int64_t columns, const cached *part,
	int64_t column, const query *x, int64_t d, const float *norm, upcoming *next) {
	vf acc[QUERIES][4];
	upcoming u = *next;
	int64_t rest = columns - (vectors - 1) * VL, key = 0; // rest: columns of the last vector
	for (int h = 0; h < m; h++)
UNROLL(4)
		for (int i = 0; i < vectors; i++) acc[h][i] = (vf){0};
	for (int half = 0; half < 2; half++) {
		const float *v = part[half].v + column;
		for (int64_t j = 0; j < part[half].len; j++, v += d, key++) {
			fetch_lines(&u, 2);
			vf y[4];
UNROLL(4)
			for (int i = 0; i < vectors; i++) y[i] = whole || i + 1 < vectors ? vload(v + i * VL) : vload_n(v + i * VL, rest);
			for (int h = 0; h < m; h++) {
				vf w = vset(x[h].s[key]);
UNROLL(4)
				for (int i = 0; i < vectors; i++) acc[h][i] = vfma(w, y[i], acc[h][i]);
			}
		}
	}
	*next = u;
	for (int h = 0; h < m; h++)
UNROLL(4)
		for (int i = 0; i < vectors; i++) {
			vf y = acc[h][i] * vset(norm[h]);
			if (whole || i + 1 < vectors) vstore(x[h].out + column + i * VL, y);
			else vstore_n(x[h].out + column + i * VL, y, rest);
		}
}

INLINE void decode_values(const int m, const cached *part, const query *x, int64_t d, const float *norm, upcoming *next) {
	int64_t i = 0;
	if (m == 1)
		for (; i + 4 * VL <= d; i += 4 * VL) decode_columns(m, 4, 1, 4 * VL, part, i, x, d, norm, next);
	for (; i + 2 * VL <= d; i += 2 * VL) decode_columns(m, 2, 1, 2 * VL, part, i, x, d, norm, next);
	if (i + VL < d) decode_columns(m, 2, 0, d - i, part, i, x, d, norm, next);
	else if (i < d) decode_columns(m, 1, 0, d - i, part, i, x, d, norm, next);
}

// prompt_scores are the scores of m queries that read the same prompt.
static void prompt_scores(int m, const cached *prompt, const query *x, int64_t d) {
	switch (m) {
	case 1: decode_scores(1, prompt, x, 0, d, 0); break;
	case 2: decode_scores(2, prompt, x, 0, d, 0); break;
	case 3: decode_scores(3, prompt, x, 0, d, 0); break;
	default: decode_scores(4, prompt, x, 0, d, 0); break;
	}
}

// decode_rest does what follows for m queries of one row.
INLINE void decode_rest(const int m, const decode_task *t, const cached *part, const query *x, upcoming *next) {
	int64_t d = t->c->d, n = part[0].len + part[1].len;
	float norm[QUERIES], top;
	decode_scores(m, &part[1], x, part[0].len, d, next);
	for (int h = 0; h < m; h++) norm[h] = 1.f / softmax_row(x[h].s, n, t->scale, &top);
	decode_values(m, part, x, d, norm, next);
}

static void decode_queries(int m, const decode_task *t, const cached *part, const query *x, upcoming *next) {
	switch (m) {
	case 1: decode_rest(1, t, part, x, next); break;
	case 2: decode_rest(2, t, part, x, next); break;
	case 3: decode_rest(3, t, part, x, next); break;
	default: decode_rest(4, t, part, x, next); break;
	}
}

// prompt_part and own_part are what row n reads of its prompt and of its own
// slot for key/value head g.
INLINE cached prompt_part(const gk_attn_decode *c, int64_t n, int64_t g) {
	cached p = {.len = c->plen[n]};
	if (p.len > 0) {
		int64_t from = (c->pslot[n] * c->kv + g) * c->pcap * c->d;
		p.k = c->pk + from, p.v = c->pv + from;
	}
	return p;
}

INLINE cached own_part(const gk_attn_decode *c, int64_t n, int64_t g) {
	cached p = {.len = c->len[n] - c->plen[n]};
	if (p.len > 0) {
		int64_t from = (c->slot[n] * c->kv + g) * c->cap * c->d;
		p.k = c->k + from, p.v = c->v + from;
	}
	return p;
}

// Chunks run head by head over neighbouring rows: rows of one group read the
// same prompt, whose keys are turned around once for up to QUERIES of them.
// Where several query heads share a key head, they are taken together instead.
static void decode_chunk(void *task, int64_t chunk, int thread) {
	const decode_task *t = task;
	const gk_attn_decode *c = t->c;
	int64_t g = chunk / t->row_chunks, n0 = chunk % t->row_chunks * t->chunk_rows, n1 = min64(t->n, n0 + t->chunk_rows);
	int64_t group = c->h / c->kv, row = (c->h + 2 * c->kv) * c->d;
	char *at = local_scratch(t->run, thread);
	query x[QUERIES];
	for (int i = 0; i < QUERIES; i++) x[i].s = float_block(&at, t->capacity);
	cached next = own_part(c, n0, g);
	upcoming soon = upcoming_of(&next, c->d);
	fetch_lines(&soon, FIRST_LINES);
	for (int64_t n = n0, rows; n < n1; n += rows) {
		cached part[2] = {prompt_part(c, n, g)};
		rows = 1;
		while (group == 1 && rows < QUERIES && n + rows < n1 && c->pslot[n + rows] == c->pslot[n] && c->plen[n + rows] == c->plen[n]) rows++;
		for (int64_t h = 0, m; h < group; h += m) {
			m = group == 1 ? rows : min64(group - h, QUERIES);
			for (int64_t i = 0; i < m; i++) {
				int64_t of = group == 1 ? n + i : n, head = g * group + (group == 1 ? 0 : h + i);
				x[i].q = c->qkv + of * row + head * c->d;
				x[i].out = c->out + (of * c->h + head) * c->d;
			}
			prompt_scores((int)m, &part[0], x, c->d);
			for (int64_t i = 0; i < rows; i++) { // m is rows or, of one row, heads
				if (h == 0) {
					part[1] = next;
					int64_t then = n + i + 1;
					next = then < n1 ? own_part(c, then, g) : g + 1 < c->kv ? own_part(c, n0, g + 1) : (cached){0};
					soon = upcoming_of(&next, c->d);
				}
				decode_queries(group == 1 ? 1 : (int)m, t, part, x + i, &soon);
			}
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
	want_local(need, QUERIES * block_bytes(decode_capacity(&cmd->u.attn_decode)));
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
