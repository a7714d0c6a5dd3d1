package model

import "gradus/kernels"

// prefillPlan lays out the run of prompts through the model that fills their
// key/value slots. The last token of a prompt is not among them: decoding
// starts with it.
type prefillPlan struct {
	rows, seqs int
	maxLen     int
	x          span
	layer      layerSpans // shared by all layers, in place
}

func planPrefill(a *arena, cfg Config, lim Limits) *prefillPlan {
	all := int64(lim.PromptSlots) * int64(lim.PromptLen)
	p := &prefillPlan{
		rows: int(min(all, int64(max(lim.PromptLen, lim.TrainRows, 1024)))),
		seqs: lim.PromptSlots, maxLen: min(lim.PromptLen, cfg.MaxPositionEmbeddings),
	}
	p.x = a.take("embeddings", p.rows, cfg.HiddenSize)
	p.layer = layerSpans{attn: a.attention(cfg, p.rows, &p.x), mlp: a.mlp(cfg, p.rows, &p.x)}
	return p
}

// Offsets in the program's index buffer.
func (p *prefillPlan) tok() int    { return 0 }
func (p *prefillPlan) pos() int    { return p.rows }
func (p *prefillPlan) slot() int   { return 2 * p.rows }
func (p *prefillPlan) start() int  { return 3 * p.rows }
func (p *prefillPlan) ints() int64 { return 3*int64(p.rows) + int64(p.seqs) + 1 }

// prefillProgram writes the keys and values of prompt rows. The last layer
// ends there: nothing reads what would follow.
func (m *Model) prefillProgram() (kernels.Exec, error) {
	p, c := m.plan.prefill, m.cfg
	e := m.emit("prefill", kernels.Args{Rows: p.rows, Seqs: p.seqs})
	at := func(name string, off, n int) kernels.Ref {
		return e.bind(name, m.prefillInts, int64(off), int64(n))
	}
	tok, pos := at("tokens", p.tok(), p.rows), at("positions", p.pos(), p.rows)
	slot, start := at("slots", p.slot(), p.rows), at("sequence starts", p.start(), p.seqs+1)

	e.embed(p.x, tok, kernels.DimRows)
	for i := range m.layout.layers {
		w, s, kv := &m.layout.layers[i], p.layer, newCache(c, m.lim, i)
		e.project(w, s.attn, p.x, pos, kernels.DimRows)
		e.Add(kernels.KVWrite{
			K: e.cached("prompt keys", kv.pk, kv.pLen), V: e.cached("prompt values", kv.pv, kv.pLen),
			QKV: e.at(s.attn.qkv), Slot: slot, At: pos, N: kernels.DimRows,
			H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim, Slots: m.lim.PromptSlots, Cap: m.lim.PromptLen, Compute: m.lim.Attend,
		})
		if i == len(m.layout.layers)-1 {
			break
		}
		e.attend(s.attn, start, 0, kernels.DimRows, kernels.DimSeqs, p.maxLen)
		e.output(w, s.attn, p.x, kernels.DimRows)
		e.mlp(w, s.mlp, p.x, kernels.DimRows)
	}
	return e.compile()
}

// fillPrompts runs prompts through the model into the given slots, as many at
// a time as fit.
func (m *Model) fillPrompts(prompts [][]int32, slots []int) error {
	p := m.plan.prefill
	for len(prompts) > 0 {
		ints, rows, seqs := m.host.prefill, 0, 0
		ints[p.start()] = 0
		for ; seqs < len(prompts); seqs++ {
			n := len(prompts[seqs]) - 1
			if rows+n > p.rows {
				break
			}
			for i, t := range prompts[seqs][:n] {
				ints[p.tok()+rows+i], ints[p.pos()+rows+i], ints[p.slot()+rows+i] = t, int32(i), int32(slots[seqs])
			}
			rows += n
			ints[p.start()+seqs+1] = int32(rows)
		}
		prompts, slots = prompts[seqs:], slots[seqs:]
		if rows == 0 {
			continue // prompts of one token
		}
		if err := m.dev.WriteI32(m.prefillInts, 0, ints); err != nil {
			return err
		}
		if err := m.exec.prefill.Run(&kernels.Args{Rows: rows, Seqs: seqs}); err != nil {
			return err
		}
	}
	return nil
}
