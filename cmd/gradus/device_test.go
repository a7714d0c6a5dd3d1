package main

import (
	"testing"

	"gradus/kernels"
)

// pathDevice is a device that could not take its fastest path.
type pathDevice struct {
	kernels.Device
	threads int
	refused []string
}

func (pathDevice) Name() string        { return "cpu-avx512" }
func (d pathDevice) Threads() int      { return d.threads }
func (d pathDevice) Refused() []string { return d.refused }

// What a run records of its device: path, threads, and why it is not a faster
// path.
func TestDeviceLabel(t *testing.T) {
	for _, c := range []struct {
		dev  pathDevice
		want string
	}{
		{pathDevice{threads: 1}, "cpu-avx512, 1 thread"},
		{pathDevice{threads: 8}, "cpu-avx512, 8 threads"},
		{pathDevice{threads: 2, refused: []string{"path amx: linear in bf16 differs"}}, "cpu-avx512, 2 threads, left out: path amx: linear in bf16 differs"},
	} {
		if got := deviceLabel(c.dev); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
