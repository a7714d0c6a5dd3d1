// Matrix products. Every element of every result is
//
//	acc = 0; for k ascending: acc = fma(a[k], b[k], acc); then (res +) acc
//
// whatever the tile, the tail, the number of rows or of threads, so a row has
// the same bits in a batch of one and of a thousand. (LinearDW does this for
// each block of DW_DEPTH rows and adds the blocks in ascending order.)
//
// The right operand is read as panels of NR columns: panel[k][NR]. A tile of
// up to MR rows times NR columns stays in registers over the whole depth; the
// depth is not cut, because one panel is at most a few tens of KB and streams
// from the second-level cache at less than half of what it can deliver.
#ifndef GRADUS_CPU_GEMM_H
#define GRADUS_CPU_GEMM_H

#include "par.h"
#include "vec.h"

#define NR (2 * VL)
#define DW_DEPTH 256

// The left operand is a[i*lda + k] (ROWS) or a[i + k*lda] (COLS).
enum { ROWS, COLS };

typedef struct {
	int64_t depth;
	const float *a;
	int64_t lda;
	const float *b; // one panel
	float *c;
	int64_t ldc;
	const float *res; // NULL, or added to the result; same stride as c
	int64_t cols;     // columns of c that exist, <= NR
} tile;

INLINE void store_tile(const int mr, const tile *t, vf (*acc)[2]) {
	if (t->cols == NR) {
UNROLL(16)
		for (int i = 0; i < mr; i++)
UNROLL(2)
			for (int j = 0; j < 2; j++) {
				vf x = acc[i][j];
				if (t->res) x = vload(t->res + i * t->ldc + j * VL) + x;
				vstore(t->c + i * t->ldc + j * VL, x);
			}
		return;
	}
	for (int i = 0; i < mr; i++) {
		float row[NR];
		vstore(row, acc[i][0]);
		vstore(row + VL, acc[i][1]);
		for (int64_t j = 0; j < t->cols; j++) {
			float x = row[j];
			if (t->res) x = t->res[i * t->ldc + j] + x;
			t->c[i * t->ldc + j] = x;
		}
	}
}

INLINE void tile_body(const int mr, const int order, const tile *t) {
	vf acc[MR][2];
UNROLL(16)
	for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = (vf){0};
	const float *a[MR], *b = t->b;
	const int64_t depth = t->depth, lda = t->lda;
UNROLL(16)
	for (int i = 0; i < mr; i++) a[i] = order == ROWS ? t->a + i * lda : t->a + i;
UNROLL(4)
	for (int64_t k = 0; k < depth; k++) {
		vf b0 = vload(b + k * NR), b1 = vload(b + k * NR + VL);
UNROLL(16)
		for (int i = 0; i < mr; i++) {
			vf x = vset(order == ROWS ? a[i][k] : a[0][i + k * lda]);
			acc[i][0] = vfma(x, b0, acc[i][0]);
			acc[i][1] = vfma(x, b1, acc[i][1]);
		}
	}
	store_tile(mr, t, acc);
}

typedef void (*tile_fn)(const tile *);

