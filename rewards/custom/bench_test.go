package custom

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"gradus/rewards"
)

// The cost of one call for a group of eight, the function's own time being
// next to nothing: docs/performance.md has the figures.
func benchmark(b *testing.B, r rewards.Reward) {
	b.Helper()
	g := group(8)
	for i := range g.Samples {
		g.Samples[i].Earlier = map[string]rewards.Result{"gradus.accuracy": {Score: 1}}
	}
	median(b, func() {
		out, err := r.Score(context.Background(), g)
		if err != nil || out[0].Status != rewards.OK {
			b.Fatalf("%+v, %v", out, err)
		}
	})
}

// median reports the median of a call beside the mean, which on a machine that
// is not alone measures the others.
func median(b *testing.B, call func()) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		call()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e3, "µs-median/op")
}

// The floor under a call of a worker: the same bytes to another process and
// back, which does nothing with them. blocked is how a C program would do it,
// with one thread on either side that sleeps in the kernel.
func BenchmarkPipe(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	call, err := request{function: "f", group: group(8)}.appendMarshal(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, patient := range []bool{false, true} {
		name := map[bool]string{false: "blocked", true: "patient"}[patient]
		b.Run(name, func(b *testing.B) {
			wire, stdin, stdout, err := newWire()
			if err != nil {
				b.Fatal(err)
			}
			cmd := exec.Command(self, "echo", fmt.Sprint(len(call)), name)
			cmd.Stdin, cmd.Stdout = stdin, stdout
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			stdin.Close()
			stdout.Close()
			wire.until, wire.ctx = time.Now().Add(time.Minute), context.Background()
			answer := make([]byte, 1)
			var in io.Reader = wire
			if !patient {
				in = os.NewFile(wire.from.Fd(), "pipe") // Fd makes it block
			}
			median(b, func() {
				if _, err := wire.Write(call); err != nil {
					b.Fatal(err)
				}
				if _, err := in.Read(answer); err != nil {
					b.Fatal(err)
				}
			})
			wire.Close()
			if err := cmd.Wait(); err != nil {
				b.Error(err)
			}
		})
	}
}

// echo answers each n bytes with one, until its input ends.
func echo(n int, patient bool) error {
	wire := &wire{from: os.Stdin, to: os.Stdout, ctx: context.Background(), until: time.Now().Add(time.Hour)}
	var err error
	if wire.interrupted, wire.interrupt, err = os.Pipe(); err != nil {
		return err
	}
	var in io.Reader = os.Stdin
	if patient {
		if err := syscall.SetNonblock(0, true); err != nil {
			return err
		}
		in = wire
	}
	for b := make([]byte, n); ; {
		if _, err := io.ReadFull(in, b); err != nil {
			return nil
		}
		if _, err := os.Stdout.Write(b[:1]); err != nil {
			return err
		}
	}
}

func BenchmarkExpr(b *testing.B) {
	r, err := NewExpr(ExprParams{Expr: "gradus.accuracy > 0 ? 0.2 * max(0, 1 - tokens/128) : 0", Range: anyScore()})
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, r)
}

func BenchmarkStarlark(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := DefaultStarlark()
	p.File = b.TempDir() + "/r.star"
	if err := os.WriteFile(p.File, []byte("def reward(ctx):\n    return 1.0 if ctx.answer == ctx.gold else 0.0\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	r, err := NewStarlark(p, []string{self, "starlark"})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	benchmark(b, r)
}

func BenchmarkPython(b *testing.B) {
	if _, err := exec.LookPath("python3"); err != nil {
		b.Skip("there is no python3 on this machine")
	}
	p := PythonParams{File: b.TempDir() + "/r.py", Function: "f", Python: "python3", ProcessParams: DefaultProcess()}
	if err := os.WriteFile(p.File, []byte("def f(completions, **kwargs):\n    return [1.0] * len(completions)\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	r, err := NewPython(p)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	benchmark(b, r)
}
