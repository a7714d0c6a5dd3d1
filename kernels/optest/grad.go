package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// Slope is the distance of one analytic gradient from the numeric one.
type Slope struct {
	Case  string
	Input string  // the tensor that was moved
	Error float64 // ||analytic-numeric|| / ||numeric||
}

// gradBudget bounds Slope.Error. Central differences in float64 with a step
// of 1e-5 leave a truncation error near 1e-10 and a rounding error near 1e-10
// of values of order 1.
const (
	gradBudget = 1e-8
	gradStep   = 1e-5
)

// gradCase is a scalar function sum_i <weight_i, output_i> of a forward
// program, and the backward program that yields its gradients.
type gradCase struct {
	name     string
	forward  []kernels.Op
	backward []kernels.Op
	outputs  pairs // forward output and its weight, which backward reads
	inputs   pairs // forward input and its gradient
}

// Grad compares each backward op of ref with central differences of its
// forward op, both in float64. Gradients that accumulate start from random
// numbers, which are subtracted again.
func Grad(seed uint64) ([]Slope, error) { return gradOf(ref.New(), seed) }

// gradOf is Grad for a device whose buffers are ref's.
func gradOf(dev kernels.Device, seed uint64) ([]Slope, error) {
	var slopes []Slope
	var failed failures
	for i, build := range gradCases() {
		s := &tensors{seed: seed + uint64(i)}
		c := build(s)
		found, err := c.slopes(dev, s)
		if err != nil {
			failed.add("%s seed=%d: %w", c.name, s.seed, err)
		}
		for _, f := range found {
			slopes = append(slopes, f)
			if !(f.Error <= gradBudget) {
				failed.add("%s seed=%d: d/d%s is %.2e off its central difference, budget %.0e", c.name, s.seed, f.Input, f.Error, gradBudget)
			}
		}
	}
	return slopes, failed.err()
}

// oracle is a set of compiled programs over one memory on ref.
type oracle struct {
	s    *tensors
	bufs []kernels.Buffer
}

func (c gradCase) slopes(dev kernels.Device, s *tensors) ([]Slope, error) {
	o := oracle{s: s}
	for _, t := range s.list {
		b, err := dev.Alloc(t.dtype, int64(t.len()))
		if err != nil {
			return nil, err
		}
		if t.dtype == kernels.F32 {
			err = dev.WriteF32(b, 0, t.real)
		} else {
			err = dev.WriteI32(b, 0, t.index)
		}
		if err != nil {
			return nil, err
		}
		o.bufs = append(o.bufs, b)
	}
	forward, err := o.compile(dev, "forward", c.forward)
	if err != nil {
		return nil, err
	}
	backward, err := o.compile(dev, "backward", c.backward)
	if err != nil {
		return nil, err
	}
	if err := forward.Run(&s.args); err != nil {
		return nil, err
	}
	if err := backward.Run(&s.args); err != nil {
		return nil, err
	}
	value := func() (float64, error) {
		if err := forward.Run(&s.args); err != nil {
			return 0, err
		}
		sum := 0.0
		for _, pair := range c.outputs {
			weight := o.data(pair[1])
			for i, x := range o.data(pair[0]) {
				sum += x * weight[i]
			}
		}
		return sum, nil
	}
	var slopes []Slope
	for _, pair := range c.inputs {
		in, grad := pair[0], pair[1]
		x, g := o.data(in), o.data(grad)
		numeric, analytic := make([]float64, len(x)), make([]float64, len(x))
		for i := range x {
			at := x[i]
			x[i] = at + gradStep
			high, err := value()
			if err != nil {
				return nil, err
			}
			x[i] = at - gradStep
			low, err := value()
			if err != nil {
				return nil, err
			}
			x[i] = at
			numeric[i] = (high - low) / (2 * gradStep)
			analytic[i] = g[i] - initial(s.at(grad), i)
		}
		slopes = append(slopes, Slope{Case: c.name, Input: s.at(in).name, Error: distance(analytic, numeric)})
	}
	return slopes, nil
}

// initial returns what element i of t held before the backward run; NaN means
// that it was overwritten.
func initial(t *tensor, i int) float64 {
	if x := float64(t.real[i]); !math.IsNaN(x) {
		return x
	}
	return 0
}

func (o *oracle) data(r kernels.Ref) []float64 { return ref.Data(o.bufs[r-1]) }

func (o *oracle) compile(dev kernels.Device, name string, ops []kernels.Op) (kernels.Exec, error) {
	p := kernels.NewProgram(name, o.s.args)
	for i, b := range o.bufs {
		p.BindAll(o.s.list[i].name, b)
	}
	p.Add(ops...)
	e, err := dev.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}
