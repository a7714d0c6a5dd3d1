// What the host (Go, through cgo), the kernels (src/*.cu) and their emulation
// on a CPU agree on: the parameters of every kernel, the arguments of a run,
// and how a kernel reports a bad index. launches.go says with which grid each
// kernel is launched.
//
// Every kernel is extern "C" and takes one struct of this file by value, which
// begins with gk_head. So the host never counts parameters, and the size of the
// struct is the size of the kernel's parameter block.
//
// The file includes nothing: clang compiles it for the GPU without any header
// of a C library.
#ifndef GRADUS_CUDA_ABI_H
#define GRADUS_CUDA_ABI_H

typedef unsigned long long gk_u64;
typedef long long gk_i64;

// gk_dim is a number of rows: >= 0 fixed, otherwise one of the run's
// arguments (kernels.Dim has the same encoding).
typedef int gk_dim;

// gk_run are the arguments of one run. They lie in device memory, so a captured
// graph is replayed with new arguments and never captured again.
typedef struct {
	int rows, seqs, picks, top_k;
	float temperature, top_p;
	float lr, beta_corr1, beta_corr2, grad_scale;
	gk_u64 seed;
} gk_run;

// A grid is made for the largest run that a program allows. Blocks find the
// number of rows of this run in gk_run and leave when there is nothing to do.
static inline
#ifdef __CUDA__
__attribute__((host)) __attribute__((device))
#endif
int gk_count(gk_dim d, const gk_run *a) {
	return d >= 0 ? d : d == -1 ? a->rows : d == -2 ? a->seqs : a->picks;
}

// gk_what names an index that is out of range, as in kernels/cpu/abi.h.
enum gk_what {
	GK_OK,
	GK_TOK, GK_POS, GK_SLOT, GK_AT, GK_IDX, GK_IDX_TWICE, GK_TARGET,
	GK_START_FIRST, GK_START_ORDER, GK_START_LAST, GK_SEQ_LEN,
	GK_PSLOT, GK_PLEN, GK_LEN, GK_PREFIX
};

// A fault is one word: place of the op in the program (24 bits), row (32 bits),
// gk_what (8 bits). Kernels put it down with atomicMin, so what the host reads
// is the first op, the first row and the first operand, in whatever order the
// blocks ran. The word is GK_NO_FAULT before a run. A kernel of a later op
// leaves at once when it finds the fault of an earlier one: the ops before the
// fault have taken effect, those after it have not. A kernel never touches
// memory through an index it has not checked.
#define GK_NO_FAULT (~(gk_u64)0)
#define GK_FAULT(op, row, what) ((gk_u64)(unsigned)(op) << 40 | (gk_u64)(unsigned)(row) << 8 | (gk_u64)(what))
#define GK_FAULT_OP(word) ((unsigned)((word) >> 40))
#define GK_FAULT_ROW(word) ((unsigned)((word) >> 8))
#define GK_FAULT_WHAT(word) ((unsigned)((word) & 255))

// gk_head begins every parameter block. n is the op's number of rows.
typedef struct {
	const gk_run *run;
	gk_u64 *fault;
	int op; // place of the op in the program
	gk_dim n;
} gk_head;

