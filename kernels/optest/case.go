// Package optest holds every device against the reference device. One table
// of cases (table.go) serves four questions:
//
//   - Check: does each op compute what ref computes, on the same inputs, and
//     touch nothing else?
//   - Grad: are ref's backward ops the derivatives of its forward ops?
//   - Bits: does rule 1 of kernels.Op hold, that batch, thread count and
//     decoding against training do not change one bit?
//   - Perf: how fast is each op, in GFLOP/s and GB/s of its own Work count?
//
// Contract holds a device to the promises of kernels.Device itself.
//
// The package is used by the tests of each device and by the benchmark
// command, so it reports errors and numbers and never prints.
package optest

import (
	"errors"
	"fmt"

	"gradus/kernels"
)

// Case is one row of the table: an op with its shapes and the seed of its
// inputs.
type Case struct {
	Op    kernels.Kind
	Shape string // sizes and options, as in "n=5 k=33 o=7"
	Seed  uint64
	Args  kernels.Args // of the run
	Spare int          // rows that the program allows beyond those of the run
	// Dim is the dimension whose rows are independent of each other, 0 if
	// the op has none (sums over rows, whole arrays, sequences).
	Dim kernels.Dim
	// Condition multiplies the budgets of a case whose inputs are harsh: how
	// much an output's relative error exceeds that of the f32 numbers it is
	// computed from. Zero means 1.
	Condition float64

	build func(s *tensors) ([]kernels.Op, error)
}

func (c Case) String() string { return fmt.Sprintf("%s %s seed=%d", c.Op, c.Shape, c.Seed) }

// make builds the inputs of the case and its ops. The last op is the one under
// test; those before it prepare what only the device can (Pack).
func (c Case) make() (*tensors, []kernels.Op, error) {
	s := newTensors(c)
	ops, err := c.build(s)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c, err)
	}
	if got := ops[len(ops)-1].Kind(); got != c.Op {
		return nil, nil, fmt.Errorf("%s: the case ends in op %s", c, got)
	}
	return s, ops, nil
}

// computes tells whether dev has the products that ops need. A case with
// factors in a dtype that a device has not, is no case of that device.
func computes(dev kernels.Device, ops []kernels.Op) bool {
	for _, op := range ops {
		if !kernels.Has(dev, op) {
			return false
		}
	}
	return true
}

// outputs returns the operands that the last of ops changes.
func outputs(s *tensors, ops []kernels.Op) []kernels.Operand {
	var out []kernels.Operand
	for _, o := range ops[len(ops)-1].Operands(&s.max) {
		if o.Access == kernels.Write || o.Access == kernels.Update {
			out = append(out, o)
		}
	}
	return out
}

// failures collects what went wrong and keeps going.
type failures struct{ list []error }

func (f *failures) add(format string, args ...any) {
	f.list = append(f.list, fmt.Errorf(format, args...))
}

// err joins the failures, the first twenty in full.
func (f *failures) err() error {
	const shown = 20
	if len(f.list) > shown {
		rest := fmt.Errorf("and %d more", len(f.list)-shown)
		return errors.Join(append(f.list[:shown:shown], rest)...)
	}
	return errors.Join(f.list...)
}
