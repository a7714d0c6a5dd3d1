//go:build cuda && linux

package emu

import (
	"regexp"
	"strings"
	"testing"

	"gradus/kernels/cuda/ptx"
)

// Every kernel of abi.h stands in the PTX of every architecture, once, with its
// parameters and its threads, and within the shared memory that needs no asking.
func TestPTXHasEveryKernel(t *testing.T) {
	read := map[string][]ptx.Entry{} // by file
	for _, capability := range []int{80, 86, 89, 90, 100, 120} {
		modules, err := ptx.Modules(capability)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]ptx.Entry{}
		for _, m := range modules {
			entries, ok := read[m.Family+"."+m.Arch]
			if !ok {
				if entries, err = m.Entries(); err != nil {
					t.Fatal(err)
				}
				read[m.Family+"."+m.Arch] = entries
			}
			for _, e := range entries {
				if _, twice := found[e.Name]; twice {
					t.Errorf("capability %d: kernel %s stands twice", capability, e.Name)
				}
				found[e.Name] = e
			}
		}
		for _, k := range ABI(capability) {
			e, ok := found[k.Name]
			delete(found, k.Name)
			switch {
			case !ok:
				t.Errorf("capability %d: no kernel %s", capability, k.Name)
			case e.Bytes != k.Bytes || e.Threads != k.Threads:
				t.Errorf("capability %d: kernel %s takes %d bytes and %d threads, abi.h says %d and %d", capability, k.Name, e.Bytes, e.Threads, k.Bytes, k.Threads)
			case e.Shared > 48<<10:
				t.Errorf("capability %d: kernel %s has %d bytes of static shared memory, a block has 49152", capability, k.Name, e.Shared)
			}
		}
		for name := range found {
			t.Errorf("capability %d: kernel %s is not in abi.h", capability, name)
		}
	}
	if _, err := ptx.Modules(75); err == nil {
		t.Error("modules for compute capability 7.5")
	}
}

// loose is f32 or f64 arithmetic that the assembler may fuse or round in its
// own way, and calls of functions that are not there.
var loose = regexp.MustCompile(`(?m)^\s+(@%p\d+ )?((add|sub|mul|mad|fma|div|sqrt|rcp)(\.full|\.approx)?(\.ftz)?\.f(32|64)|\w+\.approx\S*|\w+\S*\.ftz\S*|call\S*)\b.*$`)

// The kernels compute the same bits in the emulator and on every GPU: only
// operations that IEEE 754 defines. No array lies in local memory.
func TestPTXIsExact(t *testing.T) {
	for _, capability := range []int{80, 90} { // of 9.0 some are compiled for sm_90a alone
		modules, err := ptx.Modules(capability)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range modules {
			text := string(m.Text)
			for _, line := range loose.FindAllString(text, 5) {
				t.Errorf("%s.%s: %s", m.Family, m.Arch, strings.TrimSpace(line))
			}
			for _, word := range []string{".extern .func", "__local_depot", ".local"} {
				if strings.Contains(text, word) {
					t.Errorf("%s.%s has %s", m.Family, m.Arch, word)
				}
			}
			if !strings.HasPrefix(text, ".version 8.0\n.target "+m.Arch+"\n") {
				t.Errorf("%s.%s begins with %.40q", m.Family, m.Arch, text)
			}
		}
	}
}

// The emulator holds the same kernels.
func TestEmulatorHasEveryKernel(t *testing.T) {
	have := open(t).Kernels()
	want := ABI(90)
	if len(have) != len(want) {
		t.Fatalf("%d kernels, abi.h has %d", len(have), len(want))
	}
	for i, k := range want {
		if have[i] != k {
			t.Errorf("%+v, abi.h has %+v", have[i], k)
		}
	}
}
