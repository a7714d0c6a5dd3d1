package optest

import (
	"fmt"
	"math"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// tensor is one named array of a case, as it is before the run. Its place in
// the list is its kernels.Ref in every program made from the list.
type tensor struct {
	name  string
	dtype kernels.DType
	real  []float32
	index []int32
	// A tensor per row has width elements for each of dim's rows; those beyond
	// the rows of the run hold NaN or -1, so a device that reads them is seen.
	perRow bool
	dim    kernels.Dim
	width  int
}

func (t *tensor) len() int { return len(t.real) + len(t.index) }

// tensors is the memory of one case.
type tensors struct {
	args, max kernels.Args
	seed      uint64
	list      []tensor // list[i] has Ref i+1
}

func newTensors(c Case) *tensors {
	max := c.Args
	if c.Args.Rows > 0 {
		max.Rows += c.Spare
	}
	if c.Args.Seqs > 0 {
		max.Seqs += c.Spare
	}
	if c.Args.Picks > 0 {
		max.Picks += c.Spare
	}
	return &tensors{args: c.Args, max: max, seed: c.Seed}
}

func (s *tensors) add(t tensor) kernels.Ref {
	s.list = append(s.list, t)
	return kernels.Ref(len(s.list))
}

func (s *tensors) at(r kernels.Ref) *tensor { return &s.list[r-1] }

// random returns the stream of the next tensor.
func (s *tensors) random() *random {
	return &random{seed: s.seed, stream: uint64(len(s.list))}
}

// rows adds a (d, width) matrix.
func (s *tensors) rows(name string, d kernels.Dim, width int, f fill) kernels.Ref {
	r, x := s.random(), make([]float32, d.Of(&s.max)*width)
	for i := range x {
		if i < d.Of(&s.args)*width {
			x[i] = f(r)
		} else {
			x[i] = float32(math.NaN())
		}
	}
	return s.add(tensor{name: name, dtype: kernels.F32, real: x, perRow: true, dim: d, width: width})
}

// out adds a (d, width) matrix that an op will overwrite.
func (s *tensors) out(name string, d kernels.Dim, width int) kernels.Ref {
	return s.rows(name, d, width, func(*random) float32 { return float32(math.NaN()) })
}

// flat adds an array without rows.
func (s *tensors) flat(name string, n int, f fill) kernels.Ref {
	r, x := s.random(), make([]float32, n)
	for i := range x {
		x[i] = f(r)
	}
	return s.add(tensor{name: name, dtype: kernels.F32, real: x})
}

// work adds an array that the case's ops fill or use as working memory.
func (s *tensors) work(name string, n int64) kernels.Ref {
	return s.flat(name, int(n), func(*random) float32 { return float32(math.NaN()) })
}

// packed adds what Pack fills for an (o, k) weight, and PackBack for its (k, o).
func (s *tensors) packed(name string, o, k int, compute kernels.DType) kernels.Ref {
	if compute != kernels.BF16 {
		return s.work(name, kernels.PackLen(o, k))
	}
	r := s.work(name, kernels.PackLenBF16(o, k))
	s.at(r).dtype = kernels.BF16
	return r
}

// values adds an array with given numbers.
func (s *tensors) values(name string, x []float32) kernels.Ref {
	return s.add(tensor{name: name, dtype: kernels.F32, real: x})
}

// indices adds width indices for each of d's rows; f gets the position in the
// array.
func (s *tensors) indices(name string, d kernels.Dim, width int, f func(r *random, i int) int) kernels.Ref {
	r, x := s.random(), make([]int32, d.Of(&s.max)*width)
	for i := range x {
		x[i] = -1
		if i < d.Of(&s.args)*width {
			x[i] = int32(f(r, i))
		}
	}
	return s.add(tensor{name: name, dtype: kernels.I32, index: x, perRow: true, dim: d, width: width})
}

// starts adds the Start array of packed sequences of the given lengths.
func (s *tensors) starts(name string, lengths []int) kernels.Ref {
	x := make([]int32, s.max.Seqs+1)
	for i := range x {
		x[i] = -1
	}
	x[0] = 0
	for i, l := range lengths {
		x[i+1] = x[i] + int32(l)
	}
	return s.add(tensor{name: name, dtype: kernels.I32, index: x})
}

// forward runs ops on ref and keeps what they write, rounded to f32, as the
// inputs of the ops of the case: a backward op is judged on the same inputs
// everywhere and not on its forward's errors.
func (s *tensors) forward(ops ...kernels.Op) error {
	got, err := execute(ref.New(), s, ops)
	if err != nil {
		return fmt.Errorf("forward on ref: %w", err)
	}
	for _, op := range ops {
		for _, o := range op.Operands(&s.max) {
			if o.Access != kernels.Write {
				continue
			}
			t := s.at(o.Ref)
			for i, x := range got[o.Ref-1].real {
				if i < s.active(t) {
					t.real[i] = float32(x)
				}
			}
		}
	}
	return nil
}

// active returns the number of elements of t that a run may touch.
func (s *tensors) active(t *tensor) int {
	if t.perRow {
		return t.dim.Of(&s.args) * t.width
	}
	return t.len()
}

// window returns the same memory for a run of n rows of d, which are rows
// lo..lo+n-1 of this one.
func (s *tensors) window(d kernels.Dim, lo, n int) *tensors {
	w := &tensors{args: s.args, max: s.max, seed: s.seed}
	switch d {
	case kernels.DimRows:
		w.args.Rows = n
	case kernels.DimSeqs:
		w.args.Seqs = n
	case kernels.DimPicks:
		w.args.Picks = n
	}
	for _, t := range s.list {
		if t.perRow && t.dim == d {
			t.real = cut(t.real, lo*t.width, n*t.width, float32(math.NaN()))
			t.index = cut(t.index, lo*t.width, n*t.width, -1)
		}
		w.list = append(w.list, t)
	}
	return w
}

// cut moves x[lo:lo+n] to the front and fills the rest.
func cut[E any](x []E, lo, n int, rest E) []E {
	if x == nil {
		return nil
	}
	y := make([]E, len(x))
	copy(y, x[lo:lo+n])
	for i := n; i < len(y); i++ {
		y[i] = rest
	}
	return y
}
