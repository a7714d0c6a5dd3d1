// Running chains of ops by blocks of rows: a thread takes some rows through a
// whole chain, without waiting for the others in between.
#ifndef GRADUS_CPU_SPLIT_H
#define GRADUS_CPU_SPLIT_H

#include "exec.h"

// gk_split_plan finds the chains of a program: ops in a row none of which reads,
// for one row, what another row has written, as far as the commands alone show.
// It sets `together` of the commands and returns the length of the longest
// chain, 0 if there is none of two. max are the largest counts.
int64_t gk_split_plan(gk_cmd *cmd, int64_t count, const gk_args *max);

// gk_split_need is the shared scratch memory that a split run wants, in bytes.
int64_t gk_split_need(const gk_cmd *cmd, int64_t count);

// gk_split_run runs the chain that begins at command `at`, if that is allowed
// for the indices at hand and worth it, and returns how many commands it has
// run. It returns 0 when it has done nothing.
int64_t gk_split_run(gk_exec *e, int64_t at);

#endif
