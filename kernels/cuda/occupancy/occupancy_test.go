//go:build cuda && linux

package main

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"gradus/kernels/cuda"
)

// budget is the number of bytes that a thread may spill, by GPU. What is left is
// outside of loops (TestLoops).
var budget = map[string]int{"sm_80": 0, "sm_86": 8, "sm_89": 8, "sm_90": 8, "sm_100": 8, "sm_120": 32}

func tools(t *testing.T) assembler {
	t.Helper()
	a, err := newAssembler()
	if errors.Is(err, errNoTool) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// NVIDIA's assembler takes every kernel for every GPU without a warning, spills
// stay in their budget, and every block that the host launches fits on a
// processor, for heads from the narrowest to the widest.
func TestEveryBlockCanBeLaunched(t *testing.T) {
	a := tools(t)
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for _, p := range processors {
		if p.arch != "sm_80" && p.arch != "sm_90" && os.Getenv("GRADUS_FAULTS") != "full" {
			continue // half a minute of work
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found, err := assembleAll(a, p.arch)
			if errors.Is(err, errNoArch) {
				t.Log(err)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			c, err := capability(p.arch)
			if err != nil {
				t.Error(err)
				return
			}
			for _, d := range []int{16, 64, 80, 128, 256} {
				needs, err := cuda.BlockNeeds(d, c)
				if err != nil {
					t.Error(err)
					return
				}
				for _, n := range needs {
					u, ok := found[n.Kernel]
					if !ok {
						t.Errorf("%s: no kernel %s", p.arch, n.Kernel)
						continue
					}
					if p.fit(n.Threads, u.registers, n.Shared+u.shared) < 1 {
						t.Errorf("%s, heads of %d: %s cannot be launched: %d threads of %d registers, %d bytes of shared memory", p.arch, d, n.Kernel, n.Threads, u.registers, n.Shared+u.shared)
					}
					if u.shared > staticShared {
						t.Errorf("%s: %s has %d bytes of static shared memory, a block has %d", p.arch, n.Kernel, u.shared, staticShared)
					}
				}
			}
			for _, u := range found {
				if u.stores > budget[p.arch] {
					t.Errorf("%s: %s spills %d bytes, the budget is %d", p.arch, u.kernel, u.stores, budget[p.arch])
				}
			}
		})
	}
	wg.Wait()
}

// What matters of the machine code: nothing is fetched from local memory in a
// loop that multiplies, and the products in bf16 are matrix instructions fed by
// asynchronous copies.
func TestLoops(t *testing.T) {
	a := tools(t)
	if _, err := find("nvdisasm"); err != nil {
		t.Skip(err)
	}
	products, warpgroups, attention := 0, 0, 0
	modules, err := modulesFor("sm_90")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		if m.Family != "product" && !strings.HasPrefix(m.Family, "linear") && !strings.HasPrefix(m.Family, "loss") && !strings.HasPrefix(m.Family, "attn") && !strings.HasPrefix(m.Family, "decode") {
			continue
		}
		_, code, err := a.assemble(m, "sm_90")
		if err != nil {
			t.Fatal(err)
		}
		all, err := loops(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			if spilled := l.counts["LDL"] + l.counts["STL"]; spilled > 0 && l.counts["FFMA"]+l.counts["HMMA"]+l.counts["HGMMA"] > 0 {
				t.Errorf("%s: %d accesses to local memory in a loop of %d instructions", l.kernel, spilled, l.size)
			}
			if l.counts["HGMMA"] > 0 && l.counts["LDG"] == 0 { // with LDG: for factors that are not aligned
				warpgroups++
				// A step of 64 is four of 16 from shared memory, with one barrier.
				if l.counts["HGMMA"] != 4 || l.counts["LDSM"] > 0 || l.counts["LDGSTS"] == 0 || l.counts["BAR"] != 1 {
					t.Errorf("%s: a step of a product of warpgroups has %v", l.kernel, l.counts)
				}
			}
			if l.counts["HMMA"] == 0 {
				continue
			}
			if strings.HasPrefix(l.kernel, "gk_attn") {
				attention++
				// Fewer loads of matrices than products of them; pairs are rounded in
				// one instruction; tiles come by asynchronous copies, in the loop
				// around this one for the gradients.
				inner := strings.HasPrefix(l.kernel, "gk_attn_bwd")
				if l.counts["LDSM"] >= l.counts["HMMA"] || l.counts["F2FP"] == 0 || !inner && (l.counts["LDGSTS"] == 0 || l.counts["BAR"] != 1) {
					t.Errorf("%s: a tile of attention has %v", l.kernel, l.counts)
				}
				continue
			}
			products++
			// A step of 32: two for each fragment of 16 x 8, and fewer loads of
			// matrices than products of them.
			if l.counts["HMMA"] < 8 || l.counts["HMMA"] > 32 || l.counts["LDSM"] > l.counts["HMMA"] || l.counts["LDGSTS"] == 0 || l.counts["BAR"] != 1 {
				t.Errorf("%s: a step of a product has %v", l.kernel, l.counts)
			}
		}
	}
	if products != 8 { // seven kernels, one of them with two sizes of tiles
		t.Errorf("%d loops with matrix instructions, want 8", products)
	}
	if warpgroups != 3 { // sizes of tiles
		t.Errorf("%d loops with products of warpgroups, want 3", warpgroups)
	}
	// Forward, decoding and two gradients, for two sizes of heads; but the gradient of
	// keys with heads of 128 has another loop within its own, of copies.
	if attention != 7 {
		t.Errorf("%d loops of attention with matrix instructions, want 7", attention)
	}
}

