// What Go and C, and the C files among themselves, agree on: commands,
// run arguments, errors, and the table of functions each code path exports.
#ifndef GRADUS_CPU_ABI_H
#define GRADUS_CPU_ABI_H

#include <stdint.h>

// gk_dim is a number of rows: >= 0 fixed, otherwise one of the run's
// arguments (kernels.Dim has the same encoding).
typedef int32_t gk_dim;

typedef struct {
	int64_t rows, seqs, picks, top_k;
	uint64_t seed;
	float temperature, top_p;
	float lr, beta_corr1, beta_corr2, grad_scale;
} gk_args;

static inline int64_t gk_count(gk_dim d, const gk_args *a) {
	switch (d) {
	case -1: return a->rows;
	case -2: return a->seqs;
	case -3: return a->picks;
	}
	return d;
}

// gk_fault says which index of which row is out of range. Go words it.
typedef enum {
	GK_OK,
	GK_TOK, GK_POS, GK_SLOT, GK_AT, GK_IDX, GK_IDX_TWICE, GK_TARGET,
	GK_START_FIRST, GK_START_ORDER, GK_START_LAST, GK_SEQ_LEN,
	GK_PSLOT, GK_PLEN, GK_LEN, GK_PREFIX,
} gk_what;

typedef struct {
	int32_t what;
	int32_t cmd; // index of the command in the program
	int64_t row, value;
	int64_t min, max; // the allowed range, inclusive
} gk_fault;

typedef enum {
	GK_EMBED, GK_EMBED_BWD, GK_RMSNORM, GK_RMSNORM_BWD, GK_PACK, GK_LINEAR,
	GK_LINEAR_DX, GK_LINEAR_DW, GK_ROPE, GK_KV_WRITE, GK_ATTN, GK_ATTN_BWD,
	GK_ATTN_DECODE, GK_SWIGLU, GK_SWIGLU_BWD, GK_GATHER, GK_SCATTER, GK_LOSS,
	GK_LOSS_BWD, GK_SAMPLE, GK_ADVANCE, GK_SUM_SQ, GK_ADAMW, GK_ZERO, GK_COPY,
	// The same structs, with pack and the destination of Pack in bf16.
	GK_PACK_BF16, GK_LINEAR_BF16, GK_LINEAR_DX_BF16, GK_LINEAR_DW_BF16, GK_LOSS_BF16, GK_LOSS_BWD_BF16,
	GK_OPS
} gk_op;

// One struct for each op of kernels/ops.go, which says what the fields mean.
typedef struct { float *out; const float *w; const int32_t *tok; int64_t v, c; gk_dim n; } gk_embed;
typedef struct { float *dw; const float *dout; const int32_t *tok; int64_t v, c; gk_dim n; } gk_embed_bwd;
typedef struct { float *y, *rstd; const float *x, *g; int64_t c; float eps; gk_dim n; } gk_rmsnorm;
typedef struct { float *dx, *dg; const float *dy, *x, *g, *rstd; int64_t c; gk_dim n; } gk_rmsnorm_bwd;
typedef struct { float *dst; const float *w; int64_t o, k; int32_t back; } gk_pack;
typedef struct { float *y; const float *x, *pack, *res; int64_t o, k; gk_dim n; } gk_linear;
typedef struct { float *dx; const float *dy, *pack; int64_t o, k; gk_dim n; int32_t acc; } gk_linear_dx;
typedef struct { float *dw; const float *dy, *x; int64_t o, k; gk_dim n; } gk_linear_dw;
typedef struct { float *qkv; const float *cos, *sin; const int32_t *pos; int64_t h, kv, d, max_pos; gk_dim n; int32_t inverse; } gk_rope;
typedef struct { float *k, *v; const float *qkv; const int32_t *slot, *at; int64_t h, kv, d, slots, cap; gk_dim n; } gk_kv_write;
typedef struct { float *out, *lse; const float *qkv; const int32_t *start, *prefix; int64_t h, kv, d, max_len; gk_dim n, s; } gk_attn;
typedef struct { float *dqkv; const float *dout, *qkv, *out, *lse; const int32_t *start, *prefix; int64_t h, kv, d, max_len; gk_dim n, s; } gk_attn_bwd;
typedef struct {
	float *out;
	const float *qkv, *pk, *pv, *k, *v;
	const int32_t *pslot, *plen, *slot, *len;
	int64_t h, kv, d, pslots, pcap, slots, cap;
	gk_dim n;
} gk_attn_decode;
typedef struct { float *y; const float *gu; int64_t f; gk_dim n; } gk_swiglu;
typedef struct { float *dgu; const float *dy, *gu; int64_t f; gk_dim n; } gk_swiglu_bwd;
typedef struct { float *y; const float *x; const int32_t *idx; int64_t c; gk_dim n, m; } gk_rows;
typedef struct {
	float *logp, *ent, *lse;
	const float *h, *pack;
	const int32_t *target;
	float *scratch;
	int64_t c, v, chunk;
	gk_dim n;
} gk_loss;
typedef struct {
	float *dh, *dw;
	const float *h, *pack, *pack_back;
	const int32_t *target;
	const float *lse, *ent, *coef, *ent_coef;
	float *scratch;
	int64_t c, v, chunk;
	gk_dim n;
} gk_loss_bwd;
typedef struct { int32_t *tok; float *logp, *ent; const float *logits; const int32_t *stream, *pos; int64_t v; gk_dim n; } gk_sample;
typedef struct {
	int32_t *tokens;
	float *logps, *ents;
	int32_t *tok, *pos, *at, *len, *count, *left;
	const int32_t *drawn;
	const float *logp, *ent;
	const int32_t *stop;
	int64_t steps, stops;
	gk_dim n;
} gk_advance;
typedef struct { float *out; const float *x; int64_t len; } gk_sum_sq;
typedef struct { float *w; const float *g; float *m, *v; int64_t len; float beta1, beta2, eps, weight_decay; } gk_adamw;
typedef struct { float *y; const float *x; int64_t c; gk_dim n; } gk_move;

