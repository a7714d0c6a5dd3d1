// Most ops of a transformer treat each row for itself: all but attention over
// sequences, weight gradients and the loss. Run op by op, a chain of them goes
// through main memory and back between any two, and the threads meet after each
// one. Run by blocks of rows, a block passes through the whole chain while it
// is in one core's second-level cache: rotation follows the product that makes
// queries and keys, SwiGLU the one that makes gate and up, a product the norm
// before it. The weights are read anew for each block, which pays when a block
// has rows enough.
//
// A decoding step is one chain of some sixty ops; there the blocks are as many
// as the threads, which then meet once a step, and one may read keys while
// another multiplies. Chains of the backward pass (an input gradient and that
// of SwiGLU or of the rotation) gained nothing that could be measured, so they
// run op by op.
#include "split.h"

#include <stddef.h>
#include <string.h>

#include "par.h"

enum {
	PART_ROWS = 24,          // least rows of a part
	BLOCK_ROWS = 48,         // least rows of a block that pays where the weights are read for it alone
	BLOCK_BYTES = 704 << 10, // of the widest result of a block: about as much as a core's share of the caches
	MOST_OPERANDS = 16,
};

typedef enum { ROW, SHARED, CACHE } layout;

// operand is a pointer of a command. step is from one row to the next, or of a
// cache from one slot to the next; what all rows share has none.
typedef struct {
	layout layout;
	int write;
	size_t field; // of the pointer in the command
	int64_t step, bytes;
} operand;

typedef struct {
	operand of[MOST_OPERANDS];
	int n;
	gk_dim rows;
	const int32_t *slot; // of caches
	int64_t slots;
} operands;

#define FIELD(op, name) offsetof(gk_cmd, u.op.name)
#define READS(op, name, floats) s->of[s->n++] = (operand){ROW, 0, FIELD(op, name), (floats) * 4, 0}
#define WRITES(op, name, floats) s->of[s->n++] = (operand){ROW, 1, FIELD(op, name), (floats) * 4, 0}
#define SHARES(op, name, size) s->of[s->n++] = (operand){SHARED, 0, FIELD(op, name), 0, (size)}
#define CACHES(op, name, writes, floats, slots) s->of[s->n++] = (operand){CACHE, writes, FIELD(op, name), (floats) * 4, (floats) * 4 * (slots)}

// operands_of lists the operands of a command whose rows have nothing to do
// with each other. It returns 0 for any other command.
static int operands_of(const gk_cmd *cmd, operands *s) {
	*s = (operands){0};
	switch (cmd->op) {
	case GK_EMBED: {
		const gk_embed *c = &cmd->u.embed;
		s->rows = c->n;
		WRITES(embed, out, c->c);
		READS(embed, tok, 1);
		SHARES(embed, w, c->v * c->c * 4);
		return 1;
	}
	case GK_RMSNORM: {
		const gk_rmsnorm *c = &cmd->u.rmsnorm;
		s->rows = c->n;
		WRITES(rmsnorm, y, c->c);
		WRITES(rmsnorm, rstd, 1);
		READS(rmsnorm, x, c->c);
		SHARES(rmsnorm, g, c->c * 4);
		return 1;
	}
	case GK_LINEAR:
	case GK_LINEAR_BF16: {
		const gk_linear *c = &cmd->u.linear;
		s->rows = c->n;
		WRITES(linear, y, c->o);
		READS(linear, x, c->k);
		if (c->res) READS(linear, res, c->o);
		SHARES(linear, pack, round_up(c->o, 64) * (cmd->op == GK_LINEAR ? c->k * 4 : round_up(c->k, 32) * 2));
		return 1;
	}
	case GK_ROPE: {
		const gk_rope *c = &cmd->u.rope;
		s->rows = c->n;
		WRITES(rope, qkv, (c->h + 2 * c->kv) * c->d);
		READS(rope, pos, 1);
		SHARES(rope, cos, c->max_pos * c->d * 2);
		SHARES(rope, sin, c->max_pos * c->d * 2);
		return 1;
	}
	case GK_KV_WRITE: {
		const gk_kv_write *c = &cmd->u.kv_write;
		s->rows = c->n, s->slot = c->slot, s->slots = c->slots;
		READS(kv_write, qkv, (c->h + 2 * c->kv) * c->d);
		READS(kv_write, slot, 1);
		READS(kv_write, at, 1);
		CACHES(kv_write, k, 1, c->kv * c->cap * c->d, c->slots);
		CACHES(kv_write, v, 1, c->kv * c->cap * c->d, c->slots);
		return 1;
	}
	case GK_ATTN_DECODE: {
		const gk_attn_decode *c = &cmd->u.attn_decode;
		s->rows = c->n, s->slot = c->slot, s->slots = c->slots;
		WRITES(attn_decode, out, c->h * c->d);
		READS(attn_decode, qkv, (c->h + 2 * c->kv) * c->d);
		READS(attn_decode, pslot, 1);
		READS(attn_decode, plen, 1);
		READS(attn_decode, slot, 1);
		READS(attn_decode, len, 1);
		SHARES(attn_decode, pk, c->pslots * c->kv * c->pcap * c->d * 4);
		SHARES(attn_decode, pv, c->pslots * c->kv * c->pcap * c->d * 4);
		CACHES(attn_decode, k, 0, c->kv * c->cap * c->d, c->slots);
		CACHES(attn_decode, v, 0, c->kv * c->cap * c->d, c->slots);
		return 1;
	}
	case GK_SWIGLU: {
		const gk_swiglu *c = &cmd->u.swiglu;
		s->rows = c->n;
		WRITES(swiglu, y, c->f);
		READS(swiglu, gu, 2 * c->f);
		return 1;
	}
	case GK_SAMPLE: {
		const gk_sample *c = &cmd->u.sample;
		s->rows = c->n;
		WRITES(sample, tok, 1);
		WRITES(sample, logp, 1);
		WRITES(sample, ent, 1);
		READS(sample, logits, c->v);
		READS(sample, stream, 2);
		READS(sample, pos, 1);
		return 1;
	}
	case GK_ADVANCE: {
		const gk_advance *c = &cmd->u.advance;
		s->rows = c->n;
		WRITES(advance, tokens, c->steps);
		WRITES(advance, logps, c->steps);
		WRITES(advance, ents, c->steps);
		WRITES(advance, tok, 1);
		WRITES(advance, pos, 1);
		WRITES(advance, at, 1);
		WRITES(advance, len, 1);
		WRITES(advance, count, 1);
		WRITES(advance, left, 1);
		READS(advance, drawn, 1);
		READS(advance, logp, 1);
		READS(advance, ent, 1);
		SHARES(advance, stop, c->stops * 4);
		return 1;
	}
	}
	return 0;
}