// Figures of the CUDA programming guide and of NVIDIA's occupancy calculator.
func TestFit(t *testing.T) {
	h100, ada := processors[3], processors[2]
	for _, c := range []struct {
		p                                processor
		threads, registers, shared, want int
	}{
		{h100, 256, 32, 0, 8},  // 64 warps
		{h100, 256, 128, 0, 2}, // 65,536 registers
		{h100, 256, 129, 0, 1}, // 136 are given out
		{h100, 512, 255, 0, 0}, // more than 65,536 registers
		{h100, 1024, 64, 0, 1}, // exactly all registers
		{h100, 32, 16, 0, 32},  // blocks
		{h100, 128, 32, 49152, 4},
		{h100, 128, 32, 227 << 10, 1},
		{h100, 128, 32, 227<<10 + 1, 0},
		{ada, 256, 32, 0, 6}, // 48 warps
		{ada, 128, 32, 81920, 1},
		{ada, 128, 32, 100 << 10, 0},
	} {
		if got := c.p.fit(c.threads, c.registers, c.shared); got != c.want {
			t.Errorf("%s: %d blocks of %d threads, %d registers, %d bytes; want %d", c.p.arch, got, c.threads, c.registers, c.shared, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	said := `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'gk_a' for 'sm_80'
ptxas info    : Function properties for gk_a
    136 bytes stack frame, 132 bytes spill stores, 128 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 136 bytes cumulative stack size, 40960 bytes smem, 408 bytes cmem[0]
ptxas info    : Compiling entry function 'gk_b' for 'sm_80'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 22 registers, used 0 barriers, 408 bytes cmem[0]
`
	got, err := parse(said)
	if err != nil || len(got) != 2 || got[0] != (usage{"gk_a", 255, 132, 128, 40960}) || got[1] != (usage{kernel: "gk_b", registers: 22}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range []string{"ptxas warning : something\n", "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to ...\n", "ptxas info    : Compiling entry function 'gk_a' for 'sm_80'\n"} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestInnermost(t *testing.T) {
	text := ".text.k:\n.L_x_0:\n /*0000*/ MOV R1, R2 ;\n.L_x_1:\n /*0010*/ @P0 FFMA R1, R2, R3, R4 ;\n /*0020*/ LDL R1, [R2] ;\n" +
		" /*0030*/ @!P0 BRA `(.L_x_1) ;\n /*0040*/ @P1 BRA `(.L_x_0) ;\n.L_x_2:\n /*0050*/ BRA `(.L_x_2) ;\n"
	got := innermost(text)
	if len(got) != 1 || got[0].kernel != "k" || got[0].size != 3 || got[0].counts["FFMA"] != 1 || got[0].counts["LDL"] != 1 {
		t.Errorf("%+v", got)
	}
}
