//go:build cuda && linux

package cuda

import (
	"errors"
	"os"
	"sync"
	"testing"

	"gradus/kernels"
	"gradus/kernels/cuda/emu"
	"gradus/kernels/cuda/fake"
	"gradus/kernels/optest"
)

// The driver's library is chosen once for a process, so the stand-in is built
// before any test and serves all of them. GRADUS_TEST_GPU=1 leaves the machine's
// own driver in place: then the tests of conformance run on a real GPU.
func TestMain(m *testing.M) {
	os.Exit(fake.Main(m, ".", func(d *fake.Driver) { standIn = d }))
}

var standIn *fake.Driver // nil with a real driver, or without a compiler

func onGPU() bool { return fake.OnGPU() }

// pretend makes the stand-in a new machine, and checks at the end of the test
// that nothing was used wrongly or left behind.
func pretend(t *testing.T, c fake.Config) *fake.Driver {
	t.Helper()
	if standIn == nil {
		t.Skip("needs the driver's stand-in")
	}
	standIn.Reset(c)
	if err := standIn.Emulate(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range standIn.Problems(true) {
			t.Error(p)
		}
	})
	return standIn
}

var emulator = sync.OnceValues(func() (string, error) { return emu.Build(".") })

// emulated is pretend with kernels that compute.
func emulated(t *testing.T, c fake.Config) *fake.Driver {
	t.Helper()
	d := pretend(t, c)
	so, err := emulator()
	if errors.Is(err, emu.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Emulate(so); err != nil {
		t.Fatal(err)
	}
	return d
}

func open(t *testing.T, o Options) *Device {
	t.Helper()
	d, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.(*Device)
}

// conforming is a device for the tests of conformance: a GPU, or the emulator
// behind the stand-in.
func conforming(t *testing.T, o Options) *Device {
	t.Helper()
	if !onGPU() {
		emulated(t, fake.Default())
	}
	return open(t, o)
}

func TestContract(t *testing.T) {
	if err := optest.Contract(conforming(t, Options{})); err != nil {
		t.Error(err)
	}
}

// unwatched turns the watch over shared memory off until the test ends: it is
// package emu that watches each kernel, and what is tested here is the host.
func unwatched(t *testing.T) {
	if onGPU() {
		return
	}
	so, err := emulator()
	if err != nil {
		return // emulated skips the test, or fails it
	}
	e, err := emu.Open(so)
	if err != nil {
		t.Fatal(err)
	}
	e.Watch(false)
	t.Cleanup(func() { e.Watch(true) })
}

// Every op equals ref within the table's budgets, replayed from a graph and
// launched one by one. What the host can do wrong is not the op's, and package
// emu holds every kernel to the whole table, so without a GPU a part of it is enough.
func TestCheck(t *testing.T) {
	unwatched(t)
	for _, c := range []struct {
		name    string
		options Options
		every   int
	}{{"graphs", Options{}, 4}, {"launches", Options{NoGraphs: true}, 12}} {
		t.Run(c.name, func(t *testing.T) {
			cases := optest.Cases(1)
			if !onGPU() {
				var err error
				if cases, err = optest.Few(cases, 1<<16, c.every); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := optest.Check([]kernels.Device{conforming(t, c.options)}, cases); err != nil {
				t.Error(err)
			}
		})
	}
}

// Neither the batch, nor the place of a row in it, nor the grid changes a bit:
// the log-probs of decoding are those of training. All devices share one GPU;
// that grids do not matter is shown by package emu, and without a GPU sequences
// and decoding too: GRADUS_FAULTS=full compares them here all the same.
func TestBits(t *testing.T) {
	if testing.Short() && !onGPU() {
		t.Skip("the emulated GPU is slow")
	}
	cases, compare := optest.Cases(1), optest.Bits
	if !onGPU() {
		unwatched(t)
		emulated(t, fake.Default())
		var err error
		if cases, err = optest.Few(cases, 20000, 12); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("GRADUS_FAULTS") != "full" {
			compare = optest.CaseBits
		}
	}
	if err := compare(func(int) (kernels.Device, error) { return Open(Options{Staging: 1 << 20}) }, cases); err != nil {
		t.Error(err)
	}
}
