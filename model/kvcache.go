package model

import "gradus/kernels"

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