#define TILE(n) \
	static void rows_tile_##n(const tile *t) { tile_body(n, ROWS, t); } \
	static void cols_tile_##n(const tile *t) { tile_body(n, COLS, t); }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if MR > 6
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#define TILES(order) \
	{0, order##_tile_1, order##_tile_2, order##_tile_3, order##_tile_4, order##_tile_5, order##_tile_6, order##_tile_7, \
	 order##_tile_8, order##_tile_9, order##_tile_10, order##_tile_11, order##_tile_12, order##_tile_13, order##_tile_14}
#else
#define TILES(order) {0, order##_tile_1, order##_tile_2, order##_tile_3, order##_tile_4, order##_tile_5, order##_tile_6}
#endif
#undef TILE
static const tile_fn rows_tile[MR + 1] = TILES(rows);
static const tile_fn cols_tile[MR + 1] = TILES(cols);

// multiply runs the tiles of m rows and one panel. Rows are dealt out evenly
// over the tiles, so that no short tile is left at the end.
INLINE void multiply(const tile_fn *fn, int64_t m, tile t, int64_t step_a) {
	int64_t tiles = ceil_div(m, MR), at = 0;
	for (int64_t i = 0; i < tiles; i++) {
		int64_t end = m * (i + 1) / tiles, rows = end - at;
		fn[rows](&t);
		t.a += rows * step_a;
		t.c += rows * t.ldc;
		if (t.res) t.res += rows * t.ldc;
		at = end;
	}
}

// pack_panel copies columns c0 .. c0+NR-1 of a row-major (depth, cols) matrix
// with row stride ld to panel[depth][NR]; missing columns become 0.
static void pack_panel(float *panel, const float *x, int64_t ld, int64_t depth, int64_t c0, int64_t cols) {
	int64_t n = min64(NR, cols - c0);
	x += c0;
	if (n == NR) {
		for (int64_t k = 0; k < depth; k++) {
			vstore(panel + k * NR, vload(x + k * ld));
			vstore(panel + k * NR + VL, vload(x + k * ld + VL));
		}
		return;
	}
	for (int64_t k = 0; k < depth; k++) {
		memset(panel + k * NR, 0, NR * 4);
		for (int64_t j = 0; j < n; j++) panel[k * NR + j] = x[k * ld + j];
	}
}

// pack_panel_t does the same for the transposed operand: row j of x (depth
// floats) becomes column j of the panel.
static void pack_panel_t(float *panel, const float *x, int64_t ld, int64_t depth, int64_t c0, int64_t cols) {
	int64_t n = min64(NR, cols - c0), k = 0;
	x += c0 * ld;
	if (n == NR) {
		for (; k + VL <= depth; k += VL)
			for (int half = 0; half < 2; half++) {
				vf t[VL];
				for (int i = 0; i < VL; i++) t[i] = vload(x + (half * VL + i) * ld + k);
				vtranspose(t);
				for (int i = 0; i < VL; i++) vstore(panel + (k + i) * NR + half * VL, t[i]);
			}
	}
	for (; k < depth; k++)
		for (int64_t j = 0; j < NR; j++) panel[k * NR + j] = j < n ? x[j * ld + k] : 0;
}

// A product of n rows with packed panels, cut in blocks of rows and groups of
// panels. A block of rows of a and one panel fit the second-level cache.
typedef struct {
	const float *a, *panels, *res;
	float *c;
	int64_t n, depth, cols, lda, ldc;
	int64_t block, group, groups;
} product;

static void product_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const product *p = task;
	int64_t r0 = chunk / p->groups * p->block, rows = min64(p->block, p->n - r0);
	int64_t p0 = chunk % p->groups * p->group, p1 = min64(p0 + p->group, ceil_div(p->cols, NR));
	for (int64_t j = p0; j < p1; j++) {
		tile t = {
			.depth = p->depth,
			.a = p->a + r0 * p->lda,
			.lda = p->lda,
			.b = p->panels + j * p->depth * NR,
			.c = p->c + r0 * p->ldc + j * NR,
			.ldc = p->ldc,
			.res = p->res ? p->res + r0 * p->ldc + j * NR : 0,
			.cols = min64(NR, p->cols - j * NR),
		};
		multiply(rows_tile, rows, t, p->lda);
	}
}

// c (n, cols) = (res +) a (n, depth) * panels. res has the stride of c.
static void matmul(gk_run *r, product p) {
	if (p.n == 0) return;
	int64_t panels = ceil_div(p.cols, NR);
	p.block = max64(32768 / p.depth / MR, 2) * MR;
	p.block = ceil_div(p.n, ceil_div(p.n, p.block));
	p.block = round_up(p.block, MR);
	int64_t blocks = ceil_div(p.n, p.block);
	p.group = panels;
	if (r->threads > 1) {
		int64_t want = ceil_div(3 * r->threads, blocks);
		int64_t least = ceil_div(1 << 18, 2 * p.block * p.depth * NR); // about 3 us
		p.group = max64(ceil_div(panels, want), least);
		p.group = min64(p.group, panels);
	}
	p.groups = ceil_div(panels, p.group);
	each(r, product_chunk, &p, blocks * p.groups);
}

// Pack: panels of W^T, so that W's rows are the columns of the product. The
// rest of Dst (it is rounded up to 64 rows) is zero.
static void pack_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const gk_pack *c = task;
	float *panel = c->dst + chunk * NR * c->k;
	if (chunk * NR < c->o) pack_panel_t(panel, c->w, c->k, c->k, chunk * NR, c->o);
	else memset(panel, 0, (size_t)(NR * c->k) * 4);
}

static void run_pack(gk_run *r, const gk_cmd *cmd) {
	gk_pack c = cmd->u.pack;
	each(r, pack_chunk, &c, round_up(c.o, 64) / NR);
}

static void run_linear(gk_run *r, const gk_cmd *cmd) {
	const gk_linear *c = &cmd->u.linear;
	matmul(r, (product){
		.a = c->x, .panels = c->pack, .res = c->res, .c = c->y,
		.n = gk_count(c->n, r->args), .depth = c->k, .cols = c->o, .lda = c->k, .ldc = c->o,
	});
}

// Panels of W as it stands: depth is o, columns are k.
typedef struct {
	float *panels;
	const float *w;
	int64_t rows, cols;
} panel_task;

static void panel_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const panel_task *t = task;
	pack_panel(t->panels + chunk * NR * t->rows, t->w, t->cols, t->rows, chunk * NR, t->cols);
}

