package optest

import (
	"errors"
	"math"

	"gradus/kernels"
	"gradus/kernels/ref"
)

// Contract holds a device to the promises of kernels.Device: memory starts as
// zeros, copies and programs outside their bounds are errors and change
// nothing, a run of no rows does nothing, and a compiled program outlives the
// Program it was made from.
func Contract(dev kernels.Device) error {
	var failed failures
	name := dev.Name()
	if name == "" {
		failed.add("the device has no name")
	}
	if err := memoryContract(&failed, dev); err != nil {
		failed.add("%s: %w", name, err)
	}
	if err := programContract(&failed, dev); err != nil {
		failed.add("%s: %w", name, err)
	}
	return failed.err()
}

func memoryContract(failed *failures, dev kernels.Device) (err error) {
	const n = 1000
	refuse := func(what string, err error) {
		if err == nil {
			failed.add("%s: %s is not an error", dev.Name(), what)
		}
	}
	_, e := dev.Alloc(kernels.F32, -1)
	refuse("alloc of -1 elements", e)
	_, e = dev.Alloc(kernels.DType(99), 1)
	refuse("alloc of dtype 99", e)
	empty, err := dev.Alloc(kernels.I32, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, empty.Free()) }()
	f, err := dev.Alloc(kernels.F32, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Free()) }()
	i, err := dev.Alloc(kernels.I32, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.Free()) }()
	if f.Len() != n || i.Len() != n || empty.Len() != 0 || f.DType() != kernels.F32 || i.DType() != kernels.I32 {
		failed.add("%s: buffers report %d %s and %d %s", dev.Name(), f.Len(), f.DType(), i.Len(), i.DType())
	}

	real, index := make([]float32, n), make([]int32, n)
	real[n-1], index[n-1] = 1, 1
	if err := errors.Join(dev.ReadF32(real, f, 0), dev.ReadI32(index, i, 0)); err != nil {
		return err
	}
	for k := range n {
		if real[k] != 0 || index[k] != 0 {
			failed.add("%s: element %d of a new buffer is not 0", dev.Name(), k)
			break
		}
	}
	refuse("write past the end", dev.WriteF32(f, n-1, make([]float32, 2)))
	refuse("write before the start", dev.WriteF32(f, -1, make([]float32, 1)))
	refuse("write at an offset that overflows", dev.WriteF32(f, math.MaxInt64, make([]float32, 1)))
	refuse("read past the end", dev.ReadI32(make([]int32, n+1), i, 0))
	refuse("read at an offset that overflows", dev.ReadI32(make([]int32, 1), i, math.MaxInt64))
	refuse("write of f32 to i32", dev.WriteF32(i, 0, make([]float32, 1)))
	refuse("read of i32 from f32", dev.ReadI32(make([]int32, 1), f, 0))
	refuse("write to nil", dev.WriteF32(nil, 0, make([]float32, 1)))
	if err := errors.Join(dev.WriteF32(f, n, nil), dev.ReadI32(nil, i, n)); err != nil {
		failed.add("%s: copy of no elements at the end: %w", dev.Name(), err)
	}
	if kernels.Computes(dev, kernels.BF16) {
		if err := halfContract(failed, dev); err != nil {
			return err
		}
	}
	if foreign := foreignBuffer(dev); foreign != nil {
		refuse("write to another device's buffer", dev.WriteF32(foreign, 0, make([]float32, 1)))
	}

	// Every f32 pattern survives a copy, and only the range is written.
	patterns := []float32{0, float32(math.Copysign(0, -1)), 1, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(-1)), float32(math.NaN())}
	if err := dev.WriteF32(f, 7, patterns); err != nil {
		return err
	}
	if err := dev.ReadF32(real, f, 0); err != nil {
		return err
	}
	for k, x := range real {
		want := float32(0)
		if k >= 7 && k < 7+len(patterns) {
			want = patterns[k-7]
		}
		if !sameReal(x, want) {
			failed.add("%s: element %d is %g after a copy, want %g", dev.Name(), k, x, want)
		}
	}
	return nil
}

// halfContract: a BF16 buffer takes f32, rounded, and gives f32.
func halfContract(failed *failures, dev kernels.Device) error {
	b, err := dev.Alloc(kernels.BF16, 9)
	if err != nil {
		return err
	}
	// Ties go to the even neighbour, 1+2^-8 down and 1+3*2^-8 up.
	write := []float32{1, 1 + 1./256, 1 + 3./256, 1 + 1./256 + 1./1024, -3.39e38, math.MaxFloat32, 1e-39}
	want := []float32{0, 1, 1, 1 + 2./128, 1 + 1./128, -3.3895314e38, float32(math.Inf(1)), 0, 0}
	got := make([]float32, 9)
	if err := errors.Join(dev.WriteF32(b, 1, write), dev.ReadF32(got, b, 0)); err != nil {
		return errors.Join(err, b.Free())
	}
	for i, x := range got {
		if x != want[i] {
			failed.add("%s: element %d of a bf16 buffer is %g, want %g", dev.Name(), i, x, want[i])
		}
	}
	if b.DType() != kernels.BF16 || b.Len() != 9 {
		failed.add("%s: a buffer of 9 bf16 reports %d %s", dev.Name(), b.Len(), b.DType())
	}
	if dev.WriteF32(b, 8, make([]float32, 2)) == nil || dev.WriteI32(b, 0, make([]int32, 1)) == nil || dev.ReadF32(make([]float32, 10), b, 0) == nil {
		failed.add("%s: a copy beyond a bf16 buffer, or of i32 to it, is not an error", dev.Name())
	}
	return b.Free()
}

