package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gradus/kernels"
)

// NonFiniteError says where the numbers of a model stopped being finite: the
// first op of a program whose output holds NaN or an infinity that none of its
// inputs held, and in which layer. A step that meets one ends; in the normal
// case nothing is spent on it but a look at numbers that are read anyway.
type NonFiniteError struct {
	Program string       // "train forward", "train backward", "prefill", "decode", "gradient norm", "optimizer"
	Op      kernels.Kind // the first op whose output is not finite
	Layer   int          // decoder layer from 0, -1 outside of them
	Tensor  string       // the weight that op works with, under its Hugging Face name; "" if none
	Output  string       // what the op wrote
	Value   float32      // the first bad value in it
	Bad, Of int64        // elements that are not finite, of how many
	Inputs  []string     // inputs of the op that were not finite before: each a tensor and what it holds
	Detail  string       // more, if known

	// WeightsGood says that the weights give finite log-probs: only the
	// gradient was not finite, and nothing has been changed by it.
	WeightsGood bool
}

// ErrNonFinite is what all errors about numbers that are not finite wrap, also
// those for which no op could be found.
var ErrNonFinite = errors.New("not finite")

// Is makes e an ErrNonFinite.
func (e *NonFiniteError) Is(target error) bool { return target == ErrNonFinite }

// Error is one line.
func (e *NonFiniteError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "op %s", e.Op)
	switch {
	case e.Layer >= 0:
		fmt.Fprintf(&b, " of layer %d", e.Layer)
	case e.Tensor != "":
		b.WriteString(" outside the layers")
	}
	if e.Tensor != "" {
		fmt.Fprintf(&b, " (%s)", e.Tensor)
	}
	fmt.Fprintf(&b, " in program %s gives %v", e.Program, e.Value)
	if e.Of > 0 {
		fmt.Fprintf(&b, " in %d of %d elements of its output %s", e.Bad, e.Of, e.Output)
	}
	if len(e.Inputs) > 0 && e.Detail == "" {
		fmt.Fprintf(&b, "; its input %s", strings.Join(e.Inputs, " and "))
	}
	if e.Detail != "" {
		b.WriteString("; " + e.Detail)
	}
	return b.String()
}

// bad is what a range of memory holds beside finite numbers.
type bad struct {
	n     int64   // elements
	at    int64   // the first of them
	value float32 // its value
}

func (b bad) in(name string) string {
	return fmt.Sprintf("%s holds %v at element %d and %d that are not finite in all", name, b.value, b.at, b.n)
}

// CheckFinite scores a few tokens and returns an error that wraps ErrNonFinite
// when a log-prob is not finite: such weights are not worth keeping, although
// each of them may be a number. The model must have TrainRows.
func (m *Model) CheckFinite() error {
	if m.plan.train == nil {
		return errors.New("check: the model was made with Limits.TrainRows 0")
	}
	n := min(8, m.plan.train.rows, m.cfg.MaxPositionEmbeddings)
	s := Sequence{Tokens: make([]int32, n+1), Prompt: 1}
	for i := range s.Tokens {
		s.Tokens[i] = int32(i * m.cfg.VocabSize / (n + 1))
	}
	_, err := m.Score(context.Background(), []Sequence{s}, 1)
	return err
}

// scan looks for numbers that are not finite.
func (m *Model) scan(buf kernels.Buffer, off, n int64) (bad, error) {
	var found bad
	block := make([]float32, min(copyBlock, n))
	for done := int64(0); done < n; done += copyBlock {
		b := block[:min(copyBlock, n-done)]
		if err := m.dev.ReadF32(b, buf, off+done); err != nil {
			return found, err
		}
		for i, x := range b {
			if !notFinite(x) {
				continue
			}
			if found.n == 0 {
				found.at, found.value = done+int64(i), x
			}
			found.n++
		}
	}
	return found, nil
}

func anyNotFinite(xs []float32) bool {
	for _, x := range xs {
		if notFinite(x) {
			return true
		}
	}
	return false
}

