//go:build cuda && linux

package cuda

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"testing"
	"time"

	"gradus/kernels"
	"gradus/kernels/cuda/driver"
	"gradus/kernels/cuda/fake"
	"gradus/kernels/cuda/ptx"
	"gradus/kernels/optest"
)

// figure is one line of the report, in the form of gradus bench --json.
type figure struct {
	Name   string   `json:"name"`
	Value  float64  `json:"value"`
	Unit   string   `json:"unit"`
	Better string   `json:"better,omitempty"`
	N      int      `json:"n,omitempty"`
	Min    float64  `json:"min,omitempty"`
	Max    float64  `json:"max,omitempty"`
	Note   string   `json:"note,omitempty"`
	List   []string `json:"list,omitempty"`
}

// report writes to the file that GRADUS_GPU_REPORT names. Without it the tests
// below run on the stand-in, in miniature, to show that they would work.
func report(t *testing.T) func(figure) {
	t.Helper()
	var out io.Writer = io.Discard
	if path := os.Getenv("GRADUS_GPU_REPORT"); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		out = f
	}
	encode := json.NewEncoder(out)
	return func(f figure) {
		t.Logf("%s: %.4g %s %s %v", f.Name, f.Value, f.Unit, f.Note, f.List)
		if err := encode.Encode(f); err != nil {
			t.Error(err)
		}
	}
}

// timed runs f n times and returns the median and the extremes, in seconds.
func timed(t *testing.T, n int, f func() error) (median, low, high float64) {
	t.Helper()
	each := make([]float64, n)
	for i := range each {
		start := time.Now()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		each[i] = time.Since(start).Seconds()
	}
	sort.Float64s(each)
	return each[n/2], each[0], each[n-1]
}

