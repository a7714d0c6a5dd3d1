package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/cuda"
	"gradus/kernels/machine"
	"gradus/runner/recipe"
	"gradus/tui/text"
)

// openDevice opens the device that a recipe names and describes it: the
// processor, on the code path that GRADUS_CPU forces and with the threads that
// GRADUS_THREADS asks for, or the first GPU.
func (a *app) openDevice(r *recipe.Recipe) (kernels.Device, string, error) {
	switch r.Device {
	case "cuda":
		dev, err := cuda.Open(cuda.Options{})
		if err != nil {
			return nil, "", fmt.Errorf("device = %q: %w; device = \"cpu\" trains here without a GPU", r.Device, err)
		}
		return dev, deviceLabel(dev), nil
	case "cpu":
	default:
		return nil, "", fmt.Errorf("device %q: there are cpu and cuda", r.Device)
	}
	threads, err := a.threads(r.Threads)
	if err != nil {
		return nil, "", err
	}
	return a.openCPU(threads.N)
}

// threads is how many worker threads a recipe gets here, and why.
func (a *app) threads(recipe int) (machine.CPUs, error) {
	return machine.Threads(a.getenv, recipe, cpu.MaxThreads, machine.FindCPUs(os.DirFS("/"), runtime.NumCPU()))
}

// memory is how much of this machine's memory a run may take.
func memory() (machine.Memory, bool) { return machine.FindMemory(os.DirFS("/")) }

// memoryOf is how much memory a run on dev may take: the GPU's own where it has
// one, otherwise this machine's.
func memoryOf(dev kernels.Device) (machine.Memory, bool) {
	if own, ok := dev.(interface{ Memory() (machine.Memory, bool) }); ok {
		return own.Memory()
	}
	return memory()
}

// benchDevice is openDevice for a benchmark, where --threads wins over
// GRADUS_THREADS.
func (a *app) benchDevice(device string, threads int) (kernels.Device, string, error) {
	switch {
	case device == "cuda" && threads != 0:
		return nil, "", errors.New("--threads is for the CPU, and --device is cuda")
	case device == "cpu" && threads != 0:
		return a.openCPU(threads)
	}
	return a.openDevice(&recipe.Recipe{Device: device})
}

// ceilings are what dev could reach: measured on a CPU, by the clocks of the
// chip on a GPU.
func (a *app) ceilings(dev kernels.Device) (cpu.Ceiling, error) {
	if g, ok := dev.(interface {
		Peak() (gflops, gbps float64, err error)
	}); ok {
		fma, read, err := g.Peak()
		return cpu.Ceiling{FMA: fma, Read: read}, err
	}
	return cpu.Ceilings(dev, a.now)
}

func (a *app) openCPU(threads int) (kernels.Device, string, error) {
	dev, err := cpu.Open(cpu.Options{Path: cpu.FromEnv(a.getenv), Threads: threads})
	if err != nil {
		return nil, "", err
	}
	return dev, deviceLabel(dev), nil
}

// deviceLabel is how a device is recorded: "cpu-avx2, 2 threads" or
// "cuda-sm_90, NVIDIA H100 80GB HBM3". Faster paths that failed their test are
// named with what was found.
func deviceLabel(dev kernels.Device) string {
	label := dev.Name()
	if g, ok := dev.(interface{ GPU() cuda.GPU }); ok {
		label += ", " + g.GPU().Name
	}
	if t, ok := dev.(interface{ Threads() int }); ok {
		label += ", " + text.Count(t.Threads(), "thread")
	}
	if r, ok := dev.(interface{ Refused() []string }); ok && len(r.Refused()) > 0 {
		label += ", left out: " + strings.Join(r.Refused(), "; ")
	}
	return label
}
