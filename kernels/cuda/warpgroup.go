//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"errors"
	"fmt"
	"os"

	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/ptx"
)

// warpgroups are the kernels for the matrix units of compute capability 9.0, which
// a warpgroup feeds from shared memory (wgmma). All products in bf16 of a device go
// there, or none: a row that is sampled and the same row in training must have the
// same bits, and two kinds of units round sums differently.
type warpgroups struct {
	on  bool
	off error // why not, nil where there are none
}

// wgmmaVariable is the environment variable that switches them off.
const wgmmaVariable = "GRADUS_WGMMA"

// hopperName is what Name says of a GPU whose products run on those units.
const hopperName = "cuda-" + ptx.Hopper

// noHopper is what makes d do without the kernels of compute capability 9.0.
type noHopper struct{ error }

func (n noHopper) Unwrap() error { return n.error }

// startWarpgroups loads the kernels for the matrix units of compute capability 9.0
// and lets them prove themselves. Without them the device multiplies as every other
// does. An error is one of the driver that has nothing to do with the kernels.
func (d *Device) startWarpgroups(modules []ptx.Module) error {
	found, err := d.loadHopper(modules)
	if err == nil && found {
		err = d.proveWarpgroups()
		d.warpgroups.on = err == nil
	}
	var none noHopper
	if errors.As(err, &none) {
		d.warpgroups.off = none.error
		return nil
	}
	return err
}

// loadHopper compiles the modules for compute capability 9.0 and finds the kernels
// in them, if there are any. What the driver's compiler refuses is left out.
func (d *Device) loadHopper(modules []ptx.Module) (found bool, err error) {
	for _, t := range modules {
		if t.Arch != ptx.Hopper {
			continue
		}
		switch {
		case d.options.NoWarpgroups:
			return false, noHopper{errors.New("switched off")}
		case os.Getenv(wgmmaVariable) == "off":
			return false, noHopper{errors.New("switched off by " + wgmmaVariable + "=off")}
		}
		m, err := cux.LoadPTX(t.Family+"."+t.Arch+".ptx", string(t.Text))
		if err != nil {
			return false, refused(err)
		}
		d.modules = append(d.modules, m)
		for _, name := range t.Kernels() {
			k := kernelOf(name)
			if k == nil {
				return false, noHopper{fmt.Errorf("kernel %s is not in abi.h: the PTX is not of this build", name)}
			}
			if err := k.find(m); err != nil {
				return false, refused(err)
			}
			d.kernels[name], found = k, true
		}
	}
	return found, nil
}

// refused tells errors of the driver's compiler from those that end a device.
func refused(err error) error {
	var e *cux.Error
	if errors.As(err, &e) && (e.Lost() || e.Code == cux.OutOfMemory || e.Code == cux.DeviceUnavailable) {
		return err
	}
	return noHopper{err}
}

// kernelOf is a kernel of abi.h that is not looked up yet, nil if there is none.
func kernelOf(name string) *kernel {
	for i := range C.gk_kernel_count() {
		if row := C.gk_kernel_at(i); C.GoString(row.name) == name {
			return newKernel(row)
		}
	}
	return nil
}

// Warpgroups tells whether products in bf16 run on the matrix units of compute
// capability 9.0 (wgmma), and if not, why; nil where the GPU has none.
func (d *Device) Warpgroups() (bool, error) { return d.warpgroups.on, d.warpgroups.off }

// Refused lists the faster ways of computing that this GPU has and the device does
// without, each with what was found.
func (d *Device) Refused() []string {
	if d.warpgroups.off == nil {
		return nil
	}
	return []string{"wgmma: " + d.warpgroups.off.Error()}
}

// product adds a product in bf16: by kernel with params, or w on the matrix units
// of a warpgroup.
func product[T any](p *plan, at int, kernel string, rows, cols int, params *T, w C.gk_product) {
	if !p.warpgroups {
		multiply(p, at, kernel, rows, cols, params)
		return
	}
	if p.dev != nil {
		w.tile = C.int(p.dev.options.productTile)
	}
	const tile = C.GK_PRODUCT_TILE
	launch(p, at, "gk_product_bf16", ceilDiv(int64(rows), tile)*ceilDiv(int64(cols), tile), C.GK_PRODUCT_SHARED, &w)
}
