package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"gradus/runner/bench"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/train/shape"
)

// memoryRecipe is two GRPO steps of 16 x 8 completions, with a KL reference and
// an evaluation: everything that takes memory.
const memoryRecipe = `
name = "memory"
[task]
name = "countdown"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "grpo"
steps = 2
prompts_per_step = 16
num_generations = 8
max_completion_length = 96
beta = 0.01
[eval]
prompts = 64
every = 2
[limits]
max_prompt_length = 96
`

// memoryFigures are the names of what benchMemory measures.
func memoryFigures() (names []string) {
	for _, s := range bench.Shapes() {
		names = append(names, "memory."+s.Name)
	}
	return names
}

// benchMemory runs a few steps in a process of their own for each model of the
// benchmarks, and compares the most memory that the process ever held with
// what 'gradus plan' says: the ceiling of the figure.
func (a *app) benchMemory(ctx context.Context) ([]bench.Figure, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench memory: where is the gradus program? %w", err)
	}
	home, err := os.MkdirTemp("", "gradus-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench memory: %w", err)
	}
	defer os.RemoveAll(home)
	var figures []bench.Figure
	for _, s := range bench.Shapes() {
		c := s.Config
		rec, err := recipe.Parse("memory.toml", []byte(memoryRecipe),
			fmt.Sprintf("model.hidden_size=%d", c.HiddenSize), fmt.Sprintf("model.intermediate_size=%d", c.IntermediateSize),
			fmt.Sprintf("model.num_hidden_layers=%d", c.NumHiddenLayers), fmt.Sprintf("model.num_attention_heads=%d", c.NumAttentionHeads))
		if err != nil {
			return nil, fmt.Errorf("bench memory: %w", err)
		}
		planned, err := shape.New(rec, "")
		if err != nil {
			return nil, fmt.Errorf("bench memory: %w", err)
		}
		dir, err := a.benchRun(filepath.Join(home, s.Name), rec)
		if err != nil {
			return nil, fmt.Errorf("bench memory: %w", err)
		}
		cmd := exec.CommandContext(ctx, exe, "_run", dir)
		cmd.Stderr = a.stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("bench memory: the run of %s: %w", s.Name, err)
		}
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return nil, fmt.Errorf("bench memory: this system does not tell what a process has used")
		}
		var bytes int64
		for _, it := range planned.Memory() {
			bytes += it.Bytes
		}
		figures = append(figures, bench.NewFigure("memory."+s.Name, "MB", "lower", []float64{float64(usage.Maxrss<<10) / 1e6}, float64(bytes)/1e6))
	}
	return figures, nil
}

// benchRun makes the folder of a run in a home of its own.
func (a *app) benchRun(home string, rec *recipe.Recipe) (string, error) {
	if err := os.Mkdir(home, 0o700); err != nil {
		return "", err
	}
	h, err := rundir.OpenHome(home)
	if err != nil {
		return "", err
	}
	d, err := h.Create(rundir.Spec{
		ID: a.newID(), Name: rec.Name, Purpose: rec.Purpose(), Config: rec.JSON(), ConfigTOML: rec.TOML(),
		Version: a.version, Host: rundir.Self().Host, BootID: rundir.BootID(), CreatedUS: a.now().UnixMicro(),
	})
	return d.Path(), err
}
