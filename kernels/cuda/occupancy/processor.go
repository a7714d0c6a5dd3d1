//go:build cuda && linux

package main

// processor holds the limits of a multiprocessor (CUDA C++ Programming Guide,
// technical specifications per compute capability).
type processor struct {
	arch        string // as ptxas names it
	warps       int    // at a time
	blocks      int    // at a time
	shared      int    // bytes
	sharedBlock int    // bytes that one block may have
}

var processors = []processor{
	{"sm_80", 64, 32, 164 << 10, 163 << 10},
	{"sm_86", 48, 16, 100 << 10, 99 << 10},
	{"sm_89", 48, 24, 100 << 10, 99 << 10},
	{"sm_90", 64, 32, 228 << 10, 227 << 10},
	{"sm_100", 64, 32, 228 << 10, 227 << 10},
	{"sm_120", 48, 24, 100 << 10, 99 << 10},
}

const (
	registers      = 64 << 10 // of a processor, and the most of one block
	registerUnit   = 256      // a warp's registers are given out in multiples of it
	warpUnit       = 4        // one share of the registers for each quarter of a processor
	sharedUnit     = 128
	sharedReserved = 1 << 10 // of every block, by the system
	staticShared   = 48 << 10
	warpThreads    = 32
)

func up(n, by int) int { return (n + by - 1) / by * by }

// fit is the number of blocks that p holds at a time, each of so many threads
// with so many registers, and bytes of shared memory in all; 0 if a block cannot
// be launched.
func (p processor) fit(threads, perThread, shared int) int {
	warps := up(threads, warpThreads) / warpThreads
	if shared > p.sharedBlock || threads > 1024 {
		return 0
	}
	byRegisters := registers / up(max(1, perThread)*warpThreads, registerUnit) / warpUnit * warpUnit / warps
	byShared := p.shared / (up(shared, sharedUnit) + sharedReserved)
	return min(p.blocks, p.warps/warps, byRegisters, byShared)
}
