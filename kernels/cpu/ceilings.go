package cpu

// #include "exec.h"
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"gradus/kernels"
)

// Ceiling is what this machine allows on a device's code path, measured now.
// Benchmarks print their figures as shares of it.
type Ceiling struct {
	FMA1, FMA   float64 // multiply-add in registers, GFLOP/s: one thread, all threads
	Tile1, Tile float64 // products of bf16 tiles in registers, GFLOP/s; 0 where the path has none
	Read1, Read float64 // reading memory, GB/s
}

// Ceilings measures dev, which must come from Open: the best of a few short
// runs, about a third of a second in all. now is time.Now outside of tests.
func Ceilings(dev kernels.Device, now func() time.Time) (Ceiling, error) {
	d, ok := dev.(*Device)
	if !ok {
		return Ceiling{}, fmt.Errorf("cpu: ceilings of device %s, which is no CPU device", dev.Name())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return Ceiling{}, errClosed
	}
	const floats = 32 << 20 // 128 MiB: more than most caches
	data := C.gk_memory(floats * elementSize)
	if data == nil {
		return Ceiling{}, errors.New("cpu: no memory for the bandwidth test")
	}
	defer C.gk_release(data, floats*elementSize)
	// Fresh memory is one page of zeros, mapped over and over: fill it.
	words := unsafe.Slice((*float32)(data), floats)
	for i := range words {
		words[i] = 1
	}
	best := func(f func() float64) float64 {
		top := 0.0
		for range 3 {
			start := now()
			work := f()
			if s := now().Sub(start).Seconds(); s > 0 {
				top = max(top, work/s/1e9)
			}
		}
		return top
	}
	fma := func(threads int) func() float64 {
		return func() float64 { return d.loop(d.path.table, threads, 8e8) }
	}
	read := func(threads int) func() float64 {
		return func() float64 {
			C.gk_read(d.path.table, d.pool, C.int(threads), (*C.float)(data), floats)
			return floats * elementSize
		}
	}
	c := Ceiling{FMA1: best(fma(1)), FMA: best(fma(d.threads)), Read1: best(read(1)), Read: best(read(d.threads))}
	if d.path.products != nil {
		tile := func(threads int) func() float64 {
			return func() float64 { return d.loop(d.path.products, threads, 2e8) }
		}
		c.Tile1, c.Tile = best(tile(1)), best(tile(d.threads))
	}
	return c, nil
}

// loop does about flops operations of a table in registers on each of n threads
// and returns how many were done in all.
func (d *Device) loop(table *C.gk_table, n int, flops float64) float64 {
	return float64(C.gk_fma(table, d.pool, C.int(n), C.double(flops)))
}