static char *at_field(const gk_cmd *cmd, size_t field) {
	char *p;
	memcpy(&p, (const char *)cmd + field, sizeof p);
	return p;
}

static void move_field(gk_cmd *cmd, size_t field, int64_t bytes) {
	char *p = at_field(cmd, field) + bytes;
	memcpy((char *)cmd + field, &p, sizeof p);
}

// apart tells whether two operands never make one row, or slot, meet another.
static int apart(const operand *a, const char *pa, const operand *b, const char *pb, int64_t rows) {
	if (!a->write && !b->write) return 1;
	int64_t na = a->layout == ROW ? a->step * rows : a->bytes, nb = b->layout == ROW ? b->step * rows : b->bytes;
	if (pa + na <= pb || pb + nb <= pa) return 1;
	return a->layout == b->layout && a->layout != SHARED && pa == pb && a->step == b->step;
}

// may_join tells whether command n may run together with the n before it.
static int may_join(const gk_cmd *cmd, int64_t n, int64_t left, const gk_args *max) {
	operands a, b;
	if (!operands_of(&cmd[n], &a) || a.rows != -1) return 0; // -1: as many as the run has rows
	// Rows of a prompt go to one slot, so blocks of them would meet.
	if (cmd[n].op == GK_KV_WRITE && (left < 2 || cmd[n + 1].op != GK_ATTN_DECODE)) return 0;
	for (int64_t j = 0; j <= n; j++) {
		operands_of(&cmd[j], &b);
		if (a.slot && b.slot && a.slot != b.slot) return 0;
		for (int x = 0; x < a.n; x++)
			for (int y = 0; y < b.n; y++)
				if (!apart(&a.of[x], at_field(&cmd[n], a.of[x].field), &b.of[y], at_field(&cmd[j], b.of[y].field), max->rows)) return 0;
	}
	return 1;
}

int64_t gk_split_plan(gk_cmd *cmd, int64_t count, const gk_args *max) {
	int64_t longest = 0;
	for (int64_t i = 0, n; i < count; i += n) {
		for (n = 0; i + n < count && may_join(cmd + i, n, count - i - n, max); n++) cmd[i + n].together = 0;
		cmd[i].together = (int32_t)n;
		longest = max64(longest, n);
		n = max64(n, 1);
	}
	return longest > 1 ? longest : 0;
}

int64_t gk_split_need(const gk_cmd *cmd, int64_t count) {
	int64_t slots = 0;
	for (int64_t i = 0; i < count; i++) {
		operands a;
		if (operands_of(&cmd[i], &a)) slots = max64(slots, a.slots);
	}
	return slots * 4;
}

