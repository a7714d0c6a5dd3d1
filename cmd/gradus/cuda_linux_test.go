//go:build cuda

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gradus/kernels/cuda/emu"
	"gradus/kernels/cuda/fake"
)

// withGPU gives the processes that a test starts a GPU: the driver's stand-in,
// with kernels that compute in the emulator.
func withGPU(t *testing.T) {
	t.Helper()
	const dir = "../../kernels/cuda"
	so, err := emu.Build(dir)
	if errors.Is(err, emu.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	driver := filepath.Join(t.TempDir(), "libcuda.so.1")
	if err := fake.Build(dir, driver); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GRADUS_LIBCUDA", driver)
	t.Setenv("GRADUS_FAKE_EMULATOR", so)
}

// cudaRecipe is a whole run on the GPU, as short as the emulator is slow.
const cudaRecipe = `
name = "tiny-cuda"
device = "cuda"
` + tinyPolicy + `
[[stage]]
kind = "sft"
steps = 3
batch_size = 4
learning_rate = 3e-3

[[stage]]
kind = "grpo"
steps = 2
prompts_per_step = 2
num_generations = 2
max_completion_length = 12
learning_rate = 1e-4

[eval]
prompts = 4

[checkpoint]
save_steps = 1
`

func (s *session) recipe(text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "recipe.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// A recipe with device = "cuda" trains and samples on the GPU, from the same
// binary.
func TestRunOnCUDA(t *testing.T) {
	if testing.Short() {
		t.Skip("the emulated GPU is slow")
	}
	withGPU(t)
	nvml := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", nvml, "../../kernels/cuda/libs/testdata/nvml.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("GRADUS_LIBNVML", nvml)
	s := newSession(t)
	out := s.must("run", s.recipe(cudaRecipe), "--follow")
	if !strings.Contains(out, "312 W") || strings.Count(out, "The GPU is slowed down (power cap, thermal (hardware)) at 64 °C, 312 W and 1755 MHz") != 1 {
		t.Errorf("the plain lines do not tell of the GPU:\n%s", out)
	}
	var run struct{ State, Device string }
	if err := json.Unmarshal([]byte(s.must("runs", "--all", "--json")), &run); err != nil {
		t.Fatal(err)
	}
	if run.State != "done" {
		t.Errorf("the run is %s", run.State)
	}
}

// A GPU that is lost in the middle of a run ends it with one clear line and
// exit code 75; resume goes on from the last checkpoint and ends as if nothing
// had been.
func TestLostGPU(t *testing.T) {
	if testing.Short() {
		t.Skip("the emulated GPU is slow")
	}
	withGPU(t)
	s := newSession(t)
	t.Setenv("GRADUS_FAKE_FAIL", "kernel:gk_adamw_step 3 719")
	code, out, errs := s.do("run", s.recipe(cudaRecipe), "--follow")
	if code != exitTryAgain {
		t.Errorf("exit %d", code)
	}
	said := out + errs
	for _, want := range []string{"lost GPU 0 (Fake GPU 0)", "CUDA_ERROR_LAUNCH_FAILED (719)", "dmesg"} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %q in\n%s", want, said)
		}
	}
	if err := os.Unsetenv("GRADUS_FAKE_FAIL"); err != nil {
		t.Fatal(err)
	}
	s.must("resume", "tiny-cuda")
	s.must("watch", "tiny-cuda")
}

// Without a driver the refusal is one line that says why, and what to do.
func TestNoGPU(t *testing.T) {
	alone(t)
	s := newSession(t)
	t.Setenv("GRADUS_LIBCUDA", "off")
	code, out, errs := s.do("run", s.recipe(cudaRecipe), "--follow")
	if said := out + errs; code == exitDone || !strings.Contains(said, "switched off by GRADUS_LIBCUDA=off") || !strings.Contains(said, `device = "cpu" trains here`) {
		t.Errorf("exit %d\n%s", code, said)
	}
	if out := s.must("doctor", "--json"); !strings.Contains(out, `"name":"cuda","ok":false`) {
		t.Errorf("doctor says\n%s", out)
	}
}

// A recipe for the GPU is planned with the GPU's memory and clocks, and refused
// with their arithmetic.
func TestPlanOnCUDA(t *testing.T) {
	alone(t)
	withGPU(t)
	s := newSession(t)
	path := s.recipe(cudaRecipe)
	var p struct {
		Device    string
		FreeWhy   string `json:"free_why"`
		FreeBytes int64  `json:"free_bytes"`
		Bytes     int64  `json:"memory_bytes"`
		Memory    []struct {
			Bytes int64
			Host  bool
		}
		Fits  bool
		Rates struct{ How string }
	}
	read := func(out string) {
		t.Helper()
		if err := json.Unmarshal([]byte(out), &p); err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
	}
	code, out, errs := s.process("plan", path, "--ceilings", "--json")
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errs)
	}
	read(out)
	if !p.Fits || !strings.HasPrefix(p.Device, "cuda-sm_80, Fake GPU") || p.FreeWhy != "on GPU 0 (Fake GPU 0)" || p.FreeBytes > 1<<30 || !strings.Contains(p.Rates.How, "ceilings") {
		t.Errorf("%+v", p)
	}
	var device int64
	for _, it := range p.Memory {
		if !it.Host {
			device += it.Bytes
		}
	}
	if device != p.Bytes || device == 0 {
		t.Errorf("%d bytes of the GPU, the parts make %d", p.Bytes, device)
	}
	code, out, errs = s.process("plan", path, "--json", "--set", "model.hidden_size=2048", "--set", "model.num_hidden_layers=8")
	read(out)
	if p.Fits || code != exitFailed || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "of memory (weights ") || !strings.Contains(errs, "are free (on GPU 0 (Fake GPU 0))") {
		t.Errorf("exit %d: %s\n%+v", code, errs, p)
	}
}

// A GPU that does not compute what it should is refused before the run.
func TestWrongGPU(t *testing.T) {
	alone(t)
	withGPU(t)
	os.Unsetenv("GRADUS_FAKE_EMULATOR") // withGPU's Setenv puts back what was there
	s := newSession(t)
	code, out, errs := s.do("run", s.recipe(cudaRecipe), "--follow")
	if code != exitFailed || !strings.Contains(out+errs, "cuda: GPU 0 (Fake GPU 0) computes wrongly: ") {
		t.Errorf("exit %d\n%s\n%s", code, out, errs)
	}
}
