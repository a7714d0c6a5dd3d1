// What the Go side calls.
#ifndef GRADUS_CPU_EXEC_H
#define GRADUS_CPU_EXEC_H

#include "abi.h"
#include "pool.h"

// The code paths; NULL where this build has none.
const gk_table *gk_table_generic(void);
const gk_table *gk_table_avx2(void);
const gk_table *gk_table_avx512(void);
const gk_table *gk_table_neon(void);
const gk_table *gk_table_wide(void);
// Products in bf16, to stand beside one of the above.
const gk_table *gk_table_amx(void);
const gk_table *gk_table_amxref(void);

// gk_features is what the CPU has and what the operating system saves on a
// context switch: on amd64 from CPUID and XGETBV, on arm64 from Linux's list of
// capabilities.
typedef struct {
	int x86;
	int avx2, fma, avx512f, avx512bw, avx512dq, avx512vl; // CPUID
	int avx512bf16, amx_tile, amx_bf16;                   // CPUID
	int os_ymm, os_zmm, os_tiles;                         // XGETBV
	int neon;                                             // HWCAP_ASIMD
} gk_features;
void gk_detect(gk_features *f);

// gk_permit_tiles asks the operating system to save the tile registers of this
// process (Linux: arch_prctl, ARCH_REQ_XCOMP_PERM). It returns 0 or an errno.
int gk_permit_tiles(void);

// gk_table_without is t, copied to where, with op replaced by one that does
// nothing: a broken path for tests of the self-test.
void gk_table_without(gk_table *where, const gk_table *t, gk_op op);

enum { GK_MOST_THREADS = 256 };

// gk_exec runs count commands in order and stops at the first fault. Clocks are
// read only when the run is timed.
typedef struct {
	const gk_table *table;
	const gk_table *products; // in bf16; NULL where the path has none
	gk_pool *pool;
	int32_t threads;
	int32_t timed; // add the time of each command to its ns
	int64_t grain;
	char *shared, *local;
	int64_t local_size;
	int64_t count;
	gk_cmd *cmd;
	gk_args args;
	gk_fault fault;
	gk_cmd *parts; // room for threads times longest, where chains of the program may run by blocks of rows (split.h); or NULL
	int64_t longest; // commands of a chain
} gk_exec;
void gk_exec_run(gk_exec *e);

// gk_exec_step runs one command, which may be a copy.
void gk_exec_step(gk_exec *e, gk_run *r, gk_cmd *cmd);

// gk_exec_need adds up (as a maximum) the scratch memory of a command list.
void gk_exec_need(const gk_table *t, const gk_table *products, const gk_cmd *cmd, int64_t count, const gk_args *max, int threads, gk_need *need);

// gk_fma runs about flops operations on each of n threads of the pool and
// returns the number done by all. gk_read sums n floats, split over the pool.
double gk_fma(const gk_table *t, gk_pool *pool, int threads, double flops);
void gk_read(const gk_table *t, gk_pool *pool, int threads, const float *x, int64_t n);

// gk_memory returns bytes of zeros, aligned to a cache line and with 64 bytes
// behind the end that may be read, or NULL. gk_release takes the same size.
void *gk_memory(int64_t bytes);
void gk_release(void *p, int64_t bytes);

#endif
