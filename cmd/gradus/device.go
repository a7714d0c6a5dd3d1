package main

import (
	"fmt"
	"os"
	"runtime"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/kernels/machine"
	"gradus/runner/recipe"
)

// openDevice opens the device that a recipe names, on the code path that
// GRADUS_CPU forces and with the threads that GRADUS_THREADS asks for, and
// describes it.
func (a *app) openDevice(r *recipe.Recipe) (kernels.Device, string, error) {
	if r.Device != "cpu" {
		return nil, "", fmt.Errorf("device %q: this build has only cpu", r.Device)
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

// benchDevice is openDevice for a benchmark, where --threads wins over
// GRADUS_THREADS.
func (a *app) benchDevice(threads int) (kernels.Device, string, error) {
	if threads != 0 {
		return a.openCPU(threads)
	}
	return a.openDevice(&recipe.Recipe{Device: "cpu"})
}

func (a *app) openCPU(threads int) (kernels.Device, string, error) {
	dev, err := cpu.Open(cpu.Options{Path: cpu.FromEnv(a.getenv), Threads: threads})
	if err != nil {
		return nil, "", err
	}
	return dev, deviceLabel(dev), nil
}

// deviceLabel is how a device is recorded: "cpu-avx2, 2 threads".
func deviceLabel(dev kernels.Device) string {
	t, ok := dev.(interface{ Threads() int })
	switch {
	case !ok:
		return dev.Name()
	case t.Threads() == 1:
		return dev.Name() + ", 1 thread"
	}
	return fmt.Sprintf("%s, %d threads", dev.Name(), t.Threads())
}
