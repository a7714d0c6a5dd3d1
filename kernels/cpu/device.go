// Package cpu runs programs of package kernels on the CPU, in C.
//
// Each op family is one C header (gemm.h, attn.h, ...) that is compiled once
// per code path: generic (4 lanes), avx2 (8), avx512 (16), neon (4). The path
// amx adds matrix products in bfloat16 on tile registers. A program becomes a
// list of C structs; a run is one cgo call that walks the list on a fixed pool
// of threads. Every element of a result is computed by one thread in an order
// that depends on sizes alone, so neither the batch, nor the place of a row in
// it, nor the number of threads changes a bit. Paths differ from each other
// within rounding.
package cpu

// #cgo CFLAGS: -O3 -std=c11 -Wall -Wextra -Wno-psabi -pthread
// #cgo LDFLAGS: -pthread -lm
// #include "exec.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"gradus/kernels"
	"gradus/kernels/machine"
)

// Options choose how a device runs.
type Options struct {
	// Path forces a code path: generic, avx2, avx512, amx or neon. "" is the
	// fastest that this machine has and that computes what generic does (see
	// Refused). FromEnv reads it from GRADUS_CPU.
	Path string
	// Threads is the number of threads a run uses, the calling one included.
	// 0 takes what the process may use: its CPU affinity and cgroup quota.
	Threads int
}

// defaultGrain is about 5 microseconds of work: several times what it costs to
// hand it to a waiting thread.
const defaultGrain = 16384

// MaxThreads is the largest Options.Threads.
const MaxThreads = C.GK_MOST_THREADS

// Device is a kernels.Device on this machine's CPU.
type Device struct {
	mu      sync.Mutex // one run at a time, and none during Close
	path    Path
	threads int
	grain   int64 // smallest piece of work for a thread, in simple operations
	pool    *C.gk_pool
	live    map[*buffer]struct{}
	execs   map[*exec]struct{}
	// Scratch memory, as large as the hungriest compiled program needs.
	shared, local scratch
	localSize     int64            // bytes for one thread
	profile       *kernels.Profile // nil while runs are not timed
	closed        bool
	refused       []string
}

var errClosed = errors.New("cpu: the device is closed")

// Open starts a device and its worker threads.
func Open(o Options) (kernels.Device, error) {
	paths := Paths()
	if o.Path != "" {
		p, err := choose(paths, o.Path)
		if err != nil {
			return nil, err
		}
		return open(p, o.Threads)
	}
	p, refused, err := proven(paths, prove)
	if err != nil {
		return nil, err
	}
	d, err := open(p, o.Threads)
	if err != nil {
		return nil, err
	}
	d.refused = refused
	return d, nil
}

// proven returns the fastest available path that passes the test, and why it
// is not a faster one.
func proven(paths []Path, test func(Path) error) (best Path, refused []string, err error) {
	for {
		if best, err = choose(paths, ""); err != nil || best.Name == paths[0].Name {
			return best, refused, err
		}
		failed := test(best)
		if failed == nil {
			return best, refused, nil
		}
		refused = append(refused, fmt.Sprintf("path %s: %v", best.Name, failed))
		for i := range paths {
			if paths[i].Name == best.Name {
				paths = paths[:i:i]
				break
			}
		}
	}
}

// Refused tells which faster paths Open has left out because they failed its
// test, and what the test found; nothing where a path was forced.
func (d *Device) Refused() []string { return d.refused }

// Computes tells whether the path has products with factors of dtype dt.
func (d *Device) Computes(dt kernels.DType) bool {
	return dt == kernels.F32 || dt == kernels.BF16 && d.path.products != nil
}

func open(p Path, threads int) (*Device, error) {
	switch {
	case threads == 0:
		threads = min(machine.FindCPUs(os.DirFS("/"), runtime.NumCPU()).N, MaxThreads)
	case threads < 0 || threads > MaxThreads:
		return nil, fmt.Errorf("cpu: %d threads, want 1..%d, or 0 for what the process may use", threads, MaxThreads)
	}
	var errno C.int
	pool := C.gk_pool_new(C.int(threads), &errno)
	if pool == nil {
		return nil, fmt.Errorf("cpu: start %d worker threads: %w; ask for fewer threads", threads-1, syscall.Errno(errno))
	}
	return &Device{path: p, threads: threads, grain: defaultGrain, pool: pool, live: map[*buffer]struct{}{}, execs: map[*exec]struct{}{}}, nil
}

// Name is "cpu-" and the code path.
func (d *Device) Name() string { return "cpu-" + d.path.Name }

// Threads is the number of threads a run uses.
func (d *Device) Threads() int { return d.threads }

// Close joins the worker threads and frees the memory of all buffers.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	C.gk_pool_free(d.pool)
	d.pool = nil
	for e := range d.execs {
		e.release()
	}
	for b := range d.live {
		b.release()
	}
	d.shared.release()
	d.local.release()
	d.live, d.execs = nil, nil
	return nil
}

// reserve grows the scratch memory to what a program needs, in bytes.
func (d *Device) reserve(shared, local int64) error {
	local = (local + 63) / 64 * 64
	if err := d.shared.grow(shared); err != nil {
		return err
	}
	if err := d.local.grow(local * int64(d.threads)); err != nil {
		return err
	}
	d.localSize = max(d.localSize, local)
	return nil
}

// scratch is a block of C memory whose contents nobody keeps.
type scratch struct {
	data  unsafe.Pointer
	bytes int64
}

func (s *scratch) grow(bytes int64) error {
	if bytes <= s.bytes {
		return nil
	}
	p := C.gk_memory(C.int64_t(bytes))
	if p == nil {
		return fmt.Errorf("no memory for %d bytes of scratch", bytes)
	}
	s.release()
	s.data, s.bytes = p, bytes
	return nil
}

func (s *scratch) release() {
	C.gk_release(s.data, C.int64_t(s.bytes))
	s.data, s.bytes = nil, 0
}
