// Package fake is a CUDA driver for tests: a libcuda.so.1 in C (lib/) that
// exists only in memory, and the controls of it. It holds device memory on the
// host's heap between guards, queues the work of a stream until something waits
// for it, checks every handle, size and order of calls, fails any call when
// asked, and runs kernels through the emulator of package emu.
//
// The code under test finds it by GRADUS_LIBCUDA, as it would find a real one.
//
// The package is empty without the build tag cuda.
package fake