static int64_t panel_floats(int64_t rows, int64_t cols) { return round_up(cols, NR) * rows; }

static void pack_rows(gk_run *r, float *panels, const float *w, int64_t rows, int64_t cols) {
	panel_task t = {panels, w, rows, cols};
	each(r, panel_chunk, &t, ceil_div(cols, NR));
}

static void run_linear_dx(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dx *c = &cmd->u.linear_dx;
	int64_t n = gk_count(c->n, r->args);
	if (n == 0) return;
	float *panels = (float *)r->shared;
	pack_rows(r, panels, c->w, c->o, c->k);
	matmul(r, (product){
		.a = c->dy, .panels = panels, .res = c->acc ? c->dx : 0, .c = c->dx,
		.n = n, .depth = c->o, .cols = c->k, .lda = c->o, .ldc = c->k,
	});
}

static void need_linear_dx(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	const gk_linear_dx *c = &cmd->u.linear_dx;
	want_shared(need, panel_floats(c->o, c->k) * 4);
}

// dw (o, k) += dy (n, o)^T x (n, k). A chunk is a block of dw; it walks the
// rows in blocks of DW_DEPTH and packs both operands of a block, as both lie
// across the direction in which they are read.
typedef struct {
	gk_run *run;
	float *dw;
	const float *dy, *x;
	int64_t n, o, k;
	int64_t o_block, k_block, k_blocks;
} outer;

enum { DW_O = 96, DW_K = 256 }; // largest block of dw

static void outer_chunk(void *task, int64_t chunk, int thread) {
	const outer *w = task;
	int64_t o0 = chunk / w->k_blocks * w->o_block, os = min64(w->o_block, w->o - o0);
	int64_t k0 = chunk % w->k_blocks * w->k_block, ks = min64(w->k_block, w->k - k0);
	char *at = local_scratch(w->run, thread);
	float *a = float_block(&at, (DW_O + 2 * MR) * DW_DEPTH), *b = float_block(&at, NR * DW_DEPTH);
	int64_t a_tiles = ceil_div(os, MR);
	for (int64_t n0 = 0; n0 < w->n; n0 += DW_DEPTH) {
		int64_t depth = min64(DW_DEPTH, w->n - n0);
		for (int64_t n = 0; n < depth; n++) {
			const float *row = w->dy + (n0 + n) * w->o + o0;
			for (int64_t i = 0; i < a_tiles; i++) {
				float *to = a + (i * depth + n) * MR;
				if ((i + 1) * MR <= os) memcpy(to, row + i * MR, MR * 4);
				else memcpy(to, row + i * MR, (size_t)(os - i * MR) * 4);
			}
		}
		for (int64_t j = 0; j < ks; j += NR) {
			pack_panel(b, w->x + n0 * w->k + k0, w->k, depth, j, ks);
			for (int64_t i = 0; i < a_tiles; i++) {
				float *c = w->dw + (o0 + i * MR) * w->k + k0 + j;
				tile t = {
					.depth = depth, .a = a + i * depth * MR, .lda = MR, .b = b,
					.c = c, .ldc = w->k, .res = c, .cols = min64(NR, ks - j),
				};
				cols_tile[min64(MR, os - i * MR)](&t);
			}
		}
	}
}

static void outer_product(gk_run *r, float *dw, const float *dy, const float *x, int64_t n, int64_t o, int64_t k) {
	if (n == 0) return;
	outer w = {.run = r, .dw = dw, .dy = dy, .x = x, .n = n, .o = o, .k = k};
	// Equal blocks; smaller ones as long as there are too few for the threads.
	int64_t ob = ceil_div(o, DW_O), kb = ceil_div(k, DW_K);
	int64_t want = r->threads > 1 ? 3 * r->threads : 1;
	while (ob * kb < want && ceil_div(o, ob) > 4 * MR) ob++;
	while (ob * kb < want && ceil_div(k, kb) > 4 * NR) kb++;
	w.o_block = min64(round_up(ceil_div(o, ob), MR), DW_O + MR);
	w.k_block = min64(round_up(ceil_div(k, kb), NR), DW_K);
	w.k_blocks = ceil_div(k, w.k_block);
	each(r, outer_chunk, &w, ceil_div(o, w.o_block) * w.k_blocks);
}

static void need_outer(gk_need *need) {
	want_local(need, block_bytes((DW_O + 2 * MR) * DW_DEPTH) + block_bytes(NR * DW_DEPTH));
}

static void run_linear_dw(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dw *c = &cmd->u.linear_dw;
	outer_product(r, c->dw, c->dy, c->x, gk_count(c->n, r->args), c->o, c->k);
}

static void need_linear_dw(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)cmd, (void)max, (void)threads;
	need_outer(need);
}

#endif
