package model

import "gradus/kernels"

// lossSpans are the activations of the head in training. Only the rows that
// predict a scored token, P of them, reach it.
type lossSpans struct {
	x      span // (P, C) residual stream of the picked rows
	rstd   span // (P)
	h      span // (P, C) normalised
	logits span // (chunk, V)
	chunk  int

	logp, ent, lse span // (P)

	coef, entCoef span // (P) derivatives of the loss
	dh, dx        span // (P, C)
}

// lossChunk is the number of rows whose logits exist at a time: about 1 MiB
// of them, which caches hold.
func lossChunk(vocab, rows int) int {
	return min(max(1<<18/vocab, 16), 256, rows)
}

// loss reserves the head's activations for at most p picked rows.
func (a *arena) loss(cfg Config, p int, backward bool) lossSpans {
	s := lossSpans{
		chunk: lossChunk(cfg.VocabSize, p),
		x:     a.take("picked rows", p, cfg.HiddenSize),
		rstd:  a.take("head 1/rms", p, 1),
		h:     a.take("head input", p, cfg.HiddenSize),
		logp:  a.take("log-probs", p, 1),
		ent:   a.take("entropies", p, 1),
		lse:   a.take("head lse", p, 1),
	}
	s.logits = a.take("logits", s.chunk, cfg.VocabSize)
	if backward {
		s.coef = a.take("coefficients", p, 1)
		s.entCoef = a.take("entropy coefficients", p, 1)
		s.dh = a.take("gradient of head input", p, cfg.HiddenSize)
		s.dx = a.take("gradient of picked rows", p, cfg.HiddenSize)
	}
	return s
}

// loss emits log-probs and entropies of target for the rows pick of x.
func (e *emitter) loss(s lossSpans, x span, pick, target kernels.Ref) {
	l, t := e.m.layout, e.m.layout.head
	e.Add(kernels.GatherRows{Y: e.at(s.x), X: e.at(x), Idx: pick, N: kernels.DimPicks, M: kernels.DimRows, C: t.cols})
	e.norm(s.h, s.rstd, s.x, l.norm, kernels.DimPicks)
	e.Add(kernels.LossRows{
		LogP: e.at(s.logp), Ent: e.at(s.ent), LSE: e.at(s.lse),
		H: e.at(s.h), W: e.w(t), Pack: e.pack(t), Target: target, Scratch: e.at(s.logits),
		N: kernels.DimPicks, C: t.cols, V: t.rows, Chunk: s.chunk, Compute: e.m.lim.Compute,
	})
}

// lossBwd emits dx, the gradient of all rows of x: zero where nothing was
// picked.
func (e *emitter) lossBwd(s lossSpans, dx span, pick, target kernels.Ref) {
	l, t := e.m.layout, e.m.layout.head
	e.Add(
		kernels.LossRowsBwd{
			DH: e.at(s.dh), DW: e.dw(t), H: e.at(s.h), W: e.w(t), Pack: e.pack(t), PackBack: e.packBack(t), Target: target,
			LSE: e.at(s.lse), Ent: e.at(s.ent), Coef: e.at(s.coef), EntCoef: e.at(s.entCoef), Scratch: e.at(s.logits),
			N: kernels.DimPicks, C: t.cols, V: t.rows, Chunk: s.chunk, Compute: e.m.lim.Compute,
		},
		kernels.Zero{X: e.at(s.dx), N: kernels.DimPicks, C: t.cols},
	)
	e.normBwd(s.dx, s.dh, s.rstd, s.x, l.norm, kernels.DimPicks)
	e.Add(kernels.ScatterRows{Y: e.at(dx), X: e.at(s.dx), Idx: pick, N: kernels.DimPicks, M: kernels.DimRows, C: t.cols})
}

// sampleSpans are the activations of the head in decoding.
type sampleSpans struct {
	h, rstd   span // (N, C), (N)
	logits    span // (N, V)
	logp, ent span // (N)
}

func (a *arena) sample(cfg Config, n int) sampleSpans {
	return sampleSpans{
		h:      a.take("head input", n, cfg.HiddenSize),
		rstd:   a.take("head 1/rms", n, 1),
		logits: a.take("logits", n, cfg.VocabSize),
		logp:   a.take("log-probs", n, 1),
		ent:    a.take("entropies", n, 1),
	}
}

// sample emits one drawn token per row of x.
func (e *emitter) sample(s sampleSpans, x span, tok, stream, pos kernels.Ref) {
	t := e.m.layout.head
	e.norm(s.h, s.rstd, x, e.m.layout.norm, kernels.DimRows)
	e.linear(e.at(s.logits), e.at(s.h), t, 0, kernels.DimRows)
	e.Add(kernels.Sample{
		Tok: tok, LogP: e.at(s.logp), Ent: e.at(s.ent), Logits: e.at(s.logits), Stream: stream, Pos: pos,
		N: kernels.DimRows, V: t.rows,
	})
}
