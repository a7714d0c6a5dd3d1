package cpu

// #include "exec.h"
import "C"

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"

	"gradus/kernels"
)

// Path is one build of the kernels for a kind of CPU.
type Path struct {
	Name      string // generic, avx2, avx512, amx or neon: what Options.Path takes
	Available bool
	Why       string // the reason when it is not available, else what it uses
	table     *C.gk_table
	products  *C.gk_table // in bf16, beside table; nil where the path has none
}

// Paths lists the code paths from the plainest to the fastest, and for each
// whether this machine can run it. It asks the CPU each time.
func Paths() []Path {
	var f C.gk_features
	C.gk_detect(&f)
	paths := []Path{
		{Name: "generic", Why: "4 lanes, any CPU", table: C.gk_table_generic()},
		{Name: "avx2", Why: "8 lanes with FMA", table: C.gk_table_avx2()},
		{Name: "avx512", Why: "16 lanes with FMA", table: C.gk_table_avx512()},
		{Name: "amx", Why: "avx512, and tiles for products in bfloat16", table: C.gk_table_avx512(), products: C.gk_table_amx()},
		{Name: "neon", Why: "4 lanes with FMA", table: C.gk_table_neon()},
	}
	avx512 := []feature{{"avx512f", f.avx512f}, {"avx512bw", f.avx512bw}, {"avx512dq", f.avx512dq}, {"avx512vl", f.avx512vl}}
	missing := [][]string{nil, lacking(f.os_ymm, []feature{{"avx2", f.avx2}, {"fma", f.fma}}), lacking(f.os_zmm, avx512), lackingTiles(&f, avx512),
		lacking(1, []feature{{"neon", f.neon}})}
	for i := range paths {
		p := &paths[i]
		switch {
		case p.table == nil:
			p.Why = "not part of a build for this architecture"
		case len(missing[i]) > 0:
			p.Why = strings.Join(missing[i], "; ")
		default:
			p.Available = true
		}
	}
	return paths
}

type feature struct {
	name string
	have C.int
}

// lacking words what keeps a path from running.
func lacking(saved C.int, features []feature) (reasons []string) {
	var none []string
	for _, f := range features {
		if f.have == 0 {
			none = append(none, f.name)
		}
	}
	if len(none) > 0 {
		return []string{"this CPU has no " + strings.Join(none, ", ")}
	}
	if saved == 0 {
		return []string{"the operating system does not save these registers (XGETBV)"}
	}
	return nil
}

// lackingTiles words what keeps amx from running. Where nothing else does, it
// asks the system for the use of the tile registers, which a process must.
func lackingTiles(f *C.gk_features, avx512 []feature) []string {
	reasons := lacking(f.os_zmm&f.os_tiles, append(avx512[:len(avx512):len(avx512)],
		feature{"avx512_bf16", f.avx512bf16}, feature{"amx_tile", f.amx_tile}, feature{"amx_bf16", f.amx_bf16}))
	if len(reasons) > 0 {
		return reasons
	}
	if errno := C.gk_permit_tiles(); errno != 0 {
		return []string{fmt.Sprintf("the operating system does not permit tile registers (arch_prctl: %v)", syscall.Errno(errno))}
	}
	return nil
}

// FromEnv returns the path that the environment variable GRADUS_CPU forces,
// or "" for the fastest. getenv is os.Getenv outside of tests.
func FromEnv(getenv func(string) string) string {
	return strings.ToLower(strings.TrimSpace(getenv("GRADUS_CPU")))
}

// testPath names the path that stands in for amx in tests, also in those of
// the whole program: whoever asks for it by name gets it.
const testPath = "amxref"

// choose returns the named path, or the fastest for "".
func choose(paths []Path, name string) (Path, error) {
	var best Path
	var have, all []string
	for _, p := range paths {
		all = append(all, p.Name)
		if p.Available {
			best = p
			have = append(have, p.Name)
		}
	}
	if name == "" {
		return best, nil
	}
	if p, ok := tilesPath(); ok && name == testPath {
		return p, nil
	}
	for _, p := range paths {
		switch {
		case p.Name != name:
		case p.Available:
			return p, nil
		default:
			return Path{}, fmt.Errorf("cpu path %q: %s; this machine can run %s", name, p.Why, strings.Join(have, ", "))
		}
	}
	return Path{}, fmt.Errorf("cpu path %q: no such path among %s; this machine can run %s", name, strings.Join(all, ", "), strings.Join(have, ", "))
}

// widePath is the sixteen-lane code compiled for AVX2 (path_wide.c): tests use
// it where AVX-512 is missing.
func widePath() (Path, bool) {
	var f C.gk_features
	C.gk_detect(&f)
	p := Path{Name: "wide", Available: true, table: C.gk_table_wide()}
	return p, p.table != nil && f.avx2 != 0 && f.fma != 0 && f.os_ymm != 0
}

// tilesPath is amx with its tile registers as a model in AVX2 (path_amxref.c),
// beside the sixteen lanes of widePath.
func tilesPath() (Path, bool) {
	p, ok := widePath()
	p.Name, p.products = testPath, C.gk_table_amxref()
	return p, ok && p.products != nil
}

// without returns p with an op that does nothing, for the test of prove. The
// function it returns frees it.
func (p Path) without(op kernels.Op) (broken Path, free func()) {
	code := map[kernels.Kind]C.gk_op{
		kernels.SwiGLU{}.Kind(): C.GK_SWIGLU, kernels.LinearDX{}.Kind(): C.GK_LINEAR_DX, kernels.LinearDW{}.Kind(): C.GK_LINEAR_DW_BF16,
	}[op.Kind()]
	bytes := C.int64_t(unsafe.Sizeof(C.gk_table{}))
	t := (*C.gk_table)(C.gk_memory(bytes))
	from := &p.table
	if code >= C.GK_PACK_BF16 {
		from = &p.products
	}
	C.gk_table_without(t, *from, code)
	*from = t
	return p, func() { C.gk_release(unsafe.Pointer(t), bytes) }
}
