//go:build cuda && linux

#include "cublaslt.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define FUNCTIONS(X) \
	X(version, "cublasLtGetVersion") X(create, "cublasLtCreate") X(destroy, "cublasLtDestroy") \
	X(desc_create, "cublasLtMatmulDescCreate") X(desc_destroy, "cublasLtMatmulDescDestroy") X(desc_set, "cublasLtMatmulDescSetAttribute") \
	X(layout_create, "cublasLtMatrixLayoutCreate") X(layout_destroy, "cublasLtMatrixLayoutDestroy") X(layout_set, "cublasLtMatrixLayoutSetAttribute") \
	X(pref_create, "cublasLtMatmulPreferenceCreate") X(pref_destroy, "cublasLtMatmulPreferenceDestroy") X(pref_set, "cublasLtMatmulPreferenceSetAttribute") \
	X(heuristic, "cublasLtMatmulAlgoGetHeuristic") X(algo_get, "cublasLtMatmulAlgoConfigGetAttribute") X(matmul, "cublasLtMatmul")

int gk_lt_open(gk_lt *l, const char *path, char *why, size_t room) {
	memset(l, 0, sizeof *l);
	l->lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (l->lib == 0) {
		const char *text = dlerror();
		snprintf(why, room, "%s", text ? text : path);
		return 1;
	}
#define LOOK(field, name) \
	if ((*(void **)&l->field = dlsym(l->lib, name)) == 0) { \
		snprintf(why, room, "%s has no function %s", path, name); \
		dlclose(l->lib); \
		return 1; \
	}
	FUNCTIONS(LOOK)
	return 0;
}

int gk_lt_start(gk_lt *l) { return l->create(&l->handle); }

int gk_lt_close(gk_lt *l) {
	int r = l->handle ? l->destroy(l->handle) : 0;
	l->handle = 0;
	dlclose(l->lib);
	return r;
}

#define TRY(call) \
	if ((r = (call)) != 0) return r;

static uint64_t up32(uint64_t n) { return (n + 31) / 32 * 32; }

// shape sets the layouts for a number of rows and a depth. The library counts
// columns first: its matrices are ours turned around, its first factor is b.
static int shape(gk_lt_product *p, uint64_t rows, uint64_t depth) {
	const gk_lt *l = p->lt;
	uint64_t wide = up32(depth);
	int64_t ld = (int64_t)wide;
	int r;
	TRY(l->layout_set(p->a_layout, GK_LT_LAYOUT_ROWS, &wide, sizeof wide))
	TRY(l->layout_set(p->a_layout, GK_LT_LAYOUT_LD, &ld, sizeof ld))
	TRY(l->layout_set(p->b_layout, GK_LT_LAYOUT_ROWS, &wide, sizeof wide))
	TRY(l->layout_set(p->b_layout, GK_LT_LAYOUT_LD, &ld, sizeof ld))
	TRY(l->layout_set(p->a_layout, GK_LT_LAYOUT_COLS, &rows, sizeof rows))
	return l->layout_set(p->c_layout, GK_LT_LAYOUT_COLS, &rows, sizeof rows);
}

// choose takes the first algorithm of the library's list that sums along the
// depth in one piece.
static int choose(gk_lt_product *p, gk_lt_algo *algo) {
	enum { WANTED = 8 };
	const gk_lt *l = p->lt;
	gk_lt_heuristic list[WANTED];
	int found = 0, r;
	memset(list, 0, sizeof list);
	TRY(l->heuristic(l->handle, p->desc, p->b_layout, p->a_layout, p->c_layout, p->c_layout, p->pref, WANTED, list, &found))
	for (int i = 0; i < found; i++) {
		int32_t split = 0;
		uint32_t reduction = 0;
		size_t written;
		if (list[i].state != 0 || list[i].workspace > p->workspace_bytes) continue;
		TRY(l->algo_get(&list[i].algo, GK_LT_ALGO_SPLITK, &split, sizeof split, &written))
		TRY(l->algo_get(&list[i].algo, GK_LT_ALGO_REDUCTION, &reduction, sizeof reduction, &written))
		if (split > 1 || reduction != GK_LT_REDUCTION_NONE) continue;
		*algo = list[i].algo;
		return 0;
	}
	return GK_LT_NOT_SUPPORTED;
}

