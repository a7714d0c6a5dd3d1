//go:build cuda

package cuda

// #include "table.h"
import "C"

import (
	"fmt"

	"gorgonia.org/cu"

	"gradus/kernels/cuda/cux"
	"gradus/kernels/cuda/ptx"
)

// load compiles the kernels for the GPU and finds every function of abi.h in
// them. The driver keeps what it compiled in its own cache on disk.
func (d *Device) load(modules []ptx.Module) error {
	var general []ptx.Module
	for _, t := range modules {
		if t.Arch == ptx.Hopper {
			continue // startWarpgroups
		}
		general = append(general, t)
		m, err := cux.LoadPTX(t.Family+"."+t.Arch+".ptx", string(t.Text))
		if err != nil {
			return fmt.Errorf("cuda: load kernels on %s: %w", d.gpu, err)
		}
		d.modules = append(d.modules, m)
	}
	homes := map[string]int{} // module by kernel
	for i, m := range general {
		for _, name := range m.Kernels() {
			homes[name] = i
		}
	}
	for i := range C.gk_kernel_count() {
		row := C.gk_kernel_at(i)
		if row.capability != 0 {
			continue
		}
		k := newKernel(row)
		home, ok := homes[k.name]
		if !ok {
			return fmt.Errorf("cuda: kernel %s is in none of the %d loaded modules: the PTX is not of this build", k.name, len(general))
		}
		if err := k.find(d.modules[home]); err != nil {
			return err
		}
		d.kernels[k.name] = k
	}
	return nil
}

// newKernel is the kernel of a row of abi.h, not looked up yet.
func newKernel(row C.gk_kernel) *kernel {
	return &kernel{name: C.GoString(row.name), bytes: int(row.bytes), threads: int(row.threads), shared: 48 << 10}
}

// find looks k up in its module and checks that it takes the parameters that
// the host will pass.
func (k *kernel) find(m cu.Module) error {
	var err error
	if k.f, err = m.Function(k.name); err != nil {
		return cux.Wrap(err, "cuModuleGetFunction(%s)", k.name)
	}
	switch n, err := cux.ParamSize(k.f, 0); {
	case cux.Is(err, cux.NotSupported): // a driver before CUDA 12.4
		return nil
	case err != nil:
		return err
	case n != int64(k.bytes):
		return fmt.Errorf("cuda: kernel %s takes %d bytes of parameters, the host passes %d: the PTX is not of this build", k.name, n, k.bytes)
	}
	return nil
}

// allow raises the dynamic shared memory that k may be launched with.
func (d *Device) allow(k *kernel, shared int) error {
	if shared <= k.shared {
		return nil
	}
	if shared > d.shared {
		return fmt.Errorf("kernel %s needs %d bytes of shared memory for one block; %s has %d", k.name, shared, d.gpu, d.shared)
	}
	if err := cux.SetDynamicShared(k.f, shared); err != nil {
		return err
	}
	k.shared = shared
	return nil
}
