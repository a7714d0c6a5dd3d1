// Matrix products. Every element of every result is
//
//	acc = 0; for k ascending: acc = fma(a[k], b[k], acc); then (res +) acc
//
// whatever the tile, the tail, the number of rows or of threads, so a row has
// the same bits in a batch of one and of a thousand. (The gradient of weights
// is in gemm_dw.h.)
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
	const float *ahead; // of a fetch_tile: depth/FETCH_EVERY cache lines that are wanted soon
} tile;

enum { FETCH_EVERY = 4 }; // steps of the depth

// store_edge stores a tile of which only some columns exist.
static __attribute__((noinline)) void store_edge(int mr, const tile *t, const float *edge) {
	for (int i = 0; i < mr; i++)
		for (int64_t j = 0; j < t->cols; j++) {
			float x = edge[i * NR + j];
			if (t->res) x = t->res[i * t->ldc + j] + x;
			t->c[i * t->ldc + j] = x;
		}
}

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
	float edge[MR * NR];
UNROLL(16)
	for (int i = 0; i < mr; i++) {
		vstore(edge + i * NR, acc[i][0]);
		vstore(edge + i * NR + VL, acc[i][1]);
	}
	store_edge(mr, t, edge);
}

#define TILE_STEP(k) \
	{ \
		vf b0 = vload(b + (k) * NR), b1 = vload(b + (k) * NR + VL); \
UNROLL(16) \
		for (int i = 0; i < mr; i++) { \
			vf x = vset(order == ROWS ? a[i][k] : a[0][i + (k) * lda]); \
			acc[i][0] = vfma(x, b0, acc[i][0]); \
			acc[i][1] = vfma(x, b1, acc[i][1]); \
		} \
	}

INLINE void tile_body(const int mr, const int order, const int fetch, const tile *t) {
	vf acc[MR][2];
UNROLL(16)
	for (int i = 0; i < mr; i++) acc[i][0] = acc[i][1] = (vf){0};
	const float *a[MR], *b = t->b;
	const int64_t depth = t->depth, lda = t->lda;
	// The result is touched at the end only; ask for it now.
UNROLL(16)
	for (int i = 0; i < mr; i++) {
		__builtin_prefetch(t->c + i * t->ldc, 1);
		__builtin_prefetch(t->c + i * t->ldc + NR - 1, 1);
	}
UNROLL(16)
	for (int i = 0; i < mr; i++) a[i] = order == ROWS ? t->a + i * lda : t->a + i;
	int64_t k = 0;
	if (fetch) {
		const float *ahead = t->ahead;
		for (; k + FETCH_EVERY <= depth; k += FETCH_EVERY, ahead += 16) {
			__builtin_prefetch(ahead, 0, 2);
UNROLL(4)
			for (int64_t at = k; at < k + FETCH_EVERY; at++) TILE_STEP(at)
		}
	}
UNROLL(4)
	for (; k < depth; k++) TILE_STEP(k)
	store_tile(mr, t, acc);
}

typedef void (*tile_fn)(const tile *);

#define TILE(n) \
	static void rows_tile_##n(const tile *t) { tile_body(n, ROWS, 0, t); } \
	static void fetch_tile_##n(const tile *t) { tile_body(n, ROWS, 1, t); } \
	static void cols_tile_##n(const tile *t) { tile_body(n, COLS, 0, t); }
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
static const tile_fn fetch_tile[MR + 1] = TILES(fetch);
static const tile_fn cols_tile[MR + 1] = TILES(cols);

enum { THIN = 3 };

// A tile of one to three rows has too few sums in flight to keep the multipliers
// busy, so it takes several panels at once. step is from one panel to the next.
INLINE void thin_body(const int mr, const int panels, const tile *t, int64_t step) {
	vf acc[4][THIN][2];
UNROLL(4)
	for (int p = 0; p < panels; p++)
UNROLL(4)
		for (int i = 0; i < mr; i++) acc[p][i][0] = acc[p][i][1] = (vf){0};
	const float *a = t->a, *b = t->b;
	const int64_t depth = t->depth, lda = t->lda;
	for (int64_t k = 0; k < depth; k++, b += NR)
UNROLL(4)
		for (int p = 0; p < panels; p++) {
			vf b0 = vload(b + p * step), b1 = vload(b + p * step + VL);
UNROLL(4)
			for (int i = 0; i < mr; i++) {
				vf x = vset(a[i * lda + k]);
				acc[p][i][0] = vfma(x, b0, acc[p][i][0]);
				acc[p][i][1] = vfma(x, b1, acc[p][i][1]);
			}
		}
	tile u = *t;
UNROLL(4)
	for (int p = 0; p < panels; p++) {
		store_tile(mr, &u, acc[p]);
		u.c += NR;
		if (u.res) u.res += NR;
	}
}

