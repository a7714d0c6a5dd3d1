//go:build !cuda

package cuda

import (
	"fmt"

	"gradus/kernels"
	"gradus/kernels/cuda/driver"
)

// Options choose how a device runs.
type Options struct {
	// Index of the GPU among those that CUDA_VISIBLE_DEVICES leaves.
	Index int
}

// Open fails: this build has no CUDA.
func Open(Options) (kernels.Device, error) {
	_, err := driver.Load()
	return nil, fmt.Errorf("cuda: %w", err)
}

// Examine looks for the driver and its GPUs.
func Examine() Report {
	_, err := driver.Load()
	return Report{Off: err}
}