// foreignBuffer returns a buffer that dev did not make, nil if dev is ref.
func foreignBuffer(dev kernels.Device) kernels.Buffer {
	b, err := ref.New().Alloc(kernels.F32, 100)
	if err != nil || dev.Name() == ref.New().Name() {
		return nil
	}
	return b
}

func programContract(failed *failures, dev kernels.Device) (err error) {
	const c, rows = 4, 10
	x, err := dev.Alloc(kernels.F32, rows*c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Free()) }()
	program := func(max kernels.Args, ops ...kernels.Op) *kernels.Program {
		p := kernels.NewProgram("contract", max)
		p.BindAll("x", x)
		p.Add(ops...)
		return p
	}
	zero := kernels.Zero{X: 1, N: kernels.DimRows, C: c}
	for what, p := range map[string]*kernels.Program{
		"an op larger than its buffer": program(kernels.Args{Rows: rows + 1}, zero),
		"an operand that is not bound": program(kernels.Args{Rows: 1}, kernels.Zero{X: 2, N: kernels.DimRows, C: c}),
	} {
		if _, err := dev.Compile(p); err == nil {
			failed.add("%s: %s compiles", dev.Name(), what)
		}
	}
	if foreign := foreignBuffer(dev); foreign != nil {
		p := kernels.NewProgram("contract", kernels.Args{Rows: 1})
		p.BindAll("foreign", foreign)
		p.Add(zero)
		if _, err := dev.Compile(p); err == nil {
			failed.add("%s: a program over another device's buffer compiles", dev.Name())
		}
	}

	p := program(kernels.Args{Rows: rows}, zero)
	e, err := dev.Compile(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Free()) }()
	p.Ops[0], p.Bufs, p.Max = nil, nil, kernels.Args{} // the program may be dropped
	ones, got := make([]float32, rows*c), make([]float32, rows*c)
	for i := range ones {
		ones[i] = 1
	}
	for _, n := range []int{0, 3, rows, -1, rows + 1} {
		if err := dev.WriteF32(x, 0, ones); err != nil {
			return err
		}
		err := e.Run(&kernels.Args{Rows: n})
		if bad := n < 0 || n > rows; bad != (err != nil) {
			failed.add("%s: run of %d rows in a program for %d: error is %v", dev.Name(), n, rows, err)
		}
		if err := dev.ReadF32(got, x, 0); err != nil {
			return err
		}
		zeroed := n
		if n < 0 || n > rows {
			zeroed = 0
		}
		for i, v := range got {
			if (i < zeroed*c) != (v == 0) {
				failed.add("%s: run of %d rows leaves element %d at %g", dev.Name(), n, i, v)
				break
			}
		}
	}
	return scoreContract(failed, dev)
}

// scoreContract: arguments that an op cannot work with stop a run before its
// first op.
func scoreContract(failed *failures, dev kernels.Device) error {
	c := Case{Args: kernels.Args{Picks: 2, Temperature: 1, TopP: 1}}
	for what, change := range map[string]func(a *kernels.Args){
		"temperature 0":   func(a *kernels.Args) { a.Temperature = 0 },
		"temperature NaN": func(a *kernels.Args) { a.Temperature = float32(math.NaN()) },
		"top-p 0":         func(a *kernels.Args) { a.TopP = 0 },
		"top-p 1.5":       func(a *kernels.Args) { a.TopP = 1.5 },
		"top-k -1":        func(a *kernels.Args) { a.TopK = -1 },
	} {
		s := newTensors(c)
		change(&s.args)
		marker := s.flat("Marker", 1, func(*random) float32 { return 1 })
		e, err := prepare(dev, s, []kernels.Op{
			kernels.Copy{Y: s.work("Copy", 1), X: marker, N: 1, C: 1}, sampling(s, 5, 1),
		}, shifted)
		if err != nil {
			return err
		}
		if err := e.exec.Run(&s.args); err == nil {
			failed.add("%s: a run with %s is not an error", dev.Name(), what)
		} else if after, err := readReal(dev, e.bufs[1], e.front(1)+1); err != nil {
			failed.add("%s: %w", dev.Name(), err)
		} else if !math.IsNaN(after[e.front(1)]) {
			failed.add("%s: ops ran before the run with %s failed", dev.Name(), what)
		}
		if err := e.free(); err != nil {
			return err
		}
	}
	return nil
}
