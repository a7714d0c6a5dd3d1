//go:build cuda && linux

package cuda

import (
	"errors"
	"maps"
	"math"
	"os"
	"strings"
	"testing"

	"gorgonia.org/cu"

	"gradus/kernels"
	"gradus/kernels/cuda/fake"
	"gradus/kernels/cuda/ptx"
	"gradus/kernels/optest"
)

// hopper is a GPU of compute capability 9.0.
func hopper() fake.Config {
	c := fake.Default()
	c.Capability = 90
	return c
}

// warpgrouped is a GPU of compute capability 9.0, emulated, whose matrix units have
// proven themselves.
func warpgrouped(t *testing.T) *Device {
	t.Helper()
	if !onGPU() {
		emulated(t, hopper())
		unwatched(t)
	}
	d := open(t, Options{})
	if d.gpu.Capability != 90 {
		t.Skipf("%s has compute capability %s", d.gpu, capabilityString(d.gpu.Capability))
	}
	if on, err := d.Warpgroups(); !on {
		t.Fatal(err)
	}
	return d
}

// Every op with products in bf16 equals ref on the matrix units of warpgroups, and
// decoding has the bits of training.
func TestWarpgroups(t *testing.T) {
	if testing.Short() && !onGPU() {
		t.Skip("the emulated GPU is slow")
	}
	d := warpgrouped(t)
	if d.Name() != "cuda-sm_90a" || len(d.Refused()) > 0 {
		t.Errorf("%s, without %v", d.Name(), d.Refused())
	}
	cases, err := optest.Few(optest.Cases(1), 1<<16, 1)
	if err != nil {
		t.Fatal(err)
	}
	var products []optest.Case
	for _, c := range cases {
		if strings.Contains(c.Shape, "bf16") {
			products = append(products, c)
		}
	}
	if len(products) < 5 {
		t.Fatalf("%d cases with products in bf16", len(products))
	}
	if _, err := optest.Check([]kernels.Device{d}, products); err != nil {
		t.Error(err)
	}
	if err := d.Prove(); err != nil {
		t.Error(err)
	}
}

// What keeps a GPU of compute capability 9.0 from its matrix units is told, and
// products run without them.
func TestWithoutWarpgroups(t *testing.T) {
	general, kernels := 0, 0
	modules, err := ptx.Modules(90)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		if m.Arch != ptx.Hopper {
			general++
			kernels += len(m.Kernels())
		}
	}
	for _, c := range []struct {
		name, why string
		before    func(t *testing.T, f *fake.Driver)
	}{
		{"computes nothing", "it computes ", func(*testing.T, *fake.Driver) {}},
		{"switched off", "switched off by GRADUS_WGMMA=off", func(t *testing.T, _ *fake.Driver) { t.Setenv("GRADUS_WGMMA", "off") }},
		{"compiler refuses", "CUDA_ERROR_INVALID_PTX", func(_ *testing.T, f *fake.Driver) { f.Fail("cuModuleLoadDataEx", general+1, 218) }},
		{"kernel missing", "cuModuleGetFunction(gk_product_bf16)", func(_ *testing.T, f *fake.Driver) { f.Fail("cuModuleGetFunction", kernels+1, 500) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := pretend(t, hopper())
			c.before(t, f)
			d := open(t, Options{})
			on, why := d.Warpgroups()
			if on || why == nil || !strings.Contains(why.Error(), c.why) || strings.Contains(why.Error(), "\n") {
				t.Errorf("on %v, %v; want %q", on, why, c.why)
			}
			if r := d.Refused(); len(r) != 1 || !strings.HasPrefix(r[0], "wgmma: ") || d.Name() != "cuda-sm_90" {
				t.Errorf("%s without %q", d.Name(), r)
			}
		})
	}
	t.Run("older GPU", func(t *testing.T) {
		pretend(t, fake.Default())
		d := open(t, Options{})
		if on, why := d.Warpgroups(); on || why != nil || d.Refused() != nil {
			t.Errorf("on %v, %v", on, why)
		}
	})
}

