package model

import "gradus/kernels"

// mlpSpans are the activations of an MLP block.
type mlpSpans struct {
	h      span // (N, C) normalised input
	rstd   span // (N)
	gateUp span // (N, 2*F)
	act    span // (N, F) silu(gate)*up
	out    span // (N, C) residual stream after the block
}

// mlp reserves an MLP block's activations for n rows. out is reserved too
// unless it is given, to work in place.
func (a *arena) mlp(cfg Config, n int, out *span) mlpSpans {
	s := mlpSpans{
		h:      a.take("mlp input", n, cfg.HiddenSize),
		rstd:   a.take("mlp 1/rms", n, 1),
		gateUp: a.take("gate and up", n, 2*cfg.IntermediateSize),
		act:    a.take("swiglu", n, cfg.IntermediateSize),
	}
	if out != nil {
		s.out = *out
	} else {
		s.out = a.take("after mlp", n, cfg.HiddenSize)
	}
	return s
}

// mlp emits out = x + down(silu(gate(h)) * up(h)), h = RMSNorm(x).
func (e *emitter) mlp(w *layerWeights, s mlpSpans, x span, n kernels.Dim) {
	e.mlpInside(w, s, x, n)
	e.linear(e.at(s.out), e.at(s.act), w.down, e.at(x), n)
}

// mlpInside emits what mlp computes before its last product.
func (e *emitter) mlpInside(w *layerWeights, s mlpSpans, x span, n kernels.Dim) {
	e.norm(s.h, s.rstd, x, w.norm2, n)
	e.linear(e.at(s.gateUp), e.at(s.h), w.gateUp, 0, n)
	e.Add(kernels.SwiGLU{Y: e.at(s.act), GU: e.at(s.gateUp), N: n, F: e.m.cfg.IntermediateSize})
}

// mlpGrads are the gradients inside an MLP block.
type mlpGrads struct {
	act    span // (N, F)
	gateUp span // (N, 2*F)
	h      span // (N, C)
}

// mlpBwd turns dx, the gradient of the block's output, into that of its
// input x.
func (e *emitter) mlpBwd(w *layerWeights, s mlpSpans, g mlpGrads, dx, x span, n kernels.Dim) {
	e.linearBwd(e.at(g.act), e.at(dx), e.at(s.act), w.down, n)
	e.Add(kernels.SwiGLUBwd{DGU: e.at(g.gateUp), DY: e.at(g.act), GU: e.at(s.gateUp), N: n, F: e.m.cfg.IntermediateSize})
	e.linearBwd(e.at(g.h), e.at(g.gateUp), e.at(s.h), w.gateUp, n)
	e.normBwd(dx, g.h, s.rstd, x, w.norm2, n)
}
