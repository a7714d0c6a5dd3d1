package train

import (
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/recipe"
)

// A whole run in bfloat16, on the code of AMX with its tile registers as a
// model: the policy that trains is the one that sampled, to the bit, the loss
// is finite, and the record names path and dtype.
func TestRunInBFloat16(t *testing.T) {
	if dev, err := cpu.Open(cpu.Options{Path: "amxref", Threads: 1}); err != nil {
		t.Skip("no model of tile registers here: ", err)
	} else if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dtype, device string }{
		{"bfloat16", "cpu-amxref bfloat16, 2 threads"},
		{"auto", "cpu-amxref bfloat16, 2 threads"},
		{"float32", "cpu-amxref, 2 threads"},
	} {
		dir := newRun(t, micro, "dtype="+c.dtype, "grpo.num_iterations=1", "grpo.steps_per_generation=1", "eval.every=0")
		env := testEnv(t, dir)
		env.OpenDevice = func(*recipe.Recipe) (kernels.Device, string, error) {
			dev, err := cpu.Open(cpu.Options{Path: "amxref", Threads: 2})
			return dev, "cpu-amxref, 2 threads", err
		}
		mustRun(t, env)
		rec := readRecord(t, dir)
		if got := rec.header.Device; got != c.device {
			t.Errorf("dtype %s: recorded device %q, want %q", c.dtype, got, c.device)
		}
		for s := 4; s <= 8; s++ {
			v := rec.metrics[s].Values
			if v["sampling/sampling_logp_difference/max"] != 0 || v["actor/ppo_kl"] != 0 {
				t.Errorf("dtype %s, step %d: the policy that trains is not the one that sampled: %v", c.dtype, s, v)
			}
			if s == 4 && v["kl"] != 0 {
				t.Errorf("dtype %s, step 4: KL to a reference that is the policy is %v", c.dtype, v["kl"])
			}
		}
		for _, a := range rec.alerts {
			if a.Level == "error" {
				t.Errorf("dtype %s: alarm %+v", c.dtype, a)
			}
		}
	}
}

// A device without bfloat16 ends the run with one line that says what to do;
// auto takes float32 there.
func TestBFloat16Refused(t *testing.T) {
	dir := newRun(t, micro, "dtype=bfloat16")
	env := testEnv(t, dir)
	env.OpenDevice = func(*recipe.Recipe) (kernels.Device, string, error) {
		dev, err := cpu.Open(cpu.Options{Path: "generic", Threads: 1})
		return dev, "cpu-generic, 1 thread", err
	}
	err := Run(t.Context(), env)
	if err == nil {
		t.Fatal("a run in bfloat16 starts on the generic path")
	}
	for _, part := range []string{"cpu-generic has no matrix products in bfloat16", "set dtype to float32"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q, want it to contain %q", err, part)
		}
	}
	dev, err := cpu.Open(cpu.Options{Path: "generic", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	if dt, err := compute(dev, "auto"); err != nil || dt != kernels.F32 {
		t.Errorf("auto on the generic path: %s, %v", dt, err)
	}
}
