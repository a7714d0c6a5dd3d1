package cpu

import (
	"os"
	"strings"
	"testing"

	"gradus/kernels"
	"gradus/kernels/optest"
)

// testPaths are the paths this machine can run, and the sixteen-lane code and
// the model of tile registers in AVX2, which only tests use. GRADUS_CPU leaves one of them, for
// an emulator, where all would take hours.
func testPaths(t testing.TB) []Path {
	if name := FromEnv(os.Getenv); name != "" {
		p, err := choose(Paths(), name)
		if err != nil {
			t.Fatal(err)
		}
		return []Path{p}
	}
	var list []Path
	for _, p := range Paths() {
		if p.Available {
			list = append(list, p)
		} else {
			t.Logf("path %s not tested: %s", p.Name, p.Why)
		}
	}
	if w, ok := tilesPath(); ok {
		list = append(list, w) // which holds all of widePath
	}
	return list
}

func openPath(t testing.TB, p Path, threads int) *Device {
	t.Helper()
	d, err := open(p, threads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// table is the table of cases; in a short run, as on an emulated CPU, the small
// ones.
func table(t testing.TB, seed uint64) []optest.Case {
	t.Helper()
	if !testing.Short() {
		return optest.Cases(seed)
	}
	small, err := optest.Small(optest.Cases(seed), 5000)
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// Every op of every path equals ref within the table's budgets.
func TestCheck(t *testing.T) {
	var devices []kernels.Device
	for _, p := range testPaths(t) {
		devices = append(devices, openPath(t, p, 2))
	}
	if raceDetector {
		devices = devices[:1]
	}
	if _, err := optest.Check(devices, table(t, 1)); err != nil {
		t.Error(err)
	}
}

// Neither the batch, nor the place in it, nor the threads change a bit. The path
// that a run takes here meets all cases; of the others, which are the same
// template, only GRADUS_FAULTS=full tries more than a part.
func TestBits(t *testing.T) {
	paths := testPaths(t)
	if raceDetector {
		paths = paths[:1]
	}
	d, err := Open(Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	taken := strings.TrimPrefix(d.Name(), "cpu-")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		t.Run(p.Name, func(t *testing.T) {
			open := func(threads int) (kernels.Device, error) {
				d, err := open(p, threads)
				if err == nil && threads > 1 {
					d.grain = 1 // the table's cases are small; cut them all the same
				}
				return d, err
			}
			cases := table(t, 2)
			if p.Name != taken && os.Getenv("GRADUS_FAULTS") != "full" {
				var err error
				if cases, err = optest.Few(cases, 1<<17, 3); err != nil {
					t.Fatal(err)
				}
			}
			if err := optest.Bits(open, cases); err != nil {
				t.Error(err)
			}
		})
	}
}

// The device keeps what kernels.Device promises.
func TestContract(t *testing.T) {
	paths := []Path{Paths()[0]}
	if p, ok := tilesPath(); ok {
		paths = append(paths, p)
	}
	for _, p := range paths {
		if err := optest.Contract(openPath(t, p, 2)); err != nil {
			t.Error(err)
		}
	}
}
