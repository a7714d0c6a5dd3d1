//go:build cuda

package cuda

import (
	"gorgonia.org/cu"

	"gradus/kernels/cuda/cux"
)

// scratch is device memory that kernels use within an op. Programs run one after
// the other on one stream, so those that fit share it.
type scratch struct {
	at    cu.DevicePtr
	bytes int64
	users int // programs whose launches name it
}

// takeScratch returns scratch memory of at least so many bytes: what other
// programs use, if that is enough. Callers hold mu, with the context current.
func (d *Device) takeScratch(bytes int64) (*scratch, error) {
	if d.scratch == nil || d.scratch.bytes < bytes {
		at, err := d.reserve(bytes, "scratch memory of a program")
		if err != nil {
			return nil, err
		}
		d.scratch = &scratch{at: at, bytes: bytes}
	}
	d.scratch.users++
	return d.scratch, nil
}

// leaveScratch gives s back when no program uses it any more.
func (d *Device) leaveScratch(s *scratch) error {
	s.users--
	if s.users > 0 {
		return nil
	}
	if d.scratch == s {
		d.scratch = nil
	}
	d.own -= s.bytes
	return cux.Wrap(cu.MemFree(s.at), "cuMemFree(%#x)", uintptr(s.at))
}
