package cpu

import (
	"fmt"
	"runtime"
	"sort"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gradus/kernels"
	"gradus/kernels/optest"
)

// BenchmarkGEMM prints GFLOP/s of the three products in a small decoder's
// shapes, and their share of the multiply-add rate that the same threads reach
// in registers. Other processes disturb both, so after each run of a product
// the ceiling is measured for about as long, and medians are compared; a
// single thread is timed by its CPU clock, which stands still while another
// process has the core.
func BenchmarkGEMM(b *testing.B) {
	shapes := []struct{ n, k, o int }{
		{1, 256, 1024}, {3, 256, 1024}, {64, 128, 384}, {64, 256, 1024}, {64, 512, 512},
		{256, 256, 256}, {1024, 128, 512}, {2048, 256, 768}, {2048, 1024, 256}, {4096, 256, 1024}, {1024, 1024, 1024},
	}
	for _, threads := range []int{1, 2} {
		for _, p := range testPaths(b) {
			if p.Name == testPath {
				continue
			}
			d := openPath(b, p, threads)
			for _, s := range shapes {
				for _, op := range []string{"Linear", "LinearDX", "LinearDW"} {
					b.Run(fmt.Sprintf("%s/t%d/%s/n%d_k%d_o%d", p.Name, threads, op, s.n, s.k, s.o), func(b *testing.B) {
						benchGEMM(b, d, op, s.n, s.k, s.o)
					})
				}
			}
			d.Close()
		}
	}
}

func benchGEMM(b *testing.B, d *Device, name string, n, k, o int) {
	p := kernels.NewProgram("gemm", kernels.Args{Rows: n})
	bind := func(name string, elements int) kernels.Ref {
		buf, err := d.Alloc(kernels.F32, int64(elements))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { buf.Free() })
		x := make([]float32, elements)
		for i := range x {
			x[i] = float32(i%7) - 3
		}
		if err := d.WriteF32(buf, 0, x); err != nil {
			b.Fatal(err)
		}
		return p.BindAll(name, buf)
	}
	w, x, y := bind("w", o*k), bind("x", n*k), bind("y", n*o)
	var op kernels.Op
	switch name {
	case "Linear":
		op = kernels.Linear{Y: y, X: x, W: w, Pack: bind("pack", int(kernels.PackLen(o, k))), N: kernels.DimRows, O: o, K: k}
	case "LinearDX":
		op = kernels.LinearDX{DX: x, DY: y, W: w, Pack: bind("pack", int(kernels.PackBackLen(o, k))), N: kernels.DimRows, O: o, K: k}
	case "LinearDW":
		op = kernels.LinearDW{DW: w, DY: y, X: x, N: kernels.DimRows, O: o, K: k}
	}
	flops := 2 * float64(n) * float64(k) * float64(o)
	repeat := max(1, int(2e8/flops)) // about 2 ms
	for range repeat {
		p.Add(op)
	}
	e, err := d.Compile(p)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Free()
	args := &kernels.Args{Rows: n}
	clock := wallClock
	if d.threads == 1 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		clock = threadClock
	}
	var speed, ceiling []float64
	for b.Loop() {
		start := clock()
		if err := e.Run(args); err != nil {
			b.Fatal(err)
		}
		speed = append(speed, flops*float64(repeat)/float64(clock()-start))
		start = clock()
		work := d.loop(d.path.table, d.threads, 1e8)
		ceiling = append(ceiling, work/float64(clock()-start))
	}
	sort.Float64s(speed)
	sort.Float64s(ceiling)
	mid := len(speed) / 2
	b.ReportMetric(speed[mid], "GFLOP/s")
	b.ReportMetric(100*speed[mid]/ceiling[mid], "%peak")
	b.ReportMetric(100*speed[len(speed)-1]/ceiling[len(speed)-1], "%best")
	b.ReportMetric(ceiling[mid], "peak")
}

func wallClock() int64 { return time.Now().UnixNano() }

func threadClock() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return wallClock()
	}
	return t.Nano()
}

// BenchmarkOps prints, for each op in the shapes of a small decoder, what a
// path reaches on one thread, by the CPU clock.
func BenchmarkOps(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	clock := func() time.Time { return time.Unix(0, threadClock()) }
	for _, p := range testPaths(b) {
		if p.Name == testPath {
			continue
		}
		b.Run(p.Name, func(b *testing.B) {
			d := openPath(b, p, 1)
			c, err := Ceilings(d, clock)
			if err != nil {
				b.Fatal(err)
			}
			fmt.Printf("\n%s: %.1f GFLOP/s, %.1f GB/s\n", d.Name(), c.FMA1, c.Read1)
			for b.Loop() {
				speeds, err := optest.Perf([]kernels.Device{d}, optest.PerfCases(256, 512, 2048, 1), clock, 30*time.Millisecond)
				if err != nil {
					b.Fatal(err)
				}
				for _, s := range speeds {
					fmt.Printf("%-13s %-36s %6.1f GFLOP/s %5.1f GB/s  %8.1f us, best %8.1f\n", s.Case.Op, s.Case.Shape,
						s.GFLOPS(), s.GBps(), float64(s.Median.Nanoseconds())/1e3, float64(s.Best.Nanoseconds())/1e3)
				}
			}
		})
	}
}
