package model

import "gradus/kernels"

// decodePlan lays out a decoding step: one row per running completion.
type decodePlan struct {
	slots int
	x     span
	layer layerSpans // shared by all layers, in place
	head  sampleSpans
}

func planDecode(a *arena, cfg Config, lim Limits) *decodePlan {
	p := &decodePlan{slots: lim.Slots}
	p.x = a.take("embeddings", p.slots, cfg.HiddenSize)
	p.layer = layerSpans{attn: a.attention(cfg, p.slots, &p.x), mlp: a.mlp(cfg, p.slots, &p.x)}
	p.head = a.sample(cfg, p.slots)
	return p
}

// Offsets in the program's index buffer. Inputs come first and are written at
// once; the drawn tokens follow.
func (p *decodePlan) tok() int           { return 0 }
func (p *decodePlan) pos() int           { return p.slots }
func (p *decodePlan) len() int           { return 2 * p.slots }
func (p *decodePlan) pslot() int         { return 3 * p.slots }
func (p *decodePlan) plen() int          { return 4 * p.slots }
func (p *decodePlan) slot() int          { return 5 * p.slots }
func (p *decodePlan) at() int            { return 6 * p.slots } // also the index of the drawn token in its completion
func (p *decodePlan) stream() int        { return 7 * p.slots }
func (p *decodePlan) inputs() int        { return 9 * p.slots }
func (p *decodePlan) drawn() int         { return 9 * p.slots }
func (p *decodePlan) ints() int64        { return 10 * int64(p.slots) }
func (p *decodePlan) args() kernels.Args { return kernels.Args{Rows: p.slots} }

// decodeProgram feeds one token per completion and draws the next.
func (m *Model) decodeProgram() (kernels.Exec, error) {
	p, c := m.plan.decode, m.cfg
	e := m.emit("decode", p.args())
	at := func(name string, off, n int) kernels.Ref {
		return e.bind(name, m.decodeInts, int64(off), int64(n))
	}
	pos, slot, own := at("positions", p.pos(), p.slots), at("slots", p.slot(), p.slots), at("places in slot", p.at(), p.slots)
	pslot, plen := at("prompt slots", p.pslot(), p.slots), at("prompt lengths", p.plen(), p.slots)
	length := at("lengths", p.len(), p.slots)

	e.embed(p.x, at("tokens", p.tok(), p.slots), kernels.DimRows)
	for i := range m.layout.layers {
		w, s, kv := &m.layout.layers[i], p.layer, newCache(c, m.lim, i)
		keys, values := e.cached("keys", kv.k, kv.cLen), e.cached("values", kv.v, kv.cLen)
		e.project(w, s.attn, p.x, pos, kernels.DimRows)
		e.Add(
			kernels.KVWrite{
				K: keys, V: values, QKV: e.at(s.attn.qkv), Slot: slot, At: own, N: kernels.DimRows,
				H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim, Slots: m.lim.Slots, Cap: m.lim.NewLen,
			},
			kernels.AttnDecode{
				Out: e.at(s.attn.att), QKV: e.at(s.attn.qkv),
				PK: e.cached("prompt keys", kv.pk, kv.pLen), PV: e.cached("prompt values", kv.pv, kv.pLen),
				K: keys, V: values, PSlot: pslot, PLen: plen, Slot: slot, Len: length, N: kernels.DimRows,
				H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim,
				PSlots: m.lim.PromptSlots, PCap: m.lim.PromptLen, Slots: m.lim.Slots, Cap: m.lim.NewLen,
			},
		)
		e.output(w, s.attn, p.x, kernels.DimRows)
		e.mlp(w, s.mlp, p.x, kernels.DimRows)
	}
	e.sample(p.head, p.x, at("drawn tokens", p.drawn(), p.slots), at("streams", p.stream(), 2*p.slots), own)
	return e.compile()
}
