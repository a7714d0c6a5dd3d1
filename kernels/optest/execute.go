package optest

import (
	"errors"
	"fmt"
	"math"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// values are the contents of one tensor after a run.
type values struct {
	real  []float64
	index []int32
}

const (
	guardReal  = float32(-8192) // a bf16 too
	guardIndex = int32(-77777)
	guardBack  = 67 // more than the widest vector, in elements
)

// placement says where in its buffer a tensor starts.
type placement bool

const (
	shifted placement = false // off any alignment, each tensor by another amount
	aligned placement = true  // 256 bytes after the buffer's start, for timing
)

// front returns the guard elements before tensor i.
func (e *execution) front(i int) int {
	if e.place == aligned {
		return 64
	}
	return 3 + 2*(i%7)
}

// execute runs ops on dev over the memory s, which it does not change, and
// returns what the tensors hold afterwards. It is an error if the device
// writes to an input, beyond the rows of the run, or outside a tensor.
func execute(dev kernels.Device, s *tensors, ops []kernels.Op) (got []values, err error) {
	e, err := prepare(dev, s, ops, shifted)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.free()) }()
	if err := e.exec.Run(&s.args); err != nil {
		return nil, err
	}
	return e.results()
}

// execution is a compiled case on one device.
type execution struct {
	dev    kernels.Device
	s      *tensors
	ops    []kernels.Op
	place  placement
	access []kernels.Access // by tensor: the strongest that an op asks for
	before []tensor         // with guards
	bufs   []kernels.Buffer
	exec   kernels.Exec
}

func prepare(dev kernels.Device, s *tensors, ops []kernels.Op, place placement) (e *execution, err error) {
	made := &execution{dev: dev, s: s, ops: ops, place: place, access: accesses(s, ops)}
	e = made
	defer func() {
		if err != nil {
			err = errors.Join(err, made.free())
		}
	}()
	p := kernels.NewProgram("optest", s.max)
	p.Add(ops...)
	for i := range s.list {
		t := guarded(&s.list[i], e.front(i), e.access[i] == kernels.Write || e.access[i] == kernels.Scratch)
		b, err := dev.Alloc(t.dtype, int64(t.len()))
		if err != nil {
			return nil, err
		}
		e.bufs = append(e.bufs, b)
		e.before = append(e.before, t)
		p.Bind(t.name, b, int64(e.front(i)), int64(s.list[i].len()))
	}
	if err := e.load(); err != nil {
		return nil, err
	}
	if e.exec, err = dev.Compile(p); err != nil {
		return nil, err
	}
	return e, nil
}

// load puts every tensor in the state before the run.
func (e *execution) load() error {
	for i, t := range e.before {
		var err error
		if t.dtype != kernels.I32 {
			err = e.dev.WriteF32(e.bufs[i], 0, t.real)
		} else {
			err = e.dev.WriteI32(e.bufs[i], 0, t.index)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *execution) free() error {
	var errs []error
	if e.exec != nil {
		errs = append(errs, e.exec.Free())
	}
	for _, b := range e.bufs {
		errs = append(errs, b.Free())
	}
	return errors.Join(errs...)
}

// accesses tells for each tensor how it stands before the run: Write and
// Scratch if the first op that uses it overwrites it, Update if an op changes
// it, Read if none does.
func accesses(s *tensors, ops []kernels.Op) []kernels.Access {
	access := make([]kernels.Access, len(s.list))
	seen := make([]bool, len(s.list))
	for _, op := range ops {
		var touched []int
		for _, o := range op.Operands(&s.max) {
			if o.Ref == 0 {
				continue
			}
			i := int(o.Ref - 1)
			switch {
			case !seen[i] && o.Access != kernels.Read && !contains(touched, i):
				access[i] = o.Access
			case contains(touched, i) && access[i] != o.Access:
				access[i] = kernels.Update // in place, as Res = Y
			case o.Access != kernels.Read && access[i] == kernels.Read:
				access[i] = kernels.Update
			}
			touched = append(touched, i)
		}
		for _, i := range touched {
			seen[i] = true
		}
	}
	return access
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// guarded returns t between guard elements, with its contents replaced by NaN
// or -1 if poison.
func guarded(t *tensor, front int, poison bool) tensor {
	g := *t
	if t.dtype != kernels.I32 {
		g.real = make([]float32, front+len(t.real)+guardBack)
		for j := range g.real {
			g.real[j] = guardReal
		}
		copy(g.real[front:], t.real)
		for j := range t.real {
			if poison {
				g.real[front+j] = float32(math.NaN())
			}
		}
		return g
	}
	g.index = make([]int32, front+len(t.index)+guardBack)
	for j := range g.index {
		g.index[j] = guardIndex
	}
	copy(g.index[front:], t.index)
	for j := range t.index {
		if poison {
			g.index[front+j] = -1
		}
	}
	return g
}

// results reads all tensors back and checks what must not have changed.
func (e *execution) results() ([]values, error) {
	out := make([]values, len(e.bufs))
	for i := range e.bufs {
		t, b, front := &e.s.list[i], e.before[i], e.front(i)
		lo, hi := front, front+e.s.active(t) // where a change is allowed
		if e.access[i] == kernels.Read {
			hi = lo
		}
		if e.access[i] == kernels.Scratch {
			hi = front + t.len()
		}
		changed := -1
		if t.dtype != kernels.I32 {
			after, err := readReal(e.dev, e.bufs[i], len(b.real))
			if err != nil {
				return nil, err
			}
			for j, x := range after {
				if (j < lo || j >= hi) && !sameReal(float32(x), b.real[j]) {
					changed = j
					break
				}
			}
			out[i].real = after[front : front+t.len()]
		} else {
			after := make([]int32, len(b.index))
			if err := e.dev.ReadI32(after, e.bufs[i], 0); err != nil {
				return nil, err
			}
			for j, x := range after {
				if (j < lo || j >= hi) && x != b.index[j] {
					changed = j
					break
				}
			}
			out[i].index = after[front : front+t.len()]
		}
		if changed >= 0 {
			return nil, fmt.Errorf("%s: element %d of %d changed, allowed are 0 to %d", t.name, changed-front, t.len(), hi-lo)
		}
	}
	return out, nil
}

// sameReal tells whether two f32 have the same bits, any NaN being the same.
func sameReal(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || (a != a && b != b)
}

// readReal reads a whole f32 buffer; of a ref buffer it gets all 64 bits.
func readReal(dev kernels.Device, b kernels.Buffer, n int) ([]float64, error) {
	if x := ref.Data(b); x != nil {
		return append([]float64(nil), x...), nil
	}
	x := make([]float32, n)
	if err := dev.ReadF32(x, b, 0); err != nil {
		return nil, err
	}
	y := make([]float64, n)
	for i := range x {
		y[i] = float64(x[i])
	}
	return y, nil
}
