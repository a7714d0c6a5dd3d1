package model

import "gradus/kernels"

// arena adds up the activations of programs that run at different times: all
// arenas lie at the start of the model's one scratch buffer.
type arena struct{ used int64 }

// span is a named range of the scratch buffer.
type span struct {
	name string
	off  int64
	len  int64
}

// take reserves a span of n rows of c elements.
func (a *arena) take(name string, n, c int) span {
	s := span{name: name, off: a.used, len: int64(n) * int64(c)}
	a.used += aligned(s.len)
	return s
}

// layerSpans are the activations of one decoder layer.
type layerSpans struct {
	attn attnSpans
	mlp  mlpSpans
}

// emitter writes one program of a model. Each range is bound once, on first
// use.
type emitter struct {
	*kernels.Program
	m    *Model
	refs map[bound]kernels.Ref
}

// bound is what a Ref of a program stands for.
type bound struct {
	buf      kernels.Buffer
	off, len int64
}

func (m *Model) emit(name string, max kernels.Args) *emitter {
	return &emitter{Program: kernels.NewProgram(name, max), m: m, refs: map[bound]kernels.Ref{}}
}

// compile turns the program into an Exec of the model's device.
func (e *emitter) compile() (kernels.Exec, error) {
	if _, kept := e.m.programs[e.Name]; kept {
		e.m.programs[e.Name] = e.Program
	}
	return e.m.dev.Compile(e.Program)
}

func (e *emitter) bind(name string, buf kernels.Buffer, off, n int64) kernels.Ref {
	key := bound{buf, off, n}
	r, ok := e.refs[key]
	if !ok {
		r = e.Bind(name, buf, off, n)
		e.refs[key] = r
	}
	return r
}

// at binds an activation.
func (e *emitter) at(s span) kernels.Ref { return e.bind(s.name, e.m.scratch, s.off, s.len) }

// w binds a weight, dw its gradient.
func (e *emitter) w(t *tensor) kernels.Ref {
	return e.bind(t.parts[0].name, e.m.weights, t.off, t.len())
}

func (e *emitter) dw(t *tensor) kernels.Ref {
	return e.bind("gradient of "+t.parts[0].name, e.m.grads, t.off, t.len())
}

// pack binds the packed copy of a weight.
func (e *emitter) pack(t *tensor) kernels.Ref {
	return e.bind("packed "+t.parts[0].name, e.m.packs, t.pack, packLen(t.rows, t.cols, e.m.lim.Compute))
}

// packBack binds the packed copy of a weight for the backward pass.
func (e *emitter) packBack(t *tensor) kernels.Ref {
	return e.bind("packed back "+t.parts[0].name, e.m.packs, t.packBack, packLen(t.cols, t.rows, e.m.lim.Compute))
}

// linear emits y = x W^T, plus res where that is not 0.
func (e *emitter) linear(y, x kernels.Ref, t *tensor, res kernels.Ref, n kernels.Dim) {
	e.Add(kernels.Linear{Y: y, X: x, W: e.w(t), Pack: e.pack(t), Res: res, N: n, O: t.rows, K: t.cols, Compute: e.m.lim.Compute})
}

// linearBwd emits dW += dy^T x and dx = dy W.
func (e *emitter) linearBwd(dx, dy, x kernels.Ref, t *tensor, n kernels.Dim) {
	e.Add(
		kernels.LinearDW{DW: e.dw(t), DY: dy, X: x, N: n, O: t.rows, K: t.cols, Compute: e.m.lim.Compute},
		kernels.LinearDX{DX: dx, DY: dy, W: e.w(t), Pack: e.packBack(t), N: n, O: t.rows, K: t.cols, Compute: e.m.lim.Compute},
	)
}

// norm emits y = RMSNorm(x) with gain g.
func (e *emitter) norm(y, rstd, x span, g *tensor, n kernels.Dim) {
	e.Add(kernels.RMSNorm{Y: e.at(y), RStd: e.at(rstd), X: e.at(x), G: e.w(g), N: n, C: g.cols, Eps: float32(e.m.cfg.RMSNormEps)})
}

// normBwd emits dx += and the gain's gradient +=, given dy.
func (e *emitter) normBwd(dx, dy, rstd, x span, g *tensor, n kernels.Dim) {
	e.Add(kernels.RMSNormBwd{DX: e.at(dx), DG: e.dw(g), DY: e.at(dy), X: e.at(x), G: e.w(g), RStd: e.at(rstd), N: n, C: g.cols})
}