// Each call of the driver that the matrix units of compute capability 9.0 take
// when a device is opened fails once: the device opens without them, or the error
// says why not, and nothing is left behind.
func TestEveryCallOfTheProofFails(t *testing.T) {
	f := pretend(t, hopper())
	try := func(o Options) (calls int, err error) {
		o.Staging = 4096
		d, err := Open(o)
		if err != nil {
			return 0, err
		}
		return f.Stats().Calls, d.Close()
	}
	calls := func(o Options) int {
		t.Helper()
		f.Reset(hopper())
		n, err := try(o)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	calls(Options{}) // loads the driver, which happens once
	first, last, every := calls(Options{NoWarpgroups: true})+1, calls(Options{}), 3
	if last < first+20 {
		t.Fatalf("calls %d to %d are for the matrix units", first, last)
	}
	codes := [][]int{{2}, {700}} // one after the other
	switch {
	case testing.Short():
		every = 7
	case os.Getenv("GRADUS_FAULTS") == "full":
		every, codes = 1, [][]int{{2, 700}}
	}
	for i := first; i <= last; i += every {
		for _, code := range codes[i%len(codes)] {
			f.Reset(hopper())
			f.Fail("*", i, code)
			_, err := try(Options{})
			call := f.Injected()
			frees := call == "cuCtxSetCurrent" || strings.Contains(call, "Free") || strings.Contains(call, "Destroy") || strings.Contains(call, "Unload") || strings.Contains(call, "Release")
			for _, p := range f.Problems(!frees && code != 700) {
				t.Errorf("call %d, %s, returns %d: %s", i, call, code, p)
			}
			var lost *LostError
			if call == "cuStreamSynchronize" && code == 700 && !errors.As(err, &lost) {
				t.Errorf("call %d, %s, returns %d: %v", i, call, code, err)
			}
		}
	}
	f.Reset(hopper()) // what a lost GPU holds is not a leak
}

// All products in bf16 go to the matrix units of warpgroups, or none: sampling and
// training must meet the same ones.
func TestOneKindOfProducts(t *testing.T) {
	for _, on := range []bool{false, true} {
		p := plan{max: &kernels.Args{Rows: 1, Seqs: 1, Picks: 1}, at: make([]cu.DevicePtr, 1), warpgroups: on}
		for i, op := range everyOp(64) {
			if err := p.add(i, op); err != nil {
				t.Fatal(err)
			}
		}
		count := map[bool]int{}
		for _, it := range p.items {
			if strings.HasSuffix(it.kernel, "_bf16") && it.shared > 0 && !strings.Contains(it.kernel, "attn") {
				count[it.kernel == "gk_product_bf16"]++
			}
		}
		if want := (map[bool]int{on: 7}); !maps.Equal(count, want) {
			t.Errorf("warpgroups %v: %v products on them or not, want %v", on, count, want)
		}
	}
}

// The proof finds a unit that rounds equal rows differently by one bit, in one place,
// in another tile or alone, and one that is far off.
func TestEqualPlaces(t *testing.T) {
	sum, size := make([]float64, proofRowPeriod*proofColPeriod), make([]float64, proofRowPeriod*proofColPeriod)
	for i := range sum {
		sum[i], size[i] = float64(i)-500.25, 2000
	}
	product := func() []float32 {
		c := make([]float32, proofRows*proofCols)
		for e := range c {
			c[e] = float32(sum[e/proofCols%proofRowPeriod*proofColPeriod+e%proofCols%proofColPeriod])
		}
		return c
	}
	at := func(i, j int) int { return i*proofCols + j }
	for _, c := range []struct {
		name, want  string
		product, at int // which of three is wrong, and where
		change      func(x float32) float32
	}{
		{"right", "", 0, 0, func(x float32) float32 { return x }},
		{"another row", "its bits depend on the place of a row: element (200, 7) of a product of 270 rows in tiles of 128x256", 0, at(200, 7), nextFloat},
		{"another column", "element (3, 139) of a product of 270 rows in tiles of 128x256", 0, at(3, 139), nextFloat},
		{"another tile", "element (5, 5) of a product of 270 rows in tiles of 64x64", 1, at(5, 5), nextFloat},
		{"alone", "element (0, 9) of a product of 1 rows in tiles of 64x64", 2, at(0, 9), nextFloat},
		{"far off", "it computes ", 0, at(1, 1), func(x float32) float32 { return x + 1 }},
		{"no number", "it computes NaN", 0, at(1, 1), func(x float32) float32 { return float32(math.NaN()) }},
	} {
		q, err := equalPlaces{sum: sum, size: size}, error(nil)
		for i, p := range []struct {
			tile string
			rows int
		}{{"128x256", proofRows}, {"64x64", proofRows}, {"64x64", 1}} {
			got := product()
			if i == c.product {
				got[c.at] = c.change(got[c.at])
			}
			err = errors.Join(err, q.look(p.tile, p.rows, got))
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func nextFloat(x float32) float32 { return math.Nextafter32(x, 1e9) }
