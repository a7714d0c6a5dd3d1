// Chunks of rows of the loss ops.
#ifndef GRADUS_CUDA_CHUNK_H
#define GRADUS_CUDA_CHUNK_H

#include "gpu.h"

// chunk_rows is the number of rows of this launch's chunk; 0 or less if there
// are none.
template <class P> DEVICE int chunk_rows(const P &p) { return least(p.chunk, rows_of(p.h) - p.row0); }

// rounded_rows is the number of rows that a rounding is to round: the op's, or
// those of a chunk.
DEVICE gk_i64 rounded_rows(const gk_round &p) {
	int n = p.chunk > 0 ? chunk_rows(p) : rows_of(p.h);
	return n > 0 ? n : 0;
}

#endif
