// Products with factors of bf16 on Hopper's matrix units: what linear_bf16.cu and
// loss_bf16.cu multiply with mma.sync, in one kernel. c[i,j] = (res[i,j] +) sum_k
// a(i,k) b(j,k); it is compiled for sm_90a alone. GK_ONLY_SM_90A
//
// A tile is I rows of a and J of b. b is the left factor of the unit, so a tile
// has few columns where a has few rows, as in decoding. Two warpgroups share it: J
// 128 rows of b are 64 for each, of 64 both take all, and half of the rows of a.
// Steps of 64 columns are copied to shared memory beside the computation; a step
// is started as soon as its copies are there, while the one before is multiplied.
//
// An element is one chain over k ascending in steps of 16, whatever the tile. That
// units round it alike in tiles of all widths is proven when a device is opened
// (warpgroup.go).
#include "chunk.h"
#include "gemm_bf16.h"
#include "wgmma.h"

enum { STEP_BYTES = SWIZZLE, STEP_LONG = STEP_BYTES / 2, PRODUCT_THREADS = 2 * WARPGROUP };

// copied is a thread's part of copying a factor's tile of R rows, a step at a
// time: 16 bytes of every 32nd row. Rows beyond the last one are copies of it;
// nothing of them is kept. Columns beyond the last one are zeros. ALIGNED: factors
// begin at multiples of 16 bytes, as all matrices of a program do.
template <int R, bool ALIGNED> struct copied {
	enum { EACH = R / 32 };
	const bf16 *from[EACH];
	int left; // columns from this thread's on
	DEVICE_MEMBER void start(const factor &m, gk_i64 i0) {
		left = (int)m.ld - tid() % 8 * 8;
UNROLL
		for (int q = 0; q < EACH; q++) {
			gk_i64 i = i0 + tid() / 8 + q * 32;
			from[q] = m.x + (i < m.rows ? i : m.rows - 1) * m.ld + tid() % 8 * 8;
		}
	}
	DEVICE_MEMBER void step(smem<bf16> tile) {
		smem<bf16> to = tile + swizzled(tid() / 8, tid() % 8) / 2;
UNROLL
		for (int q = 0; q < EACH; q++) {
			smem<bf16> at = to + q * 32 * STEP_LONG;
			if (ALIGNED) copy_16_or_zero(at, from[q], left > 0);
			else
				for (int x = 0; x < 8; x++) at[x] = left > 0 ? from[q][x] : (bf16)0;
			from[q] += STEP_LONG;
		}
		left -= STEP_LONG;
	}
};

// feed copies the steps of a tile to its stages in shared memory: rows of b, then
// rows of a.
template <int J, int I, bool ALIGNED> struct feed {
	enum { STAGE = (J + I) * STEP_BYTES, STAGES = GK_PRODUCT_SHARED / STAGE };
	copied<J, ALIGNED> from_b;
	copied<I, ALIGNED> from_a;
	DEVICE_MEMBER void step(smem<bf16> shared, int stage) {
		from_b.step(shared + stage * STAGE / 2);
		from_a.step(shared + stage * STAGE / 2 + J * STEP_LONG);
	}
	// begin copies what there is room for before the first step is multiplied.
	DEVICE_MEMBER void begin(smem<bf16> shared, const factor &a, const factor &b, place at, int steps) {
		from_b.start(b, at.col * J);
		from_a.start(a, at.row * I);
UNROLL_BY(1)
		for (int s = 0; s < STAGES - 1; s++) {
			if (s < steps) step(shared, s);
			copies_end_group();
		}
	}
};

