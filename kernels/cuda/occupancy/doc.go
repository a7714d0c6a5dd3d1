//go:build cuda && linux

// Command occupancy assembles the committed PTX with NVIDIA's ptxas, which needs
// no GPU, and tells what each kernel takes of a processor: registers, spills,
// shared memory, and how many blocks fit at a time with the blocks that the host
// launches. With nvdisasm beside it, it also tells what the inner loops of the
// machine code are made of.
//
//	make ptxas                                       # both tools, from PyPI
//	go run -tags cuda ./kernels/cuda/occupancy       # prints the table
//	go run -tags cuda ./kernels/cuda/occupancy -write docs/cuda-kernels.md
//	go run -tags cuda ./kernels/cuda/occupancy -loops sm_90
//
// The tests hold every kernel of every file to it: no error, no warning, no
// spill beyond a stated budget, and no block that could not be launched.
package main
