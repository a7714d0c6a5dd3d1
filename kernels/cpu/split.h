// Running a program split by rows: each thread takes some rows through the
// whole command list, without waiting for the others in between.
#ifndef GRADUS_CPU_SPLIT_H
#define GRADUS_CPU_SPLIT_H

#include "exec.h"

// gk_split_allowed tells whether no row of the program reads what another row
// has written, as far as the commands alone show. max are the largest counts.
int gk_split_allowed(const gk_cmd *cmd, int64_t count, const gk_args *max);

// gk_split_need is the shared scratch memory that a split run wants, in bytes.
int64_t gk_split_need(const gk_cmd *cmd, int64_t count);

// gk_split_run runs e in one part for each thread, if that is allowed for the
// indices at hand and worth it. It returns 0 when it has done nothing.
int gk_split_run(gk_exec *e);

#endif
