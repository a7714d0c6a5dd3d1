// Matrix products of factors rounded to bfloat16 with sums in f32. An element is
//
//	acc = 0; for each 32 of the depth, ascending: acc += even + odd
//
// where even and odd are the sums of 16 products each (tile.h), whatever the
// row's neighbours, the number of rows or of threads; missing factors are 0.
//
// Both operands lie as tiles, one after the other along the depth: a strip is
// 16 rows of the left operand, [step][16 rows][32], a panel 32 columns of the
// right one, [step][2][16 pairs along the depth][16 columns][2]. Two strips
// and a panel fill four registers with sums and four with factors, so that a
// loaded tile is used twice.
#ifndef GRADUS_CPU_BF16_H
#define GRADUS_CPU_BF16_H

#include "par.h"
#include "tile.h"

#if VL != 16
#error "the tiles of bf16.h are made for vectors of 16"
#endif

enum {
	PANEL = 32,                  // columns of a panel
	PANEL_STEP = 2 * TILE_ELEMS, // its elements for each step of the depth
	BLOCK_ROWS = 256,
	BLOCK_BYTES = 512 << 10, // of a block of the left operand: a quarter of the second-level cache
	DEPTH_STEPS = 16,        // of a panel at a time: 32 KB, which the first-level cache holds
};

static int64_t steps_of(int64_t depth) { return ceil_div(depth, TILE_DEPTH); }

static uint16_t *bf16_block(char **at, int64_t elems) { return (uint16_t *)float_block(at, ceil_div(elems, 2)); }

// load_part reads n floats, none if n <= 0, a whole vector if n >= VL.
INLINE vf load_part(const float *p, int64_t n) {
	if (n >= VL) return vload(p);
	return n > 0 ? vload_n(p, n) : (vf){0};
}

INLINE void store_tile_row(uint16_t *to, vf x) { vstore((float *)to, x); }

// make_strip rounds rows of x, at most 16, to a strip; missing rows are 0.
static void make_strip(uint16_t *to, const float *x, int64_t ld, int64_t rows, int64_t depth) {
	for (int64_t r = 0; r < TILE_ROWS; r++) {
		uint16_t *at = to + r * TILE_DEPTH;
		const float *from = x + r * ld;
		int64_t k = r < rows ? 0 : depth;
		for (; k + TILE_DEPTH <= depth; k += TILE_DEPTH, at += TILE_ELEMS) store_tile_row(at, bf16_pairs(vload(from + k), vload(from + k + VL)));
		if (r >= rows)
			for (int64_t s = 0; s < steps_of(depth); s++) memset(at + s * TILE_ELEMS, 0, 64);
		else if (k < depth)
			store_tile_row(at, bf16_pairs(load_part(from + k, depth - k), load_part(from + k + VL, depth - k - VL)));
	}
}

// make_tile_t makes the tile of a panel whose columns are rows of x: column j
// is x[j][0..31], of which depth exist.
static void make_tile_t(uint16_t *to, const float *x, int64_t ld, int64_t cols, int64_t depth) {
	vf t[VL];
	for (int64_t j = 0; j < VL; j++) {
		vf low = {0}, high = {0};
		if (j < cols) low = load_part(x + j * ld, depth), high = load_part(x + j * ld + VL, depth - VL);
		t[j] = bf16_pairs(low, high);
	}
	vtranspose(t);
	for (int i = 0; i < VL; i++) store_tile_row(to + i * TILE_DEPTH, t[i]);
}

// make_tile makes a tile whose pairs are rows 2i and 2i+1 of x, of which depth
// exist, and 16 columns, of which cols exist: of a panel, or turned around of a
// strip whose rows are columns of x.
INLINE void make_tile(uint16_t *to, const float *x, int64_t ld, int64_t depth, int64_t cols, const int turned) {
	vf t[VL];
	for (int64_t i = 0; i < VL; i++) {
		vf even = {0}, odd = {0};
		if (2 * i < depth) even = load_part(x + 2 * i * ld, cols);
		if (2 * i + 1 < depth) odd = load_part(x + (2 * i + 1) * ld, cols);
		t[i] = bf16_zip(even, odd);
	}
	if (turned) vtranspose(t);
	for (int i = 0; i < VL; i++) store_tile_row(to + i * TILE_DEPTH, t[i]);
}