static const int thin_panels[THIN + 1] = {0, 4, 2, 2};

static void thin_tile(int64_t rows, const tile *t, int64_t step) {
	switch (rows) {
	case 1: thin_body(1, 4, t, step); break;
	case 2: thin_body(2, 2, t, step); break;
	default: thin_body(3, 2, t, step); break;
	}
}

// multiply runs the tiles of m rows and one panel. Rows are dealt out evenly
// over the tiles, so that no short tile is left at the end.
// The first of them ask for the panel at ahead, where there is one.
INLINE void multiply(int64_t m, tile t) {
	int64_t tiles = ceil_div(m, MR), at = 0;
	for (int64_t i = 0; i < tiles; i++) {
		int64_t end = m * (i + 1) / tiles, rows = end - at;
		if (t.ahead && i < FETCH_EVERY * NR / 16) {
			fetch_tile[rows](&t);
			t.ahead += t.depth / FETCH_EVERY * 16;
		} else {
			rows_tile[rows](&t);
		}
		t.a += rows * t.lda;
		t.c += rows * t.ldc;
		if (t.res) t.res += rows * t.ldc;
		at = end;
	}
}

// pack_panels copies rows r0 .. r1-1 of a row-major (depth, cols) matrix with
// row stride ld to panels[.][depth][NR]; columns beyond the last become 0. It
// reads along the rows, where the hardware prefetches. x begins at row x0.
static void pack_panels(float *panels, const float *x, int64_t ld, int64_t depth, int64_t cols, int64_t r0, int64_t r1, int64_t x0) {
	int64_t full = cols / NR, rest = cols % NR;
	for (int64_t k = r0; k < r1; k++) {
		const float *from = x + (k - x0) * ld;
		float *to = panels + k * NR;
		for (int64_t j = 0; j < full; j++, from += NR, to += depth * NR) {
			vstore(to, vload(from));
			vstore(to + VL, vload(from + VL));
		}
		if (rest) {
			memset(to, 0, NR * 4);
			for (int64_t j = 0; j < rest; j++) to[j] = from[j];
		}
	}
}

// pack_rows_t makes one panel of a transposed operand of which n <= NR rows
// (depth floats each) exist: row j becomes its column j.
INLINE void pack_rows_t(float *panel, const float *const *row, int64_t depth, int64_t n) {
	int64_t k = 0;
	if (n == NR) {
		for (; k + VL <= depth; k += VL)
			for (int half = 0; half < 2; half++) {
				vf t[VL];
				for (int i = 0; i < VL; i++) t[i] = vload(row[half * VL + i] + k);
				vtranspose(t);
				for (int i = 0; i < VL; i++) vstore(panel + (k + i) * NR + half * VL, t[i]);
			}
	}
	for (; k < depth; k++)
		for (int64_t j = 0; j < NR; j++) panel[k * NR + j] = j < n ? row[j][k] : 0;
}

// pack_panel_t takes rows c0, c0+1, ... of x, whose row stride is ld.
static void pack_panel_t(float *panel, const float *x, int64_t ld, int64_t depth, int64_t c0, int64_t cols) {
	const float *row[NR];
	int64_t n = min64(NR, cols - c0);
	for (int64_t j = 0; j < n; j++) row[j] = x + (c0 + j) * ld;
	pack_rows_t(panel, row, depth, n);
}

// A product of n rows with packed panels, cut in blocks of rows and groups of
// panels. A block of rows of a and one panel fit the second-level cache.
typedef struct {
	const float *a, *panels, *res;
	float *c;
	int64_t n, depth, cols, lda, ldc;
	int64_t blocks, group, groups;
} product;

// block_row is the first row of a block: whole tiles, dealt out evenly.
INLINE int64_t block_row(const product *p, int64_t block) { return min64(p->n, ceil_div(p->n, MR) * block / p->blocks * MR); }

