//go:build cuda

package cuda

// #cgo CFLAGS: -I${SRCDIR}/include -O2 -std=c11 -Wall -Wextra
// #include "table.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/driver"
	"gradus/kernels/cuda/ptx"
)

// Options choose how a device runs.
type Options struct {
	// Index of the GPU among those that CUDA_VISIBLE_DEVICES leaves.
	Index int
	// NoGraphs launches kernel by kernel instead of replaying captured graphs.
	NoGraphs bool
	// NoWarpgroups leaves the matrix units of compute capability 9.0 to mma.sync, as
	// the environment variable GRADUS_WGMMA=off does.
	NoWarpgroups bool
	// Modules replace the embedded kernels, for tests and for tuning. nil takes
	// the embedded ones.
	Modules []ptx.Module
	// Staging is the pinned memory for copies in bytes, a multiple of 256; 0
	// takes 16 MiB.
	Staging int64

	blasLeast   int64 // operations of the smallest product for cuBLASLt, 0 for the usual
	productTile int   // gk_product_tile, 0 for the one that the kernel chooses
}

const defaultStaging = 16 << 20

// Device is a kernels.Device on one GPU. It uses the GPU's primary context, as
// the CUDA runtime and its libraries do, and one stream. Each call locks its OS
// thread and makes the context current there, so calls may come from any
// goroutine, one at a time.
type Device struct {
	mu      sync.Mutex
	gpu     GPU
	options Options
	dev     cu.Device
	ctx     cu.CUContext
	stream  cu.Stream
	staging *cux.Staging
	modules []cu.Module
	kernels map[string]*kernel
	shared  int // most dynamic shared memory of a block, in bytes

	live    map[*buffer]struct{}
	execs   map[*exec]struct{}
	scratch *scratch // the last that was taken, nil for none
	blas    *blas    // nil until a program has a product for it, and without it
	blasOff error    // why there is none
	own     int64    // bytes of device memory held
	lost    error
	closed  bool

	warpgroups warpgroups
	profile    *kernels.Profile // nil while nobody asks for times
}

// kernel is a function of a loaded module.
type kernel struct {
	name    string
	f       cu.Function
	bytes   int // of its parameter block
	threads int // of a block
	shared  int // dynamic shared memory allowed so far
}

var errClosed = errors.New("cuda: the device is closed")

// Open takes a GPU: it loads the kernels and reserves pinned memory for
// copies. The error says why when there is no driver or no GPU, when the GPU
// or the driver is too old, or when another program holds the GPU.
func Open(o Options) (kernels.Device, error) {
	lib, err := driver.Load()
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	n, err := cu.NumDevices()
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", cux.Wrap(err, "cuDeviceGetCount()"))
	}
	if o.Index < 0 || o.Index >= n {
		return nil, fmt.Errorf("cuda: there is no GPU %d: %s shows %d (see nvidia-smi and CUDA_VISIBLE_DEVICES)", o.Index, lib.Path, n)
	}
	g, err := examineGPU(o.Index)
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	if g.Refused != "" {
		return nil, fmt.Errorf("cuda: %s: %s", g, g.Refused)
	}
	if v := cu.Version(); v > 0 {
		lib.Version = v
	}
	if lib.Version > 0 && lib.Version < ptx.MinDriver {
		return nil, fmt.Errorf("cuda: the driver %s runs CUDA %s; the kernels (PTX %d.%d) need a driver for CUDA %s or newer: update the NVIDIA driver",
			lib.Path, driver.VersionString(lib.Version), ptx.Version/10, ptx.Version%10, driver.VersionString(ptx.MinDriver))
	}
	modules := o.Modules
	if modules == nil {
		if modules, err = ptx.Modules(g.Capability); err != nil {
			return nil, fmt.Errorf("cuda: %w", err)
		}
	}
	d := &Device{
		gpu: g, options: o, dev: cu.Device(o.Index),
		live: map[*buffer]struct{}{}, execs: map[*exec]struct{}{}, kernels: map[string]*kernel{},
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := d.start(modules); err != nil {
		return nil, errors.Join(d.reword(err), d.release())
	}
	return d, nil
}

