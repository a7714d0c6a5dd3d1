//go:build cuda && linux

package emu

import (
	"errors"
	"os"
	"sync"
	"testing"

	"gradus/kernels"
	"gradus/kernels/optest"
)

var load = sync.OnceValues(func() (*Emulator, error) {
	so, err := Build("..")
	if err != nil {
		return nil, err
	}
	return Open(so)
})

// open returns the emulator, or skips the test where there is no g++.
func open(t testing.TB) *Emulator {
	t.Helper()
	e, err := load()
	if errors.Is(err, ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func device(t testing.TB) *Device {
	d := NewDevice(open(t))
	t.Cleanup(func() { d.Close() })
	return d
}

// Every op equals ref within the table's budgets.
func TestCheck(t *testing.T) {
	if _, err := optest.Check([]kernels.Device{device(t)}, optest.Cases(1)); err != nil {
		t.Error(err)
	}
}

// Neither the batch, nor the place in it, nor the grid changes a bit; tokens of
// decoding have the log-probs of training.
func TestBits(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds of work")
	}
	e := open(t)
	e.Watch(false) // TestCheck watches the same kernels
	defer e.Watch(true)
	grids := map[int]func(int64) int{
		1: func(int64) int { return 1 },
		2: func(items int64) int { return int(min(items, 64)) },
		3: func(items int64) int { return int(min(items, 7)) },
		5: func(items int64) int { return int(min(items, 1<<16) + 3) },
	}
	cases := optest.Cases(2)
	if os.Getenv("GRADUS_FAULTS") != "full" { // all take a minute and a half
		var err error
		if cases, err = optest.Few(cases, 20000, 8); err != nil {
			t.Fatal(err)
		}
	}
	err := optest.Bits(func(threads int) (kernels.Device, error) {
		d := NewDevice(e)
		d.Grid = grids[threads]
		return d, nil
	}, cases)
	if err != nil {
		t.Error(err)
	}
}

func TestContract(t *testing.T) {
	if err := optest.Contract(device(t)); err != nil {
		t.Error(err)
	}
}