// trace runs a program again, op by op, on the memory as it is, and returns a
// *NonFiniteError for the first op whose output is not finite where it was
// before; nil when there is none.
func (m *Model) trace(name string, a *kernels.Args) error {
	p := m.programs[name]
	if p == nil {
		return fmt.Errorf("model: there is no program %q to look into", name)
	}
	at := blame{layer: -1}
	for _, op := range p.Ops {
		at = at.next(p, op.Operands(a))
		e, err := m.traceOp(p, op, a)
		if err != nil {
			return err
		}
		if e != nil {
			e.Program, e.Layer, e.Tensor = name, at.layer, at.tensor
			return m.withDamage(e)
		}
	}
	return nil
}

// withDamage adds which weight is not finite, if one is: an op may read
// several tensors of a checkpoint as one matrix.
func (m *Model) withDamage(e *NonFiniteError) error {
	found, err := m.firstBad(m.weights)
	if err != nil {
		return err
	}
	if found != nil {
		e.Detail = "weight " + found.bad.in(found.tensor)
		if found.layer == e.Layer {
			e.Tensor = found.tensor
		}
	}
	return e
}

// traceOp runs one op and looks at what it has written.
func (m *Model) traceOp(p *kernels.Program, op kernels.Op, a *kernels.Args) (*NonFiniteError, error) {
	operands := op.Operands(a)
	look := func(o kernels.Operand) (bad, error) {
		b := p.Bufs[o.Ref]
		return m.scan(b.Buf, b.Off, min(o.Len, b.Len))
	}
	var inputs []string
	before := map[kernels.Ref]int64{}
	for _, o := range operands {
		if o.Ref == 0 || o.DType != kernels.F32 || o.Access == kernels.Write || o.Access == kernels.Scratch {
			continue
		}
		b, err := look(o)
		if err != nil {
			return nil, err
		}
		before[o.Ref] = b.n
		// The packed copy of a weight says the same as the weight beside it.
		if name := p.Bufs[o.Ref].Name; b.n > 0 && o.Access == kernels.Read && !strings.HasPrefix(name, "packed ") {
			inputs = append(inputs, b.in(name))
		}
	}
	one, err := m.dev.Compile(&kernels.Program{Name: p.Name, Bufs: p.Bufs, Ops: []kernels.Op{op}, Max: p.Max})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(one.Run(a), one.Free()); err != nil {
		return nil, err
	}
	for _, o := range operands {
		if o.Ref == 0 || o.DType != kernels.F32 || (o.Access != kernels.Write && o.Access != kernels.Update) {
			continue
		}
		b, err := look(o)
		if err != nil {
			return nil, err
		}
		if b.n > before[o.Ref] {
			return &NonFiniteError{Op: op.Kind(), Output: p.Bufs[o.Ref].Name, Value: b.value, Bad: b.n, Of: o.Len, Inputs: inputs}, nil
		}
	}
	return nil, nil
}

// blame follows a program from weight to weight: an op that reads none belongs
// to the layer of the op before it.
type blame struct {
	layer  int
	tensor string // of the op itself
}

func (b blame) next(p *kernels.Program, operands []kernels.Operand) blame {
	b.tensor = ""
	for _, o := range operands {
		name := p.Bufs[o.Ref].Name
		for _, prefix := range []string{"packed ", "gradient of "} {
			name = strings.TrimPrefix(name, prefix)
		}
		if strings.HasSuffix(name, ".weight") {
			return blame{layerOf(name), name}
		}
	}
	return b
}

// layerOf is the decoder layer of a tensor, -1 outside of them.
func layerOf(tensor string) int {
	rest, ok := strings.CutPrefix(tensor, "model.layers.")
	if !ok {
		return -1
	}
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return -1
	}
	return n
}

// blameForward explains log-probs of a micro-batch that are not finite.
func (m *Model) blameForward(a *kernels.Args) error {
	if err := m.trace("train forward", a); err != nil {
		return err
	}
	return fmt.Errorf("log-probs of the forward pass were %w, and are finite when it is made again: the machine's arithmetic cannot be trusted", ErrNonFinite)
}