// make_both rounds 32 rows and 32 columns of x, of which rows and cols exist,
// once for two products: to the tiles of two strips of rows, next apart, and
// turned around to those of two strips of columns, turned_next apart. The
// second of those is left alone where it has no column.
static void make_both(uint16_t *to, int64_t next, uint16_t *turned, int64_t turned_next, const float *x, int64_t ld, int64_t rows, int64_t cols) {
	vf first[VL], second[VL];
	for (int64_t i = 0; i < VL; i++) {
		vf row[2];
		for (int64_t r = 2 * i; r < 2 * i + 2; r++) {
			vf low = {0}, high = {0};
			if (r < rows) low = load_part(x + r * ld, cols), high = load_part(x + r * ld + VL, cols - VL);
			row[r % 2] = bf16_pairs(low, high);
			store_tile_row(to + r / TILE_ROWS * next + r % TILE_ROWS * TILE_DEPTH, row[r % 2]);
		}
		bf16_weave(row[0], row[1], &first[i], &second[i]);
	}
	vtranspose(first);
	for (int i = 0; i < VL; i++) store_tile_row(turned + i * TILE_DEPTH, first[i]);
	if (cols <= TILE_ROWS) return;
	vtranspose(second);
	for (int i = 0; i < VL; i++) store_tile_row(turned + turned_next + i * TILE_DEPTH, second[i]);
}

// multiply_tiles adds the product of one or two strips and a panel to sums, 16
// rows of 32 for each strip. fresh: the sums start at 0.
INLINE void multiply_tiles(tiles *t, const int strips, const uint16_t *a, int64_t next, const uint16_t *b, int64_t steps, float *sums, int fresh) {
	enum { STRIDE = PANEL * 4 };
	(void)t;
	float *lower = sums + TILE_ROWS * PANEL;
	if (fresh) {
		tile_zero(t, 0);
		tile_zero(t, 1);
		if (strips == 2) {
			tile_zero(t, 2);
			tile_zero(t, 3);
		}
	} else {
		tile_load(t, 0, sums, STRIDE);
		tile_load(t, 1, sums + 16, STRIDE);
		if (strips == 2) {
			tile_load(t, 2, lower, STRIDE);
			tile_load(t, 3, lower + 16, STRIDE);
		}
	}
	for (int64_t s = 0; s < steps; s++, a += TILE_ELEMS, b += PANEL_STEP) {
		tile_load(t, 4, a, 64);
		tile_load(t, 6, b, 64);
		tile_multiply(t, 0, 4, 6);
		tile_load(t, 7, b + TILE_ELEMS, 64);
		tile_multiply(t, 1, 4, 7);
		if (strips == 2) {
			tile_load(t, 5, a + next, 64);
			tile_multiply(t, 2, 5, 6);
			tile_multiply(t, 3, 5, 7);
		}
	}
	tile_store(t, 0, sums, STRIDE);
	tile_store(t, 1, sums + 16, STRIDE);
	if (strips == 2) {
		tile_store(t, 2, lower, STRIDE);
		tile_store(t, 3, lower + 16, STRIDE);
	}
}

// add_sums writes a block of sums, of which rows and cols exist, to c, plus
// res where there is one.
static void add_sums(float *c, int64_t ldc, const float *res, const float *sums, int64_t rows, int64_t cols) {
	for (int64_t i = 0; i < rows; i++, sums += PANEL, c += ldc) {
		vf x = vload(sums), y = vload(sums + VL);
		if (res) {
			x = load_part(res, cols) + x;
			y = load_part(res + VL, cols - VL) + y;
			res += ldc;
		}
		store_cols(c, x, y, cols);
	}
}

// c (n, cols) = (res +) a (n, depth) * panels, cut in blocks of rows and groups
// of panels. A thread rounds a block of rows, then multiplies it with one
// panel after the other, a part of a long panel at a time.
typedef struct {
	const float *a, *res;
	const uint16_t *panels;
	float *c;
	int64_t n, depth, cols, lda, ldc;
	int64_t block, group, groups, steps;
	char *local;
	int64_t local_size;
	// What a weight gradient (bf16_dw.h) wants of the same rows is laid out while
	// they are at hand, unless NULL: the left operand as strips of its columns,
	// and x (n, x_cols) as panels.
	uint16_t *turned, *across;
	const float *x;
	int64_t x_cols;
} bf16_product;

