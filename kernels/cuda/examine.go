//go:build cuda

package cuda

import (
	"fmt"
	"os"
	"time"

	"gorgonia.org/cu"

	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/driver"
	"gradus/kernels/cuda/libs"
	"gradus/kernels/cuda/ptx"
)

// Examine looks for the driver and its GPUs, and asks NVML how they are. It
// makes no context, so it takes no memory of a GPU. NVML's library is the one
// that the environment variable GRADUS_LIBNVML names, or the driver's.
func Examine() Report {
	lib, err := driver.Load()
	r := Report{Off: err, Path: lib.Path, Version: lib.Version}
	if err != nil {
		return r
	}
	n, err := cu.NumDevices()
	if err != nil {
		r.Off = cux.Wrap(err, "cuDeviceGetCount()")
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
		return r
	}
	r.Kernels = fmt.Sprintf("PTX %d.%d, compiled by the driver for the GPU; needs a driver for CUDA %s or newer", ptx.Version/10, ptx.Version%10, driver.VersionString(ptx.MinDriver))
	r.Products, r.ProductsOff = products(os.Getenv("GRADUS_LIBCUBLASLT"))
	r.NVML = r.ask(time.Now())
	return r
}

// products looks for cuBLASLt. Whether it starts on a GPU and computes rightly is
// seen when a program first needs it.
func products(path string) (string, error) {
	l, err := libs.OpenCublasLt(path)
	if err != nil {
		return "", err
	}
	return l.String(), l.Close()
}

// ask adds the state of every GPU, as NVML tells it.
func (r *Report) ask(now time.Time) error {
	n, err := libs.OpenNVML(os.Getenv("GRADUS_LIBNVML"))
	if err != nil {
		return err
	}
	defer n.Close()
	for i := range r.GPUs {
		g, err := n.GPU(r.GPUs[i].Bus)
		if err != nil {
			return err
		}
		s, err := g.Sample(now)
		if err != nil {
			return err
		}
		r.GPUs[i].State = &s
	}
	return nil
}

func examineGPU(i int) (GPU, error) {
	g := GPU{Index: i}
	d, err := cu.GetDevice(i)
	if err != nil {
		return g, cux.Wrap(err, "cuDeviceGet(%d)", i)
	}
	if g.Name, err = d.Name(); err != nil {
		return g, cux.Wrap(err, "cuDeviceGetName(%d)", i)
	}
	if g.Memory, err = d.TotalMem(); err != nil {
		return g, cux.Wrap(err, "cuDeviceTotalMem(%d)", i)
	}
	var major, minor int
	for _, a := range []struct {
		attribute cu.DeviceAttribute
		name      string
		v         *int
	}{
		{cu.ComputeCapabilityMajor, "compute capability", &major}, {cu.ComputeCapabilityMinor, "compute capability", &minor},
		{cu.MultiprocessorCount, "multiprocessors", &g.Processors},
	} {
		if *a.v, err = d.Attribute(a.attribute); err != nil {
			return g, cux.Wrap(err, "cuDeviceGetAttribute(%s, GPU %d)", a.name, i)
		}
	}
	g.Capability = 10*major + minor
	if g.Bus, err = cux.BusID(d); err != nil {
		return g, err
	}
	if g.Capability < MinCapability {
		g.Refused = fmt.Sprintf("compute capability %s; gradus needs %s (Ampere) or newer", capabilityString(g.Capability), capabilityString(MinCapability))
	}
	if g.Capability == 90 {
		g.Matrix = "products in bfloat16 by wgmma, if it passes its test when a run begins; otherwise by mma.sync"
		if os.Getenv(wgmmaVariable) == "off" {
			g.Matrix = "products in bfloat16 by mma.sync: " + wgmmaVariable + "=off"
		}
	}
	return g, nil
}

// capabilityString is "8.0" for 80.
func capabilityString(c int) string { return fmt.Sprintf("%d.%d", c/10, c%10) }

// lanes are the f32 multiply-adds that a processor starts in one clock, by
// compute capability (CUDA C++ Programming Guide, "Arithmetic Instructions").
func lanes(capability int) int {
	if capability == 80 {
		return 64
	}
	return 128
}

// Peak is what the GPU could do at its highest clocks: f32 multiply-adds in
// GFLOP/s and reads of memory in GB/s. Nothing is measured.
func (d *Device) Peak() (gflops, gbps float64, err error) {
	var clock, memoryClock, width int
	for _, a := range []struct {
		attribute cu.DeviceAttribute
		name      string
		v         *int
	}{{cu.ClockRate, "clock", &clock}, {cu.MemoryClockRate, "memory clock", &memoryClock}, {cu.GlobalMemoryBusWidth, "memory width", &width}} {
		if *a.v, err = d.dev.Attribute(a.attribute); err != nil {
			return 0, 0, cux.Wrap(err, "cuDeviceGetAttribute(%s, %s)", a.name, d.gpu)
		}
	}
	// Clocks are in kHz; memory moves two words of `width` bits in one of its.
	gflops = 2 * float64(d.gpu.Processors) * float64(lanes(d.gpu.Capability)) * float64(clock) / 1e6
	return gflops, 2 * float64(memoryClock) * 1e3 * float64(width) / 8 / 1e9, nil
}

// MatrixPeak is what the matrix units could do at the highest clock, in GFLOP/s
// of bf16 products with f32 sums and without sparsity. Nothing is measured.
func (d *Device) MatrixPeak() (float64, error) {
	clock, err := d.dev.Attribute(cu.ClockRate)
	if err != nil {
		return 0, cux.Wrap(err, "cuDeviceGetAttribute(clock, %s)", d.gpu)
	}
	return 2 * float64(d.gpu.Processors) * float64(matrixLanes(d.gpu.Capability)) * float64(clock) / 1e6, nil
}

// matrixLanes are the multiply-adds of bf16 that the matrix units of a processor
// do in one clock (NVIDIA's white papers of A100, GA102, AD102, H100 and B200).
func matrixLanes(capability int) int {
	switch {
	case capability == 80:
		return 1024
	case capability < 90: // GA10x and AD10x, which halve the rate for sums in f32
		return 256
	case capability < 100:
		return 2048
	case capability < 120:
		return 4096
	}
	return 256
}