typedef struct {
	gk_exec *e;
	gk_cmd *cmd; // the first command of the chain
	int64_t count, parts;
	const gk_cmd *cached; // the first that reads or writes a cache, or NULL
	gk_fault *fault;      // by thread
} split;

static int64_t first_row(const split *s, int64_t part) { return s->e->args.rows * part / s->parts; }

// slots_meet tells whether a cache slot belongs to rows of two parts.
static int slots_meet(const split *s) {
	operands a;
	operands_of(s->cached, &a);
	int32_t *owner = (int32_t *)s->e->shared;
	memset(owner, 0xff, (size_t)a.slots * 4); // -1
	for (int64_t p = 0; p < s->parts; p++)
		for (int64_t n = first_row(s, p); n < first_row(s, p + 1); n++) {
			int32_t slot = a.slot[n];
			if (slot < 0 || slot >= a.slots) continue; // the op will say so
			if (owner[slot] >= 0 && owner[slot] != p) return 1;
			owner[slot] = (int32_t)p;
		}
	return 0; // the other commands have the same slots
}

// find_parts chooses in how many parts to run a chain; 0: op by op.
static int64_t find_parts(split *s) {
	int64_t rows = s->e->args.rows, threads = s->e->threads, widest = 1;
	for (int64_t i = 0; i < s->count; i++) {
		operands o;
		operands_of(&s->cmd[i], &o);
		if (o.slot && !s->cached) s->cached = &s->cmd[i];
		for (int x = 0; x < o.n; x++)
			if (o.of[x].write && o.of[x].layout == ROW) widest = max64(widest, o.of[x].step);
	}
	int64_t block = BLOCK_BYTES / widest;
	if (s->cached) s->parts = threads;
	else if (block >= BLOCK_ROWS) s->parts = round_up(ceil_div(rows, block), threads);
	if (s->parts < 2 || rows < PART_ROWS * s->parts) return 0;
	if (s->cached && slots_meet(s)) return 0;
	return s->parts;
}

// skip_rows makes the first row of a command the row `first`.
static void skip_rows(gk_cmd *cmd, int64_t first) {
	operands o;
	operands_of(cmd, &o);
	for (int x = 0; x < o.n; x++)
		if (o.of[x].layout == ROW) move_field(cmd, o.of[x].field, first * o.of[x].step);
}

// keep_first leaves in first the fault of the earlier command, of one command
// that of the earlier row: what is told does not depend on the threads.
static void keep_first(gk_fault *first, gk_fault f) {
	if (f.what == GK_OK) return;
	int earlier = f.cmd != first->cmd ? f.cmd < first->cmd : f.row < first->row;
	if (first->what == GK_OK || earlier) *first = f;
}

static void split_part(void *task, int64_t part, int thread) {
	const split *s = task;
	gk_exec *e = s->e;
	int64_t first = first_row(s, part);
	gk_args args = e->args;
	args.rows = first_row(s, part + 1) - first;
	gk_run r = {
		.args = &args, .threads = 1, .grain = e->grain,
		.local = e->local + thread * e->local_size, .local_size = e->local_size,
	};
	gk_cmd *cmd = e->parts + thread * e->longest;
	for (int64_t i = 0; i < s->count; i++) {
		int64_t ns = cmd[i].ns;
		cmd[i] = s->cmd[i];
		cmd[i].ns = ns;
		skip_rows(&cmd[i], first);
	}
	for (int64_t i = 0; i < s->count && r.fault.what == GK_OK; i++) {
		gk_exec_step(e, &r, &cmd[i]);
		r.fault.cmd = (int32_t)i;
	}
	r.fault.row += first;
	keep_first(&s->fault[thread], r.fault);
}

int64_t gk_split_run(gk_exec *e, int64_t at) {
	split s = {.e = e, .cmd = e->cmd + at, .count = e->cmd[at].together};
	if (!e->parts || s.count < 2 || !find_parts(&s)) return 0;
	gk_fault fault[GK_MOST_THREADS];
	for (int32_t t = 0; t < e->threads; t++) {
		fault[t] = (gk_fault){0};
		for (int64_t i = 0; i < s.count; i++) e->parts[t * e->longest + i].ns = 0;
	}
	s.fault = fault;
	gk_pool_each(e->pool, split_part, &s, s.parts);
	for (int32_t t = 0; t < e->threads; t++) {
		fault[t].cmd += (int32_t)at;
		keep_first(&e->fault, fault[t]);
		for (int64_t i = 0; e->timed && i < s.count; i++) s.cmd[i].ns += e->parts[t * e->longest + i].ns / e->threads;
	}
	return s.count;
}
