package model

import "gradus/kernels"

// embed emits x = rows of the embedding table.
func (e *emitter) embed(x span, tok kernels.Ref, n kernels.Dim) {
	t := e.m.layout.embed
	e.Add(kernels.Embed{Out: e.at(x), W: e.w(t), Tok: tok, N: n, V: t.rows, C: t.cols})
}

// embedBwd emits the gradient of the table. When embeddings are tied, the
// head has already added its own share to the same gradient.
func (e *emitter) embedBwd(dx span, tok kernels.Ref, n kernels.Dim) {
	t := e.m.layout.embed
	e.Add(kernels.EmbedBwd{DW: e.dw(t), DOut: e.at(dx), Tok: tok, N: n, V: t.rows, C: t.cols})
}