// One struct for each op of kernels/ops.go, which says what the fields mean.
// Shapes stand there; scratch is device memory of the size that launches.go
// computes, shared by all ops and undefined before.
typedef struct { gk_head h; float *out; const float *w; const int *tok; int v, c; } gk_embed;
typedef struct { gk_head h; float *dw; const float *dout; const int *tok; int v, c; } gk_embed_bwd;
typedef struct { gk_head h; float *y, *rstd; const float *x, *g; int c; float eps; } gk_rmsnorm;
typedef struct { gk_head h; float *dx, *dg; const float *dy, *x, *g, *rstd; int c; } gk_rmsnorm_bwd;
// Products with factors of bf16 (op.Compute) read the packed weight instead of w:
// bf16, O rounded up to 64 rows of K rounded up to 32 columns, the rest 0, or
// the same of the transpose (back). Their other factors are rounded first, by
// gk_round_rows (N, C rounded up to 32) or, turned around for sums over rows, by
// gk_round_columns (C, N rounded up to 32); chunk > 0 rounds the rows of a chunk.
// They are the kernels whose names end in _bf16.
typedef struct { gk_head h; unsigned short *dst; const float *w; int o, k, back; } gk_pack;
// After a fault they write zeros. scales, if it is not 0, becomes 1 and beta, for a
// library that adds the product: after a fault 0 and 1.
typedef struct { gk_head h; unsigned short *dst; const float *x; int c, chunk, row0; float *scales, beta; } gk_round;
typedef struct { gk_head h; float *y; const float *x, *w, *res; int o, k; const unsigned short *pack, *rounded; } gk_linear;
typedef struct { gk_head h; float *dx; const float *dy, *w; int o, k, acc; const unsigned short *back, *rounded; } gk_linear_dx;
typedef struct { gk_head h; float *dw; const float *dy, *x; int o, k; const unsigned short *dy_turned, *x_turned; } gk_linear_dw;
typedef struct { gk_head h; float *qkv; const float *cos, *sin; const int *pos; int heads, kv, d, max_pos, inverse; } gk_rope;
typedef struct { gk_head h; float *k, *v; const float *qkv; const int *slot, *at; int heads, kv, d, slots, cap; } gk_kv_write;
typedef struct { gk_head h; unsigned short *k, *v; const float *qkv; const int *slot, *at; int heads, kv, d, slots, cap; } gk_kv_write_bf16;
// Attention with factors of bf16 (op.Compute; kernels with _bf16 in their names, one
// for each size of heads) reads rounded instead of qkv, the same rounded by
// gk_round_rows, and dout_rounded instead of dout; its caches hold bf16.
typedef struct { gk_head h; float *out, *lse; const float *qkv; const int *start, *prefix; int heads, kv, d, max_len; gk_dim s; const unsigned short *rounded; } gk_attn; // prefix may be 0
typedef struct {
	gk_head h;
	float *dqkv;
	const float *dout, *qkv, *out, *lse;
	const int *start, *prefix; // prefix may be 0
	float *delta; // scratch, (N, heads): sum_d dout*out
	int heads, kv, d, max_len;
	gk_dim s;
	const unsigned short *rounded, *dout_rounded;
} gk_attn_bwd;
typedef struct {
	gk_head h;
	float *out;
	const float *qkv, *pk, *pv, *k, *v;
	const int *pslot, *plen, *slot, *len;
	int heads, kv, d, pslots, pcap, slots, cap;
} gk_attn_decode;
typedef struct {
	gk_head h;
	float *out;
	const float *qkv;
	const unsigned short *pk, *pv, *k, *v;
	const int *pslot, *plen, *slot, *len;
	int heads, kv, d, pslots, pcap, slots, cap;
} gk_attn_decode_bf16;
typedef struct { gk_head h; float *y; const float *gu; int f; } gk_swiglu;
typedef struct { gk_head h; float *dgu; const float *dy, *gu; int f; } gk_swiglu_bwd;
typedef struct { gk_head h; float *y; const float *x; const int *idx; int c; gk_dim m; } gk_rows;
// The loss ops work on rows row0 .. row0+chunk-1 (as far as there are rows);
// their kernels are launched once for each chunk, in ascending order.
typedef struct {
	gk_head h;
	float *logp, *ent, *lse;
	const float *x, *w; // (N, C), (V, C)
	const int *target;
	float *logits; // (chunk, V)
	int c, v, chunk, row0;
	const unsigned short *pack, *rounded; // rounded: H
} gk_loss;
typedef struct {
	gk_head h;
	float *dx, *dw;
	const float *x, *w;
	const int *target;
	const float *lse, *ent, *coef, *ent_coef; // ent_coef may be 0
	float *logits; // (chunk, V)
	int c, v, chunk, row0;
	const unsigned short *pack, *back;
	const unsigned short *rounded, *h_turned; // rounded: H, then dlogits, then dlogits turned around
} gk_loss_bwd;
// A product of sm_90a: c (rows, cols) = (res +) a b^T, factors of bf16 as they are
// rounded and packed. rows is the number of rows of the run, or, along, depth is;
// those of a chunk if chunk > 0. checked: the op has a check of its own.
typedef struct {
	gk_head h;
	float *c;
	const float *res; // may be 0, or c
	const unsigned short *a, *b;
	int rows, cols, depth;
	int chunk, row0, along, checked, tile;
} gk_product;
enum gk_product_tile { GK_TILE_CHOSEN, GK_TILE_LARGE, GK_TILE_MIDDLE, GK_TILE_SMALL };
typedef struct { gk_head h; int *tok; float *logp, *ent; const float *logits; const int *stream, *pos; int v; } gk_sample;
typedef struct {
	gk_head h;
	int *tokens;
	float *logps, *ents;
	int *tok, *pos, *at, *len, *count, *left;
	const int *drawn;
	const float *logp, *ent;
	const int *stop;
	int steps, stops;
} gk_advance;
typedef struct { gk_head h; float *out; const float *x; gk_i64 len; double *part; } gk_sum_sq; // part: scratch, one for each GK_SUM_BLOCK elements
typedef struct { gk_head h; float *w; const float *g; float *m, *v; gk_i64 len; float beta1, beta2, eps, weight_decay; } gk_adamw;
typedef struct { gk_head h; float *y; const float *x; int c; } gk_move;