typedef struct {
	int32_t op; // gk_op
	int32_t together; // commands from this one on that may run block by block of rows (split.h), 0: not even this one
	int32_t both;     // this weight gradient and the input gradient after it may run as one (pair.h)
	int64_t ns; // time spent so far, counted while the run is timed
	union {
		gk_embed embed;
		gk_embed_bwd embed_bwd;
		gk_rmsnorm rmsnorm;
		gk_rmsnorm_bwd rmsnorm_bwd;
		gk_pack pack;
		gk_linear linear;
		gk_linear_dx linear_dx;
		gk_linear_dw linear_dw;
		gk_rope rope;
		gk_kv_write kv_write;
		gk_attn attn;
		gk_attn_bwd attn_bwd;
		gk_attn_decode attn_decode;
		gk_swiglu swiglu;
		gk_swiglu_bwd swiglu_bwd;
		gk_rows rows;
		gk_loss loss;
		gk_loss_bwd loss_bwd;
		gk_sample sample;
		gk_advance advance;
		gk_sum_sq sum_sq;
		gk_adamw adamw;
		gk_move move;
	} u;
} gk_cmd;

// gk_need is the scratch memory an op wants, in bytes: one block that all
// threads share, and one for each thread.
typedef struct { int64_t shared, local; } gk_need;

typedef struct gk_pool gk_pool;

// gk_run is the state of one walk over a command list.
typedef struct {
	const gk_args *args;
	gk_pool *pool;
	int threads;
	int64_t grain; // simple operations that are worth a chunk of their own
	char *shared, *local; // scratch; thread t owns local + t*local_size
	int64_t local_size;
	int64_t (*now)(void); // a clock in nanoseconds; NULL unless the run is timed
	gk_fault fault;
} gk_run;

// gk_table is one code path: its lane count, its GEMM tile, and for each op
// the function that runs it and the one that tells its scratch memory, both
// NULL for an op that it has not.
typedef struct {
	int32_t lanes, tile_rows, tile_cols, has_fma;
	void (*run[GK_OPS])(gk_run *, const gk_cmd *);
	void (*need[GK_OPS])(const gk_cmd *, const gk_args *max, int threads, gk_need *);
	// run_both is a LinearDW and the LinearDX after it, as gk_pair_plan found
	// them. It adds to their ns where the run is timed. NULL: one by one.
	void (*run_both)(gk_run *, gk_cmd *dw, gk_cmd *dx);
	// fma_loop does about flops floating-point operations in registers and
	// returns how many it did; read_loop sums n floats. Both for ceilings.
	double (*fma_loop)(double flops, float *sink);
	float (*read_loop)(const float *x, int64_t n);
	// Of the bf16 tables, for tests of the arithmetic: c (16,16) += a (16,32)
	// times b (16,16,2), and 32 floats rounded.
	void (*tile_once)(float *c, const uint16_t *a, const uint16_t *b);
	void (*round_pairs)(uint16_t *to, const float *from);
} gk_table;

#endif
