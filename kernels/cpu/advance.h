// The end of a decoding step: what was drawn is kept and fed to the next one.
#ifndef GRADUS_CPU_ADVANCE_H
#define GRADUS_CPU_ADVANCE_H

#include "par.h"

// run_advance takes a few instructions a row, not worth a second thread.
static void run_advance(gk_run *r, const gk_cmd *cmd) {
	const gk_advance *c = &cmd->u.advance;
	int64_t rows = gk_count(c->n, r->args);
	for (int64_t n = 0; n < rows; n++) {
		int32_t step = c->count[n], drawn = c->drawn[n];
		if (c->left[n] <= 0 || step < 0 || step >= c->steps) continue;
		c->tokens[n * c->steps + step] = drawn;
		c->logps[n * c->steps + step] = c->logp[n];
		c->ents[n * c->steps + step] = c->ent[n];
		c->count[n]++, c->left[n]--;
		for (int64_t i = 0; i < c->stops; i++)
			if (c->stop[i] == drawn) c->left[n] = 0;
		if (c->left[n] > 0) c->tok[n] = drawn, c->pos[n]++, c->at[n]++, c->len[n]++;
	}
}

#endif