// blameSampling explains log-probs of a decoding step that are not finite:
// first the prompts of its rows are run again, then the step.
func (m *Model) blameSampling(prompts [][]int32, slots []int, a *kernels.Args) error {
	for i := range prompts {
		rows := len(prompts[i]) - 1
		if rows == 0 {
			continue
		}
		if err := m.fillPrompts(prompts[i:i+1], slots[i:i+1]); err != nil {
			return err
		}
		if err := m.trace("prefill", &kernels.Args{Rows: rows, Seqs: 1}); err != nil {
			return err
		}
	}
	if err := m.trace("decode", a); err != nil {
		return err
	}
	return fmt.Errorf("log-probs of sampled tokens were %w, and are finite when the step is made again: the machine's arithmetic cannot be trusted", ErrNonFinite)
}

// blameGradient explains a gradient norm that is not finite: it makes the
// gradient again, op by op, from what Backward was asked for since ZeroGrad.
func (m *Model) blameGradient(norm float64) error {
	found, err := m.firstBad(m.grads)
	if err != nil {
		return err
	}
	if err := m.exec.zeroGrad.Run(&kernels.Args{}); err != nil {
		return err
	}
	for _, b := range m.summed {
		args, err := m.reload(b)
		if err != nil {
			return err
		}
		if err := m.exec.forward.Run(args); err != nil {
			return err
		}
		if err := m.writeCoefficients(b.coef, b.entCoef); err != nil {
			return err
		}
		err = m.trace("train backward", args)
		var e *NonFiniteError
		if errors.As(err, &e) {
			e.WeightsGood = true
		}
		if err != nil {
			return err
		}
	}
	if found != nil {
		return fmt.Errorf("the gradient of layer %d is %w: %s, and is finite when it is made again: the machine's arithmetic cannot be trusted", found.layer, ErrNonFinite, found.bad.in(found.tensor))
	}
	tensor, largest, err := m.largest(m.grads)
	if err != nil {
		return err
	}
	return &NonFiniteError{
		Program: "gradient norm", Op: kernels.SumSq{}.Kind(), Layer: layerOf(tensor), Tensor: tensor, Value: float32(norm), WeightsGood: true,
		Detail: fmt.Sprintf("all gradients are finite, but so large that their squares are not: the largest is %.3g", largest),
	}
}

// blameUpdate explains weights that are not finite after an update.
func (m *Model) blameUpdate(o OptimizerOptions, norm float64) error {
	e := &NonFiniteError{Program: "optimizer", Op: kernels.AdamW{}.Kind(), Layer: -1, Value: float32(math.Inf(1)),
		Detail: fmt.Sprintf("the update had learning rate %g and gradient norm %.3g", o.LR, norm)}
	found, err := m.firstBad(m.weights)
	if err != nil {
		return err
	}
	if found != nil {
		e.Layer, e.Tensor, e.Output, e.Value, e.Bad, e.Of = found.layer, found.tensor, found.tensor, found.bad.value, found.bad.n, found.of
		return e
	}
	tensor, largest, err := m.largest(m.weights)
	if err != nil {
		return err
	}
	e.Layer, e.Tensor = layerOf(tensor), tensor
	e.Detail = fmt.Sprintf("all weights are finite, but so large that their squares are not: the largest is %.3g; %s", largest, e.Detail)
	return e
}

// badTensor is a tensor of a flat buffer with numbers that are not finite.
type badTensor struct {
	tensor string
	layer  int
	of     int64
	bad    bad
}

// firstBad is the first such tensor in the order of the checkpoint, or nil.
func (m *Model) firstBad(buf kernels.Buffer) (*badTensor, error) {
	for _, d := range m.layout.onDisk() {
		b, err := m.scan(buf, d.off, d.len)
		if err != nil {
			return nil, err
		}
		if b.n > 0 {
			return &badTensor{d.name, layerOf(d.name), d.len, b}, nil
		}
	}
	return nil, nil
}

// largest is the tensor of a flat buffer with the number of largest size.
func (m *Model) largest(buf kernels.Buffer) (tensor string, size float64, err error) {
	block := make([]float32, copyBlock)
	for _, d := range m.layout.onDisk() {
		for off := int64(0); off < d.len; off += copyBlock {
			b := block[:min(copyBlock, d.len-off)]
			if err := m.dev.ReadF32(b, buf, d.off+off); err != nil {
				return "", 0, err
			}
			for _, x := range b {
				if v := math.Abs(float64(x)); tensor == "" || v > size {
					tensor, size = d.name, v
				}
			}
		}
	}
	return tensor, size, nil
}
