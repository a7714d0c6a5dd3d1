package model

import "gradus/kernels"

// FactorBytes is the scratch memory of a GPU whose products and attention in bf16
// read factors that were rounded before (kernels/cuda): those of the largest
// product, for products follow each other in the same memory. It is 0 for products in
// f32, and where Memory fails.
func (l Limits) FactorBytes(cfg Config) int64 {
	cfg = cfg.WithDefaults()
	if l.packed() != kernels.BF16 || cfg.Validate() != nil || l.Validate() != nil {
		return 0
	}
	p, err := newPlan(cfg, l)
	if err != nil {
		return 0
	}
	return p.factorBytes(cfg, l)
}

func (p *plan) factorBytes(cfg Config, lim Limits) int64 {
	up := func(n int) int64 { return (int64(n) + 31) / 32 * 32 } // rows of factors are multiples of 32
	attended := cfg.NumAttentionHeads * cfg.HeadDim
	weights := [][2]int{ // out, in
		{attended + 2*cfg.NumKeyValueHeads*cfg.HeadDim, cfg.HiddenSize},
		{cfg.HiddenSize, attended},
		{2 * cfg.IntermediateSize, cfg.HiddenSize},
		{cfg.HiddenSize, cfg.IntermediateSize},
	}
	var most int64
	note := func(numbers int64) { most = max(most, numbers) }
	qkv, heads := int64(weights[0][0]), int64(cfg.NumAttentionHeads)
	forward := func(rows int) {
		for _, w := range weights {
			note(int64(rows) * up(w[1]))
		}
		if lim.cached() == kernels.BF16 {
			note(int64(rows) * qkv)
		}
	}
	if p.train != nil {
		rows, chunk := lim.TrainRows, int64(p.train.loss.chunk)
		forward(rows)
		note(chunk * up(cfg.HiddenSize))
		if !lim.Frozen {
			for _, w := range weights {
				note(int64(rows) * up(w[0]))
				note(int64(w[0]+w[1]) * up(rows))
			}
			if lim.cached() == kernels.BF16 { // also the heads' gradient, and for each head a number of four bytes
				note(int64(rows) * (qkv + int64(attended) + 2*heads))
			}
			wide := up(p.train.loss.chunk)
			note(max(chunk*up(cfg.VocabSize), int64(cfg.VocabSize)*wide) + int64(cfg.HiddenSize)*wide)
		}
	}
	if p.decode != nil {
		forward(max(p.prefill.rows, lim.Slots))
		note(int64(lim.Slots) * up(cfg.HiddenSize))
	}
	return 2 * most
}
