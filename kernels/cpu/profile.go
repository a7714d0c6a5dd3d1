package cpu

// #include "exec.h"
import "C"

import (
	"unsafe"

	"gradus/kernels"
)

// profile is the time spent on each op since StartProfile. Programs are told
// apart by name and size: one that is compiled anew goes on where its
// predecessor ended.
type profile struct {
	times []kernels.OpTime
	first map[programKey]int // index in times of a program's first op
}

type programKey struct {
	name string
	ops  int
}

// StartProfile times every run from now on: two clock readings an op.
func (d *Device) StartProfile() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.profile = &profile{first: map[programKey]int{}}
}

// StopProfile ends the timing and returns the times since StartProfile.
func (d *Device) StopProfile() []kernels.OpTime {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.profile == nil {
		return nil
	}
	times := d.profile.times
	d.profile = nil
	return times
}

// record moves the times of the run that has just ended to the profile. The
// caller holds the device's lock.
func (e *exec) record(a *kernels.Args) {
	p, ops := e.dev.profile, e.check.Ops
	key := programKey{e.check.Name, len(ops)}
	first, ok := p.first[key]
	if !ok {
		first = len(p.times)
		p.first[key] = first
		for i, op := range ops {
			p.times = append(p.times, kernels.OpTime{Program: e.check.Name, Index: i, Op: op})
		}
	}
	cmds := unsafe.Slice(e.c.cmd, len(ops))
	for i, op := range ops {
		t, w := &p.times[first+i], op.Work(a)
		t.Runs++
		t.Seconds += float64(cmds[i].ns) / 1e9
		t.Work.Flops += w.Flops
		t.Work.Bytes += w.Bytes
		cmds[i].ns = 0
	}
}
