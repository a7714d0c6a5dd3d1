package train

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
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
	// The process tells itself: what its parent learns of it (ru_maxrss) counts
	// the memory of this test program, from which it was started.
	var out bytes.Buffer
	cmd := process(newRun(t, midsize), childPeak+"=yes")
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	_, last, told := strings.Cut(out.String(), peakLine)
	if !told {
		t.Skip("this system does not tell what a process has used")
	}
	took, err := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("planned %s, took %s", shape.Bytes(planned), shape.Bytes(took))
	if took > planned*3/2 || took < planned/2 {
		t.Errorf("planned %s, took %s: want 0.5 to 1.5 times of it", shape.Bytes(planned), shape.Bytes(took))
	}
}

const peakLine = "peak "

// tellPeak prints the most memory that this process has held, in bytes.
func tellPeak() {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			fmt.Print(peakLine, kib<<10, "\n")
		}
	}
}
