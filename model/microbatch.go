package model

import (
	"slices"

	"gradus/kernels"
)

// trainPlan lays out a training micro-batch: N = DimRows token rows of S =
// DimSeqs sequences, of which P = DimPicks predict a scored token.
type trainPlan struct {
	rows, seqs int // limits of a micro-batch
	parts      int // most sequences of the attention ops: a shared prompt is one of its own
	maxLen     int
	backward   bool
	recompute  bool // layers share their activations and keep only their outputs

	x      span // (N, C) embeddings
	layers []layerSpans
	loss   lossSpans

	dx       span // (N, C) gradient of the residual stream
	attnGrad attnGrads
	mlpGrad  mlpGrads
}

// planTrain reserves activations: of every layer when the backward pass needs
// them, of one layer that all share when there is none. With Limits.Recompute
// all share those of one layer too, and each keeps the residual stream that it
// puts out, from which the backward pass computes the rest again (Chen et al.
// 2016, "Training Deep Nets with Sublinear Memory Cost").
func planTrain(a *arena, cfg Config, lim Limits) *trainPlan {
	n, c, f := lim.TrainRows, cfg.HiddenSize, cfg.IntermediateSize
	p := &trainPlan{
		rows: n, seqs: lim.TrainSeqs, parts: lim.TrainSeqs + lim.TrainSeqs/2, maxLen: min(n, cfg.MaxPositionEmbeddings), backward: !lim.Frozen,
		recompute: lim.Recompute && !lim.Frozen,
		x:         a.take("embeddings", n, c),
		layers:    make([]layerSpans, cfg.NumHiddenLayers),
	}
	for i := range p.layers {
		switch {
		case p.recompute && i > 0:
			p.layers[i] = p.layers[0]
			p.layers[i].mlp.out = a.take("after mlp", n, c)
		case p.backward:
			p.layers[i] = layerSpans{attn: a.attention(cfg, n, nil), mlp: a.mlp(cfg, n, nil)}
		case i == 0:
			p.layers[i] = layerSpans{attn: a.attention(cfg, n, &p.x), mlp: a.mlp(cfg, n, &p.x)}
		default:
			p.layers[i] = p.layers[0]
		}
	}
	p.loss = a.loss(cfg, n, p.backward)
	if p.backward {
		p.dx = a.take("gradient of residual stream", n, c)
		p.attnGrad = attnGrads{
			att: a.take("gradient of heads", n, cfg.NumAttentionHeads*cfg.HeadDim),
			qkv: a.take("gradient of qkv", n, cfg.qkvSize()),
			h:   a.take("gradient of attention input", n, c),
		}
		p.mlpGrad = mlpGrads{
			act:    a.take("gradient of swiglu", n, f),
			gateUp: a.take("gradient of gate and up", n, 2*f),
			h:      p.attnGrad.h,
		}
	}
	return p
}

// input is the residual stream that layer i reads; i may be one past the last.
func (p *trainPlan) input(i int) span {
	if i == 0 {
		return p.x
	}
	return p.layers[i-1].mlp.out
}

// Offsets in the training programs' index buffer.
func (p *trainPlan) tok() int    { return 0 }
func (p *trainPlan) pos() int    { return p.rows }
func (p *trainPlan) pick() int   { return 2 * p.rows }
func (p *trainPlan) target() int { return 3 * p.rows }
func (p *trainPlan) start() int  { return 4 * p.rows }
func (p *trainPlan) prefix() int { return 4*p.rows + p.parts + 1 }
func (p *trainPlan) ints() int64 { return 4*int64(p.rows) + 2*int64(p.parts) + 1 }

// trainRefs are the index operands of the training programs.
type trainRefs struct{ tok, pos, pick, target, start, prefix kernels.Ref }

func (e *emitter) trainRefs(p *trainPlan) trainRefs {
	at := func(name string, off, n int) kernels.Ref {
		return e.bind(name, e.m.trainInts, int64(off), int64(n))
	}
	return trainRefs{
		tok:    at("tokens", p.tok(), p.rows),
		pos:    at("positions", p.pos(), p.rows),
		pick:   at("picked rows", p.pick(), p.rows),
		target: at("targets", p.target(), p.rows),
		start:  at("sequence starts", p.start(), p.parts+1),
		prefix: at("shared prompts", p.prefix(), p.parts),
	}
}

func (p *trainPlan) max() kernels.Args {
	return kernels.Args{Rows: p.rows, Seqs: p.parts, Picks: p.rows}
}

