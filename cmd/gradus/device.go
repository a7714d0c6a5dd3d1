package main

import (
	"fmt"

	"gradus/kernels"
	"gradus/kernels/cpu"
	"gradus/runner/recipe"
)

// openDevice opens the device that a recipe names, on the code path that
// GRADUS_CPU forces, and describes it.
func (a *app) openDevice(r *recipe.Recipe) (kernels.Device, string, error) {
	if r.Device != "cpu" {
		return nil, "", fmt.Errorf("device %q: this build has only cpu", r.Device)
	}
	dev, err := cpu.Open(cpu.Options{Path: cpu.FromEnv(a.getenv), Threads: r.Threads})
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