int gk_lt_plan(gk_lt_product *p) {
	const gk_lt *l = p->lt;
	int32_t mode = GK_LT_POINTERS_ON_DEVICE, t = GK_LT_OP_T, n = GK_LT_OP_N;
	uint32_t none = GK_LT_REDUCTION_NONE, align = 16;
	uint64_t room = p->workspace_bytes, wide = up32(p->depth);
	int r;
	TRY(l->desc_create(&p->desc, GK_LT_COMPUTE_32F, GK_LT_R_32F))
	TRY(l->desc_set(p->desc, GK_LT_DESC_POINTER_MODE, &mode, sizeof mode))
	TRY(l->desc_set(p->desc, GK_LT_DESC_TRANSA, &t, sizeof t))
	TRY(l->desc_set(p->desc, GK_LT_DESC_TRANSB, &n, sizeof n))
	TRY(l->layout_create(&p->a_layout, GK_LT_R_16BF, wide, p->rows, (int64_t)wide))
	TRY(l->layout_create(&p->b_layout, GK_LT_R_16BF, wide, p->cols, (int64_t)wide))
	TRY(l->layout_create(&p->c_layout, GK_LT_R_32F, p->cols, p->rows, (int64_t)p->cols))
	TRY(l->pref_create(&p->pref))
	TRY(l->pref_set(p->pref, GK_LT_PREF_WORKSPACE, &room, sizeof room))
	TRY(l->pref_set(p->pref, GK_LT_PREF_REDUCTION, &none, sizeof none))
	for (int i = GK_LT_PREF_ALIGN_A; i <= GK_LT_PREF_ALIGN_D; i++) TRY(l->pref_set(p->pref, i, &align, sizeof align))
	TRY(choose(p, &p->algo))
	size_t written;
	TRY(l->algo_get(&p->algo, GK_LT_ALGO_ID, &p->id, sizeof p->id, &written))
	TRY(l->algo_get(&p->algo, GK_LT_ALGO_TILE, &p->tile, sizeof p->tile, &written))
	return l->algo_get(&p->algo, GK_LT_ALGO_STAGES, &p->stages, sizeof p->stages, &written);
}

static int put(gk_lt_product *p, const gk_lt_algo *algo, void *stream) {
	return p->lt->matmul(p->lt->handle, p->desc, &p->scales[0], p->b, p->b_layout, p->a, p->a_layout, &p->scales[1], p->c, p->c_layout, p->c, p->c_layout, algo,
		p->workspace, p->workspace_bytes, stream);
}

int gk_lt_run(void *product, void *stream, const void *args) {
	gk_lt_product *p = product;
	int64_t n = p->count(args, p->context);
	int r;
	if (n <= 0) return 0;
	TRY(shape(p, p->along ? p->rows : (uint64_t)n, p->along ? (uint64_t)n : p->depth))
	r = put(p, &p->algo, stream);
	if (r != GK_LT_NOT_SUPPORTED) return r;
	// The algorithm of the largest run does not take this one: the library's
	// choice for it depends on its size alone.
	gk_lt_algo other;
	TRY(choose(p, &other))
	return put(p, &other, stream);
}

int gk_lt_free(gk_lt_product *p) {
	const gk_lt *l = p->lt;
	int r = 0, one;
#define DROP(field, drop) \
	if (p->field && (one = l->drop(p->field)) != 0) r = one; \
	p->field = 0;
	DROP(pref, pref_destroy)
	DROP(c_layout, layout_destroy)
	DROP(b_layout, layout_destroy)
	DROP(a_layout, layout_destroy)
	DROP(desc, desc_destroy)
	return r;
}