// trainForward is the program that scores a micro-batch and keeps what
// trainBackward needs.
func (m *Model) trainForward() (kernels.Exec, error) {
	p := m.plan.train
	e := m.emit("train forward", p.max())
	r := e.trainRefs(p)
	e.embed(p.x, r.tok, kernels.DimRows)
	for i, s := range p.layers {
		w := &m.layout.layers[i]
		e.project(w, s.attn, p.input(i), r.pos, kernels.DimRows)
		e.attend(s.attn, r.start, r.prefix, kernels.DimRows, kernels.DimSeqs, p.maxLen)
		e.output(w, s.attn, p.input(i), kernels.DimRows)
		e.mlp(w, s.mlp, s.attn.out, kernels.DimRows)
	}
	e.loss(p.loss, p.input(len(p.layers)), r.pick, r.target)
	return e.compile()
}

// trainBackward is the program that adds a micro-batch's gradients, after
// trainForward and with the loss's coefficients in place.
func (m *Model) trainBackward() (kernels.Exec, error) {
	p := m.plan.train
	e := m.emit("train backward", p.max())
	r := e.trainRefs(p)
	e.lossBwd(p.loss, p.dx, r.pick, r.target)
	for i := len(p.layers) - 1; i >= 0; i-- {
		w, s := &m.layout.layers[i], p.layers[i]
		if p.recompute && i < len(p.layers)-1 { // the last layer's are still there
			e.project(w, s.attn, p.input(i), r.pos, kernels.DimRows)
			e.attend(s.attn, r.start, r.prefix, kernels.DimRows, kernels.DimSeqs, p.maxLen)
			e.output(w, s.attn, p.input(i), kernels.DimRows)
			e.mlpInside(w, s.mlp, s.attn.out, kernels.DimRows)
		}
		e.mlpBwd(w, s.mlp, p.mlpGrad, p.dx, s.attn.out, kernels.DimRows)
		e.attentionBwd(w, s.attn, p.attnGrad, p.dx, p.input(i), r.pos, r.start, r.prefix, kernels.DimRows, kernels.DimSeqs, p.maxLen)
	}
	e.embedBwd(p.dx, r.tok, kernels.DimRows)
	return e.compile()
}

// packed is how many rows and sequences a micro-batch holds so far.
type packed struct {
	rows, seqs, parts int
	prompt            []int32 // tokens of the shared prompt that the next sequence may continue; nil without one
	root              int     // its part
}

// piece is where a sequence goes in a micro-batch.
type piece struct {
	first  bool // its prompt becomes a part that the following ones continue
	shared bool // the prompt is one that an earlier sequence has brought
	from   int  // the first token that takes a row
}

// add makes room for seqs[i], which has scored tokens. It returns false, and
// changes nothing, when the micro-batch is full.
//
// Neighbours with the same prompt, as the completions of a group are, share
// its rows except the last, the one that their first tokens are predicted
// from: as in generation, a completion begins with that row.
func (b *packed) add(p *trainPlan, seqs []Sequence, i int) (piece, bool) {
	s := seqs[i]
	prompt, n := s.Tokens[:s.Prompt-1], len(s.Tokens)-1
	var at piece
	switch {
	case len(prompt) == 0:
	case b.prompt != nil && slices.Equal(b.prompt, prompt):
		at = piece{shared: true, from: len(prompt)}
	default:
		next := i + 1
		for next < len(seqs) && len(seqs[next].Tokens) == seqs[next].Prompt {
			next++
		}
		if next == len(seqs) || b.seqs+1 >= p.seqs || b.rows+n+len(seqs[next].Tokens)-s.Prompt > p.rows {
			break // nobody would share it
		}
		at.first = seqs[next].Prompt == s.Prompt && slices.Equal(seqs[next].Tokens[:s.Prompt-1], prompt)
	}
	if b.rows+n-at.from > p.rows || b.seqs == p.seqs {
		return at, false
	}
	b.rows += n - at.from
	b.seqs++
	switch {
	case at.first:
		b.prompt, b.root = prompt, b.parts
		b.parts += 2
	case at.shared:
		b.parts++
	default:
		b.prompt = nil
		b.parts++
	}
	return at, true
}

// MicroBatches is the number of parts into which Backward and Score cut seqs:
// at least one unless there are none.
func (l Limits) MicroBatches(seqs []Sequence) int {
	n, _ := l.cut(seqs)
	return n
}

// Rows is the number of token rows that Backward and Score work on for seqs: one
// for each token but the last, where neighbours in a micro-batch share the rows
// of their prompt.
func (l Limits) Rows(seqs []Sequence) int64 {
	_, rows := l.cut(seqs)
	return rows
}

func (l Limits) cut(seqs []Sequence) (n int, rows int64) {
	p, b := &trainPlan{rows: l.TrainRows, seqs: l.TrainSeqs}, packed{}
	for i, s := range seqs {
		if len(s.Tokens) == s.Prompt {
			continue // nothing to score, takes no rows
		}
		if n > 0 {
			if _, ok := b.add(p, seqs, i); ok {
				continue
			}
		}
		rows += int64(b.rows)
		n, b = n+1, packed{}
		b.add(p, seqs, i)
	}
	return max(n, min(len(seqs), 1)), rows + int64(b.rows)
}
