//go:build cuda && linux

package libs

// #cgo CFLAGS: -O2 -std=c11 -Wall -Wextra
// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "nvml.h"
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// NVML is the driver's management library, loaded.
type NVML struct{ c *C.gk_nvml }

const wordsBytes = 1024

// OpenNVML loads and initialises the library at path, or where the driver puts
// it if path is empty. It needs no context on a GPU and takes none of its memory.
func OpenNVML(path string) (*NVML, error) {
	name, why := C.CString(path), (*C.char)(C.calloc(1, wordsBytes))
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(why))
	c := (*C.gk_nvml)(C.calloc(1, C.size_t(unsafe.Sizeof(C.gk_nvml{}))))
	if C.gk_nvml_open(c, name, why, wordsBytes) != 0 {
		C.free(unsafe.Pointer(c))
		return nil, fmt.Errorf("nvml: %s", C.GoString(why))
	}
	return &NVML{c}, nil
}

// Close ends the use of the library and of its GPUs.
func (n *NVML) Close() error {
	if n.c != nil {
		C.gk_nvml_close(n.c)
		C.free(unsafe.Pointer(n.c))
		n.c = nil
	}
	return nil
}

// GPU is one GPU of NVML, a Monitor.
type GPU struct {
	n *NVML
	d C.gk_nvml_device
}

// GPU finds a GPU by its PCI bus id, as in "0000:1B:00.0": CUDA and NVML number
// GPUs differently.
func (n *NVML) GPU(bus string) (*GPU, error) {
	if n.c == nil {
		return nil, errors.New("nvml: closed")
	}
	name, why := C.CString(bus), (*C.char)(C.calloc(1, wordsBytes))
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(why))
	g := &GPU{n: n}
	if C.gk_nvml_find(n.c, name, &g.d, why, wordsBytes) != 0 {
		return nil, fmt.Errorf("nvml: %s", C.GoString(why))
	}
	return g, nil
}

// questions are the bits of gk_nvml_sample.missing.
var questions = [...]string{"power", "power limit", "energy", "utilisation", "memory", "temperature", "SM clock", "memory clock", "throttle reasons"}

// Sample asks the GPU for its state. It fails if the GPU answers nothing.
func (g *GPU) Sample(now time.Time) (Sample, error) {
	if g.n.c == nil {
		return Sample{}, errors.New("nvml: closed")
	}
	var s C.gk_nvml_sample
	C.gk_nvml_sample_of(g.n.c, g.d, &s)
	x := Sample{
		Time: now, Power: float64(s.milliwatts) / 1e3, PowerLimit: float64(s.limit) / 1e3, Energy: float64(s.millijoules) / 1e3,
		GPUBusy: int(s.busy.gpu), MemoryBusy: int(s.busy.memory), MemoryUsed: int64(s.memory.used), MemoryTotal: int64(s.memory.total),
		Temperature: int(s.temperature), SMClock: int(s.sm_clock), MemoryClock: int(s.memory_clock), Throttle: Throttle(s.throttle),
	}
	for i, q := range questions {
		if s.missing>>i&1 == 1 {
			x.Missing = append(x.Missing, q)
		}
	}
	if len(x.Missing) == len(questions) {
		return x, errors.New("nvml: the GPU answers no question; it may be lost (see dmesg for Xid)")
	}
	return x, nil
}
