// Package cuda runs programs of package kernels on an NVIDIA GPU, through the
// CUDA driver alone: no toolkit, no runtime library.
package cuda