template <int J, int I, bool ALIGNED = true> DEVICE void product_in(smem<bf16> shared, const factor &a, const factor &b, float *c, const float *res, gk_i64 ldc) {
	enum {
		STAGE = feed<J, I, ALIGNED>::STAGE, STAGES = feed<J, I, ALIGNED>::STAGES,
		WIDE = J == 128 ? I : I / 2, // columns of a warpgroup's product
	};
	int group = (int)shfl_bits((unsigned)(tid() / WARPGROUP), 0);
	descriptor left = describe(address_of(shared) + (J == 128 ? group * 64 * STEP_BYTES : 0));
	descriptor right = describe(address_of(shared) + (J + (J == 128 ? 0 : group * WIDE)) * STEP_BYTES);
	gk_i64 across = ceil_div(b.rows, J), down = ceil_div(a.rows, I);
	int steps = (int)ceil_div(a.ld, STEP_LONG);
	feed<J, I, ALIGNED> in;
	if (block_id() < across * down) in.begin(shared, a, b, tile_at(block_id(), across, down), steps);
	for (gk_i64 t = block_id(); t < across * down; t += blocks()) {
		float acc[WIDE / 2];
		copies_wait<STAGES - 2>();
		show_async();
		block_sync(); // the first step is there
		begin_async();
		start_async(acc, left, right);
UNROLL
		for (int k = 1; k < STEP_LONG / 16; k++) multiply_async(acc, left + k * STEP_OF_16, right + k * STEP_OF_16);
		end_group_async();
		int stage = 1, next = STAGES - 1;
UNROLL_BY(1)
		for (int s = 1; s < steps; s++) {
			wait_async<1>(); // step s-2 is done
			copies_wait<STAGES - 3>();
			show_async();
			block_sync(); // step s is there, and nobody multiplies from the stage of s-2
			if (s + STAGES - 2 < steps) in.step(shared, next);
			copies_end_group();
			descriptor x = left + stage * (STAGE >> 4), y = right + stage * (STAGE >> 4);
			begin_async();
UNROLL
			for (int k = 0; k < STEP_LONG / 16; k++) multiply_async(acc, x + k * STEP_OF_16, y + k * STEP_OF_16);
			end_group_async();
			stage = stage + 1 < STAGES ? stage + 1 : 0;
			next = next + 1 < STAGES ? next + 1 : 0;
		}
		wait_async(acc);
		block_sync(); // nobody multiplies any more: the next tile is on its way while this one is written
		if (t + blocks() < across * down) in.begin(shared, a, b, tile_at(t + blocks(), across, down), steps);
		place at = tile_at(t, across, down);
		// The unit's rows are columns of c: j and the one 8 beyond, for two rows of c
		// in every eight.
		gk_i64 i = at.row * I + (J == 128 ? 0 : group * WIDE) + lane() % 4 * 2;
		gk_i64 j = at.col * J + (J == 128 ? group * 64 : 0) + warp() % 4 * 16 + lane() / 4;
		int rows = (int)(a.rows - i), cols = (int)(b.rows - j);
		float *to = c + i * ldc + j;
		const float *add = res ? res + i * ldc + j : 0;
UNROLL
		for (int q = 0; q < WIDE / 8; q++) {
			if (q * 8 >= rows) break;
			float old[4];
UNROLL
			for (int e = 0; e < 4; e++)
				old[e] = add && q * 8 + e % 2 < rows && e / 2 * 8 < cols ? add[e % 2 * ldc + e / 2 * 8] : 0.f;
UNROLL
			for (int e = 0; e < 4; e++)
				if (q * 8 + e % 2 < rows && e / 2 * 8 < cols) to[e % 2 * ldc + e / 2 * 8] = old[e] + acc[q * 4 + e];
			to += 8 * ldc;
			if (add) add += 8 * ldc;
		}
	}
}

// cost is what a product takes in tiles of J x I: how often every block has one,
// times the bytes that it brings. Units are fed by memory in all of them.
DEVICE gk_i64 cost(const factor &a, const factor &b, int J, int I) {
	return ceil_div(ceil_div(b.rows, J) * ceil_div(a.rows, I), blocks()) * (J + I);
}

KERNEL_BLOCKS(gk_product_bf16, gk_product, 256, 1) {
	SWIZZLED_SHARED(bf16, shared);
	if (p.checked ? stopped_by_check(p.h) : stopped(p.h)) return;
	int n = p.chunk > 0 ? chunk_rows(p) : rows_of(p.h);
	if (n < 1) return;
	int depth = p.along ? n : p.depth;
	factor a = factor_of(p.a, p.along ? p.rows : n, depth), b = factor_of(p.b, p.cols, depth);
	gk_i64 large = cost(a, b, 128, 256), middle = cost(a, b, 128, 64), small = cost(a, b, 64, 64);
	int tile = p.tile ? p.tile : large <= middle && large <= small ? GK_TILE_LARGE : middle <= small ? GK_TILE_MIDDLE : GK_TILE_SMALL;
	if (((unsigned long long)a.x | (unsigned long long)b.x) % 16) product_in<64, 64, false>(shared, a, b, p.c, p.res, p.cols);
	else if (tile == GK_TILE_LARGE)
		product_in<128, 256>(shared, a, b, p.c, p.res, p.cols);
	else if (tile == GK_TILE_MIDDLE)
		product_in<128, 64>(shared, a, b, p.c, p.res, p.cols);
	else
		product_in<64, 64>(shared, a, b, p.c, p.res, p.cols);
}