static void product_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const product *p = task;
	int64_t r0 = block_row(p, chunk / p->groups), rows = block_row(p, chunk / p->groups + 1) - r0;
	int64_t p0 = chunk % p->groups * p->group, p1 = min64(p0 + p->group, ceil_div(p->cols, NR));
	for (int64_t j = p0, done; j < p1; j += done) {
		tile t = {
			.depth = p->depth,
			.a = p->a + r0 * p->lda,
			.lda = p->lda,
			.b = p->panels + j * p->depth * NR,
			.c = p->c + r0 * p->ldc + j * NR,
			.ldc = p->ldc,
			.res = p->res ? p->res + r0 * p->ldc + j * NR : 0,
			.cols = min64(NR, p->cols - j * NR),
			.ahead = j + 1 < p1 ? p->panels + (j + 1) * p->depth * NR : 0,
		};
		done = 1;
		if (rows <= THIN && j + thin_panels[rows] <= p1 && (j + thin_panels[rows]) * NR <= p->cols) {
			done = thin_panels[rows];
			thin_tile(rows, &t, p->depth * NR);
		} else {
			multiply(rows, t);
		}
	}
}

// c (n, cols) = (res +) a (n, depth) * panels. res has the stride of c.
static void matmul(gk_run *r, product p) {
	if (p.n == 0) return;
	int64_t panels = ceil_div(p.cols, NR);
	int64_t most = max64(65536 / p.depth / MR, 2), tiles = ceil_div(p.n, MR); // tiles of a block, and of all
	p.blocks = ceil_div(tiles, most);
	p.group = panels;
	if (r->threads > 1) {
		// Each thread gets as many blocks as the others.
		if (p.blocks >= r->threads) p.blocks = min64(round_up(p.blocks, r->threads), tiles);
		int64_t want = ceil_div(6 * r->threads, p.blocks);
		int64_t least = ceil_div(16 * r->grain, 2 * ceil_div(tiles, p.blocks) * MR * p.depth * NR);
		p.group = max64(ceil_div(panels, want), least);
		p.group = min64(p.group, panels);
	}
	p.groups = ceil_div(panels, p.group);
	each(r, product_chunk, &p, p.blocks * p.groups);
}

// Pack: panels of W^T, so that W's rows are the columns of the product, and the
// rest of Dst (it is rounded up to 64 rows) zero; or with back, panels of W as
// it stands: depth is o, columns are k.
static void pack_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const gk_pack *c = task;
	float *panel = c->dst + chunk * NR * c->k;
	if (chunk * NR < c->o) pack_panel_t(panel, c->w, c->k, c->k, chunk * NR, c->o);
	else memset(panel, 0, (size_t)(NR * c->k) * 4);
}

enum { PACK_ROWS = 64 };

static void pack_back_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const gk_pack *c = task;
	int64_t r0 = chunk * PACK_ROWS;
	pack_panels(c->dst, c->w, c->k, c->o, c->k, r0, min64(c->o, r0 + PACK_ROWS), 0);
}

static void run_pack(gk_run *r, const gk_cmd *cmd) {
	gk_pack c = cmd->u.pack;
	if (!c.back) {
		each(r, pack_chunk, &c, round_up(c.o, 64) / NR);
		return;
	}
	each(r, pack_back_chunk, &c, ceil_div(c.o, PACK_ROWS));
	int64_t written = round_up(c.k, NR) * c.o;
	memset(c.dst + written, 0, (size_t)(round_up(c.k, 64) * c.o - written) * 4);
}

static void run_linear(gk_run *r, const gk_cmd *cmd) {
	const gk_linear *c = &cmd->u.linear;
	matmul(r, (product){
		.a = c->x, .panels = c->pack, .res = c->res, .c = c->y,
		.n = gk_count(c->n, r->args), .depth = c->k, .cols = c->o, .lda = c->k, .ldc = c->o,
	});
}

static void run_linear_dx(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dx *c = &cmd->u.linear_dx;
	matmul(r, (product){
		.a = c->dy, .panels = c->pack, .res = c->acc ? c->dx : 0, .c = c->dx,
		.n = gk_count(c->n, r->args), .depth = c->o, .cols = c->k, .lda = c->o, .ldc = c->k,
	});
}

#endif
