package cpu

// #include "exec.h"
import "C"

import (
	"fmt"
	"strings"
)

// Path is one build of the kernels for a kind of CPU.
type Path struct {
	Name      string // generic, avx2, avx512 or neon: what Options.Path takes
	Available bool
	Why       string // the reason when it is not available, else what it uses
	table     *C.gk_table
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
		{Name: "neon", Why: "4 lanes with FMA", table: C.gk_table_neon()},
	}
	missing := [][]string{nil, lacking(f.os_ymm, []feature{{"avx2", f.avx2}, {"fma", f.fma}}),
		lacking(f.os_zmm, []feature{{"avx512f", f.avx512f}, {"avx512bw", f.avx512bw}, {"avx512dq", f.avx512dq}, {"avx512vl", f.avx512vl}}),
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

// FromEnv returns the path that the environment variable GRADUS_CPU forces,
// or "" for the fastest. getenv is os.Getenv outside of tests.
func FromEnv(getenv func(string) string) string {
	return strings.ToLower(strings.TrimSpace(getenv("GRADUS_CPU")))
}

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
