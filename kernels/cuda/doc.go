// Package cuda runs programs of package kernels on an NVIDIA GPU, through the
// CUDA driver alone: no toolkit and no runtime library is needed, neither to
// build it nor to run it.
//
// It is part of builds with the tag cuda (make build has it); without the tag,
// Examine and Open say so.
package cuda

import (
	"fmt"

	"gradus/kernels/cuda/libs"
)

// MinCapability is the compute capability below which a GPU is refused, 10*major
// + minor: 8.0 is Ampere, the first with bf16 matrix units and asynchronous
// copies.
const MinCapability = 80

// GPU describes one device of the driver.
type GPU struct {
	Index      int
	Name       string
	Capability int    // 10*major + minor
	Memory     int64  // bytes
	Processors int    // streaming multiprocessors
	Bus        string // place on the PCI bus, "0000:1B:00.0"
	Refused    string // why gradus will not run on it, "" if it will
	// Matrix says how products in bf16 run on it, where that is a choice: on compute
	// capability 9.0.
	Matrix string
	// State is what NVML said of the GPU at the time of the examination, nil if
	// it said nothing.
	State *libs.Sample
}

func (g GPU) String() string { return fmt.Sprintf("GPU %d (%s)", g.Index, g.Name) }

// Report is what this machine has for CUDA.
type Report struct {
	// Off says why CUDA cannot be used here at all, nil if it can.
	Off error
	// Path and Version describe the driver's library; Version is the newest
	// CUDA it runs, 1000*major + 10*minor.
	Path    string
	Version int
	GPUs    []GPU
	// Kernels describes the GPU code that this binary carries.
	Kernels string
	// Products is the library for large products of the backward pass in bf16,
	// and ProductsOff why there is none: then our own kernels do them, as they
	// do all others.
	Products    string
	ProductsOff error
	// NVML says why there is no telemetry, nil if there is.
	NVML error
}
