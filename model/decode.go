package model

import "gradus/kernels"

// decodePlan lays out a decoding step: one row per running completion.
type decodePlan struct {
	slots int
	x     span
	layer layerSpans // shared by all layers, in place
	head  sampleSpans

	logps, ents span // (slots, decodeAhead): of the steps since the host looked
}

const (
	// decodeAhead is the most steps that a device takes before the host looks
	// at what was drawn. A completion that ends in the first of them waits for
	// the last, so more steps save less waiting and waste more rows.
	decodeAhead = 8
	// decodeStops is the number of stop tokens that a device looks for. Further
	// ones are found when the host looks.
	decodeStops = 16
)

func planDecode(a *arena, cfg Config, lim Limits) *decodePlan {
	p := &decodePlan{slots: lim.Slots}
	p.x = a.take("embeddings", p.slots, cfg.HiddenSize)
	p.layer = layerSpans{attn: a.attention(cfg, p.slots, &p.x), mlp: a.mlp(cfg, p.slots, &p.x)}
	p.head = a.sample(cfg, p.slots)
	p.logps = a.take("log-probs by step", p.slots, decodeAhead)
	p.ents = a.take("entropies by step", p.slots, decodeAhead)
	return p
}

// Offsets in the program's index buffer. Inputs come first and are written at
// once. What is read at once follows, and begins among the inputs: the number of
// tokens of each row since then, the last drawn, and all of them by step.
func (p *decodePlan) tok() int           { return 0 }
func (p *decodePlan) pos() int           { return p.slots }
func (p *decodePlan) len() int           { return 2 * p.slots }
func (p *decodePlan) pslot() int         { return 3 * p.slots }
func (p *decodePlan) plen() int          { return 4 * p.slots }
func (p *decodePlan) slot() int          { return 5 * p.slots }
func (p *decodePlan) at() int            { return 6 * p.slots } // also the index of the drawn token in its completion
func (p *decodePlan) stream() int        { return 7 * p.slots }
func (p *decodePlan) left() int          { return 9 * p.slots }
func (p *decodePlan) stop() int          { return 10 * p.slots }
func (p *decodePlan) count() int         { return 10*p.slots + decodeStops }
func (p *decodePlan) inputs() int        { return p.count() + p.slots }
func (p *decodePlan) drawn() int         { return p.inputs() }
func (p *decodePlan) tokens() int        { return p.drawn() + p.slots }
func (p *decodePlan) ints() int64        { return int64(p.tokens()) + int64(p.slots)*decodeAhead }
func (p *decodePlan) args() kernels.Args { return kernels.Args{Rows: p.slots} }

// decodeProgram feeds one token per completion, draws the next, and makes it the
// input of the next run.
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
				H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim, Slots: m.lim.Slots, Cap: m.lim.NewLen, Compute: m.lim.Attend,
			},
			kernels.AttnDecode{
				Out: e.at(s.attn.att), QKV: e.at(s.attn.qkv),
				PK: e.cached("prompt keys", kv.pk, kv.pLen), PV: e.cached("prompt values", kv.pv, kv.pLen),
				K: keys, V: values, PSlot: pslot, PLen: plen, Slot: slot, Len: length, N: kernels.DimRows,
				H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim,
				PSlots: m.lim.PromptSlots, PCap: m.lim.PromptLen, Slots: m.lim.Slots, Cap: m.lim.NewLen, Compute: m.lim.Attend,
			},
		)
		e.output(w, s.attn, p.x, kernels.DimRows)
		e.mlp(w, s.mlp, p.x, kernels.DimRows)
	}
	drawn := at("drawn tokens", p.drawn(), p.slots)
	e.sample(p.head, p.x, drawn, at("streams", p.stream(), 2*p.slots), own)
	e.Add(kernels.Advance{
		Tokens: at("tokens by step", p.tokens(), p.slots*decodeAhead), LogPs: e.at(p.logps), Ents: e.at(p.ents),
		Tok: at("tokens", p.tok(), p.slots), Pos: pos, At: own, Len: length,
		Count: at("steps of each row", p.count(), p.slots), Left: at("tokens left", p.left(), p.slots),
		Drawn: drawn, LogP: e.at(p.head.logp), Ent: e.at(p.head.ent), Stop: at("stop tokens", p.stop(), decodeStops),
		N: kernels.DimRows, Steps: decodeAhead, Stops: decodeStops,
	})
	return e.compile()
}
