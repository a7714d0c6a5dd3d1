//go:build cuda && linux

package cuda

import (
	"errors"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/fake"
)

func TestOutOfMemory(t *testing.T) {
	c := fake.Default()
	c.Memory, c.Others = 6_000_000_000, 0
	pretend(t, c)
	d := open(t, Options{})
	_, err := d.Alloc(kernels.F32, 2_000_000_000)
	var m *MemoryError
	if !errors.As(err, &m) || m.Want != 8_000_000_000 || m.Total != 6_000_000_000 || m.Own != 0 || m.Free != 6_000_000_000 || m.TryAgain() ||
		!strings.Contains(err.Error(), "no room for 8.00 GB (2000000000 elements of f32) on GPU 0 (Fake GPU 0)") {
		t.Fatalf("%v", err)
	}
	if d.Held() != 0 {
		t.Errorf("%d bytes held after a refusal", d.Held())
	}
}

// Memory that others hold may come back: that is worth another try.
func TestMemoryOfOthers(t *testing.T) {
	c := fake.Default()
	c.Memory, c.Others = 6_000_000_000, 5_900_000_000
	pretend(t, c)
	d := open(t, Options{})
	if m, ok := d.Memory(); !ok || m.Bytes != 100_000_000 || m.Total != 6_000_000_000-overhead || m.Why != "on GPU 0 (Fake GPU 0)" {
		t.Errorf("%+v, %t", m, ok)
	}
	own, err := d.Alloc(kernels.I32, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Free()
	_, err = d.Alloc(kernels.F32, 100_000_000)
	var m *MemoryError
	if !errors.As(err, &m) || m.Own != 40_000 || !m.TryAgain() || !cux.Is(err, cux.OutOfMemory) {
		t.Fatalf("%v", err)
	}
}

// Copies larger than the pinned block go in parts, and small ones wait in it
// until the GPU has taken them.
func TestCopies(t *testing.T) {
	pretend(t, fake.Default())
	d := open(t, Options{})
	const n = defaultStaging/4*2 + 12345
	b, err := d.Alloc(kernels.F32, n)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free()
	src, dst := make([]float32, n), make([]float32, n)
	for i := range src {
		src[i] = float32(i % 8191)
	}
	if err := errors.Join(d.WriteF32(b, 0, src), d.ReadF32(dst, b, 0)); err != nil {
		t.Fatal(err)
	}
	for i := range src {
		if dst[i] != src[i] {
			t.Fatalf("element %d is %g, want %g", i, dst[i], src[i])
		}
	}
	// Many small writes without a wait between them.
	for i := range 5000 {
		if err := d.WriteF32(b, int64(i*3), []float32{float32(i), -1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.ReadF32(dst[:15000], b, 0); err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if dst[3*i] != float32(i) || dst[3*i+1] != -1 || dst[3*i+2] != src[3*i+2] {
			t.Fatalf("small write %d: %v", i, dst[3*i:3*i+3])
		}
	}
}

// What was freed or closed says so.
func TestAfterFree(t *testing.T) {
	pretend(t, fake.Default())
	d := open(t, Options{})
	p, err := newCopying(d, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if d.Held() == 0 {
		t.Error("nothing is held")
	}
	if err := p.y.Free(); err != nil {
		t.Fatal(err)
	}
	says := func(err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	says(p.exec.Run(&kernels.Args{Rows: 1}), `program copying: buffer "y" was freed`)
	says(d.ReadF32(make([]float32, 1), p.y, 0), "the buffer was freed")
	prog := kernels.NewProgram("late", kernels.Args{})
	prog.BindAll("y", p.y)
	_, err = d.Compile(prog)
	says(err, `buffer "y" was freed`)
	if err := errors.Join(p.free(), p.free()); err != nil {
		t.Error(err)
	}
	says(p.exec.Run(&kernels.Args{Rows: 1}), "program copying was freed")
	if d.Held() != 0 {
		t.Errorf("%d bytes held after all was freed", d.Held())
	}
	if err := errors.Join(d.Close(), d.Close(), p.free()); err != nil {
		t.Error(err)
	}
	says(p.exec.Run(&kernels.Args{Rows: 1}), "closed")
	_, err = d.Alloc(kernels.F32, 1)
	says(err, "closed")
}

// A forgotten buffer goes with the device.
func TestCloseFreesAll(t *testing.T) {
	pretend(t, fake.Default())
	d := open(t, Options{})
	if _, err := newCopying(d, 2, 2); err != nil {
		t.Fatal(err)
	}
}
