package model

import "gradus/kernels"

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

// cache is the key/value memory of one layer: prompts, shared by the
// completions of a group, and the completions' own part. A completion's own
// part starts with the last token of the prompt, whose logits it needs.
type cache struct {
	pk, pv int64 // offsets of (PromptSlots, KV, PromptLen, D)
	k, v   int64 // offsets of (Slots, KV, NewLen, D)
	pLen   int64 // elements of each of pk, pv
	cLen   int64 // elements of each of k, v
}

// newCache places layer's caches in the key/value buffer.
func newCache(cfg Config, lim Limits, layer int) cache {
	head := int64(cfg.NumKeyValueHeads) * int64(cfg.HeadDim)
	c := cache{
		pLen: aligned(int64(lim.PromptSlots) * int64(lim.PromptLen) * head),
		cLen: aligned(int64(lim.Slots) * int64(lim.NewLen) * head),
	}
	c.pk = int64(layer) * c.len()
	c.pv = c.pk + c.pLen
	c.k = c.pv + c.pLen
	c.v = c.k + c.cLen
	return c
}

func (c cache) len() int64 { return 2*c.pLen + 2*c.cLen }

func (e *emitter) cached(name string, off, n int64) kernels.Ref {
	return e.bind(name, e.m.kv, off, n)
}
