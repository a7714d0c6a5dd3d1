package ref

import (
	"fmt"

	"gradus/kernels"
)

// exec is a compiled program: a copy of it, with its buffers resolved.
type exec struct {
	prog kernels.Program
	f    [][]float64 // by Ref; nil where the buffer is i32
	i    [][]int32   // by Ref; nil where the buffer is f32
}

func (*device) Compile(p *kernels.Program) (kernels.Exec, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	e := &exec{
		prog: *p,
		f:    make([][]float64, len(p.Bufs)),
		i:    make([][]int32, len(p.Bufs)),
	}
	e.prog.Ops = append([]kernels.Op(nil), p.Ops...)
	e.prog.Bufs = nil
	for r := 1; r < len(p.Bufs); r++ {
		b := p.Bufs[r]
		own, ok := b.Buf.(*buffer)
		if !ok {
			return nil, fmt.Errorf("ref: program %s: buffer %q is a %T of another device", p.Name, b.Name, b.Buf)
		}
		if own.dtype != kernels.I32 {
			e.f[r] = own.f[b.Off : b.Off+b.Len]
		} else {
			e.i[r] = own.i[b.Off : b.Off+b.Len]
		}
	}
	for i, op := range p.Ops {
		if !known(op) {
			return nil, fmt.Errorf("ref: program %s: op %d %s: no code for %T", p.Name, i, op.Kind(), op)
		}
	}
	return e, nil
}

func (e *exec) Free() error {
	e.f, e.i, e.prog.Ops = nil, nil, nil
	return nil
}

func (e *exec) Run(a *kernels.Args) error {
	if err := e.prog.CheckArgs(a); err != nil {
		return err
	}
	m := &memory{exec: e, args: a}
	for i, op := range e.prog.Ops {
		if err := m.run(op); err != nil {
			return fmt.Errorf("ref: program %s: op %d %s: %w", e.prog.Name, i, op.Kind(), err)
		}
	}
	return nil
}

// memory is what an op sees during one run.
type memory struct {
	*exec
	args *kernels.Args
}

// real returns the elements of a bound f32 operand, nil for an absent one.
func (m *memory) real(r kernels.Ref) []float64 { return m.f[r] }

// index returns the elements of a bound i32 operand.
func (m *memory) index(r kernels.Ref) []int32 { return m.i[r] }

// rows returns the number of rows of this run.
func (m *memory) rows(d kernels.Dim) int { return d.Of(m.args) }

// row returns row n of a matrix of c columns.
func row(x []float64, n, c int) []float64 { return x[n*c : (n+1)*c : (n+1)*c] }

// inRange reports an index outside 0..limit-1 by its row and name.
func inRange(name string, n int, value int32, limit int) error {
	if value < 0 || int(value) >= limit {
		return fmt.Errorf("row %d: %s = %d, want 0..%d", n, name, value, limit-1)
	}
	return nil
}

// known tells whether run has code for op.
func known(op kernels.Op) bool {
	switch op.(type) {
	case kernels.Embed, kernels.EmbedBwd, kernels.RMSNorm, kernels.RMSNormBwd,
		kernels.Pack, kernels.Linear, kernels.LinearDX, kernels.LinearDW,
		kernels.RoPE, kernels.KVWrite, kernels.Attn, kernels.AttnBwd, kernels.AttnDecode,
		kernels.SwiGLU, kernels.SwiGLUBwd, kernels.GatherRows, kernels.ScatterRows,
		kernels.LossRows, kernels.LossRowsBwd, kernels.Sample, kernels.Advance,
		kernels.SumSq, kernels.AdamW, kernels.Zero, kernels.Copy:
		return true
	}
	return false
}

func (m *memory) run(op kernels.Op) error {
	switch o := op.(type) {
	case kernels.Embed:
		return m.embed(o)
	case kernels.EmbedBwd:
		return m.embedBwd(o)
	case kernels.RMSNorm:
		m.rmsNorm(o)
	case kernels.RMSNormBwd:
		m.rmsNormBwd(o)
	case kernels.Pack:
		m.pack(o)
	case kernels.Linear:
		return m.linear(o)
	case kernels.LinearDX:
		return m.linearDX(o)
	case kernels.LinearDW:
		m.linearDW(o)
	case kernels.RoPE:
		return m.rope(o)
	case kernels.KVWrite:
		return m.kvWrite(o)
	case kernels.Attn:
		return m.attn(o)
	case kernels.AttnBwd:
		return m.attnBwd(o)
	case kernels.AttnDecode:
		return m.attnDecode(o)
	case kernels.SwiGLU:
		m.swiGLU(o)
	case kernels.SwiGLUBwd:
		m.swiGLUBwd(o)
	case kernels.GatherRows:
		return m.gatherRows(o)
	case kernels.ScatterRows:
		return m.scatterRows(o)
	case kernels.LossRows:
		return m.lossRows(o)
	case kernels.LossRowsBwd:
		return m.lossRowsBwd(o)
	case kernels.Sample:
		m.sample(o)
	case kernels.Advance:
		m.advance(o)
	case kernels.SumSq:
		m.sumSq(o)
	case kernels.AdamW:
		m.adamW(o)
	case kernels.Zero:
		clear(m.real(o.X)[:m.rows(o.N)*o.C])
	case kernels.Copy:
		n := m.rows(o.N) * o.C
		copy(m.real(o.Y)[:n], m.real(o.X)[:n])
	default:
		return fmt.Errorf("no code for %T", op)
	}
	return nil
}
