// Package emu runs the CUDA kernels of ../src on the CPU, for tests.
//
// The same .cu files that clang compiles for a GPU are compiled by g++ against
// runtime/emu.h, where every word of src/gpu.h is a function: a thread of a
// block is a fiber, a barrier lets the other fibers run. Besides the results
// that finds what a GPU leaves unsaid: shared memory out of bounds, read before
// it was written, or touched by two threads without a barrier between them, and
// barriers that not all threads of a block reach.
//
// The package is empty without the build tag cuda.
package emu
