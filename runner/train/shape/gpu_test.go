//go:build cuda && linux

package shape

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda"
	"gradus/kernels/cuda/fake"
	"gradus/kernels/machine"
	"gradus/model"
	"gradus/runner/recipe"
)

const gpuText = `
name = "g"
device = "cuda"
[model]
hidden_size = 128
num_hidden_layers = 4
num_attention_heads = 4
max_position_embeddings = 192
[task]
name = "countdown"
template = "short"
[[reward]]
name = "gradus.accuracy"
[[stage]]
kind = "grpo"
steps = 2
prompts_per_step = 4
num_generations = 4
max_completion_length = 64
beta = 0.04
[limits]
max_prompt_length = 96
rollout_rows = 16
micro_batch_rows = 8
`

// What is planned for a GPU is what the driver is asked for, within 5 %: the
// model, its programs with their scratch memory, and the KL reference.
func TestPlanIsWhatTheGPUGives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libcuda.so.1")
	err := fake.Build("../../../kernels/cuda", path)
	if errors.Is(err, fake.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GRADUS_LIBCUDA", path) // the driver is looked for once in a process, here
	driver, err := fake.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"dtype=auto", "dtype=float32", "dtype=bfloat16", "limits.gradient_checkpointing=true", "limits.rollout_rows=2", "limits.micro_batch_rows=1",
		"dtype=bfloat16 model.head_dim=64", "dtype=float32 model.head_dim=64"} { // attention in bf16, and its cache
		t.Run(set, func(t *testing.T) {
			driver.Reset(fake.Default())
			rec, err := recipe.Parse("test.toml", []byte(gpuText), strings.Fields(set)...)
			if err != nil {
				t.Fatal(err)
			}
			s, err := New(rec, "")
			if err != nil {
				t.Fatal(err)
			}
			dev, err := cuda.Open(cuda.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if half := s.Limits.Attend == kernels.BF16; half != strings.Contains(set, "bfloat16 model.head_dim=64") {
				t.Errorf("attention in bf16: %t", half)
			}
			before := driver.Stats().Bytes
			m, err := model.New(dev, s.Config, s.Limits)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := model.New(dev, s.Config, s.Reference(s.Limits))
			if err != nil {
				t.Fatal(err)
			}
			took, planned := driver.Stats().Bytes-before, Total(s.Memory())
			if ratio := float64(took) / float64(planned); ratio < 0.95 || ratio > 1.05 {
				t.Errorf("%d bytes planned, %d taken: %.3f", planned, took, ratio)
			} else {
				t.Logf("%d bytes planned, %d taken: %.4f", planned, took, ratio)
			}
			if err := errors.Join(ref.Close(), m.Close(), dev.Close()); err != nil {
				t.Error(err)
			}
			for _, p := range driver.Problems(true) {
				t.Error(p)
			}
		})
	}
}

// A run that does not fit a GPU is refused with the arithmetic of the GPU's
// memory alone, and with limits that help: computing activations again is one.
func TestGPUTooSmall(t *testing.T) {
	rec, err := recipe.Parse("test.toml", []byte(gpuText), "limits.micro_batch_rows=1", "limits.rollout_rows=1", "model.num_hidden_layers=12")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(rec, "")
	if err != nil {
		t.Fatal(err)
	}
	need := Total(s.Memory())
	err = s.Fits(rec, machine.Memory{Bytes: need - 1<<20, Total: need, Why: "on GPU 0 (NVIDIA L4)"})
	if err == nil || !errors.Is(err, syscall.ENOMEM) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"the run needs ", "weights ", " are free (on GPU 0 (NVIDIA L4)); set limits.gradient_checkpointing = true, which needs "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nsays nothing of %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "program") {
		t.Errorf("memory of the machine is counted on the GPU: %v", err)
	}
	if err := s.Fits(rec, machine.Memory{Bytes: need}); err != nil {
		t.Errorf("what fits is refused: %v", err)
	}
}
