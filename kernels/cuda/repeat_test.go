//go:build cuda && linux

package cuda

import (
	"reflect"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda/fake"
)

// stepping is a program that feeds each row what was drawn for it.
type stepping struct {
	d        *Device
	bufs     []kernels.Buffer
	exec     kernels.Repeater
	free     func() error
	tok, out kernels.Buffer
}

// newStepping looks up, in each step, the row of w that the last step drew, and
// draws the same token again: embed fails where that is out of range.
func newStepping(t *testing.T, d *Device, rows, steps int, drawn, left []int32) *stepping {
	t.Helper()
	s := &stepping{d: d}
	p := kernels.NewProgram("stepping", kernels.Args{Rows: rows})
	alloc := func(name string, dt kernels.DType, n int) (kernels.Ref, kernels.Buffer) {
		b, err := d.Alloc(dt, int64(n))
		if err != nil {
			t.Fatal(err)
		}
		s.bufs = append(s.bufs, b)
		return p.BindAll(name, b), b
	}
	put := func(b kernels.Buffer, x []int32) {
		if err := d.WriteI32(b, 0, x); err != nil {
			t.Fatal(err)
		}
	}
	o := kernels.Advance{N: kernels.DimRows, Steps: steps, Stops: 1}
	var b kernels.Buffer
	o.Tokens, s.out = alloc("tokens", kernels.I32, rows*steps)
	o.LogPs, _ = alloc("logps", kernels.F32, rows*steps)
	o.Ents, _ = alloc("ents", kernels.F32, rows*steps)
	o.Tok, s.tok = alloc("tok", kernels.I32, rows)
	o.Pos, _ = alloc("pos", kernels.I32, rows)
	o.At, _ = alloc("at", kernels.I32, rows)
	o.Len, _ = alloc("len", kernels.I32, rows)
	o.Count, _ = alloc("count", kernels.I32, rows)
	o.Left, b = alloc("left", kernels.I32, rows)
	put(b, left)
	o.Drawn, b = alloc("drawn", kernels.I32, rows)
	put(b, drawn)
	o.LogP, _ = alloc("logp", kernels.F32, rows)
	o.Ent, _ = alloc("ent", kernels.F32, rows)
	o.Stop, b = alloc("stop", kernels.I32, 1)
	put(b, []int32{3})
	w, _ := alloc("w", kernels.F32, 4*8)
	y, _ := alloc("y", kernels.F32, rows*8)
	p.Add(kernels.Embed{Out: y, W: w, Tok: o.Tok, N: kernels.DimRows, V: 4, C: 8}, o)
	e, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	s.exec, s.free = e.(kernels.Repeater), e.Free
	t.Cleanup(func() {
		if err := s.free(); err != nil {
			t.Error(err)
		}
		for _, b := range s.bufs {
			b.Free()
		}
	})
	return s
}

func (s *stepping) read(t *testing.T, b kernels.Buffer) []int32 {
	t.Helper()
	x := make([]int32, b.Len())
	if err := s.d.ReadI32(x, b, 0); err != nil {
		t.Fatal(err)
	}
	return x
}

// withAndWithoutGraphs runs f twice.
func withAndWithoutGraphs(t *testing.T, f func(t *testing.T, noGraphs bool)) {
	t.Run("graphs", func(t *testing.T) { f(t, false) })
	t.Run("launches", func(t *testing.T) { f(t, true) })
}

// Several runs take one wait: the context is set once, the graph launched for
// each, and the end waited for once. Each run sees what the one before it left.
func TestRepeat(t *testing.T) {
	withAndWithoutGraphs(t, func(t *testing.T, noGraphs bool) {
		f := emulated(t, fake.Default())
		d := open(t, Options{NoGraphs: noGraphs})
		s := newStepping(t, d, 3, 4, []int32{2, 3, 1}, []int32{9, 9, 2})
		before := f.Stats()
		if err := s.exec.Repeat(&kernels.Args{Rows: 3}, 4); err != nil {
			t.Fatal(err)
		}
		calls := f.Stats().Calls - before.Calls
		if want := map[bool]int{false: 2 + 4, true: 2 + 4*(2+2)}[noGraphs]; calls != want {
			t.Errorf("%d calls for four runs, want %d", calls, want)
		}
		if got, want := s.read(t, s.out), []int32{2, 2, 2, 2, 3, 0, 0, 0, 1, 1, 0, 0}; !reflect.DeepEqual(got, want) {
			t.Errorf("tokens %v, want %v", got, want)
		}
		if err := s.exec.Repeat(&kernels.Args{Rows: 3}, 0); err == nil {
			t.Error("no runs at all, and no error")
		}
	})
}

// A bad index in one of several runs is reported, and is that of the first.
func TestRepeatFault(t *testing.T) {
	withAndWithoutGraphs(t, func(t *testing.T, noGraphs bool) {
		emulated(t, fake.Default())
		d := open(t, Options{NoGraphs: noGraphs})
		s := newStepping(t, d, 2, 8, []int32{1, 4}, []int32{9, 9}) // the second step feeds 4
		err := s.exec.Repeat(&kernels.Args{Rows: 2}, 5)
		if err == nil || !strings.Contains(err.Error(), "row 1") || !strings.Contains(err.Error(), "Tok = 4") {
			t.Errorf("%v", err)
		}
		// The op behind the fault did not run any more: one token each.
		if got, want := s.read(t, s.out), []int32{1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}; !reflect.DeepEqual(got, want) {
			t.Errorf("tokens %v, want %v", got, want)
		}
		// The next run starts without the fault of the last.
		if err := d.WriteI32(s.tok, 0, []int32{0, 0}); err != nil {
			t.Fatal(err)
		}
		if err := s.exec.Repeat(&kernels.Args{Rows: 2}, 1); err != nil {
			t.Errorf("%v", err)
		}
	})
}
