// Compiles only if cublaslt.h says what the library's own header says.
#include <cublasLt.h>
#include <library_types.h>

#include "../cublaslt.h"

#define SAME(ours, theirs) _Static_assert((long)(ours) == (long)(theirs), #ours " is not " #theirs)
SAME(GK_LT_COMPUTE_32F, CUBLAS_COMPUTE_32F);
SAME(GK_LT_R_32F, CUDA_R_32F);
SAME(GK_LT_R_16BF, CUDA_R_16BF);
SAME(GK_LT_OP_N, CUBLAS_OP_N);
SAME(GK_LT_OP_T, CUBLAS_OP_T);
SAME(GK_LT_POINTERS_ON_DEVICE, CUBLASLT_POINTER_MODE_DEVICE);
SAME(GK_LT_DESC_POINTER_MODE, CUBLASLT_MATMUL_DESC_POINTER_MODE);
SAME(GK_LT_DESC_TRANSA, CUBLASLT_MATMUL_DESC_TRANSA);
SAME(GK_LT_DESC_TRANSB, CUBLASLT_MATMUL_DESC_TRANSB);
SAME(GK_LT_LAYOUT_ROWS, CUBLASLT_MATRIX_LAYOUT_ROWS);
SAME(GK_LT_LAYOUT_COLS, CUBLASLT_MATRIX_LAYOUT_COLS);
SAME(GK_LT_LAYOUT_LD, CUBLASLT_MATRIX_LAYOUT_LD);
SAME(GK_LT_PREF_WORKSPACE, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
SAME(GK_LT_PREF_REDUCTION, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
SAME(GK_LT_PREF_ALIGN_A, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
SAME(GK_LT_PREF_ALIGN_B, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES);
SAME(GK_LT_PREF_ALIGN_C, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES);
SAME(GK_LT_PREF_ALIGN_D, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
SAME(GK_LT_ALGO_ID, CUBLASLT_ALGO_CONFIG_ID);
SAME(GK_LT_ALGO_TILE, CUBLASLT_ALGO_CONFIG_TILE_ID);
SAME(GK_LT_ALGO_SPLITK, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
SAME(GK_LT_ALGO_REDUCTION, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
SAME(GK_LT_ALGO_STAGES, CUBLASLT_ALGO_CONFIG_STAGES_ID);
SAME(GK_LT_REDUCTION_NONE, CUBLASLT_REDUCTION_SCHEME_NONE);
SAME(GK_LT_NOT_SUPPORTED, CUBLAS_STATUS_NOT_SUPPORTED);
SAME(sizeof(gk_lt_algo), sizeof(cublasLtMatmulAlgo_t));
SAME(sizeof(gk_lt_heuristic), sizeof(cublasLtMatmulHeuristicResult_t));
SAME(offsetof(gk_lt_heuristic, workspace), offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
SAME(offsetof(gk_lt_heuristic, state), offsetof(cublasLtMatmulHeuristicResult_t, state));

// The prototypes: a pointer of one kind is that of the other.
static cublasStatus_t (*const matmul)(cublasLtHandle_t, cublasLtMatmulDesc_t, const void *, const void *, cublasLtMatrixLayout_t, const void *, cublasLtMatrixLayout_t,
	const void *, const void *, cublasLtMatrixLayout_t, void *, cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t *, void *, size_t, cudaStream_t) = cublasLtMatmul;
static cublasStatus_t (*const heuristic)(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
	cublasLtMatrixLayout_t, cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t *, int *) = cublasLtMatmulAlgoGetHeuristic;
static cublasStatus_t (*const layout)(cublasLtMatrixLayout_t *, cudaDataType, uint64_t, uint64_t, int64_t) = cublasLtMatrixLayoutCreate;
int used(void) { return matmul && heuristic && layout; }
