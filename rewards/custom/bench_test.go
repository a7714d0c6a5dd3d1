package custom

import (
	"context"
	"os"
	"os/exec"
	"testing"

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
	for b.Loop() {
		out, err := r.Score(context.Background(), g)
		if err != nil || out[0].Status != rewards.OK {
			b.Fatalf("%+v, %v", out, err)
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
