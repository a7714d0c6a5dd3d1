package cpu

import (
	"testing"
	"time"

	"gradus/kernels"
)

// The times of a profile must add up to about what the clock on the wall says,
// belong to the op that took them, and cost nothing that is kept when off.
func TestProfile(t *testing.T) {
	for _, p := range testPaths(t) {
		d := openPath(t, p, 1)
		const n, c = 512, 256
		buf := func(n int64) kernels.Buffer {
			b, err := d.Alloc(kernels.F32, n)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		prog := kernels.NewProgram("two", kernels.Args{Rows: n})
		x, y := prog.BindAll("x", buf(n*c)), prog.BindAll("y", buf(n*c))
		w, dw := prog.BindAll("w", buf(c*c)), prog.BindAll("pack", buf(kernels.PackLen(c, c)))
		prog.Add(
			kernels.Copy{Y: y, X: x, N: kernels.DimRows, C: 1},
			kernels.Linear{Y: y, X: x, W: w, Pack: dw, N: kernels.DimRows, O: c, K: c},
		)
		e, err := d.Compile(prog)
		if err != nil {
			t.Fatal(err)
		}
		run := func(rows int) {
			if err := e.Run(&kernels.Args{Rows: rows}); err != nil {
				t.Fatal(err)
			}
		}
		run(n) // not profiled
		if got := d.StopProfile(); got != nil {
			t.Errorf("%s: a profile that was not started: %v", p.Name, got)
		}
		var got []kernels.OpTime
		var wall float64
		for range 20 { // a busy machine may take the processor away from the copy
			d.StartProfile()
			start := time.Now()
			run(n)
			run(n / 2)
			wall = time.Since(start).Seconds()
			if got = d.StopProfile(); len(got) != 2 || got[1].Seconds > got[0].Seconds {
				break
			}
		}
		run(n)
		if len(got) != 2 || got[0].Op.Kind() != "copy" || got[1].Op.Kind() != "linear" || got[1].Program != "two" || got[1].Index != 1 {
			t.Fatalf("%s: %+v", p.Name, got)
		}
		if got[1].Runs != 2 || got[1].Work.Flops != 2*(n+n/2)*c*c {
			t.Errorf("%s: %d runs of %d operations, want 2 of %d", p.Name, got[1].Runs, got[1].Work.Flops, 2*(n+n/2)*c*c)
		}
		// 2,000 times the bytes and all of the arithmetic are in the product.
		sum := got[0].Seconds + got[1].Seconds
		if sum <= 0 || sum > wall || got[1].Seconds < got[0].Seconds {
			t.Errorf("%s: copy %g s, product %g s of %g s", p.Name, got[0].Seconds, got[1].Seconds, wall)
		}
		d.StartProfile()
		if got := d.StopProfile(); len(got) != 0 {
			t.Errorf("%s: the times of an earlier profile: %v", p.Name, got)
		}
		d.Close()
	}
}
