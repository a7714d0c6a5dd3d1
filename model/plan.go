package model

// plan says how much memory a model needs and what lies where in it.
type plan struct {
	layout *layout
	maxPos int // positions with rotary tables

	train   *trainPlan
	prefill *prefillPlan
	decode  *decodePlan

	scratch int64 // elements: the largest of the programs' activations
	kv      int64 // elements of all key/value caches
}

// newPlan lays out a model; cfg and lim must be valid.
func newPlan(cfg Config, lim Limits) (*plan, error) {
	l, err := newLayout(cfg)
	if err != nil {
		return nil, err
	}
	p := &plan{layout: l}
	if lim.TrainRows > 0 {
		p.maxPos = lim.TrainRows
		var a arena
		p.train = planTrain(&a, cfg, lim)
		p.scratch = max(p.scratch, a.used)
	}
	if lim.Slots > 0 {
		p.maxPos = max(p.maxPos, lim.PromptLen+lim.NewLen)
		var a, b arena
		p.prefill = planPrefill(&a, cfg, lim)
		p.decode = planDecode(&b, cfg, lim)
		p.scratch = max(p.scratch, a.used, b.used)
		p.kv = int64(cfg.NumHiddenLayers) * newCache(cfg, lim, 0).len()
	}
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

// elements is the number of 4-byte elements of all buffers.
func (p *plan) elements(cfg Config, lim Limits) int64 {
	n := p.layout.len + p.layout.packLen + p.scratch + p.kv + p.ints() + int64(p.maxPos)*int64(cfg.HeadDim)
	if !lim.Frozen {
		n += 3*p.layout.len + 1
	}
	return n
}
