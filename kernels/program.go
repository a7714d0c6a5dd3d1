package kernels

import "fmt"

// Ref names a buffer inside one Program. The zero Ref means "absent" and is
// allowed only where an op says that the operand is optional.
type Ref int32

// Dim is a number of rows: a fixed one (>= 0), or one of the run's arguments.
type Dim int32

const (
	DimRows  Dim = -1 // Args.Rows
	DimSeqs  Dim = -2 // Args.Seqs
	DimPicks Dim = -3 // Args.Picks
)

// Of returns the number of rows in a run with arguments a.
func (d Dim) Of(a *Args) int {
	switch d {
	case DimRows:
		return a.Rows
	case DimSeqs:
		return a.Seqs
	case DimPicks:
		return a.Picks
	}
	return int(d)
}

// Binding ties a name to a range of a device buffer.
type Binding struct {
	Name string
	Buf  Buffer
	Off  int64 // first element
	Len  int64 // elements
}

// Program is a flat list of ops over named buffers with static capacities:
// a step of training or of decoding. A device compiles it once (a C command
// list on the CPU, a CUDA graph on the GPU) and runs it many times.
type Program struct {
	Name string
	Bufs []Binding // Bufs[0] is unused: Ref 0 means "absent"
	Ops  []Op
	// Max holds the largest Rows, Seqs and Picks that a run may ask for.
	Max Args
}

// NewProgram returns an empty program whose runs stay within max.
func NewProgram(name string, max Args) *Program {
	return &Program{Name: name, Bufs: make([]Binding, 1), Max: max}
}

// Bind names the range [off, off+n) of buf and returns its Ref.
func (p *Program) Bind(name string, buf Buffer, off, n int64) Ref {
	p.Bufs = append(p.Bufs, Binding{Name: name, Buf: buf, Off: off, Len: n})
	return Ref(len(p.Bufs) - 1)
}

// BindAll names a whole buffer.
func (p *Program) BindAll(name string, buf Buffer) Ref { return p.Bind(name, buf, 0, buf.Len()) }

// Add appends ops in execution order.
func (p *Program) Add(ops ...Op) { p.Ops = append(p.Ops, ops...) }

// Validate checks that every operand of every op is bound, has the right
// dtype and is large enough for the largest run the program allows, that
// every binding lies inside its buffer, and that sizes are positive.
func (p *Program) Validate() error {
	if p.Max.Rows < 0 || p.Max.Seqs < 0 || p.Max.Picks < 0 {
		return fmt.Errorf("program %s: made for %d rows, %d sequences, %d picked rows: want at least 0", p.Name, p.Max.Rows, p.Max.Seqs, p.Max.Picks)
	}
	for i := 1; i < len(p.Bufs); i++ {
		b := p.Bufs[i]
		if b.Buf == nil {
			return fmt.Errorf("program %s: buffer %q is nil", p.Name, b.Name)
		}
		if b.Off < 0 || b.Len < 0 || b.Off > b.Buf.Len()-b.Len {
			return fmt.Errorf("program %s: buffer %q wants elements %d..%d of %d", p.Name, b.Name, b.Off, b.Off+b.Len, b.Buf.Len())
		}
	}
	for i, op := range p.Ops {
		if err := shapeOf(op).check(); err != nil {
			return fmt.Errorf("program %s: op %d %s: %w", p.Name, i, op.Kind(), err)
		}
		for _, o := range op.Operands(&p.Max) {
			if err := p.checkOperand(o); err != nil {
				return fmt.Errorf("program %s: op %d %s: %w", p.Name, i, op.Kind(), err)
			}
		}
	}
	return nil
}

func (p *Program) checkOperand(o Operand) error {
	if o.Ref == 0 && o.Optional {
		return nil
	}
	if o.Ref <= 0 || int(o.Ref) >= len(p.Bufs) {
		return fmt.Errorf("operand %s is not bound", o.Name)
	}
	b := p.Bufs[o.Ref]
	if b.Buf.DType() != o.DType {
		return fmt.Errorf("operand %s = %q is %s, want %s", o.Name, b.Name, b.Buf.DType(), o.DType)
	}
	if o.Len < 0 {
		return fmt.Errorf("operand %s is larger than memory can be", o.Name)
	}
	if b.Len < o.Len {
		return fmt.Errorf("operand %s = %q has %d elements, needs %d", o.Name, b.Name, b.Len, o.Len)
	}
	return nil
}

// CheckArgs reports an argument outside what the program was made for: more
// rows than Max, or a number that one of its ops cannot work with (Temperature,
// TopP and TopK where logits are scored or sampled, the corrections of AdamW).
func (p *Program) CheckArgs(a *Args) error {
	switch {
	case a == nil:
		return fmt.Errorf("program %s: run without arguments", p.Name)
	case a.Rows < 0 || a.Rows > p.Max.Rows:
		return fmt.Errorf("program %s: %d rows, made for 0..%d", p.Name, a.Rows, p.Max.Rows)
	case a.Seqs < 0 || a.Seqs > p.Max.Seqs:
		return fmt.Errorf("program %s: %d sequences, made for 0..%d", p.Name, a.Seqs, p.Max.Seqs)
	case a.Picks < 0 || a.Picks > p.Max.Picks:
		return fmt.Errorf("program %s: %d picked rows, made for 0..%d", p.Name, a.Picks, p.Max.Picks)
	}
	for i, op := range p.Ops {
		if err := checkArgs(op, a); err != nil {
			return fmt.Errorf("program %s: op %d %s: %w", p.Name, i, op.Kind(), err)
		}
	}
	return nil
}