static int64_t bf16_block_rows(int64_t depth) {
	int64_t rows = BLOCK_BYTES / (steps_of(depth) * TILE_DEPTH * 2) / PANEL * PANEL;
	return max64(min64(rows, BLOCK_ROWS), PANEL);
}

static int64_t bf16_product_bytes(int64_t depth) {
	int64_t rows = bf16_block_rows(depth);
	return block_bytes(rows * steps_of(depth) * TILE_DEPTH / 2) + block_bytes(rows * PANEL);
}

// bf16_panel_rows lays out the 32 rows of x (n, cols) from row n0 on in panels
// that are n deep.
static void bf16_panel_rows(uint16_t *panels, const float *x, int64_t n0, int64_t n, int64_t cols) {
	for (int64_t k = 0; k < round_up(cols, PANEL); k += TILE_ROWS) {
		uint16_t *to = panels + (k / PANEL * steps_of(n) + n0 / TILE_DEPTH) * PANEL_STEP + k % PANEL * TILE_DEPTH;
		if (k < cols) make_tile(to, x + n0 * cols + k, cols, n - n0, cols - k, 0);
		else memset(to, 0, TILE_ELEMS * 2);
	}
}

// bf16_lay_out makes strips of rows r0, r0+1, ... of the left operand, and what
// else is wanted of them.
static void bf16_lay_out(const bf16_product *p, uint16_t *a, int64_t r0, int64_t rows, int extra) {
	int64_t strip = p->steps * TILE_ELEMS, turned = steps_of(p->n) * TILE_ELEMS;
	if (!p->turned || !extra) {
		for (int64_t i = 0; i < rows; i += TILE_ROWS)
			make_strip(a + i / TILE_ROWS * strip, p->a + (r0 + i) * p->lda, p->lda, min64(TILE_ROWS, rows - i), p->depth);
		return;
	}
	for (int64_t i = 0; i < rows; i += TILE_DEPTH) {
		bf16_panel_rows(p->across, p->x, r0 + i, p->n, p->x_cols);
		for (int64_t k = 0; k < p->depth; k += TILE_DEPTH)
			make_both(a + i / TILE_ROWS * strip + k / TILE_DEPTH * TILE_ELEMS, strip,
				p->turned + k / TILE_ROWS * turned + (r0 + i) / TILE_DEPTH * TILE_ELEMS, turned,
				p->a + (r0 + i) * p->lda + k, p->lda, rows - i, p->depth - k);
	}
}

static void bf16_product_chunk(void *task, int64_t chunk, int thread) {
	const bf16_product *p = task;
	int64_t r0 = chunk / p->groups * p->block, rows = min64(p->block, p->n - r0);
	int64_t p0 = chunk % p->groups * p->group, p1 = min64(p0 + p->group, ceil_div(p->cols, PANEL));
	char *at = p->local + thread * p->local_size;
	int64_t strip = p->steps * TILE_ELEMS;
	uint16_t *a = bf16_block(&at, p->block * p->steps * TILE_DEPTH);
	float *sums = float_block(&at, p->block * PANEL);
	bf16_lay_out(p, a, r0, rows, p0 == 0);

	int64_t parts = ceil_div(p->steps, DEPTH_STEPS);
	tiles t;
	tiles_begin(&t);
	for (int64_t j = p0; j < p1; j++) {
		const uint16_t *b = p->panels + j * p->steps * PANEL_STEP;
		float *c = p->c + r0 * p->ldc + j * PANEL;
		const float *res = p->res ? p->res + r0 * p->ldc + j * PANEL : 0;
		for (int64_t part = 0; part < parts; part++) {
			int64_t s0 = p->steps * part / parts, s1 = p->steps * (part + 1) / parts;
			for (int64_t i = 0; i < rows; i += 2 * TILE_ROWS) {
				const uint16_t *ai = a + i / TILE_ROWS * strip + s0 * TILE_ELEMS;
				float *si = sums + i * PANEL;
				if (rows - i > TILE_ROWS) multiply_tiles(&t, 2, ai, strip, b + s0 * PANEL_STEP, s1 - s0, si, part == 0);
				else multiply_tiles(&t, 1, ai, strip, b + s0 * PANEL_STEP, s1 - s0, si, part == 0);
				if (part == parts - 1)
					add_sums(c + i * p->ldc, p->ldc, res ? res + i * p->ldc : 0, si, min64(2 * TILE_ROWS, rows - i), p->cols - j * PANEL);
			}
		}
	}
	tiles_end(&t);
}