func (d *Device) start(modules []ptx.Module) error {
	var err error
	if d.dev, err = cu.GetDevice(d.options.Index); err != nil {
		return cux.Wrap(err, "cuDeviceGet(%d)", d.options.Index)
	}
	if d.ctx, err = d.dev.RetainPrimaryCtx(); err != nil {
		return cux.Wrap(err, "cuDevicePrimaryCtxRetain(%s)", d.gpu)
	}
	if err = cu.SetCurrentContext(d.ctx); err != nil {
		return cux.Wrap(err, "cuCtxSetCurrent()")
	}
	if d.stream, err = cu.MakeStream(cu.NonBlocking); err != nil {
		return cux.Wrap(err, "cuStreamCreate(non-blocking)")
	}
	staging := d.options.Staging
	if staging == 0 {
		staging = defaultStaging
	}
	if d.staging, err = cux.NewStaging(d.ctx, d.stream, staging); err != nil {
		return err
	}
	if d.shared, err = cux.SharedLimit(d.dev); err != nil {
		return err
	}
	if err := d.load(modules); err != nil {
		return err
	}
	return d.startWarpgroups(modules)
}

// reword says in the terms of this package what an error of the driver means.
// An error that takes the context with it is kept for all later calls.
func (d *Device) reword(err error) error {
	var e *cux.Error
	switch {
	case err == nil || !errors.As(err, &e):
		return err
	case e.Lost():
		cause := err
		if strings.Contains(err.Error(), "\n") {
			cause = e // of several, all but the first only repeat it
		}
		d.lost = &LostError{GPU: d.gpu.String(), Hardware: e.Hardware(), Err: cause}
		return d.lost
	case e.Code == cux.DeviceUnavailable:
		return &BusyError{GPU: d.gpu.String(), Err: err}
	}
	return err
}

// do runs f with the context current on a locked OS thread. Callers hold mu.
func (d *Device) do(f func() error) error {
	switch {
	case d.closed:
		return errClosed
	case d.lost != nil:
		return d.lost
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(d.ctx); err != nil {
		return d.reword(cux.Wrap(err, "cuCtxSetCurrent()"))
	}
	return d.reword(f())
}

// Name is "cuda-sm_80" for compute capability 8.0, and "cuda-sm_90a" for 9.0 if
// products run on the matrix units that only that has: their last bits differ.
func (d *Device) Name() string {
	if d.warpgroups.on {
		return hopperName
	}
	return fmt.Sprintf("cuda-sm_%d", d.gpu.Capability)
}

// GPU describes the GPU in use.
func (d *Device) GPU() GPU { return d.gpu }

// Held is the number of bytes of device memory that buffers and programs hold.
func (d *Device) Held() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.own
}

// Close frees everything that the device holds, and the GPU.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return d.release()
}

// release gives back what start and later calls took. On a lost GPU the driver
// refuses every call, and the end of the process frees all.
func (d *Device) release() error {
	var none cu.CUContext
	if d.ctx == none {
		return nil
	}
	var errs []error
	note := func(err error) {
		if d.lost == nil {
			errs = append(errs, d.reword(err))
		}
	}
	if err := cu.SetCurrentContext(d.ctx); err != nil {
		note(cux.Wrap(err, "cuCtxSetCurrent()"))
	} else {
		d.releaseAll(note)
	}
	note(cux.Wrap(cu.SetCurrentContext(none), "cuCtxSetCurrent(none)"))
	note(cux.Wrap(d.dev.ReleasePrimaryCtx(), "cuDevicePrimaryCtxRelease(%s)", d.gpu))
	d.live, d.execs, d.modules, d.kernels, d.ctx = nil, nil, nil, nil, none
	return errors.Join(errs...)
}

// releaseAll gives back what belongs to the context, which is current.
func (d *Device) releaseAll(note func(error)) {
	var none cu.Stream
	if d.stream != none {
		note(cux.Wrap(d.stream.Synchronize(), "cuStreamSynchronize(at the end)"))
	}
	for e := range d.execs {
		note(e.release())
	}
	for b := range d.live {
		note(b.release())
	}
	if d.blas != nil {
		note(d.stopBlas(d.blas))
		d.blas = nil
	}
	if d.staging != nil {
		note(d.staging.Free())
	}
	for _, m := range d.modules {
		note(cux.Wrap(m.Unload(), "cuModuleUnload()"))
	}
	if d.stream != none {
		note(cux.Wrap(d.stream.Destroy(), "cuStreamDestroy()"))
	}
}