// TestQuestions settles what could not be known without a GPU: whether the
// driver has all functions that are called, compiles the PTX and in what time,
// what a launch costs in a graph and outside of one, and what copies reach.
func TestQuestions(t *testing.T) {
	c := fake.Default()
	c.Memory = 8 << 30
	if !onGPU() {
		pretend(t, c)
	}
	say := report(t)
	r := Examine()
	if r.Off != nil {
		t.Fatal(r.Off)
	}
	say(figure{Name: "gpu.driver", Value: float64(r.Version), Unit: "CUDA version", Note: r.Path})
	missing := driver.Missing()
	say(figure{Name: "gpu.driver.missing", Value: float64(len(missing)), Unit: "functions", Better: "lower", List: missing})
	start := time.Now()
	d := open(t, Options{})
	say(figure{Name: "gpu.open", Value: time.Since(start).Seconds(), Unit: "s", Better: "lower",
		Note: fmt.Sprintf("%s, PTX %d.%d, %d modules", d.gpu, ptx.Version/10, ptx.Version%10, len(d.modules))})

	if on, why := d.Warpgroups(); on || why != nil {
		f := figure{Name: "gpu.wgmma", Note: "products in bf16 by wgmma"}
		if on {
			f.Value = 1
		} else {
			f.Note = why.Error()
		}
		say(f)
	}

	const launches = 300
	runs := 200
	if !onGPU() {
		runs = 3
	}
	for _, graphs := range []bool{true, false} {
		d.options.NoGraphs = !graphs
		p := kernels.NewProgram("launches", kernels.Args{})
		b, err := d.Alloc(kernels.F32, 2)
		if err != nil {
			t.Fatal(err)
		}
		x := p.BindAll("x", b)
		for range launches {
			p.Add(kernels.Zero{X: x, N: 1, C: 1})
		}
		e, err := d.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		if on, why := e.(*exec).Graph(); graphs && !on {
			t.Errorf("no graph: %v", why)
		}
		run := func() error { return e.Run(&kernels.Args{}) }
		timed(t, 3, run)
		m, low, high := timed(t, runs, run)
		name := map[bool]string{true: "gpu.launch.graph", false: "gpu.launch.list"}[graphs]
		say(figure{Name: name, Value: m / launches * 1e6, Unit: "µs", Better: "lower", N: runs, Min: low / launches * 1e6, Max: high / launches * 1e6,
			Note: fmt.Sprintf("one of %d empty kernels of a run", launches)})
		if err := e.Free(); err != nil {
			t.Error(err)
		}
		if err := b.Free(); err != nil {
			t.Error(err)
		}
	}
	d.options.NoGraphs = false

	n, repeats := int64(1<<28), 20 // 1 GiB
	if !onGPU() {
		n, repeats = 1<<16, 2
	}
	from, err := d.Alloc(kernels.F32, n)
	if err != nil {
		t.Fatal(err)
	}
	to, err := d.Alloc(kernels.F32, n)
	if err != nil {
		t.Fatal(err)
	}
	p := kernels.NewProgram("copy", kernels.Args{})
	p.BindAll("from", from)
	p.BindAll("to", to)
	p.Add(kernels.Copy{Y: 2, X: 1, N: 1, C: int(n)})
	e, err := d.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	bytes := float64(4 * n)
	host := make([]float32, n/4)
	for _, c := range []struct {
		name  string
		bytes float64
		run   func() error
	}{
		{"gpu.copy.kernel", 2 * bytes, func() error { return e.Run(&kernels.Args{}) }},
		{"gpu.copy.to", bytes / 4, func() error { return d.WriteF32(from, 0, host) }},
		{"gpu.copy.from", bytes / 4, func() error { return d.ReadF32(host, from, 0) }},
		{"gpu.copy.small", 4 * 64, func() error { return d.WriteF32(from, 0, host[:64]) }},
	} {
		timed(t, 2, c.run)
		m, low, high := timed(t, repeats, c.run)
		if c.name == "gpu.copy.small" {
			say(figure{Name: c.name, Value: m * 1e6, Unit: "µs", Better: "lower", N: repeats, Min: low * 1e6, Max: high * 1e6, Note: "64 numbers, until the caller may go on"})
			continue
		}
		say(figure{Name: c.name, Value: c.bytes / m / 1e9, Unit: "GB/s", Better: "higher", N: repeats, Min: c.bytes / high / 1e9, Max: c.bytes / low / 1e9})
	}
	for _, f := range []func() error{e.Free, from.Free, to.Free} {
		if err := f(); err != nil {
			t.Error(err)
		}
	}
}

// TestPerf times every op in the shapes of a small decoder and of Qwen2.5-0.5B, and
// attention in those of a training step and of decoding.
func TestPerf(t *testing.T) {
	shapes := []struct{ c, v, rows int }{{256, 512, 2048}, {896, 32768, 2048}, {896, 32768, 128}}
	attention := optest.AttnPerfCases(8192, 1024, 256, 512, 1)
	least := 150 * time.Millisecond
	if !onGPU() {
		if testing.Short() {
			t.Skip("the inputs of the timed ops take time")
		}
		c := fake.Default()
		c.Memory = 8 << 30
		pretend(t, c)
		shapes, least = []struct{ c, v, rows int }{{64, 96, 130}}, time.Millisecond
		attention = optest.AttnPerfCases(130, 65, 4, 10, 1)
	}
	say := report(t)
	d := open(t, Options{})
	all := [][]optest.Case{attention}
	for _, z := range shapes {
		all = append(all, optest.PerfCases(z.c, z.v, z.rows, 1))
	}
	for _, cases := range all {
		speeds, err := optest.Perf([]kernels.Device{d}, cases, time.Now, least)
		if err != nil {
			t.Error(err)
		}
		for _, s := range speeds {
			say(figure{Name: fmt.Sprintf("gpu.op.%s %s", s.Case.Op, s.Case.Shape), Value: s.Median.Seconds() * 1e6, Unit: "µs", Better: "lower", N: s.Runs,
				Min: s.Best.Seconds() * 1e6, Max: s.Worst.Seconds() * 1e6, Note: fmt.Sprintf("%.1f GFLOP/s, %.1f GB/s", s.GFLOPS(), s.GBps())})
		}
	}
}
