//go:build cuda

package cuda

import (
	"errors"
	"os"
	"time"

	"gradus/kernels/cuda/libs"
)

// Watch begins to look at the GPU's power, load, memory, temperature and clocks
// through NVML, whose library is the one that the environment variable
// GRADUS_LIBNVML names, or the driver's. done ends it. The error says why there
// is nothing to see; training needs none of it.
func (d *Device) Watch(now time.Time) (s *libs.Sampler, done func() error, err error) {
	n, err := libs.OpenNVML(os.Getenv("GRADUS_LIBNVML"))
	if err != nil {
		return nil, nil, err
	}
	g, err := n.GPU(d.gpu.Bus)
	if err != nil {
		return nil, nil, errors.Join(err, n.Close())
	}
	if s, err = libs.NewSampler(g, now); err != nil {
		return nil, nil, errors.Join(err, n.Close())
	}
	return s, func() error { return errors.Join(s.Close(), n.Close()) }, nil
}