// Sizes that grids depend on.
#define GK_TILE 64          // rows and columns of a block's part of a matrix product
#define GK_MMA_TILE 128     // the same of products in bf16
#define GK_MMA_STAGES 4     // steps of a product in bf16 that are in shared memory at a time
// Dynamic shared memory of a product in bf16: two tiles for each stage, rows of
// 32 numbers 80 bytes apart.
#define GK_MMA_SHARED (GK_MMA_STAGES * 2 * GK_MMA_TILE * 80)
// Dynamic shared memory of a product of sm_90a: 4, 8 or 12 stages, by the tile.
#define GK_PRODUCT_SHARED (192 << 10)
#define GK_PRODUCT_TILE 64  // its smallest tile
#define GK_ATTN_ROWS 16     // query (or key) rows of a block of attention
#define GK_ATTN_TILE 64     // the same of attention in bf16, and its keys at a time
#define GK_SUM_BLOCK 16384  // elements of one partial sum of squares

// The kernels, in the order of their launches within an op:
// X(kernel, parameter struct, threads of a block). The grid, by the op's sizes
// for the largest run, stands behind; blocks are one-dimensional. Pack has no
// kernel: linear and loss read W itself. launches.go holds the same list.
#define GK_KERNELS(X) \
	X(gk_embed_fwd, gk_embed, 128)                 /* n */ \
	X(gk_embed_bwd_rows, gk_embed_bwd, 128)        /* n */ \
	X(gk_rmsnorm_fwd, gk_rmsnorm, 256)             /* n */ \
	X(gk_rmsnorm_bwd_dx, gk_rmsnorm_bwd, 256)      /* n */ \
	X(gk_rmsnorm_bwd_dg, gk_rmsnorm_bwd, 256)      /* c/32 */ \
	X(gk_linear_fwd, gk_linear, 256)               /* o/TILE, n/TILE */ \
	X(gk_linear_bwd_dx, gk_linear_dx, 256)         /* k/TILE, n/TILE */ \
	X(gk_linear_bwd_dw, gk_linear_dw, 256)         /* k/TILE, o/TILE */ \
	X(gk_pack_bf16, gk_pack, 256)                  /* elements/1024 */ \
	X(gk_round_rows, gk_round, 256)                /* n */ \
	X(gk_round_columns, gk_round, 256)             /* n/32, c/32 */ \
	X(gk_linear_fwd_bf16, gk_linear, 256)          /* as the same without _bf16 */ \
	X(gk_linear_bwd_dx_bf16, gk_linear_dx, 256)    /* */ \
	X(gk_linear_bwd_dw_bf16, gk_linear_dw, 256)    /* */ \
	X(gk_rope_rows, gk_rope, 128)                  /* n */ \
	X(gk_kv_write_rows, gk_kv_write, 128)          /* n */ \
	X(gk_kv_write_rows_bf16, gk_kv_write_bf16, 128) /* */ \
	X(gk_attn_check, gk_attn, 256)                 /* 1: is start right? */ \
	X(gk_attn_fwd, gk_attn, 128)                   /* n/ATTN_ROWS, heads */ \
	X(gk_attn_bwd_check, gk_attn_bwd, 256)         /* 1 */ \
	X(gk_attn_bwd_delta, gk_attn_bwd, 128)         /* n, heads */ \
	X(gk_attn_bwd_dq, gk_attn_bwd, 128)            /* n/ATTN_ROWS, heads */ \
	X(gk_attn_bwd_dkv, gk_attn_bwd, 128)           /* n/ATTN_ROWS, kv */ \
	X(gk_attn_decode_fwd, gk_attn_decode, 128)     /* n, heads */ \
	X(gk_attn_fwd_bf16_64, gk_attn, 128)           /* n/ATTN_TILE, heads; so the others, with tiles of as many rows */ \
	X(gk_attn_fwd_bf16_128, gk_attn, 128)          /* */ \
	X(gk_attn_bwd_delta_bf16, gk_attn_bwd, 128)    /* n, heads */ \
	X(gk_attn_bwd_dq_bf16_64, gk_attn_bwd, 128)    /* */ \
	X(gk_attn_bwd_dq_bf16_128, gk_attn_bwd, 128)   /* */ \
	X(gk_attn_bwd_dkv_bf16_64, gk_attn_bwd, 128)   /* */ \
	X(gk_attn_bwd_dkv_bf16_128, gk_attn_bwd, 128)  /* */ \
	X(gk_attn_decode_bf16_64, gk_attn_decode_bf16, 128)  /* n, kv */ \
	X(gk_attn_decode_bf16_128, gk_attn_decode_bf16, 128) /* */ \
	X(gk_swiglu_fwd, gk_swiglu, 256)               /* n*f/256 */ \
	X(gk_swiglu_bwd_rows, gk_swiglu_bwd, 256)      /* n*f/256 */ \
	X(gk_gather_rows, gk_rows, 128)                /* n */ \
	X(gk_scatter_rows, gk_rows, 128)               /* m: looks for its row in idx */ \
	X(gk_loss_logits, gk_loss, 256)                /* v/TILE, chunk/TILE */ \
	X(gk_loss_rows, gk_loss, 256)                  /* chunk */ \
	X(gk_loss_bwd_logits, gk_loss_bwd, 256)        /* v/TILE, chunk/TILE */ \
	X(gk_loss_bwd_rows, gk_loss_bwd, 256)          /* chunk */ \
	X(gk_loss_bwd_dx, gk_loss_bwd, 256)            /* c/TILE, chunk/TILE */ \
	X(gk_loss_bwd_dw, gk_loss_bwd, 256)            /* c/TILE, v/TILE */ \
	X(gk_loss_logits_bf16, gk_loss, 256)           /* as the same without _bf16 */ \
	X(gk_loss_bwd_logits_bf16, gk_loss_bwd, 256)   /* */ \
	X(gk_loss_bwd_dx_bf16, gk_loss_bwd, 256)       /* */ \
	X(gk_loss_bwd_dw_bf16, gk_loss_bwd, 256)       /* */ \
	X(gk_sample_rows, gk_sample, 256)              /* n */ \
	X(gk_advance_rows, gk_advance, 128)            /* n/128 */ \
	X(gk_sum_sq_part, gk_sum_sq, 256)              /* len/SUM_BLOCK */ \
	X(gk_sum_sq_all, gk_sum_sq, 256)               /* 1 */ \
	X(gk_adamw_step, gk_adamw, 256)                /* len/256 */ \
	X(gk_zero_rows, gk_move, 256)                  /* n*c/256 */ \
	X(gk_copy_rows, gk_move, 256)                  /* n*c/256 */

// Those that only GPUs of compute capability 9.0 have.
#define GK_KERNELS_90(X) \
	X(gk_product_bf16, gk_product, 256)            /* rows/PRODUCT_TILE, cols/PRODUCT_TILE */

// The emulation is a shared library with one function: it runs a kernel on the
// CPU to its end. It returns 0, or 1 for a kernel that it does not know, 2 for
// parameters of another size.
#ifdef __cplusplus
extern "C"
#endif
int gk_emulate(const char *kernel, const unsigned grid[3], const unsigned block[3], unsigned dynamic_shared, const void *params, unsigned long size);

#endif
