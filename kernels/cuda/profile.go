//go:build cuda

package cuda

import (
	"errors"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/cux"
)

// StartProfile times every run from now on. Events are recorded between the
// ops, so programs run launch by launch and not from their graphs: the times
// hold what it costs to launch.
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

// runTimed runs the program once and adds the times of its ops to the profile.
// The caller holds the device's lock.
func (e *exec) runTimed(a *kernels.Args) error {
	return e.dev.do(func() (err error) {
		marks := make([]cu.Event, len(e.starts)+1)
		made := 0
		defer func() {
			for i := range marks[:made] {
				err = errors.Join(err, cux.Wrap(cu.DestroyEvent(&marks[i]), "cuEventDestroy()"))
			}
		}()
		for i := range marks {
			if marks[i], err = cu.MakeEvent(cu.DefaultEvent); err != nil {
				return cux.Wrap(err, "cuEventCreate()")
			}
			made++
		}
		if err := e.step.RunMarked(e.starts, marks); err != nil {
			return err
		}
		seconds := make([]float64, len(e.starts))
		for i := range seconds {
			ms, err := marks[i].Elapsed(marks[i+1])
			if err != nil {
				return cux.Wrap(err, "cuEventElapsedTime()")
			}
			seconds[i] = ms / 1e3
		}
		e.dev.profile.Add(e.check.Name, e.check.Ops, a, func(i int) float64 { return seconds[i] })
		return nil
	})
}
