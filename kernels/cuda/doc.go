// Package cuda runs programs of package kernels on an NVIDIA GPU, through the
// CUDA driver alone: no toolkit and no runtime library is needed, neither to
// build it nor to run it.
//
// It is part of builds with the tag cuda (make build has it); without the tag,
// Examine and Open say so.
package cuda

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
	Refused    string // why gradus will not run on it, "" if it will
}

// Report is what this machine has for CUDA.
type Report struct {
	// Off says why CUDA cannot be used here at all, nil if it can.
	Off error
	// Path and Version describe the driver's library; Version is the newest
	// CUDA it runs, 1000*major + 10*minor.
	Path    string
	Version int
	GPUs    []GPU
}
