package cpu

// #include "exec.h"
import "C"

import (
	"unsafe"

	"gradus/kernels"
)

// StartProfile times every run from now on: two clock readings an op.
func (d *Device) StartProfile() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.profile = &kernels.Profile{}
}

// StopProfile ends the timing and returns the times since StartProfile.
func (d *Device) StopProfile() []kernels.OpTime {
	d.mu.Lock()
	defer d.mu.Unlock()
	times := d.profile.Times()
	d.profile = nil
	return times
}

// record moves the times of the run that has just ended to the profile. The
// caller holds the device's lock.
func (e *exec) record(a *kernels.Args) {
	cmds := unsafe.Slice(e.c.cmd, len(e.check.Ops))
	e.dev.profile.Add(e.check.Name, e.check.Ops, a, func(i int) float64 {
		ns := cmds[i].ns
		cmds[i].ns = 0
		return float64(ns) / 1e9
	})
}
