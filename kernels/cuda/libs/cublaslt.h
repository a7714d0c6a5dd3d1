// The part of cuBLASLt that products in bf16 use. Names, numbers and layouts are
// those of its manual (docs.nvidia.com/cuda/cublas); testdata/cublaslt_layout.c
// holds them against the library's own header where that is installed.
#ifndef GRADUS_CUBLASLT_H
#define GRADUS_CUBLASLT_H

#include <stddef.h>
#include <stdint.h>

enum {
	GK_LT_COMPUTE_32F = 68, GK_LT_R_32F = 0, GK_LT_R_16BF = 14, GK_LT_OP_N = 0, GK_LT_OP_T = 1, GK_LT_POINTERS_ON_DEVICE = 1,
	GK_LT_DESC_POINTER_MODE = 2, GK_LT_DESC_TRANSA = 3, GK_LT_DESC_TRANSB = 4,
	GK_LT_LAYOUT_ROWS = 2, GK_LT_LAYOUT_COLS = 3, GK_LT_LAYOUT_LD = 4,
	GK_LT_PREF_WORKSPACE = 1, GK_LT_PREF_REDUCTION = 3, GK_LT_PREF_ALIGN_A = 5, GK_LT_PREF_ALIGN_B = 6, GK_LT_PREF_ALIGN_C = 7, GK_LT_PREF_ALIGN_D = 8,
	GK_LT_ALGO_ID = 0, GK_LT_ALGO_TILE = 1, GK_LT_ALGO_SPLITK = 2, GK_LT_ALGO_REDUCTION = 3, GK_LT_ALGO_STAGES = 6,
	GK_LT_REDUCTION_NONE = 0, GK_LT_NOT_SUPPORTED = 15,
};

typedef struct { uint64_t data[8]; } gk_lt_algo;
typedef struct {
	gk_lt_algo algo;
	size_t workspace;
	int state; // 0: the rest is valid
	float waves;
	int reserved[4];
} gk_lt_heuristic;

// gk_lt is the loaded library.
typedef struct {
	void *lib, *handle;
	size_t (*version)(void);
	int (*create)(void **);
	int (*destroy)(void *);
	int (*desc_create)(void **, int compute, int scale);
	int (*desc_destroy)(void *);
	int (*desc_set)(void *, int, const void *, size_t);
	int (*layout_create)(void **, int type, uint64_t rows, uint64_t cols, int64_t ld);
	int (*layout_destroy)(void *);
	int (*layout_set)(void *, int, const void *, size_t);
	int (*pref_create)(void **);
	int (*pref_destroy)(void *);
	int (*pref_set)(void *, int, const void *, size_t);
	int (*heuristic)(void *, void *desc, void *a, void *b, void *c, void *d, void *pref, int wanted, gk_lt_heuristic *, int *found);
	int (*algo_get)(const gk_lt_algo *, int, void *, size_t, size_t *);
	int (*matmul)(void *, void *desc, const void *alpha, const void *a, void *la, const void *b, void *lb, const void *beta,
		const void *c, void *lc, void *d, void *ld, const gk_lt_algo *, void *workspace, size_t, void *stream);
} gk_lt;

// gk_lt_product is c(i, j) = alpha sum_k a(i, k) b(j, k) + beta c(i, j), row by row:
// a (rows, depth) and b (cols, depth) in bf16, each row depth rounded up to 32
// long, c (rows, cols) in f32. alpha and beta are scales[0] and scales[1] on the
// GPU. Either rows or depth may be fewer in a run (count).
typedef struct {
	const gk_lt *lt;
	void *desc, *a_layout, *b_layout, *c_layout, *pref;
	const void *a, *b;
	void *c, *workspace;
	const float *scales;
	uint64_t rows, cols, depth;
	size_t workspace_bytes;
	gk_lt_algo algo;
	int along; // the number of a run is that of depth, otherwise of rows
	// count tells from the run's arguments how many there are; 0 or less: nothing
	// is multiplied.
	int64_t (*count)(const void *args, const void *context);
	const void *context;
	int id, tile, stages; // of algo, for people
} gk_lt_product;

static inline size_t gk_lt_version(const gk_lt *l) { return l->version(); }

// All return 0, or a status of the library with words in why.
int gk_lt_open(gk_lt *, const char *path, char *why, size_t room);
int gk_lt_start(gk_lt *);
int gk_lt_close(gk_lt *);
int gk_lt_plan(gk_lt_product *);
// gk_lt_run puts the product on a stream. It has the form of cux_call.
int gk_lt_run(void *product, void *stream, const void *args);
int gk_lt_free(gk_lt_product *);

#endif
