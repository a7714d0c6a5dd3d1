// Running the two gradients of a matrix product as one, where that reads and
// rounds what both multiply only once (bf16_dw.h).
#ifndef GRADUS_CPU_PAIR_H
#define GRADUS_CPU_PAIR_H

#include "abi.h"

// gk_pair_plan finds the pairs of a program: a LinearDW in bf16 followed by the
// LinearDX of the same dy and rows, whose result overlaps nothing that the
// other reads or writes. It sets `both` of the first of them. max are the
// largest counts.
void gk_pair_plan(gk_cmd *cmd, int64_t count, const gk_args *max);

#endif
