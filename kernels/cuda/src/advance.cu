// The end of a decoding step: what was drawn is kept and fed to the next one. A
// thread for each row.
#include "gpu.h"

KERNEL(gk_advance_rows, gk_advance, 128) {
	if (stopped(p.h)) return;
	int rows = rows_of(p.h);
	for (gk_i64 n = block_id() * threads() + tid(); n < rows; n += blocks() * threads()) {
		int step = p.count[n], drawn = p.drawn[n], left = p.left[n];
		if (left <= 0 || step < 0 || step >= p.steps) continue;
		p.tokens[n * p.steps + step] = drawn;
		p.logps[n * p.steps + step] = p.logp[n];
		p.ents[n * p.steps + step] = p.ent[n];
		p.count[n] = step + 1;
		left--;
		for (int i = 0; i < p.stops; i++)
			if (p.stop[i] == drawn) left = 0;
		p.left[n] = left;
		if (left > 0) p.tok[n] = drawn, p.pos[n]++, p.at[n]++, p.len[n]++;
	}
}
