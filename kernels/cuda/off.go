//go:build !cuda

package cuda

import "gradus/kernels/cuda/driver"

// Examine looks for the driver and its GPUs.
func Examine() Report {
	_, err := driver.Load()
	return Report{Off: err}
}
