//go:build cuda

package cuda

import (
	"fmt"

	"gorgonia.org/cu"

	"gradus/kernels/cuda/driver"
)

// Examine looks for the driver and its GPUs. It makes no context, so it takes
// no memory of a GPU.
func Examine() Report {
	lib, err := driver.Load()
	r := Report{Off: err, Path: lib.Path, Version: lib.Version}
	if err != nil {
		return r
	}
	n, err := cu.NumDevices()
	if err != nil {
		r.Off = fmt.Errorf("cuDeviceGetCount: %w", err)
		return r
	}
	for i := range n {
		g, err := examineGPU(i)
		if err != nil {
			g.Refused = err.Error()
		}
		r.GPUs = append(r.GPUs, g)
	}
	if n == 0 {
		r.Off = &driver.Off{What: "the driver " + lib.Path + " has no GPU", Do: "see nvidia-smi and CUDA_VISIBLE_DEVICES"}
	}
	return r
}

func examineGPU(i int) (GPU, error) {
	g := GPU{Index: i}
	d, err := cu.GetDevice(i)
	if err != nil {
		return g, fmt.Errorf("cuDeviceGet(%d): %w", i, err)
	}
	if g.Name, err = d.Name(); err != nil {
		return g, fmt.Errorf("cuDeviceGetName(%d): %w", i, err)
	}
	major, minor, err := d.ComputeCapability()
	if err != nil {
		return g, fmt.Errorf("cuDeviceGetAttribute(%d, compute capability): %w", i, err)
	}
	g.Capability = 10*major + minor
	if g.Memory, err = d.TotalMem(); err != nil {
		return g, fmt.Errorf("cuDeviceTotalMem(%d): %w", i, err)
	}
	if g.Processors, err = d.Attribute(cu.MultiprocessorCount); err != nil {
		return g, fmt.Errorf("cuDeviceGetAttribute(%d, multiprocessors): %w", i, err)
	}
	if g.Capability < MinCapability {
		g.Refused = fmt.Sprintf("compute capability %s; gradus needs %s (Ampere) or newer", capability(g.Capability), capability(MinCapability))
	}
	return g, nil
}

// capability is "8.0" for 80.
func capability(c int) string { return fmt.Sprintf("%d.%d", c/10, c%10) }
