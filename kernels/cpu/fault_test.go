package cpu

import (
	"fmt"
	"testing"

	"gradus/kernels"
	"gradus/kernels/optest"
	"gradus/kernels/ref"
)

// program builds an op over buffers of a device: r(n) is n numbers of f32, i
// an index with the given values.
type program struct {
	t   *testing.T
	dev kernels.Device
	*kernels.Program
}

func (p program) r(n int) kernels.Ref {
	p.t.Helper()
	b, err := p.dev.Alloc(kernels.F32, int64(n))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.BindAll(fmt.Sprintf("f%d", len(p.Bufs)), b)
}

func (p program) i(values ...int32) kernels.Ref {
	p.t.Helper()
	b, err := p.dev.Alloc(kernels.I32, int64(len(values)))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.dev.WriteI32(b, 0, values); err != nil {
		p.t.Fatal(err)
	}
	return p.BindAll(fmt.Sprintf("i%d", len(p.Bufs)), b)
}

func TestFaults(t *testing.T) {
	devices := []kernels.Device{ref.New()}
	for _, p := range testPaths(t) {
		devices = append(devices, openPath(t, p, 2))
	}
	for _, d := range devices {
		if err := optest.Faults(d); err != nil {
			t.Error(err)
		}
	}
}

// What an argument can break is refused before any op runs.
func TestBadArgs(t *testing.T) {
	d, err := Open(Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p := program{t, d, kernels.NewProgram("p", kernels.Args{Rows: 2})}
	y, x := p.r(2), p.r(2)
	if err := d.WriteF32(p.Bufs[x].Buf, 0, []float32{7, 8}); err != nil {
		t.Fatal(err)
	}
	p.Add(kernels.Copy{Y: y, X: x, N: kernels.DimRows, C: 1}, kernels.Sample{
		Tok: p.i(0, 0), LogP: p.r(2), Ent: p.r(2), Logits: p.r(6), Stream: p.i(0, 0, 0, 0), Pos: p.i(0, 0), N: kernels.DimRows, V: 3,
	})
	e, err := d.Compile(p.Program)
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(0)
	nan /= nan
	for _, a := range []kernels.Args{
		{Rows: 3, Temperature: 1, TopP: 1}, {Rows: -1, Temperature: 1, TopP: 1},
		{Rows: 1, TopP: 1}, {Rows: 1, Temperature: -1, TopP: 1}, {Rows: 1, Temperature: nan, TopP: 1},
		{Rows: 1, Temperature: 1}, {Rows: 1, Temperature: 1, TopP: nan}, {Rows: 1, Temperature: 1, TopP: 1, TopK: -1},
	} {
		if err := e.Run(&a); err == nil {
			t.Errorf("%+v: no error", a)
		}
	}
	got := make([]float32, 2)
	if err := d.ReadF32(got, p.Bufs[y].Buf, 0); err != nil || got[0] != 0 {
		t.Errorf("an op ran before the arguments were refused: %v, %v", got, err)
	}
	if err := e.Run(&kernels.Args{Rows: 2, Temperature: 1, TopP: 1}); err != nil {
		t.Error(err)
	}
}

// NaN in the logits reaches the log-prob, and the token stays in range.
func TestNaNLogits(t *testing.T) {
	nan := float32(0)
	nan /= nan
	for _, path := range testPaths(t) {
		for _, a := range []kernels.Args{{Rows: 1, Temperature: 1, TopP: 1}, {Rows: 1, Temperature: 1, TopP: 0.5, TopK: 3}} {
			d := openPath(t, path, 1)
			p := program{t, d, kernels.NewProgram("p", kernels.Args{Rows: 1})}
			tok, logp, logits := p.i(-1), p.r(1), p.r(37)
			x := make([]float32, 37)
			x[20] = nan
			if err := d.WriteF32(p.Bufs[logits].Buf, 0, x); err != nil {
				t.Fatal(err)
			}
			p.Add(kernels.Sample{Tok: tok, LogP: logp, Ent: p.r(1), Logits: logits, Stream: p.i(0, 0), Pos: p.i(0), N: kernels.DimRows, V: 37})
			e, err := d.Compile(p.Program)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Run(&a); err != nil {
				t.Fatal(err)
			}
			drawn, lp := []int32{0}, []float32{0}
			if err := d.ReadI32(drawn, p.Bufs[tok].Buf, 0); err != nil || drawn[0] < 0 || drawn[0] >= 37 {
				t.Errorf("%s: token %v, %v", path.Name, drawn, err)
			}
			if err := d.ReadF32(lp, p.Bufs[logp].Buf, 0); err != nil || lp[0] == lp[0] {
				t.Errorf("%s: log-prob %v, want NaN", path.Name, lp)
			}
		}
	}
}
