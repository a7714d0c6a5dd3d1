// A decoding step is a chain of some sixty ops over a few dozen rows, and no
// row looks at another. Split by op, the threads meet after each one, and all
// of them multiply, then all of them wait for the memory that holds the keys.
// Split by rows, they meet once a step, activations stay in one core's cache,
// and while one thread reads keys another may be multiplying. The weights are
// read by every thread, which pays when each has rows enough.
#include "split.h"

#include <stddef.h>
#include <string.h>

#include "par.h"

enum {
	PART_ROWS = 24, // least rows of a part
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

int gk_split_allowed(const gk_cmd *cmd, int64_t count, const gk_args *max) {
	const int32_t *slot = 0;
	for (int64_t i = 0; i < count; i++) {
		operands a, b;
		if (!operands_of(&cmd[i], &a) || a.rows != -1) return 0; // -1: as many as the run has rows
		if (a.slot && slot && a.slot != slot) return 0;
		if (a.slot) slot = a.slot;
		for (int64_t j = 0; j <= i; j++) {
			operands_of(&cmd[j], &b);
			for (int x = 0; x < a.n; x++)
				for (int y = 0; y < b.n; y++)
					if (!apart(&a.of[x], at_field(&cmd[i], a.of[x].field), &b.of[y], at_field(&cmd[j], b.of[y].field), max->rows)) return 0;
		}
	}
	return count > 1;
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
	int64_t parts;
	gk_fault *fault; // by part
} split;

static int64_t first_row(const split *s, int64_t part) { return s->e->args.rows * part / s->parts; }

// slots_meet tells whether a cache slot belongs to rows of two parts.
static int slots_meet(const split *s) {
	int32_t *owner = (int32_t *)s->e->shared;
	for (int64_t i = 0; i < s->e->count; i++) {
		operands a;
		operands_of(&s->e->cmd[i], &a);
		if (!a.slot) continue;
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
	return 0;
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
	gk_cmd *cmd = e->parts + part * e->count;
	for (int64_t i = 0; i < e->count && r.fault.what == GK_OK; i++) {
		cmd[i] = e->cmd[i];
		cmd[i].ns = 0;
		operands o;
		operands_of(&cmd[i], &o);
		for (int x = 0; x < o.n; x++)
			if (o.of[x].layout == ROW) move_field(&cmd[i], o.of[x].field, first * o.of[x].step);
		gk_exec_step(e, &r, &cmd[i]);
		r.fault.cmd = (int32_t)i;
	}
	r.fault.row += first;
	s->fault[part] = r.fault;
}

int gk_split_run(gk_exec *e) {
	split s = {.e = e, .parts = e->threads};
	if (!e->parts || e->threads < 2 || e->args.rows < PART_ROWS * s.parts || slots_meet(&s)) return 0;
	gk_fault fault[GK_MOST_THREADS];
	s.fault = fault;
	gk_pool_each(e->pool, split_part, &s, s.parts);
	e->fault = fault[0];
	for (int64_t p = 1; p < s.parts; p++) { // of several faults the one that comes first in the program
		if (fault[p].what != GK_OK && (e->fault.what == GK_OK || fault[p].cmd < e->fault.cmd)) e->fault = fault[p];
	}
	if (e->timed)
		for (int64_t p = 0; p < s.parts; p++)
			for (int64_t i = 0; i < e->count; i++) e->cmd[i].ns += e->parts[p * e->count + i].ns / s.parts;
	return 1;
}