// bf16_matmul runs p, whose scratch need_bf16_product has asked for.
static void bf16_matmul(gk_run *r, bf16_product p) {
	if (p.n == 0) return;
	int64_t panels = ceil_div(p.cols, PANEL);
	p.local = r->local, p.local_size = r->local_size;
	p.steps = steps_of(p.depth);
	p.block = bf16_block_rows(p.depth);
	// A tile does about eight times the work of vectors in the same time.
	int64_t least = 8 * r->grain, row_work = p.depth * p.cols;
	if (r->threads > 1) {
		int64_t rows = max64(ceil_div(p.n, 2 * r->threads), ceil_div(least, row_work));
		p.block = min64(p.block, rows);
	}
	p.block = round_up(min64(p.block, p.n), PANEL);
	int64_t blocks = ceil_div(p.n, p.block);
	p.group = panels;
	if (r->threads > 1 && blocks < r->threads) {
		int64_t want = ceil_div(2 * r->threads, blocks);
		p.group = max64(ceil_div(panels, want), ceil_div(least, p.block * p.depth * PANEL));
		p.group = min64(p.group, panels);
	}
	p.groups = ceil_div(panels, p.group);
	each(r, bf16_product_chunk, &p, blocks * p.groups);
}

// Pack: panels of W^T, or with back of W as it stands. Dst is rounded up to 64
// columns and 32 of the depth; what does not exist is 0.
static void bf16_pack_chunk(void *task, int64_t chunk, int thread) {
	(void)thread;
	const gk_pack *c = task;
	int64_t depth = c->back ? c->o : c->k, cols = c->back ? c->k : c->o, c0 = chunk * PANEL;
	uint16_t *to = (uint16_t *)c->dst + chunk * steps_of(depth) * PANEL_STEP;
	for (int64_t d = 0; d < depth; d += TILE_DEPTH)
		for (int half = 0; half < 2; half++, to += TILE_ELEMS) {
			int64_t j = c0 + half * VL;
			if (j >= cols) memset(to, 0, TILE_ELEMS * 2);
			else if (c->back) make_tile(to, c->w + d * c->k + j, c->k, depth - d, cols - j, 0);
			else make_tile_t(to, c->w + j * c->k + d, c->k, cols - j, depth - d);
		}
}

static void run_pack_bf16(gk_run *r, const gk_cmd *cmd) {
	gk_pack c = cmd->u.pack;
	each(r, bf16_pack_chunk, &c, round_up(c.back ? c.k : c.o, 64) / PANEL);
}

static void need_pack_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)cmd, (void)max, (void)threads, (void)need;
}

static void run_linear_bf16(gk_run *r, const gk_cmd *cmd) {
	const gk_linear *c = &cmd->u.linear;
	bf16_matmul(r, (bf16_product){
		.a = c->x, .panels = (const uint16_t *)c->pack, .res = c->res, .c = c->y,
		.n = gk_count(c->n, r->args), .depth = c->k, .cols = c->o, .lda = c->k, .ldc = c->o,
	});
}

static void need_linear_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_local(need, bf16_product_bytes(cmd->u.linear.k));
}

static void run_linear_dx_bf16(gk_run *r, const gk_cmd *cmd) {
	const gk_linear_dx *c = &cmd->u.linear_dx;
	bf16_matmul(r, (bf16_product){
		.a = c->dy, .panels = (const uint16_t *)c->pack, .res = c->acc ? c->dx : 0, .c = c->dx,
		.n = gk_count(c->n, r->args), .depth = c->o, .cols = c->k, .lda = c->o, .ldc = c->k,
	});
}

static void need_linear_dx_bf16(const gk_cmd *cmd, const gk_args *max, int threads, gk_need *need) {
	(void)max, (void)threads;
	want_local(need, bf16_product_bytes(cmd->u.linear_dx.o));
}

#endif
