package train

import (
	"syscall"
	"testing"

	"gradus/runner/recipe"
	"gradus/runner/train/shape"
)

// midsize has enough weights and activations that they, not Go, decide how
// much memory its process takes.
const midsize = `
name = "midsize"
[model]
hidden_size = 128
num_hidden_layers = 4
max_position_embeddings = 256
[task]
name = "countdown"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "grpo"
steps = 1
prompts_per_step = 8
num_generations = 8
max_completion_length = 64
beta = 0.01
[limits]
max_prompt_length = 96
`

// The most memory that the process of a run ever holds stays within 1.5 times
// what was planned for it, and the plan is not padded either.
func TestMemoryIsAsPlanned(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector multiplies memory, and it runs with -short")
	}
	rec, err := recipe.Parse("test.toml", []byte(midsize))
	if err != nil {
		t.Fatal(err)
	}
	s, err := shape.New(rec, "")
	if err != nil {
		t.Fatal(err)
	}
	var planned int64
	for _, it := range s.Memory() {
		planned += it.Bytes
	}
	cmd := start(t, newRun(t, midsize))
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Skip("this system does not tell what a process has used")
	}
	took := usage.Maxrss << 10
	t.Logf("planned %s, took %s", shape.Bytes(planned), shape.Bytes(took))
	if took > planned*3/2 || took < planned/2 {
		t.Errorf("planned %s, took %s: want 0.5 to 1.5 times of it", shape.Bytes(planned), shape.Bytes(took))
	}
}
