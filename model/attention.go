package model

import "gradus/kernels"

// attnSpans are the activations of an attention block.
type attnSpans struct {
	h    span // (N, C) normalised input
	rstd span // (N)
	qkv  span // (N, (H+2*KV)*D) after rotation
	att  span // (N, H*D) heads' output
	lse  span // (N, H)
	out  span // (N, C) residual stream after the block
}

// attention reserves an attention block's activations for n rows. out is
// reserved too unless it is given, to work in place.
func (a *arena) attention(cfg Config, n int, out *span) attnSpans {
	s := attnSpans{
		h:    a.take("attention input", n, cfg.HiddenSize),
		rstd: a.take("attention 1/rms", n, 1),
		qkv:  a.take("qkv", n, cfg.qkvSize()),
		att:  a.take("heads", n, cfg.NumAttentionHeads*cfg.HeadDim),
		lse:  a.take("attention lse", n, cfg.NumAttentionHeads),
	}
	if out != nil {
		s.out = *out
	} else {
		s.out = a.take("after attention", n, cfg.HiddenSize)
	}
	return s
}

// qkvSize is the width of the stacked query, key and value projections.
func (c Config) qkvSize() int { return (c.NumAttentionHeads + 2*c.NumKeyValueHeads) * c.HeadDim }

// project emits the normalised input and the rotated queries, keys and
// values.
func (e *emitter) project(w *layerWeights, s attnSpans, x span, pos kernels.Ref, n kernels.Dim) {
	e.norm(s.h, s.rstd, x, w.norm1, n)
	e.linear(e.at(s.qkv), e.at(s.h), w.qkv, 0, n)
	e.rope(s.qkv, pos, n, false)
}

// attend emits causal attention over packed sequences. prefix may be 0.
func (e *emitter) attend(s attnSpans, start, prefix kernels.Ref, n, seqs kernels.Dim, maxLen int) {
	c := e.m.cfg
	e.Add(kernels.Attn{
		Out: e.at(s.att), LSE: e.at(s.lse), QKV: e.at(s.qkv), Start: start, Prefix: prefix, N: n, S: seqs,
		H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim, MaxLen: maxLen, Compute: e.m.lim.Attend,
	})
}

// output emits the output projection onto the residual stream.
func (e *emitter) output(w *layerWeights, s attnSpans, x span, n kernels.Dim) {
	e.linear(e.at(s.out), e.at(s.att), w.o, e.at(x), n)
}

// attnGrads are the gradients inside an attention block.
type attnGrads struct {
	att span // (N, H*D)
	qkv span // (N, (H+2*KV)*D)
	h   span // (N, C)
}

// attentionBwd turns dx, the gradient of the block's output, into that of its
// input x.
func (e *emitter) attentionBwd(w *layerWeights, s attnSpans, g attnGrads, dx, x span, pos, start, prefix kernels.Ref, n, seqs kernels.Dim, maxLen int) {
	c := e.m.cfg
	e.linearBwd(e.at(g.att), e.at(dx), e.at(s.att), w.o, n)
	e.Add(kernels.AttnBwd{
		DQKV: e.at(g.qkv), DOut: e.at(g.att), QKV: e.at(s.qkv), Out: e.at(s.att), LSE: e.at(s.lse), Start: start, Prefix: prefix, N: n, S: seqs,
		H: c.NumAttentionHeads, KV: c.NumKeyValueHeads, D: c.HeadDim, MaxLen: maxLen, Compute: e.m.lim.Attend,
	})
	e.rope(g.qkv, pos, n, true)
	e.linearBwd(e.at(g.h), e.at(g.qkv), e.at(s.h), w.qkv, n)
	e.normBwd(dx, g.h, s.rstd, x, w.norm1, n)
}
