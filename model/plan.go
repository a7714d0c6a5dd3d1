package model

// plan says how much memory a model needs and what lies where in it.
type plan struct {
	layout *layout
	maxPos int // positions with rotary tables

	train   *trainPlan
	prefill *prefillPlan
	decode  *decodePlan

	programs []busy // the programs that share the scratch memory
	scratch  int64  // elements: the largest of the programs' activations
	kv       int64  // elements of all key/value caches
}

// newPlan lays out a model; cfg and lim must be valid.
func newPlan(cfg Config, lim Limits) (*plan, error) {
	l, err := newLayout(cfg, lim.Frozen, lim.Compute)
	if err != nil {
		return nil, err
	}
	p := &plan{layout: l}
	if lim.TrainRows > 0 {
		p.maxPos = lim.TrainRows
		var a arena
		p.train = planTrain(&a, cfg, lim)
		what := "training, all layers"
		if lim.Frozen {
			what = "scoring, one layer at a time"
		} else if lim.Recompute {
			what = "training, one layer at a time and what each puts out"
		}
		p.programs = append(p.programs, busy{what, lim.TrainRows, a.used, aligned(p.train.loss.logits.len), p.train.loss.chunk})
	}
	if lim.Slots > 0 {
		p.maxPos = max(p.maxPos, lim.PromptLen+lim.NewLen)
		var a, b arena
		p.prefill = planPrefill(&a, cfg, lim)
		p.decode = planDecode(&b, cfg, lim)
		p.programs = append(p.programs,
			busy{"prompts, one layer at a time", p.prefill.rows, a.used, 0, 0},
			busy{"decoding, one layer at a time", lim.Slots, b.used, aligned(p.decode.head.logits.len), lim.Slots})
		p.kv = int64(cfg.NumHiddenLayers) * newCache(cfg, lim, 0).len()
	}
	p.scratch = p.busiest().used
	p.maxPos = min(p.maxPos, cfg.MaxPositionEmbeddings)
	return p, nil
}

// ints is the number of index elements of all programs.
func (p *plan) ints() int64 {
	var n int64
	if p.train != nil {
		n += p.train.ints()
	}
	if p.decode != nil {
		n += p.prefill.ints() + p.decode.ints()
	}
	return n
}
